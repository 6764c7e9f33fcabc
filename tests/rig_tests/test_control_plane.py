"""The control plane behaves as its users, the tests of the operator, take for granted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster import ControlPlane, wait_for

pytestmark = pytest.mark.integration

POD = {"containers": [{"name": "app", "image": "app"}], "terminationGracePeriodSeconds": 1}


class Kubectl:
    """The built kubectl in one namespace."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._command = [str(plane.kubectl), f"--kubeconfig={plane.kubeconfig}", "-n", namespace]
        # What it knows of a server is kept by address, and ports come back.
        self._environment = {**os.environ, "KUBECACHEDIR": str(plane.kubeconfig.parent / "cache")}

    def __call__(self, *arguments: str, text: str | None = None) -> str:
        done = subprocess.run(
            [*self._command, *arguments],
            input=text,
            capture_output=True,
            text=True,
            env=self._environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        self("apply", "-f", "-", text=yaml.safe_dump_all(objects))

    def get(self, *arguments: str) -> dict[str, Any]:
        """Read an object; an empty one when it is not there."""
        text = self("get", "--ignore-not-found", "-o", "json", *arguments)
        document: dict[str, Any] = json.loads(text) if text else {}
        return document


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    plane = ControlPlane()
    plane.start(tmp_path_factory.mktemp("cluster"))
    yield plane
    plane.stop()


@pytest.fixture
def kubectl(plane: ControlPlane, request: pytest.FixtureRequest) -> Kubectl:
    name = request.node.name.replace("_", "-")[:60].strip("-")
    kubectl = Kubectl(plane, name)
    kubectl("create", "namespace", name)
    wait_for("a default ServiceAccount", lambda: kubectl.get("serviceaccount", "default"))
    return kubectl


def pod(name: str, annotations: dict[str, str] | None = None, **spec: object) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {**POD, **spec},
    }


def deployment(annotations: dict[str, str]) -> dict[str, Any]:
    labels = {"app": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": POD},
        },
    }


def phase(kubectl: Kubectl, name: str) -> str | None:
    phase: str | None = kubectl.get("pod", name).get("status", {}).get("phase")
    return phase


def is_ready(kubectl: Kubectl, name: str) -> bool:
    conditions = kubectl.get("pod", name).get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_a_changed_template_rolls_a_deployment_over(kubectl: Kubectl) -> None:
    kubectl.apply(deployment({"version": "1"}))
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    before = {item["metadata"]["uid"] for item in kubectl.get("pods")["items"]}
    assert len(before) == 3

    kubectl.apply(deployment({"version": "2"}))
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")

    def only_new() -> bool:
        after = {item["metadata"]["uid"] for item in kubectl.get("pods")["items"]}
        return len(after) == 3 and not after & before

    wait_for("the old pods are gone", only_new)


def test_a_version_that_never_gets_ready_stalls_the_rollover(kubectl: Kubectl) -> None:
    kubectl.apply(deployment({"version": "1"}))
    kubectl("rollout", "status", "deployment/web", "--timeout=60s")
    kubectl.apply(deployment({"version": "2", "cluster.test/ready": "false"}))

    def broken() -> list[str]:
        items = kubectl.get("pods")["items"]
        return [
            item["metadata"]["name"]
            for item in items
            if "cluster.test/ready" in item["metadata"]["annotations"]
            and item["status"]["phase"] == "Running"
        ]

    name = wait_for("a pod of the broken version runs", broken)[0]
    assert not is_ready(kubectl, name)
    kubectl("annotate", "pod", name, "--overwrite", "cluster.test/ready=true")
    wait_for("the pod follows its annotation", lambda: is_ready(kubectl, name))
    kubectl("annotate", "pod", name, "--overwrite", "cluster.test/ready=false")
    wait_for("and back", lambda: not is_ready(kubectl, name))


def test_a_deleted_pod_runs_until_its_grace_is_over(kubectl: Kubectl) -> None:
    kubectl.apply(pod("slow", terminationGracePeriodSeconds=5))
    wait_for("the pod is ready", lambda: is_ready(kubectl, "slow"))
    start = time.monotonic()
    kubectl("delete", "pod", "slow", "--wait=false")

    seen: list[tuple[float, dict[str, Any]]] = []

    def is_gone() -> bool:
        found = kubectl.get("pod", "slow")
        seen.append((time.monotonic() - start, found))
        return not found

    wait_for("the pod is gone", is_gone, seconds=30)
    within_grace = [found for age, found in seen if age < 4.5]
    assert len(within_grace) > 3
    for found in within_grace:
        assert "deletionTimestamp" in found["metadata"]
        assert "running" in found["status"]["containerStatuses"][0]["state"]
    assert seen[-1][0] >= 5


def test_a_stuck_pod_terminates_until_it_is_deleted_by_force(kubectl: Kubectl) -> None:
    kubectl.apply(pod("stuck", {"cluster.test/stuck": "true"}), pod("twin"))
    wait_for(
        "both pods are ready", lambda: is_ready(kubectl, "stuck") and is_ready(kubectl, "twin")
    )
    kubectl("delete", "pod", "stuck", "--wait=false")
    kubectl("delete", "pod", "twin", "--timeout=60s")
    found = kubectl.get("pod", "stuck")
    assert "deletionTimestamp" in found["metadata"]
    assert "running" in found["status"]["containerStatuses"][0]["state"]
    kubectl("delete", "pod", "stuck", "--grace-period=0", "--force", "--timeout=30s")
    assert not kubectl.get("pod", "stuck")


