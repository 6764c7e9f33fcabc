"""Where the values about monitors, alerts and dashboards have their effect."""

from collections.abc import Iterator
from typing import Final

from .places import OBJECT, Place, Row, in_one_render, same, with_values
from helmchart.helm import HOME

MONITORS: Final = {
    "serviceMonitor": ("ServiceMonitor", OBJECT, "spec", "endpoints"),
    "podMonitor": ("PodMonitor", OBJECT, "spec", "podMetricsEndpoints"),
}
RELABEL: Final = [{"action": "labeldrop", "regex": "pod"}]


def monitor_rows(section: str) -> Iterator[Row]:
    """Yield the rows of one monitor; those of an endpoint are in its only item."""
    at = MONITORS[section]
    here: Place = at[:2]
    always = {f"{section}.renderMode": "Always"}
    on = {f"{section}.enabled": True}
    name = f"{section}.enabled"
    endpoint = {"port": "http", "path": "/metrics", "honorLabels": True}
    yield Row(name, False, here, None, always)
    yield Row(name, True, (*at, 0), endpoint, always)
    yield Row(name, True, (*here, "spec", "jobLabel"), "app.kubernetes.io/instance", always)
    yield Row(name, True, (*here, "metadata", "namespace"), HOME, always)
    yield Row(f"{section}.renderMode", "Skip", here, None, on)
    yield Row(f"{section}.renderMode", "Always", (*at, 0), endpoint, on)
    rows = [
        Row(f"{section}.labels", {"release": "x"}, (*here, "metadata", "labels", "release"), "x"),
        same(f"{section}.namespace", "monitoring", *here, "metadata", "namespace"),
        same(f"{section}.annotations", {"a": "b"}, *here, "metadata", "annotations"),
        same(f"{section}.sampleLimit", 50000, *here, "spec", "sampleLimit"),
        *(
            same(f"{section}.{key}", told, *at, 0, key)
            for key, told in (
                ("interval", "30s"),
                ("scrapeTimeout", "10s"),
                ("honorLabels", False),
                ("relabelings", RELABEL),
                ("metricRelabelings", [{"action": "labelkeep", "regex": ".+"}]),
            )
        ),
    ]
    yield from with_values({**always, **on}, in_one_render(rows))


RULE: Final = ("PrometheusRule", OBJECT)
GROUPS: Final = (*RULE, "spec", "groups")
SUSPENDED: Final = (*GROUPS, "cognito-client-secrets", "rules", "CognitoClientSecretSuspended")
DRIFT: Final = (*GROUPS, "cognito-secret-operator", "rules", "CognitoSecretOperatorDrift")
EXPRESSION: Final = (
    "max by (exported_namespace, name)"
    ' (last_over_time(cognito_client_secret_suspended{cluster="a"}[9m])) == 1'
)
PAGE: Final = "https://r.test/cognitoclientsecretsuspended"
RULES_ON: Final = {"prometheusRule.enabled": True, "prometheusRule.renderMode": "Always"}

