"""Reasons that stand in the log and in events only: of effects, of reads, of a process's end."""

from collections.abc import Mapping
from typing import Final

from .explanation import Explanation
from .reason import Reason

__all__ = ["STEPS"]

STEPS: Final[Mapping[Reason, Explanation]] = {
    Reason.ACTION_NEEDED: Explanation(
        "There is no usable configuration of a cluster. The process ends with it; it is in the "
        "log only.",
        "Repair the kubeconfig or mount the ServiceAccount's token.",
    ),
    Reason.ADDING: Explanation(
        "The new value is sent to Cognito.",
    ),
    Reason.ADOPTING: Explanation(
        "The journal is made, or the client's existing secret is written into it.",
    ),
    Reason.CLAIMING: Explanation(
        "No Add was carried out; the same value is to be sent again.",
    ),
    Reason.CONFLICT: Explanation(
        "Somebody else wrote an object first; the operator looks again.",
    ),
    Reason.DELETED_ELSEWHERE: Explanation(
        "Somebody else deleted the previous secret at Cognito; it is forgotten.",
    ),
    Reason.EMERGENCY_NOW: Explanation(
        "In the log and in an event: a leaked secret was deleted before the pods had moved.",
        "Look at the pods that fail until they are restarted.",
    ),
    Reason.INVALID_SETTINGS: Explanation(
        "A `CSO_` variable cannot be used. The process ends with status 2 and prints every "
        "problem.",
        "Correct the variable; see [settings](settings.md).",
    ),
    Reason.PROMOTING: Explanation(
        "The new secret becomes current in the journal.",
    ),
    Reason.PUBLISHING: Explanation(
        "The target is created, written, or recorded.",
    ),
    Reason.READING: Explanation(
        "A fact is read within a pass.",
    ),
    Reason.RECORDING: Explanation(
        "The id that Cognito gave the new secret is written into the journal.",
    ),
    Reason.RETIRING_FOREIGN: Explanation(
        "A secret that is not the operator's is deleted because `adoption.retireSecretIds` names "
        "it.",
    ),
    Reason.ROLLING_BACK: Explanation(
        "In the log and in the event `SecretRolledBack`: the previous secret becomes current "
        "again.",
    ),
    Reason.ROLLING_OUT: Explanation(
        "A workload gets the stamp.",
    ),
    Reason.STAGING: Explanation(
        "A new value is drawn and written into the journal.",
    ),
    Reason.TAKING_OVER: Explanation(
        "A journal from elsewhere is bound to this resource, as `cognito-secrets.dev/take-over` "
        "says.",
    ),
    Reason.TARGET_RESTORED: Explanation(
        "The target was deleted or edited and is written again. It is an event too.",
        "Find out who edits it.",
    ),
    Reason.WINDOW_MISSED: Explanation(
        "An event only: an opening of `rotation.windows` has passed without its rotation, which "
        "is not made up for.",
        "The message says when the next one begins and, where something holds it up, what.",
    ),
}
