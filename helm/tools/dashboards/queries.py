"""Pieces of PromQL that the dashboard is made of."""

from typing import Final

from dashboards.panels import GREEN, RED, YELLOW

OBJECT: Final = "cognito_client_secret_"
PROCESS: Final = "cognito_secret_operator_"
STEPS: Final = (
    (0, "Idle", "super-light-green"),
    (1, "Staged", "yellow"),
    (2, "Verifying", "light-yellow"),
    (3, "Publishing", "orange"),
    (4, "Settling", "light-orange"),
    (5, "RollingOut", "blue"),
    (6, "Overlap", "light-blue"),
    (7, "Retiring", "purple"),
)
"""In the order of a rotation; a test compares them with the code."""

WHERE: Final = 'job=~"$job",namespace=~"$namespace",name=~"$name"'
NOT_OK: Final = 'code!="OK"'
JOB: Final = 'job=~"$job"'
ALERT_NAMES: Final = 'alertname=~"Cognito(ClientSecret|SecretOperator).+",alertstate="firing"'
RANGE: Final = "$__rate_interval"
OR_ZERO: Final = " or vector(0)"


def selected(metric: str, **labels: str) -> str:
    """Select a metric of resources."""
    matchers = [f'{label}="{value}"' for label, value in labels.items()]
    return f"{OBJECT}{metric}{{{','.join((WHERE, *matchers))}}}"


def each(metric: str, *, by: str = "", **labels: str) -> str:
    """Give one series a resource, whichever replica told it."""
    return f"max by (namespace, name{by}) ({selected(metric, **labels)})"


def of_operator(metric: str, *matchers: str) -> str:
    return f"{PROCESS}{metric}{{{','.join((JOB, *matchers))}}}"


def how_many(expr: str) -> str:
    return f"count({expr}){OR_ZERO}"


def without_zero(expr: str) -> str:
    """Take off what answers where nothing is found, so that a wrong name cannot hide behind it."""
    bare = expr.removesuffix(OR_ZERO)
    assert "vector(" not in bare, expr
    return bare


def condition(kind: str, status: str = "True") -> str:
    return f"{each('status_condition', type=kind, status=status)} == 1"


def per_second(metric: str, by: str, *matchers: str) -> str:
    return f"sum by ({by}) (rate({of_operator(metric, *matchers)}[{RANGE}]))"


def quantile(share: float, metric: str, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    buckets = of_operator(f"{metric}_bucket")
    return f"histogram_quantile({share}, sum by ({labels}) (rate({buckets}[{RANGE}])))"


AGE: Final = f"time() - {each('created_timestamp_seconds', slot='current')}"
DUE_IN: Final = f"({each('next_rotation_timestamp_seconds')} > 0) - time()"
STEP_NUMBER: Final = " or ".join(
    f"({each('rotation_step', step=name)} == 1) - 1 + {number}" for number, name, _ in STEPS
)
TROUBLE: Final = ((None, GREEN), (1.0, RED))
WORRY: Final = ((None, GREEN), (1.0, YELLOW))
