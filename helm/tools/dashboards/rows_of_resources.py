"""The rows about resources: the fleet, the table, one rotation."""

from dashboards.panels import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    Panel,
    Query,
    Row,
    graph,
    mapped,
    override,
    stat,
    table,
    timeline,
)
from dashboards.queries import (
    AGE,
    ALERT_NAMES,
    DUE_IN,
    STEP_NUMBER,
    STEPS,
    TROUBLE,
    WORRY,
    condition,
    each,
    how_many,
)


def fleet() -> Row:
    """How many resources there are, and how many of them need somebody."""
    return Row(
        "Fleet",
        [
            stat(
                "Resources",
                "How many CognitoClientSecrets the operator reports on.",
                how_many(each("info")),
                thresholds=((None, BLUE),),
            ),
            stat(
                "Ready",
                "Share of the resources whose target Secret holds a usable secret.",
                f"avg({each('status_condition', type='Ready', status='True')})",
                unit="percentunit",
                thresholds=((None, RED), (0.999, GREEN)),
            ),
            stat(
                "Rotating",
                "Resources whose rotation is on.",
                how_many(f"{each('rotation_started_timestamp_seconds')} > 0"),
                thresholds=((None, BLUE),),
            ),
            stat(
                "Stalled",
                "Resources for which a person has to act.",
                how_many(condition("Stalled")),
                thresholds=TROUBLE,
            ),
            stat(
                "Overdue",
                "Resources whose current secret is older than rotation.maxAge.",
                how_many(condition("Overdue")),
                thresholds=TROUBLE,
            ),
            stat(
                "Two secrets",
                "Resources with two secrets at Cognito, as each has in a rotation.",
                how_many(f"{each('active_secrets')} > 1"),
                thresholds=WORRY,
            ),
            stat(
                "Oldest secret",
                "Age of the oldest current secret.",
                f"max({AGE})",
                unit="s",
                thresholds=((None, BLUE),),
            ),
            stat(
                "Alerts firing",
                "Alerts of this operator that fire, where this data source evaluates them.",
                how_many(f"ALERTS{{{ALERT_NAMES}}}"),
                thresholds=TROUBLE,
            ),
        ],
    )


def resources() -> Row:
    """A table of all resources, and one of what fires."""
    columns = {
        "namespace": "Namespace",
        "name": "Name",
        "Value #A": "Ready",
        "step": "Step",
        "reason": "Waits for",
        "Value #D": "Age",
        "Value #E": "Of its interval",
        "Value #F": "Next in",
        "Value #G": "Secrets",
        "Value #H": "Pods to move",
    }
    words = mapped((1, "yes", GREEN), (0, "no", RED), (-1, "unknown", YELLOW))
    ready = (
        f"{each('status_condition', type='Ready', status='True')}"
        f" - {each('status_condition', type='Ready', status='Unknown')}"
    )
    pods = f"{each('pods_on_previous')} + {each('acknowledgements_missing')}"
    share = f"({AGE}) / ({each('rotation_interval_seconds')} > 0)"
    full = ((None, GREEN), (1.0, YELLOW), (1.1, RED))
    hidden = ("Value #B", "Value #C")
    return Row(
        "Resources",
        [
            table(
                "All resources",
                "The most urgent first: by age as a share of the interval.",
                [
                    Query(ready),
                    Query(f"{each('rotation_step', by=', step')} == 1"),
                    Query(each("waits_for", by=", reason")),
                    Query(AGE),
                    Query(share),
                    Query(DUE_IN),
                    Query(each("active_secrets")),
                    Query(pods),
                ],
                columns,
                height=9,
                width=17,
                options={"sortBy": [{"displayName": "Of its interval", "desc": True}]},
                overrides=[
                    override("Ready", mappings=words, custom__cellOptions={"type": "color-text"}),
                    override("Age", unit="s"),
                    override(
                        "Of its interval",
                        unit="percentunit",
                        min=0,
                        max=1.5,
                        thresholds={
                            "mode": "absolute",
                            "steps": [{"color": c, "value": v} for v, c in full],
                        },
                        custom__cellOptions={"type": "gauge", "mode": "lcd"},
                    ),
                    override("Next in", unit="s"),
                    *(override(name, custom__hidden=True) for name in hidden),
                ],
            ),
            table(
                "Firing",
                "Alerts of this operator that fire, where this data source evaluates them.",
                [Query(f"max by (alertname, severity, namespace, name) (ALERTS{{{ALERT_NAMES}}})")],
                {
                    "severity": "Severity",
                    "alertname": "Alert",
                    "namespace": "Namespace",
                    "name": "Name",
                },
                width=7,
                height=9,
                overrides=[override("Value", custom__hidden=True)],
            ),
        ],
    )


