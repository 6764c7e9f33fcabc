"""Each value stands where it has its effect: the rows are in helmchart/rows_of_*.py."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chart_values.places import CLUSTER_NAME, ENV, POD, Place, Row, found_at
from chart_values.rows_of_access import ACCESS, NETWORK, READ, TO, USER_ROLES, WRITE, rules
from chart_values.rows_of_aws import AWS, PROCESS, PROXY
from chart_values.rows_of_monitoring import MONITORING
from chart_values.rows_of_platform import PLATFORM
from chart_values.rows_of_pods import PODS
from helmchart.helm import Helm, of_kind
from helmchart.values import values

pytestmark = pytest.mark.integration

HERE: Final = Path(__file__).parent
ROWS: Final = [*PLATFORM, *AWS, *PROCESS, *PODS, *ACCESS, *USER_ROLES, *NETWORK, *MONITORING]
DEPENDENCY: Final = "a_chart_that_depends_on_this_one_can_switch_it_and_share_globals"
ELSEWHERE: Final = {
    "global": f"test_matrix.py test_{DEPENDENCY}",
    "enabled": f"test_matrix.py test_{DEPENDENCY}",
}
"""Values without a row: the file and the test that tries each."""

Documents = list[dict[str, Any]]


@pytest.fixture(scope="module")
def rendered(helm: Helm) -> Callable[[Row], Documents]:
    """Renders the values of a row; once for all rows that share them."""
    known: dict[str, Documents] = {}

    def render(row: Row) -> Documents:
        key = json.dumps(row.given, sort_keys=True)
        if key not in known:
            known[key] = helm.render(row.given)
        return known[key]

    return render


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name} {row.place[-1]}")
def test_a_value_stands_where_it_has_its_effect(
    row: Row, rendered: Callable[[Row], Documents]
) -> None:
    assert found_at(rendered(row), row.place) == row.expected


def test_every_value_has_a_row_that_changes_it() -> None:
    defaults = {one.name: one.default for one in values() if not one.is_section}
    changed = {row.name for row in ROWS if row.value != defaults[row.name]}
    assert changed | ELSEWHERE.keys() == defaults.keys()
    assert changed & ELSEWHERE.keys() == set()


@pytest.mark.parametrize("where", sorted(set(ELSEWHERE.values())))
def test_what_is_tried_elsewhere_is_tried_there(where: str) -> None:
    file, test = where.split(" ")
    text = (HERE / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {test}\(", text, re.MULTILINE)


def test_common_labels_and_annotations_are_on_every_object_and_on_the_pods(helm: Helm) -> None:
    given = yaml.safe_load((HERE / "matrix" / "everything.yaml").read_text(encoding="utf-8"))
    del given["extraObjects"]
    documents = helm.render(given, api_versions=["monitoring.coreos.com/v1"])
    [deployment] = of_kind(documents, "Deployment")
    assert {"NetworkPolicy", "PodMonitor", "Pod", "ValidatingAdmissionPolicy"} <= {
        one["kind"] for one in documents
    }
    for one in (*documents, deployment["spec"]["template"]):
        labels, annotations = one["metadata"]["labels"], one["metadata"]["annotations"]
        assert labels.items() >= given["commonLabels"].items(), one["metadata"]
        assert annotations.items() >= given["commonAnnotations"].items(), one["metadata"]


def test_with_named_namespaces_peoples_roles_are_there_and_added_to_nothing(helm: Helm) -> None:
    documents = helm.render({"watch": {"namespaces": ["shop"]}, "allowList": {"enabled": False}})
    for word, verbs in (("view", READ), ("edit", [*READ, *WRITE])):
        [role] = [
            one
            for one in of_kind(documents, "Role")
            if one["metadata"]["name"] == f"{CLUSTER_NAME}-{word}"
        ]
        assert (role["metadata"]["namespace"], role["rules"]) == ("shop", rules(verbs))
        assert [name for name in role["metadata"]["labels"] if name.startswith(TO)] == []


def test_the_pod_of_helm_test_has_the_variables_of_the_process(helm: Helm) -> None:
    given = {"aws": {"credentialsSecret": "keys", "proxy": {"url": PROXY}}}
    documents = helm.render(given)
    [pod] = of_kind(documents, "Pod")
    assert pod["spec"]["containers"][0]["env"] == found_at(documents, ENV)


RUNS: Final = {row.place: row for row in PODS if row.place[:-1] == POD}
NOT_OF_A_TEST: Final = {
    *("terminationGracePeriodSeconds", "topologySpreadConstraints", "initContainers")
}


@pytest.mark.parametrize("place", RUNS, ids=lambda place: str(place[-1]))
def test_the_pod_of_helm_test_runs_where_and_how_the_operator_does(
    place: Place, rendered: Callable[[Row], Documents]
) -> None:
    row = RUNS[place]
    [pod] = of_kind(rendered(row), "Pod")
    expected = None if place[-1] in NOT_OF_A_TEST else row.expected
    assert pod["spec"].get(place[-1]) == expected
