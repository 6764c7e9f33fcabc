"""Every metric of ours by name, kind, labels and meaning, as code and documentation read it."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["METRICS", "OF_RESOURCES", "Description"]


@dataclass(frozen=True, slots=True)
class Description:
    """A metric as the documentation shows it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


def _object(suffix: str, text: str, *labels: str) -> Description:
    name = f"cognito_client_secret_{suffix}"
    return Description(name, "gauge", ("namespace", "name", *labels), text)


def _process(
    kind: Literal["counter", "gauge", "histogram"], suffix: str, text: str, *labels: str
) -> Description:
    return Description(f"cognito_secret_operator_{suffix}", kind, labels, text)


INFO: Final = _object(
    "info",
    "Always 1: what the resource names, to join on.",
    "user_pool_id",
    "client_id",
    "region",
    "target_secret",
)
CONDITION: Final = _object(
    "status_condition",
    "1 for the status that the condition has, 0 for the others.",
    "type",
    "status",
)
CREATED: Final = _object(
    "created_timestamp_seconds", "When Cognito created the secret in the slot.", "slot"
)
LAST_ROTATION: Final = _object(
    "last_rotation_timestamp_seconds", "When the last successful rotation ended; 0 if none did."
)
NEXT_ROTATION: Final = _object(
    "next_rotation_timestamp_seconds",
    "When the next rotation is due, or was but did not begin; 0 if suspended or unknown.",
)
INTERVAL: Final = _object("rotation_interval_seconds", "Interval between rotations, from the spec.")
MAX_AGE: Final = _object(
    "max_age_seconds", "Age at which the current secret is too old, from the spec."
)
MAX_OVERLAP: Final = _object(
    "max_overlap_seconds", "How long two secrets may be valid at once, from the spec."
)
STEP: Final = _object("rotation_step", "1 for the step the rotation is at, 0 for others.", "step")
STEP_STARTED: Final = _object(
    "rotation_step_started_timestamp_seconds",
    "When the step began, or a bound from before it where this process did not see it; 0 if Idle.",
)
ROTATION_STARTED: Final = _object(
    "rotation_started_timestamp_seconds", "When the rotation that is on began; 0 if none is."
)
WAITS_FOR: Final = _object(
    "waits_for", "Always 1: the reason of the last plan, as in status.waitsFor.", "reason"
)
ACTIVE: Final = _object("active_secrets", "Secrets at Cognito that the operator knows of.")
FOREIGN: Final = _object(
    "foreign_secrets", "Those among them that the operator neither made nor took over."
)
HOLDERS: Final = _object(
    "pods_on_previous",
    "Pods that may still hold the previous secret. Absent where unknown.",
)
OUTSIDE: Final = _object(
    "acknowledgements_missing",
    "Declared consumers outside that have yet to say that they moved. Absent where unknown.",
)
SUSPENDED: Final = _object("suspended", "1 if the spec suspends all writes, else 0.")
OBSERVED: Final = _object(
    "observed_timestamp_seconds", "When Cognito last listed the client's secrets; 0 if never."
)

ROTATIONS: Final = _process(
    "counter", "rotations_total", "Rotations that ended.", "result", "trigger"
)
ORDERED: Final = _process(
    "counter",
    "ordered_retirements_total",
    "Previous secrets that were deleted by an order although somebody may have held them.",
    "order",
)
FOREIGN_DELETED: Final = _process(
    "counter",
    "foreign_secrets_deleted_total",
    "Secrets not made by the operator that were deleted as adoption.retireSecretIds says.",
)
AWS_REQUESTS: Final = _process(
    "counter", "aws_requests_total", "Calls to AWS by OK or error code.", "operation", "code"
)
AWS_DURATION: Final = _process(
    "histogram", "aws_request_duration_seconds", "How long calls to AWS took.", "operation"
)
AWS_WAIT: Final = _process(
    "counter",
    "aws_ratelimit_wait_seconds_total",
    "Seconds that calls waited for our share of Cognito's quotas.",
    "operation",
)
ROTATION_DURATION: Final = _process(
    "histogram",
    "rotation_duration_seconds",
    "From the beginning of a rotation to its end.",
)
EXPOSURE: Final = _process(
    "histogram",
    "exposure_seconds",
    "How long both secrets of a successful rotation were valid.",
)
STEP_DURATION: Final = _process(
    "histogram",
    "step_duration_seconds",
    "How long a step of a rotation took, where this process saw both its ends.",
    "step",
)
DRIFT: Final = _process(
    "counter", "drift_total", "Changes by somebody else that the operator answered.", "kind"
)
RECONCILES: Final = _process("counter", "reconciles_total", "Passes by what came of it.", "result")
RECONCILE_DURATION: Final = _process(
    "histogram", "reconcile_duration_seconds", "How long a turn of one resource took."
)
QUEUE_DEPTH: Final = _process("gauge", "queue_depth", "Resources that are due and wait.")
QUEUE_OLDEST: Final = _process(
    "gauge",
    "queue_oldest_timestamp_seconds",
    "Since when the resource that waits longest is due; 0 if none waits.",
)
HEARTBEAT: Final = _process(
    "gauge", "heartbeat_timestamp_seconds", "When the work queue last turned."
)
FROZEN: Final = _process("gauge", "frozen", "1 while the freeze switch stops all writes, else 0.")
ALLOW_FILE_VALID: Final = _process(
    "gauge", "allow_file_valid", "1 if the allow-list in force is the one in its file, else 0."
)
LEADER: Final = _process(
    "gauge", "leader", "1 if this process makes passes, 0 if it does not yet or stands by."
)
BUILD: Final = _process(
    "gauge", "build_info", "Always 1: what is running.", "version", "revision", "python_version"
)

OF_RESOURCES: Final = (
    INFO,
    CONDITION,
    WAITS_FOR,
    CREATED,
    LAST_ROTATION,
    NEXT_ROTATION,
    INTERVAL,
    MAX_AGE,
    MAX_OVERLAP,
    STEP,
    STEP_STARTED,
    ROTATION_STARTED,
    ACTIVE,
    FOREIGN,
    HOLDERS,
    OUTSIDE,
    SUSPENDED,
    OBSERVED,
)
"""The state of one resource: rendered at the scrape, gone with it."""

METRICS: Final = (
    *OF_RESOURCES,
    ROTATIONS,
    ROTATION_DURATION,
    EXPOSURE,
    STEP_DURATION,
    ORDERED,
    FOREIGN_DELETED,
    AWS_REQUESTS,
    AWS_DURATION,
    AWS_WAIT,
    DRIFT,
    RECONCILES,
    RECONCILE_DURATION,
    QUEUE_DEPTH,
    QUEUE_OLDEST,
    HEARTBEAT,
    FROZEN,
    ALLOW_FILE_VALID,
    LEADER,
    BUILD,
)
"""Every metric of ours; ``process_*`` comes from prometheus_client as well."""
