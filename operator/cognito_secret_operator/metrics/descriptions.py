"""Every metric of the operator: name, kind, labels and help, for code and documentation."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["METRICS", "OF_RESOURCES", "Description"]


@dataclass(frozen=True, slots=True)
class Description:
    """A metric's name, kind, labels and help."""

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
    "Always 1: identifiers of the resource, for joins.",
    "user_pool_id",
    "client_id",
    "region",
    "target_secret",
)
CONDITION: Final = _object(
    "status_condition",
    "1 for the condition's present status, 0 for the others.",
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
    "When the next rotation is due, or a missed one was; 0 if suspended or unknown.",
)
INTERVAL: Final = _object("rotation_interval_seconds", "Interval between rotations, from the spec.")
MAX_AGE: Final = _object(
    "max_age_seconds", "Age at which the current secret is too old, from the spec."
)
MAX_OVERLAP: Final = _object(
    "max_overlap_seconds", "How long two secrets may be valid at once, from the spec."
)
STEP: Final = _object(
    "rotation_step", "1 for the rotation's present step, 0 for the others.", "step"
)
STEP_STARTED: Final = _object(
    "rotation_step_started_timestamp_seconds",
    "Start of the present step (a lower bound after a restart); 0 if Idle.",
)
ROTATION_STARTED: Final = _object(
    "rotation_started_timestamp_seconds", "Start of the rotation in progress; 0 if there is none."
)
WAITS_FOR: Final = _object(
    "waits_for", "Always 1: the reason of the last plan, as in status.waitsFor.", "reason"
)
ACTIVE: Final = _object("active_secrets", "Secrets that the client has at Cognito, as last listed.")
FOREIGN: Final = _object(
    "foreign_secrets", "Secrets at Cognito that the operator neither created nor adopted."
)
HOLDERS: Final = _object(
    "pods_on_previous",
    "Pods that may still hold the previous secret. Absent where unknown.",
)
OUTSIDE: Final = _object(
    "acknowledgements_missing",
    "Declared outside consumers whose acknowledgement is missing. Absent where unknown.",
)
SUSPENDED: Final = _object("suspended", "1 if the spec suspends all writes, else 0.")
OBSERVED: Final = _object(
    "observed_timestamp_seconds", "When Cognito last listed the client's secrets; 0 if never."
)

ROTATIONS: Final = _process(
    "counter", "rotations_total", "Rotations that ended.", "result", "trigger"
)
FORCED: Final = _process(
    "counter",
    "forced_retirements_total",
    "Previous secrets deleted by maxOverlap or override although they may have been in use.",
    "retired_by",
)
FOREIGN_DELETED: Final = _process(
    "counter",
    "foreign_secrets_deleted_total",
    "Foreign secrets deleted because adoption.retireSecretIds lists them.",
)
AWS_REQUESTS: Final = _process(
    "counter",
    "aws_requests_total",
    "Calls to AWS by code: OK or the error code.",
    "operation",
    "code",
)
AWS_DURATION: Final = _process(
    "histogram", "aws_request_duration_seconds", "Duration of calls to AWS.", "operation"
)
AWS_WAIT: Final = _process(
    "counter",
    "aws_ratelimit_wait_seconds_total",
    "Seconds that calls waited for the operator's share of Cognito's quotas.",
    "operation",
)
ROTATION_DURATION: Final = _process(
    "histogram",
    "rotation_duration_seconds",
    "Duration of rotations, from start to end.",
)
OVERLAP: Final = _process(
    "histogram",
    "overlap_seconds",
    "How long both secrets of a successful rotation were valid.",
)
STEP_DURATION: Final = _process(
    "histogram",
    "step_duration_seconds",
    "Duration of rotation steps that began and ended in this process.",
    "step",
)
DRIFT: Final = _process(
    "counter",
    "drift_total",
    "External changes to managed objects that the operator corrected.",
    "kind",
)
RECONCILES: Final = _process("counter", "reconciles_total", "Reconcile passes by result.", "result")
RECONCILE_DURATION: Final = _process(
    "histogram",
    "reconcile_duration_seconds",
    "Duration of one turn of a resource, which may have several passes.",
)
QUEUE_DEPTH: Final = _process("gauge", "queue_depth", "Resources that are due and wait.")
QUEUE_OLDEST: Final = _process(
    "gauge",
    "queue_oldest_timestamp_seconds",
    "Due time of the longest-waiting resource; 0 if none waits.",
)
HEARTBEAT: Final = _process(
    "gauge", "heartbeat_timestamp_seconds", "When the work queue last completed a loop."
)
FROZEN: Final = _process("gauge", "frozen", "1 while the freeze switch stops all writes, else 0.")
ALLOW_FILE_VALID: Final = _process(
    "gauge", "allow_file_valid", "1 if the allow-list in force is the one in its file, else 0."
)
LEADER: Final = _process(
    "gauge", "leader", "1 if this process reconciles, 0 while it starts or stands by."
)
BUILD: Final = _process(
    "gauge", "build_info", "Always 1: the running build.", "version", "revision", "python_version"
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
"""Metrics of one resource's state: rendered at the scrape; they end with the resource."""

METRICS: Final = (
    *OF_RESOURCES,
    ROTATIONS,
    ROTATION_DURATION,
    OVERLAP,
    STEP_DURATION,
    FORCED,
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
"""Every metric of the operator; prometheus_client adds ``process_*``."""