def test_a_pod_without_grace_goes_at_once(kubectl: Kubectl) -> None:
    kubectl.apply(pod("slow", terminationGracePeriodSeconds=600))
    wait_for("the pod is ready", lambda: is_ready(kubectl, "slow"))
    kubectl("delete", "pod", "slow", "--grace-period=0", "--force", "--timeout=30s")
    assert not kubectl.get("pod", "slow")


def test_init_containers_have_finished_before_a_pod_runs(kubectl: Kubectl) -> None:
    sidecar = {"name": "sidecar", "image": "sidecar", "restartPolicy": "Always"}
    kubectl.apply(pod("app", initContainers=[{"name": "init", "image": "init"}, sidecar]))
    wait_for("the pod is ready", lambda: is_ready(kubectl, "app"))
    status = kubectl.get("pod", "app")["status"]
    init, sidecar_status = status["initContainerStatuses"]
    assert init["state"]["terminated"]["exitCode"] == 0
    assert "startedAt" in sidecar_status["state"]["running"]
    assert {c["type"] for c in status["conditions"]} >= {"PodScheduled", "Initialized", "Ready"}


def test_pods_of_jobs_run_until_an_annotation_completes_them(kubectl: Kubectl) -> None:
    template = {"metadata": {}, "spec": {**POD, "restartPolicy": "Never"}}
    metadata = {"name": "batch"}
    spec = {"template": template}
    kubectl.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
    items = wait_for("the Job has a pod", lambda: kubectl.get("pods")["items"])
    name = items[0]["metadata"]["name"]
    wait_for("the pod is ready", lambda: is_ready(kubectl, name))

    kubectl("annotate", "pod", name, "cluster.test/complete-after=2s")
    wait_for("the pod has succeeded", lambda: phase(kubectl, name) == "Succeeded")
    state = kubectl.get("pod", name)["status"]["containerStatuses"][0]["state"]["terminated"]
    assert state["exitCode"] == 0
    ran = datetime.fromisoformat(state["finishedAt"]) - datetime.fromisoformat(state["startedAt"])
    assert ran.total_seconds() >= 2
    kubectl("wait", "job/batch", "--for=condition=Complete", "--timeout=60s")


def test_a_deleted_job_pod_is_released_by_its_finalizer(kubectl: Kubectl) -> None:
    template = {"spec": {**POD, "restartPolicy": "Never"}}
    metadata = {"name": "batch"}
    spec = {"template": template, "backoffLimit": 0}
    kubectl.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
    items = wait_for("the Job has a pod", lambda: kubectl.get("pods")["items"])
    name = items[0]["metadata"]["name"]
    wait_for("the pod is ready", lambda: is_ready(kubectl, name))
    kubectl("delete", "pod", name, "--timeout=60s")


def test_kubectl_applies_a_definition_and_an_object_of_it(kubectl: Kubectl) -> None:
    schema = {"type": "object", "properties": {"size": {"type": "integer"}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}},
    }
    names = {"plural": "things", "singular": "thing", "kind": "Thing"}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.cluster.test"},
        "spec": {
            "group": "cluster.test",
            "scope": "Namespaced",
            "names": names,
            "versions": [version],
        },
    }
    kubectl.apply(definition)
    kubectl("wait", "crd/things.cluster.test", "--for=condition=Established", "--timeout=60s")
    thing = {"apiVersion": "cluster.test/v1", "kind": "Thing", "metadata": {"name": "one"}}
    kubectl.apply({**thing, "spec": {"size": 1}})
    assert kubectl.get("things.cluster.test", "one")["spec"] == {"size": 1}


def test_the_audit_log_tells_who_listed_secrets(plane: ControlPlane, kubectl: Kubectl) -> None:
    namespace = "test-the-audit-log-tells-who-listed-secrets"
    kubectl("create", "serviceaccount", "curious")
    token = kubectl("create", "token", "curious").strip()
    kubeconfig = plane.kubeconfig_for(token, namespace)
    command = [str(plane.kubectl), f"--kubeconfig={kubeconfig}", "get", "secrets"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "forbidden" in refused.stderr

    if plane.audit_log is None:
        pytest.skip("a given cluster shows no audit log")
    listed = [
        event
        for event in plane.audit_events()
        if event["user"]["username"] == f"system:serviceaccount:{namespace}:curious"
        and event.get("objectRef", {}).get("resource") == "secrets"
    ]
    assert [(event["verb"], event["responseStatus"]["code"]) for event in listed] == [("list", 403)]


@pytest.mark.skipif(bool(os.environ.get("CLUSTER_KUBECONFIG")), reason="nothing is started")
def test_nothing_runs_after_stop(tmp_path: Path) -> None:
    plane = ControlPlane()
    plane.start(tmp_path)
    pids = plane.pids
    assert len(pids) == 5
    assert all(is_running(pid) for pid in pids.values())
    plane.stop()
    assert not any(is_running(pid) for pid in pids.values())
    assert (tmp_path / "logs" / "kube-apiserver.log").stat().st_size > 0


@pytest.mark.skipif(bool(os.environ.get("CLUSTER_KUBECONFIG")), reason="nothing is started")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_nothing_outlives_the_command_line(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "cluster", "up", "--workdir", str(tmp_path / "cluster")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "rigs")}
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(command, stdout=output, env=environment)
    wait_for("it is up", lambda: "export KUBECONFIG=" in (tmp_path / "output").read_text(), 300)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(children) == 5
    process.send_signal(number)
    process.wait(60)
    wait_for("all are gone", lambda: not any(is_running(int(pid)) for pid in children))
