"""The rows about rotations as a whole, Cognito's API and the process."""

from dashboards.panels import (
    Query,
    Row,
    graph,
    override,
    table,
)
from dashboards.queries import (
    JOB,
    NOT_OK,
    RANGE,
    of_operator,
    per_second,
    quantile,
)


def rotations() -> Row:
    """How rotations end, and how long they take."""
    spans = [
        Query(quantile(0.5, "rotation_duration_seconds"), "rotation, median"),
        Query(quantile(0.95, "rotation_duration_seconds"), "rotation, 95 %"),
        Query(quantile(0.95, "overlap_seconds"), "both secrets valid, 95 %"),
    ]
    mean = (
        f"{per_second('step_duration_seconds_sum', 'step')}"
        f" / ({per_second('step_duration_seconds_count', 'step')} > 0)"
    )
    ended = f"sum by (result, trigger) (increase({of_operator('rotations_total')}[{RANGE}])) > 0"
    return Row(
        "Rotations",
        [
            graph(
                "Rotations that ended",
                "By result and by what began them.",
                Query(ended, "{{result}} {{trigger}}"),
                stack=True,
            ),
            graph("How long rotations take", "From buckets, so a rough figure.", *spans, unit="s"),
            graph(
                "Mean length of steps",
                "Where a rotation spends its time.",
                Query(mean, "{{step}}"),
                stack=True,
                unit="s",
            ),
        ],
    )


def cognito() -> Row:
    """Calls to AWS, and what is left of the quotas."""
    throttled = 'code=~"TooManyRequests.*|Throttl.*"'
    operation = Query(per_second("aws_requests_total", "operation"), "{{operation}}")
    return Row(
        "Cognito's API",
        [
            graph("Calls", "Calls to AWS by operation.", operation, stack=True, unit="reqps"),
            graph(
                "Answers other than OK",
                "By code. A verification has GetTokensFromRefreshToken refused on purpose.",
                Query(
                    f"{per_second('aws_requests_total', 'operation, code', NOT_OK)} > 0",
                    "{{operation}} {{code}}",
                ),
                unit="reqps",
            ),
            graph(
                "Latency, 95 %",
                "By operation.",
                Query(quantile(0.95, "aws_request_duration_seconds", "operation"), "{{operation}}"),
                unit="s",
            ),
            graph(
                "Share of the account's quota",
                "Of 15 calls a second and operation, which all pools of the account share.",
                Query(f"{per_second('aws_requests_total', 'operation')} / 15", "{{operation}}"),
                unit="percentunit",
            ),
            graph(
                "Throttled share",
                "Calls that AWS refused for being too many.",
                Query(
                    f"{per_second('aws_requests_total', 'job', throttled)}"
                    f" / {per_second('aws_requests_total', 'job')}",
                    "{{job}}",
                ),
                unit="percentunit",
            ),
            graph(
                "Waiting for our share of the quota",
                "Seconds that calls waited, a second: the operator's own limiter.",
                Query(per_second("aws_ratelimit_wait_seconds_total", "operation"), "{{operation}}"),
                unit="s",
            ),
        ],
    )


def operator() -> Row:
    """The process itself."""
    ours = of_operator("build_info")
    flags = [
        Query(f"max by (job, instance) ({of_operator('leader')})", "{{instance}} leads"),
        Query(f"max by (job) ({of_operator('frozen')})", "frozen"),
        Query(f"max by (job) (1 - {of_operator('allow_file_valid')})", "allow-list invalid"),
    ]
    queue = [
        Query(f"max by (job) ({of_operator('queue_depth')})", "waiting resources"),
        Query(
            f"time() - (max by (job) ({of_operator('queue_oldest_timestamp_seconds')}) > 0)",
            "longest wait, s",
        ),
        Query(
            f"time() - min by (job) ({of_operator('heartbeat_timestamp_seconds')})",
            "since the queue turned, s",
        ),
    ]
    by_hand = [
        Query(
            f"sum by (kind) (increase({of_operator('drift_total')}[{RANGE}])) > 0",
            "drift: {{kind}}",
        ),
        Query(
            "sum by (retired_by)"
            f" (increase({of_operator('forced_retirements_total')}[{RANGE}])) > 0",
            "retired by: {{retired_by}}",
        ),
        Query(
            f"sum(increase({of_operator('foreign_secrets_deleted_total')}[{RANGE}])) > 0",
            "foreign deleted",
        ),
    ]
    return Row(
        "Operator",
        [
            graph(
                "Who leads; freeze; allow-list", "1 is yes.", *flags, defaults={"min": 0, "max": 1}
            ),
            graph("Queue", "What is due and waits for a worker.", *queue),
            graph(
                "Passes",
                "By what came of them.",
                Query(per_second("reconciles_total", "result"), "{{result}}"),
                stack=True,
                unit="ops",
            ),
            graph(
                "Length of a turn",
                "How long one resource is worked on.",
                Query(quantile(0.5, "reconcile_duration_seconds"), "median"),
                Query(quantile(0.95, "reconcile_duration_seconds"), "95 %"),
                unit="s",
            ),
            graph(
                "External changes and forced deletions",
                "Corrected changes of targets and journals; deletions by maxOverlap or override.",
                *by_hand,
            ),
            graph(
                "Memory and CPU",
                "Resident memory in bytes on the left; seconds of CPU a second on the right.",
                Query(
                    f"process_resident_memory_bytes{{{JOB}}} and on (instance) {ours}",
                    "{{instance}} memory",
                ),
                Query(
                    f"rate(process_cpu_seconds_total{{{JOB}}}[{RANGE}]) and on (instance) {ours}",
                    "{{instance}} CPU",
                ),
                unit="bytes",
                overrides=[
                    {
                        "matcher": {"id": "byRegexp", "options": "/ CPU$/"},
                        "properties": [
                            {"id": "unit", "value": "none"},
                            {"id": "custom.axisPlacement", "value": "right"},
                        ],
                    }
                ],
            ),
            table(
                "What runs",
                "Version and commit of the operator, and version of Python, by replica.",
                [
                    Query(
                        "max by (instance, version, revision, python_version)"
                        f" ({of_operator('build_info')})"
                    )
                ],
                {
                    "instance": "Replica",
                    "version": "Version",
                    "revision": "Commit",
                    "python_version": "Python",
                },
                height=5,
                overrides=[override("Value", custom__hidden=True)],
            ),
        ],
    )