def one_resource() -> Row:
    """What goes on with the resources that are chosen above."""
    legend = "{{namespace}}/{{name}}"
    numbers = {"min": 0, "max": 7, "mappings": mapped(*STEPS)}
    lines = ((None, GREEN), (0.9, YELLOW), (1.0, RED))
    return Row(
        "Rotation of the chosen resources",
        [
            timeline(
                "Step",
                "Where each rotation stands.",
                Query(STEP_NUMBER, legend),
                width=16,
                height=9,
                thresholds=((None, GREEN),),
                defaults=numbers,
            ),
            Panel(
                "Age as a share of the limits",
                "Age of the current secret by rotation.interval, and by rotation.maxAge.",
                "bargauge",
                [
                    Query(
                        f"({AGE}) / ({each('rotation_interval_seconds')} > 0)",
                        f"{legend} interval",
                    ),
                    Query(f"({AGE}) / ({each('max_age_seconds')} > 0)", f"{legend} maxAge"),
                ],
                unit="percentunit",
                height=9,
                instant=True,
                thresholds=lines,
                options={"orientation": "horizontal", "displayMode": "lcd"},
                defaults={"min": 0, "max": 1.5},
            ),
            graph(
                "Who may hold the previous secret",
                "Pods and declared consumers outside; no line where nobody knows.",
                Query(each("pods_on_previous"), f"{legend} pods"),
                Query(each("acknowledgements_missing"), f"{legend} outside"),
            ),
            graph(
                "Secrets at Cognito",
                "One, or two in a rotation; foreign ones are nobody's that the operator knows.",
                Query(each("active_secrets"), legend),
                Query(f"{each('foreign_secrets')} > 0", f"{legend} foreign"),
            ),
            graph(
                "Since when: rotation, step, look at Cognito",
                "How long the rotation and its step last, and how old the last look at Cognito is.",
                Query(
                    f"time() - ({each('rotation_started_timestamp_seconds')} > 0)",
                    f"{legend} rotation",
                ),
                Query(
                    f"time() - ({each('rotation_step_started_timestamp_seconds')} > 0)",
                    f"{legend} step",
                ),
                Query(f"time() - ({each('observed_timestamp_seconds')} > 0)", f"{legend} look"),
                unit="s",
            ),
            table(
                "Next rotations",
                "The nearest ones first, with what the resource names.",
                [
                    Query(f"sort({DUE_IN})"),
                    Query(f"time() - ({each('last_rotation_timestamp_seconds')} > 0)"),
                    Query(each("suspended")),
                    Query(each("max_overlap_seconds")),
                    Query(each("info", by=", user_pool_id, client_id, region, target_secret")),
                ],
                {
                    "namespace": "Namespace",
                    "name": "Name",
                    "Value #A": "Next in",
                    "Value #B": "Last was",
                    "Value #C": "Suspended",
                    "Value #D": "Longest overlap",
                    "target_secret": "Target",
                    "user_pool_id": "User pool",
                    "client_id": "App client",
                    "region": "Region",
                },
                unit="s",
                overrides=[
                    override("Value #E", custom__hidden=True),
                    override(
                        "Suspended",
                        unit="none",
                        mappings=mapped((0, "no", GREEN), (1, "yes", YELLOW)),
                    ),
                ],
            ),
        ],
    )
