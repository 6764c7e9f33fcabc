"""Every selector of a render picks what it is meant for, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from helmchart.helm import Helm, container, of_kind

pytestmark = pytest.mark.integration

MATRIX: Final = sorted((Path(__file__).parent / "matrix").glob("*.yaml"))
MONITORING: Final = ("monitoring.coreos.com/v1",)

Documents = list[dict[str, Any]]
Selected = tuple[str, dict[str, Any]]
"""What selects, for the message, and its selector."""


@pytest.fixture(scope="module", params=MATRIX, ids=lambda path: path.stem)
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Gives one set of values."""
    read: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def documents(values: dict[str, Any], helm: Helm) -> Documents:
    """Renders these values."""
    return helm.render(values, api_versions=MONITORING)


@pytest.fixture(scope="module")
def neighbours(values: dict[str, Any], helm: Helm) -> Documents:
    """Renders a second release with the same values in the same namespace."""
    return helm.render(values, release="neighbour", api_versions=MONITORING)


def operator_labels(documents: Documents) -> dict[str, str]:
    [deployment] = of_kind(documents, "Deployment")
    found: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    return found


def selftest_labels(documents: Documents) -> list[dict[str, str]]:
    return [one["metadata"]["labels"] for one in of_kind(documents, "Pod")]


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Tell whether it picks these labels; an empty one, which picks all, counts as none."""
    assert selector.keys() == {"matchLabels"}, "this test reads labels only"
    wanted: dict[str, str] = selector["matchLabels"]
    return bool(wanted) and wanted.items() <= labels.items()


def selectors_of_pods(documents: Documents, given: dict[str, Any]) -> Iterator[Selected]:
    """Yield whatever selects the operator's pods; constraints with a selector of their own not."""
    [deployment] = of_kind(documents, "Deployment")
    yield "Deployment", deployment["spec"]["selector"]
    theirs = given.get("topologySpreadConstraints", [{}])
    spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
    for number, (one, chosen) in enumerate(zip(spread, theirs, strict=True)):
        if "labelSelector" not in chosen:
            yield f"topologySpreadConstraints[{number}]", one["labelSelector"]
    for one in of_kind(documents, "Service"):
        yield "Service", {"matchLabels": one["spec"]["selector"]}
    for one in of_kind(documents, "NetworkPolicy"):
        yield "NetworkPolicy", one["spec"]["podSelector"]
    for one in of_kind(documents, "PodDisruptionBudget", "PodMonitor"):
        yield one["kind"], one["spec"]["selector"]


def test_selectors_pick_the_operators_pods_and_no_others(
    values: dict[str, Any], documents: Documents, neighbours: Documents
) -> None:
    others = [
        operator_labels(neighbours),
        *selftest_labels(neighbours),
        *selftest_labels(documents),
    ]
    for what, selector in selectors_of_pods(documents, values):
        assert selects(selector, operator_labels(documents)), what
        assert not any(selects(selector, labels) for labels in others), what


def test_a_service_monitor_picks_the_service_in_its_namespace_and_no_other(
    documents: Documents, neighbours: Documents
) -> None:
    for monitor in of_kind(documents, "ServiceMonitor"):
        [service], [other] = (of_kind(some, "Service") for some in (documents, neighbours))
        assert selects(monitor["spec"]["selector"], service["metadata"]["labels"])
        assert not selects(monitor["spec"]["selector"], other["metadata"]["labels"])
        where = monitor["spec"]["namespaceSelector"]
        assert where == {"matchNames": [service["metadata"]["namespace"]]}


def test_two_releases_in_one_namespace_are_two_jobs(
    documents: Documents, neighbours: Documents
) -> None:
    # Alerts count by namespace and job: two releases of one job would be two leaders for ever.
    targets = {
        "ServiceMonitor": lambda some: of_kind(some, "Service")[0]["metadata"]["labels"],
        "PodMonitor": operator_labels,
    }
    for monitor in of_kind(documents, *targets):
        label, labels_of = monitor["spec"]["jobLabel"], targets[monitor["kind"]]
        assert labels_of(documents)[label] != labels_of(neighbours)[label]


def test_a_pod_monitor_looks_where_the_pods_are(documents: Documents) -> None:
    [deployment] = of_kind(documents, "Deployment")
    for monitor in of_kind(documents, "PodMonitor"):
        where = monitor["spec"]["namespaceSelector"]
        assert where == {"matchNames": [deployment["metadata"]["namespace"]]}


def test_ports_are_those_of_the_container_and_the_path_is_that_of_the_metrics(
    documents: Documents,
) -> None:
    ports = {one["name"] for one in container(documents)["ports"]}
    offered = set()
    for service in of_kind(documents, "Service"):
        offered = {one["name"] for one in service["spec"]["ports"]}
        assert {one["targetPort"] for one in service["spec"]["ports"]} <= ports
    for monitor in of_kind(documents, "ServiceMonitor"):
        [endpoint] = monitor["spec"]["endpoints"]
        assert (endpoint["port"] in offered, endpoint["path"]) == (True, "/metrics")
    for monitor in of_kind(documents, "PodMonitor"):
        [endpoint] = monitor["spec"]["podMetricsEndpoints"]
        assert (endpoint["port"] in ports, endpoint["path"]) == (True, "/metrics")
    for policy in of_kind(documents, "NetworkPolicy"):
        assert {one["port"] for one in policy["spec"]["ingress"][0]["ports"]} == ports


def test_who_may_reach_the_metrics_is_joined_by_the_pod_of_helm_test(
    values: dict[str, Any], documents: Documents
) -> None:
    given = values.get("networkPolicy", {}).get("metricsFrom", [])
    for policy in of_kind(documents, "NetworkPolicy"):
        peers = policy["spec"]["ingress"][0].get("from", [])
        assert peers[: len(given)] == given
        assert len(peers) == (len(given) + 1 if given else 0)
        for peer in peers[len(given) :]:
            assert peer.keys() == {"podSelector"}, "a pod of the release's own namespace"
            [labels] = selftest_labels(documents)
            assert selects(peer["podSelector"], labels)
            assert not selects(peer["podSelector"], operator_labels(documents))


def test_the_matrix_has_one_of_each_kind_that_selects(helm: Helm) -> None:
    rendered = [
        helm.render(yaml.safe_load(path.read_text(encoding="utf-8")), api_versions=MONITORING)
        for path in MATRIX
    ]
    kinds = {one["kind"] for documents in rendered for one in documents}
    assert {"Service", "NetworkPolicy", "PodDisruptionBudget"} <= kinds
    assert {"ServiceMonitor", "PodMonitor"} <= kinds
    assert any(
        rule.get("from")
        for documents in rendered
        for policy in of_kind(documents, "NetworkPolicy")
        for rule in policy["spec"]["ingress"][:1]
    )


def test_replicas_are_spread_over_nodes_unless_told_otherwise(helm: Helm) -> None:
    zones = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
    chosen = {"topologySpreadConstraints": [zones]}
    for given, key in (({}, "kubernetes.io/hostname"), (chosen, "zone")):
        [deployment] = of_kind(helm.render(given), "Deployment")
        spread = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in spread] == [key]