ALERTS: Final[list[Row]] = [
    *with_values(
        RULES_ON,
        in_one_render(
            [
                Row(
                    "alerts.namespaceLabel", "exported_namespace", (*SUSPENDED, "expr"), EXPRESSION
                ),
                Row("alerts.selector", 'cluster="a"', (*SUSPENDED, "expr"), EXPRESSION),
                Row("alerts.lookback", "9m", (*SUSPENDED, "expr"), EXPRESSION),
                Row("alerts.disabled", ["CognitoSecretOperatorDrift"], DRIFT, None),
                Row(
                    "alerts.overrides",
                    {"CognitoClientSecretSuspended": {"for": "30d"}},
                    (*SUSPENDED, "for"),
                    "30d",
                ),
                Row(
                    *("alerts.runbookUrl", "https://r.test/%s"),
                    (*SUSPENDED, "annotations", "runbook_url"),
                    PAGE,
                ),
                same(
                    *("alerts.dashboardUrl", "https://d.test"),
                    *(*SUSPENDED, "annotations", "dashboard_url"),
                ),
                Row("alerts.labels", {"team": "x"}, (*SUSPENDED, "labels", "team"), "x"),
                Row("alerts.annotations", {"a": "b"}, (*SUSPENDED, "annotations", "a"), "b"),
                Row("prometheusRule.namespace", "m", (*RULE, "metadata", "namespace"), "m"),
                Row("prometheusRule.labels", {"a": "c"}, (*RULE, "metadata", "labels", "a"), "c"),
                same("prometheusRule.annotations", {"a": "d"}, *RULE, "metadata", "annotations"),
            ]
        ),
    ),
    *with_values(
        {"prometheusRule.renderMode": "Always"},
        [
            Row("prometheusRule.enabled", False, RULE, None),
            Row("prometheusRule.enabled", True, (*RULE, "metadata", "namespace"), HOME),
            Row("prometheusRule.enabled", True, (*DRIFT, "alert"), "CognitoSecretOperatorDrift"),
        ],
    ),
    *(
        Row("prometheusRule.renderMode", mode, (*RULE, "metadata", "name"), told, on)
        for on in ({"prometheusRule.enabled": True},)
        for mode, told in (("Skip", None), ("Always", OBJECT))
    ),
]


def grafana_rows(section: str, word: str, more: list[Row]) -> Iterator[Row]:
    """Yield the rows of a ConfigMap for Grafana's sidecar.

    Args:
        section: ``dashboard`` or ``alerts``.
        word: of the label by which the sidecar finds it.
        more: rows beside.

    """
    metadata: Place = ("ConfigMap", f"{OBJECT}-{section}", "metadata")
    name = f"grafana.{section}"
    on = {f"{name}.enabled": True}
    label = (*metadata, "labels", word)
    yield Row(f"{name}.enabled", False, metadata, None)
    yield Row(f"{name}.enabled", True, (*metadata, "namespace"), HOME)
    yield Row(f"{name}.enabled", True, label, "1")
    yield Row(f"{name}.label", "found", (*metadata, "labels", "found"), "1", on)
    yield Row(f"{name}.label", "found", label, None, on)
    rows = [
        same(f"{name}.namespace", "monitoring", *metadata, "namespace"),
        same(f"{name}.labelValue", "yes", *label),
        Row(f"{name}.labels", {"a": "b"}, (*metadata, "labels", "a"), "b"),
        Row(f"{name}.annotations", {"a": "c"}, (*metadata, "annotations", "a"), "c"),
        *more,
    ]
    yield from with_values(on, in_one_render(rows))


FOLDER: Final = ("ConfigMap", f"{OBJECT}-dashboard", "metadata", "annotations", "directory")
GROUP: Final = ("ConfigMap", f"{OBJECT}-alerts", "data", f"{OBJECT}-alerts.yaml", "groups", 0)

GRAFANA: Final[list[Row]] = [
    *grafana_rows(
        "dashboard",
        "grafana_dashboard",
        [
            Row("grafana.dashboard.folderAnnotation", "directory", FOLDER, "Security"),
            Row("grafana.dashboard.folder", "Security", FOLDER, "Security"),
        ],
    ),
    *grafana_rows(
        "alerts",
        "grafana_alert",
        [
            same(
                *("grafana.alerts.datasourceUid", "thanos"),
                *(*GROUP, "rules", 0, "data", 0, "datasourceUid"),
            ),
            same("grafana.alerts.folder", "Secrets", *GROUP, "folder"),
            same("grafana.alerts.orgId", 2, *GROUP, "orgId"),
            same("grafana.alerts.interval", "2m", *GROUP, "interval"),
        ],
    ),
]

MONITORING: Final[list[Row]] = [
    *(row for section in MONITORS for row in monitor_rows(section)),
    *ALERTS,
    *GRAFANA,
]
