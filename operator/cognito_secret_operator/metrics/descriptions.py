"""The metrics of the process: name, kind, labels and help, for code and documentation."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["OF_PROCESS", "Description"]


@dataclass(frozen=True, slots=True)
class Description:
    """A metric's name, kind, labels and help."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


def _process(
    kind: Literal["counter", "gauge", "histogram"], suffix: str, text: str, *labels: str
) -> Description:
    return Description(f"cognito_secret_operator_{suffix}", kind, labels, text)


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

OF_PROCESS: Final = (
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
"""The metrics of the process; ``process_*`` comes from prometheus_client as well."""
