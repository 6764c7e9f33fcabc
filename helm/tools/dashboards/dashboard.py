"""The dashboard, from which `python -m dashboards.dashboard` makes the chart's JSON.

The chart replaces the word ``namespace`` where the label has another name: titles and descriptions
say "team", "resource" or "Namespace" instead.
"""

import json
from typing import Final

from dashboards.panels import (
    JSON,
    dashboard,
    datasource_variable,
    variable,
)
from dashboards.queries import OBJECT, PROCESS, each
from dashboards.rendering import DASHBOARD
from dashboards.rows_of_operator import cognito, operator, rotations
from dashboards.rows_of_resources import fleet, one_resource, resources

UID: Final = "cognito-client-secrets"


def whole() -> JSON:
    """Put the dashboard together."""
    info = f"{OBJECT}info"
    annotation = {
        "name": "Rotations",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "enable": True,
        "iconColor": "green",
        "expr": f"changes({each('last_rotation_timestamp_seconds')}[2m:]) > 0",
        "step": "60s",
        "titleFormat": "{{name}} was rotated",
    }
    return dashboard(
        [fleet(), resources(), one_resource(), rotations(), cognito(), operator()],
        [
            datasource_variable(),
            variable("job", "Job", f"label_values({PROCESS}build_info, job)"),
            variable("namespace", "Namespace", f'label_values({info}{{job=~"$job"}}, namespace)'),
            variable(
                "name",
                "Resource",
                f'label_values({info}{{job=~"$job",namespace=~"$namespace"}}, name)',
            ),
        ],
        uid=UID,
        title="Cognito client secrets",
        description="Age, rotations and troubles of the secrets of Amazon Cognito app clients.",
        tags=["cognito", "secrets"],
        annotations={"list": [annotation]},
    )


def text() -> str:
    """Write it as it is in the chart."""
    return json.dumps(whole(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DASHBOARD.write_text(text(), encoding="utf-8")
    print(f"wrote {DASHBOARD.name}: {len(whole()['panels'])} panels and rows")
