"""Reasons that conditions give of themselves."""

from collections.abc import Mapping
from typing import Final

from .explanation import Explanation
from .reason import Reason

__all__ = ["FINDINGS"]

FINDINGS: Final[Mapping[Reason, Explanation]] = {
    Reason.ACCEPTED: Explanation(
        "`Verified`: Cognito accepted the value before it was published.",
    ),
    Reason.AT_REST: Explanation(
        "`Rotating`: no rotation is on.",
    ),
    Reason.MAX_AGE_EXCEEDED: Explanation(
        "`Overdue`: the current secret is older than `rotation.maxAge`.",
        "See why no rotation begins or ends: `Rotating` and `Stalled`.",
    ),
    Reason.MAX_OVERLAP_EXCEEDED: Explanation(
        "`RolledOver`: both secrets are valid for longer than `retirement.maxOverlap`. Nothing is"
        " deleted because of it, unless `retirement.onMaxOverlap` is `Delete`.",
        "The message says what is waited for.",
    ),
    Reason.NOT_PUBLISHED: Explanation(
        "`RolledOver`: the new secret is not in the target yet.",
    ),
    Reason.NOT_STALLED: Explanation(
        "`Stalled`: no action is required.",
    ),
    Reason.NOTHING_ADOPTED: Explanation(
        "`Verified`, `Overdue`: the client's secret is not taken over yet.",
    ),
    Reason.NOTHING_PUBLISHED: Explanation(
        "`RolledOver`: nothing is published yet.",
    ),
    Reason.OBSERVATION_STALE: Explanation(
        "`Ready`: Cognito has not been listed successfully for long.",
        "Read the message; look at AWS credentials and the network.",
    ),
    Reason.PODS_ROLLED: Explanation(
        "`RolledOver`: every pod has the current secret.",
    ),
    Reason.PUBLISHED: Explanation(
        "`Ready`, `Reconciling`: the target holds a secret that Cognito has.",
    ),
    Reason.RETIRED: Explanation(
        "`RolledOver`: only the current secret is in use. In the log: the previous one is gone at"
        " Cognito.",
    ),
    Reason.RETIRED_STILL_ACCEPTED: Explanation(
        "`Verified`: Cognito accepted the retired secret even `CSO_REFUSAL_GRACE_SECONDS` after "
        "its deletion. The rotation has ended; the next one looks again.",
        "Sign in with the old value yourself; if it works, look at the client at Cognito and ask "
        "AWS.",
    ),
    Reason.SKIPPED: Explanation(
        "`Verified`: `verification.mode` is `Skip`.",
    ),
    Reason.SLOT_TAKEN: Explanation(
        "`Rotating`: at rest, a foreign secret has the slot that the next rotation needs.",
        "Find out who uses it; delete it at Cognito, or name it in `adoption.retireSecretIds`.",
    ),
    Reason.VERIFICATION_UNAVAILABLE: Explanation(
        "`Verified`: no token endpoint confirmed whether Cognito accepts the value.",
        "Set `verification.tokenEndpoint`, or allow `cognito-idp:DescribeUserPool`.",
    ),
    Reason.WITHIN_MAX_AGE: Explanation(
        "`Overdue`: the current secret is younger than `rotation.maxAge`.",
    ),
}
