"""Reasons with which a person has to act."""

from collections.abc import Mapping
from typing import Final

from .explanation import Explanation
from .reason import Reason

__all__ = ["STALLS"]

STALLS: Final[Mapping[Reason, Explanation]] = {
    Reason.ACCESS_DENIED: Explanation(
        "A permission is missing in Kubernetes or IAM, or credentials are not accepted.",
        "Grant what the message names; see [security](../security.md).",
    ),
    Reason.CLIENT_NOT_FOUND: Explanation(
        "Cognito does not find the pool or the client. For a client that was there before it "
        "becomes a stall after five minutes of such answers.",
        "Compare `spec.userPoolId` and `spec.clientId` with the console. If the client is gone, "
        "delete the resource.",
    ),
    Reason.CLOCK_SKEW: Explanation(
        "The operator's clock and the API server's differ by more than a minute.",
        "Set the clock of the operator's node.",
    ),
    Reason.CONSUMER_MISSING: Explanation(
        "`spec.rollout.consumers.workloads` lists something other than a Pod or Job that is not "
        "there, or a kind that the API server does not serve. Who holds the previous secret is "
        "unknown.",
        "Correct the entry, or take it off the list.",
    ),
    Reason.CURRENT_REFUSED: Explanation(
        "Before the deletion of another secret, Cognito refused the current one. The other one is"
        " kept.",
        "Look at the client at Cognito. Do not delete anything by hand before you know which "
        "value works.",
    ),
    Reason.CURRENT_SECRET_MISSING: Explanation(
        "Two Lists, five minutes apart, lack the current secret: others deleted it at Cognito. "
        "A stall with `spec.recovery: Manual` only; otherwise the recovery was refused and waits "
        "for its next try, or it is a step in the log.",
        "Annotate the resource with a new value of `cognito-secrets.dev/rotate`, or set "
        "`spec.recovery` to `Automatic`.",
    ),
    Reason.DUPLICATE_CLIENT: Explanation(
        "Another resource names the same client. The one with a journal acts; if both or neither "
        "have one, both wait.",
        "Keep one resource for each client.",
    ),
    Reason.EMERGENCY_UNKNOWN: Explanation(
        "The annotation `cognito-secrets.dev/emergency` (or `emergency-now`) names an id that the"
        " operator does not manage.",
        "Correct the id: `status.secrets` lists them. Or remove the annotation.",
    ),
    Reason.FOREIGN_SECRET: Explanation(
        "The previous secret was there before the operator and its value was never known: it is "
        "not deleted.",
        "Find out who uses it and delete it at Cognito (`aws cognito-idp "
        "delete-user-pool-client-secret`), or name it in `adoption.retireSecretIds`.",
    ),
    Reason.INITIAL_VALUE_INVALID: Explanation(
        "Cognito would refuse the value that `rotation.initialValueFrom` names; the message says "
        "why, never what it is.",
        "Write the value without a line break, 24 to 64 letters, digits, `_` and `+`.",
    ),
    Reason.INITIAL_VALUE_MISSING: Explanation(
        "There is no such Secret, or no value under the key.",
        "Create the Secret in the resource's namespace, or correct its name or key.",
    ),
    Reason.INITIAL_VALUE_UNCONFIRMED: Explanation(
        "Nothing tells whether the client was made with the given value.",
        "Set `verification.tokenEndpoint`.",
    ),
    Reason.INVALID_SPEC: Explanation(
        "The spec cannot be understood, most often because a newer schema allowed it. The "
        "resource has no metrics meanwhile.",
        "Correct the field that the message names, or upgrade the operator.",
    ),
    Reason.JOURNAL_FOREIGN: Explanation(
        "The journal was written for another Secret or namespace: it was copied or restored.",
        "Make sure that no other cluster or namespace rotates the client, then set "
        "`cognito-secrets.dev/take-over` to the uid in the message; see "
        "[lifecycle](../lifecycle.md#the-journal-was-copied-to-another-namespace-or-cluster-or-restored-as-a-new-object).",
    ),
    Reason.JOURNAL_FORMAT_UNKNOWN: Explanation(
        "Another version of the operator wrote the journal.",
        "Upgrade to the version that wrote it.",
    ),
    Reason.JOURNAL_LOST: Explanation(
        "Status remembers a journal, there is none or an empty one, and `spec.recovery` is "
        "`Manual`.",
        "Restore the Secret `<name>-cognito-journal`, or set `spec.recovery` to `Automatic`.",
    ),
    Reason.JOURNAL_OF_ANOTHER_CLIENT: Explanation(
        "A journal of this name is about another client.",
        "Give the resource another name, or delete the journal if nobody needs it.",
    ),
    Reason.JOURNAL_ROLLED_BACK: Explanation(
        "The journal is older than status or the target, and `spec.recovery` is `Manual`: an old "
        "backup was restored.",
        "Restore the newest backup of the journal, or set `spec.recovery` to `Automatic`.",
    ),
    Reason.JOURNAL_UNREADABLE: Explanation(
        "The journal is damaged.",
        "Put its data back from a backup.",
    ),
    Reason.NO_CONSUMERS: Explanation(
        "No pod and no Deployment, StatefulSet, DaemonSet, Job or CronJob of the namespace refers"
        " to the target: who holds the previous secret is unknown. For "
        "`spec.rollout.progressDeadline` after the publication settled it is a wait, since the "
        "workloads may be applied after the resource; they are looked for about once a minute.",
        "Use the Secret in a workload of the namespace, declare who uses it elsewhere in "
        "`spec.acknowledgements`, or declare by `spec.rollout.consumers.mode: None` that no pod "
        "uses it.",
    ),
    Reason.NOT_ALLOWED: Explanation(
        "The platform team's allow-list does not let the namespace reach the pool, or take the "
        "role. AWS is not asked anything about the resource.",
        "Have the rule in the message added to the list; see "
        "[settings](settings.md#the-allow-list).",
    ),
    Reason.PENDING_UNCONFIRMED: Explanation(
        "The answer to an Add was lost, and nothing confirms that the new secret at Cognito is "
        "ours. It is neither published nor deleted.",
        "Make the token endpoint reachable (`verification.tokenEndpoint`), or delete the new "
        "secret at Cognito.",
    ),
    Reason.PODS_NOT_COVERED: Explanation(
        "A pod refers to the target, may hold the previous secret, and is not covered by "
        "`spec.rollout.consumers`: nobody moves it.",
        "Cover its owner, or restart it yourself.",
    ),
    Reason.PUBLIC_CLIENT: Explanation(
        "The app client has no secret and can be given none.",
        "Name a confidential client.",
    ),
    Reason.REPLICATED_TARGET: Explanation(
        "The target carries an annotation by which Reflector, kubernetes-replicator or kubed "
        "copies it elsewhere, and no consumer outside is declared: who holds the previous secret "
        "there is unknown.",
        "Declare who uses the copies in `spec.acknowledgements`, or take the annotation off.",
    ),
    Reason.ROLLED_BACK: Explanation(
        "The last roll-out failed and `spec.rollout.onFailure` is `Rollback`: the secret from "
        "before is current, the new one is deleted. No rotation starts by itself.",
        "Repair the workload, then annotate the resource with a new value of "
        "`cognito-secrets.dev/rotate`.",
    ),
    Reason.ROLLOUT_FAILED: Explanation(
        "A workload exceeded its own `progressDeadlineSeconds`, or made no progress for "
        "`spec.rollout.progressDeadline`.",
        "Repair the workload.",
    ),
    Reason.ROLLOUT_PAUSED: Explanation(
        "A workload is paused, partitioned, or updates `OnDelete`: it does not move its pods.",
        "Resume it, or restart its pods.",
    ),
    Reason.SLOTS_BLOCKED: Explanation(
        "The client has two secrets, and one of them is not the operator's; or a new secret was "
        "refused and the current one is missing at Cognito, so that the new one would be the "
        "last.",
        "The message says which. Find out who uses the foreign secret and delete it at Cognito, "
        "or name it in `adoption.retireSecretIds`.",
    ),
    Reason.STAMP_REVERTED: Explanation(
        "Something took the stamp off a pod template after the operator had set it. It is not set"
        " again.",
        "Let the tool that owns the template ignore annotations of `cognito-secrets.dev`.",
    ),
    Reason.TARGET_CONFLICT: Explanation(
        "The target exists and does not carry this resource's mark.",
        "Choose another `target.name`, or hand the Secret over with the annotation "
        "`cognito-secrets.dev/resource: <name>`; all its data are replaced then, except with "
        "`target.creationPolicy: Merge`.",
    ),
    Reason.TARGET_MISSING: Explanation(
        "`target.creationPolicy` is `Merge`, and the target does not exist. Nothing is published "
        "meanwhile, and no rotation begins.",
        "Create the Secret with the annotation `cognito-secrets.dev/resource: <name>`.",
    ),
    Reason.TARGET_RENAMED: Explanation(
        "The resource was deleted and made anew with another `target.name`: the secrets are "
        "published in the Secret that the message names, and pods that read that one would not be"
        " seen.",
        "Set `spec.target.name` back. To move applications to another name, let a second Secret "
        "be filled by a tool that copies, or adopt the client anew: move every pod, then delete "
        "the resource and its journal.",
    ),
    Reason.TOKEN_ENDPOINT_UNKNOWN: Explanation(
        "`target.keys.tokenEndpoint` names a key, and the pool's token endpoint cannot be found. "
        "The target has all its other keys, and rotations go on.",
        "Set `verification.tokenEndpoint`; or give the pool a domain and allow "
        "`cognito-idp:DescribeUserPool`; or remove the key.",
    ),
    Reason.VERIFICATION_REQUIRED: Explanation(
        "`verification.mode` is `Required`, and nobody could be asked whether Cognito accepts the"
        " secret: it is not published. Both secrets stay valid.",
        "Make the token endpoint reachable (`verification.tokenEndpoint`), or set "
        "`verification.mode` to `Auto`.",
    ),
}
