"""Reasons to wait, and of tries that failed."""

from collections.abc import Mapping
from typing import Final

from .explanation import Explanation
from .reason import Reason

__all__ = ["WAITS"]

WAITS: Final[Mapping[Reason, Explanation]] = {
    Reason.ANSWER_LOST: Explanation(
        "A write may or may not have been carried out: its answer never came. The next pass looks.",
    ),
    Reason.AWAITING_ACKNOWLEDGEMENT: Explanation(
        "Every pod has moved; the consumers of `spec.acknowledgements` that the message names "
        "have not said so, and their delay has not passed. `RolledOver` shows it too.",
        "Set the annotation that the message names once the consumer uses the new secret.",
    ),
    Reason.AWAITING_ANSWER: Explanation(
        "An Add may be under way. It is judged once its deadline (30 s) and List's possible lag "
        "(60 s) have passed.",
    ),
    Reason.AWAITING_APPROVAL: Explanation(
        "The previous secret was adopted: others may use it. Or `retirement.approval` is `Manual`.",
        "Make sure that nobody else uses it, then set `cognito-secrets.dev/approve` to the id in "
        "the message.",
    ),
    Reason.AWAITING_REFUSAL: Explanation(
        "The retired secret is deleted at Cognito, which accepts it nevertheless so far. It is "
        "asked again for `CSO_REFUSAL_GRACE_SECONDS`, then the rotation ends with "
        "`RetiredStillAccepted`.",
    ),
    Reason.AWAITING_WINDOW: Explanation(
        "A rotation is due and none of `rotation.windows` is open; or everything is in order for "
        "the deletion and none of `retirement.windows` is. The message says when one opens.",
    ),
    Reason.BEING_DELETED: Explanation(
        "The resource is being deleted, and somebody's finalizer keeps it: no new rotation begins.",
    ),
    Reason.EMERGENCY: Explanation(
        "A leaked secret is being replaced, or List does not show both secrets yet.",
    ),
    Reason.FROZEN: Explanation(
        "The platform team's freeze switch is on: nothing is written for any resource. It stands "
        "in `status.waitsFor`, and in `Rotating` while a rotation is on. Not a stall.",
        "Ask the platform team; see [settings](settings.md#the-freeze-switch).",
    ),
    Reason.JOURNAL_REBUILT: Explanation(
        "The journal is to be written anew, and List lacks the secret that the target calls "
        "current. Two Lists, five minutes apart, make it sure. In the log: the journal was "
        "written anew.",
    ),
    Reason.NEW_SECRET_REFUSED: Explanation(
        "Cognito refused the new secret for good, and it is removed; nothing was published.",
        "Nothing; the schedule tries again after an hour.",
    ),
    Reason.NOT_DUE: Explanation(
        "Nothing to do before the next date.",
    ),
    Reason.NOT_FOUND: Explanation(
        "Something that was asked for in Kubernetes is not there; the message names it.",
        "Look at what the message names.",
    ),
    Reason.OBSERVING: Explanation(
        "`spec.policy` is `Observe`.",
    ),
    Reason.OVERLAP_RUNNING: Explanation(
        "No pod is known to hold the previous secret; `retirement.minOverlap` runs.",
    ),
    Reason.PODS_NOT_ROLLED: Explanation(
        "The pods that the message names may still hold the previous secret.",
        "If it lasts: look why they do not go. Jobs' pods end by themselves; restart bare pods "
        "and pods of other owners yourself. With `strategy: Watch` restart all, or let them "
        "acknowledge. After `spec.rollout.progressDeadline` without progress it becomes a stall.",
    ),
    Reason.REFUSED: Explanation(
        "An outside system refused a request as invalid; the message names the field.",
        "Correct what the message names.",
    ),
    Reason.RETIRING: Explanation(
        "The previous secret is marked for deletion and List does not show both secrets yet. In "
        "the log: it is being marked or deleted.",
    ),
    Reason.ROLLOUT_UNFINISHED: Explanation(
        "Every pod has moved, but a workload is not whole yet.",
        "If it lasts: look at the workload; the new secret may not work for it.",
    ),
    Reason.SETTLING: Explanation(
        "Caches of kubelets and API servers may still hand out the old data.",
    ),
    Reason.SUSPENDED: Explanation(
        "`spec.suspend` is true. Not a stall: you asked for it.",
        "Set it to false.",
    ),
    Reason.TEMPORARILY_UNAVAILABLE: Explanation(
        "Kubernetes or AWS did not answer, or answered with a failure of its own.",
        "If it lasts: look at the message.",
    ),
    Reason.THROTTLED: Explanation(
        "Kubernetes or AWS asked us to slow down. The request was not carried out.",
        "If it lasts: lower `CSO_QUOTA_SHARE`, or find who else uses the quota.",
    ),
    Reason.VERIFYING: Explanation(
        "Cognito refuses the new secret so far, or nobody can be asked and the activation delay "
        "runs.",
    ),
}
