"""What the values in matrix/ render to is taken by helm, kubeconform and the API server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cluster.control_plane import ControlPlane
from cluster.foreign import monitoring_crds
from harness.shop import Kubectl
from helmchart import CHART
from helmchart.helm import HOME, Helm, HelmError
from helmchart.schemas import kubeconform, write_schemas

pytestmark = pytest.mark.integration

MATRIX: Final = sorted((Path(__file__).parent / "matrix").glob("*.yaml"))
MONITORING: Final = ("monitoring.coreos.com/v1",)
NAMESPACES: Final = (HOME, "shop", "bank", "monitoring")
ACCOUNTS: Final = ("cognito-secret-operator", "mine", "rotator")
GVISOR: Final = {
    "apiVersion": "node.k8s.io/v1",
    "kind": "RuntimeClass",
    "metadata": {"name": "gvisor"},
    "handler": "runsc",
}
RESTRICTED: Final = "pod-security.kubernetes.io"


@pytest.fixture(params=MATRIX, ids=lambda path: path.stem)
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Gives one set of values."""
    read: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def prepared(cluster: ControlPlane) -> Iterator[Kubectl]:
    """Makes the namespaces, which enforce restricted pods, and the Prometheus Operator's types."""
    kubectl = Kubectl(cluster)
    for name in NAMESPACES:
        kubectl("create", "namespace", name)
    kubectl("label", "namespace", HOME, f"{RESTRICTED}/enforce=restricted")
    kubectl("label", "namespace", HOME, f"{RESTRICTED}/warn=restricted")
    # A dry run creates nothing: what the pod of `helm test` refers to has to be there.
    for account in ACCOUNTS:
        kubectl("create", "serviceaccount", account, "-n", HOME)
    kubectl.apply(GVISOR)
    for file in monitoring_crds():
        kubectl("apply", "--server-side", "-f", str(file))
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    yield kubectl
    kubectl("delete", "namespace", "--wait=false", *NAMESPACES)
    kubectl("delete", "runtimeclass", "gvisor")


@pytest.fixture(scope="module")
def schemas(prepared: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes kubeconform's schemas of what this API server publishes."""
    folder = tmp_path_factory.mktemp("schemas")
    write_schemas(json.loads(prepared("get", "--raw", "/openapi/v2")), folder)
    return folder


def test_helm_lint_finds_nothing(values: dict[str, Any], helm: Helm) -> None:
    # lint knows no Prometheus Operator.
    for field in ("serviceMonitor", "podMonitor", "prometheusRule"):
        if field in values:
            values = {**values, field: {**values[field], "renderMode": "Always"}}
    assert "0 chart(s) failed" in helm.lint(values)


def test_helm_lint_would_say_so(helm: Helm) -> None:
    with pytest.raises(HelmError, match="several replicas need the Lease"):
        helm.lint({"lease": {"enabled": False}})


def test_kubeconform_and_the_api_server_take_every_object(
    values: dict[str, Any], helm: Helm, prepared: Kubectl, schemas: Path
) -> None:
    documents = helm.render(values, api_versions=MONITORING)
    text = yaml.safe_dump_all(documents)
    assert "Invalid: 0, Errors: 0, Skipped: 0" in kubeconform(text, schemas)
    done = prepared.try_run("apply", "--dry-run=server", "-f", "-", document=text)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(documents)
    if not {"extraContainers", "initContainers"} & values.keys():
        assert "would violate PodSecurity" not in done.stderr


def test_kubeconform_would_say_so(helm: Helm, schemas: Path) -> None:
    documents = helm.render({})
    for one in documents:
        if one["kind"] == "Deployment":
            one["spec"]["replica"] = 2
    with pytest.raises(AssertionError, match="'replica' not allowed"):
        kubeconform(yaml.safe_dump_all(documents), schemas)


def test_the_api_server_would_say_so(helm: Helm, prepared: Kubectl) -> None:
    loose = {"securityContext": {"allowPrivilegeEscalation": True}}
    [pod] = [one for one in helm.render(loose) if one["kind"] == "Pod"]
    done = prepared.try_run("apply", "--dry-run=server", "-f", "-", document=yaml.safe_dump(pod))
    assert "violates PodSecurity" in done.stderr


def test_a_chart_that_depends_on_this_one_can_switch_it_and_share_globals(
    helm: Helm, tmp_path: Path
) -> None:
    parent = tmp_path / "parent"
    (parent / "charts").mkdir(parents=True)
    (parent / "charts" / CHART.name).symlink_to(CHART)
    dependency = {"name": CHART.name, "version": "0.1.0", "condition": f"{CHART.name}.enabled"}
    about = {"apiVersion": "v2", "name": "parent", "version": "1.0.0", "dependencies": [dependency]}
    (parent / "Chart.yaml").write_text(yaml.safe_dump(about), encoding="utf-8")
    given = {"global": {"team": "x"}, CHART.name: {"enabled": True}}
    assert helm.render(given, chart=parent)
    assert helm.render({CHART.name: {"enabled": False}}, chart=parent) == []
