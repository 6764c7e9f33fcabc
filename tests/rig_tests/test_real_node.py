"""A real node does what the tests of the whole installation take for granted."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster import ControlPlane, wait_for
from node import PROBE_IMAGE, NodeError, RealNode, why_not
from node.images import write_probe_image
from node.leftovers import CGROUPS, marks_folder, sweep

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(why_not()), reason=f"NO REAL NODE HERE: {' '.join(why_not())}"),
]

SECONDS = 180
RIGS = Path(__file__).parents[1] / "rigs"


class Kubectl:
    """The built kubectl in one namespace."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._command = [str(plane.kubectl), f"--kubeconfig={plane.kubeconfig}", "-n", namespace]
        self._environment = {**os.environ, "KUBECACHEDIR": str(plane.kubeconfig.parent / "cache")}

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments],
            input=text,
            capture_output=True,
            text=True,
            env=self._environment,
            check=False,
        )

    def __call__(self, *arguments: str, text: str | None = None) -> str:
        done = self.run(*arguments, text=text)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        self("apply", "-f", "-", text=yaml.safe_dump_all(objects))

    def get(self, *arguments: str) -> dict[str, Any]:
        """Read an object; an empty one when it is not there."""
        text = self("get", "--ignore-not-found", "-o", "json", *arguments)
        document: dict[str, Any] = json.loads(text) if text else {}
        return document

    def probe(self, pod: str, *arguments: str) -> str:
        """Run the probe in a pod, by exec."""
        return self("exec", pod, "--", "/probe", *arguments)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    plane = ControlPlane(played_nodes=False)
    plane.start(tmp_path_factory.mktemp("plane"))
    yield plane
    plane.stop()


@pytest.fixture(scope="module")
def node(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    with RealNode(plane, tmp_path_factory.mktemp("node")) as started:
        yield started


@pytest.fixture
def kubectl(plane: ControlPlane, node: RealNode, request: pytest.FixtureRequest) -> Kubectl:
    node.check()
    name = re.sub("[^a-z]+", "-", request.node.name.removeprefix("test_"))[:60].strip("-")
    kubectl = Kubectl(plane, name)
    kubectl("create", "namespace", name)
    wait_for("a default ServiceAccount", lambda: kubectl.get("serviceaccount", "default"), SECONDS)
    return kubectl


def pod(name: str, *arguments: str, container: object = None, **spec: object) -> dict[str, Any]:
    program = {
        "name": "app",
        "image": PROBE_IMAGE,
        "imagePullPolicy": "Never",
        "command": ["/probe", *arguments],
    }
    if isinstance(container, dict):
        program |= container
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [program], "terminationGracePeriodSeconds": 1, **spec},
    }


def wait_until_ready(kubectl: Kubectl, *names: str) -> None:
    for name in names:
        kubectl("wait", f"pod/{name}", "--for=condition=Ready", f"--timeout={SECONDS}s")


def test_a_pod_runs_and_its_log_and_exec_are_reached(kubectl: Kubectl) -> None:
    kubectl.apply(pod("web", "serve", ":8080"))
    wait_until_ready(kubectl, "web")
    wait_for("its first line", lambda: kubectl("logs", "web") == "serving as web\n", SECONDS)
    assert kubectl.probe("web", "get", "http://127.0.0.1:8080/") == "web\n"


def test_a_deployment_rolls_over_without_an_image_pull(kubectl: Kubectl) -> None:
    template = pod("web", "serve", ":8080")
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": template["spec"]},
        },
    }
    kubectl.apply(deployment)
    kubectl("rollout", "status", "deployment/web", f"--timeout={SECONDS}s")
    before = {item["metadata"]["uid"] for item in kubectl.get("pods")["items"]}
    kubectl("rollout", "restart", "deployment/web")
    kubectl("rollout", "status", "deployment/web", f"--timeout={SECONDS}s")

    def only_new() -> bool:
        after = {item["metadata"]["uid"] for item in kubectl.get("pods")["items"]}
        return len(after) == 2 and not after & before

    wait_for("the old pods are gone", only_new, SECONDS)


def test_a_service_is_reached_from_another_pod_and_from_its_own(kubectl: Kubectl) -> None:
    port = {"port": 80, "targetPort": 8080}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"clusterIP": "10.96.7.7", "selector": {"app": "web"}, "ports": [port]},
    }
    kubectl.apply(service, pod("web", "serve", ":8080"), pod("caller", "pause"))
    wait_until_ready(kubectl, "web", "caller")

    def answer(caller: str) -> str:
        return kubectl.run("exec", caller, "--", "/probe", "get", "http://10.96.7.7/").stdout

    for caller in ("caller", "web"):
        wait_for(f"an answer to {caller}", lambda: answer(caller) == "web\n", SECONDS)  # noqa: B023
    namespace = kubectl.get("service", "web")["metadata"]["namespace"]
    path = f"/api/v1/namespaces/{namespace}/services/web:80/proxy/"
    assert kubectl("get", "--raw", path) == "web\n", "through the API server"


def test_a_host_alias_stands_in_for_a_name_of_dns(kubectl: Kubectl) -> None:
    address = {"ip": "127.0.0.1", "hostnames": ["cognito.test"]}
    kubectl.apply(pod("web", "serve", ":8080", hostAliases=[address]))
    wait_until_ready(kubectl, "web")
    assert kubectl.probe("web", "get", "http://cognito.test:8080/") == "web\n"
    refused = kubectl.run("exec", "web", "--", "/probe", "get", "http://nobody.test:8080/")
    assert "nobody.test" in refused.stderr


@pytest.mark.parametrize("network", ["pod", "host"])
def test_a_pod_is_known_to_the_api_server_as_its_service_account(
    kubectl: Kubectl, network: str
) -> None:
    kubectl.apply(pod("app", "pause", hostNetwork=network == "host"))
    wait_until_ready(kubectl, "app")
    namespace = kubectl.get("pod", "app")["metadata"]["namespace"]
    assert kubectl.probe("app", "whoami") == f"system:serviceaccount:{namespace}:default\n"


def test_a_program_of_this_machine_runs_in_the_network_of_the_pods(
    kubectl: Kubectl, node: RealNode
) -> None:
    kubectl.apply(pod("web", "serve", ":8080"))
    wait_until_ready(kubectl, "web")
    address = kubectl.get("pod", "web")["status"]["podIP"]
    ask = f"""
import socket
with socket.create_connection(("{address}", 8080)) as connection:
    connection.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
    print(connection.makefile().read())
"""
    assert output(*node.inside([sys.executable, "-c", ask])).endswith("\n\nweb\n\n")


def test_a_secret_is_read_by_env_and_its_change_arrives_in_the_mounted_file(
    kubectl: Kubectl,
) -> None:
    kubectl("create", "secret", "generic", "login", "--from-literal=value=first")
    mount = {"name": "login", "mountPath": "/login"}
    kubectl.apply(
        pod(
            "app",
            "pause",
            container={"volumeMounts": [mount]},
            volumes=[{"name": "login", "secret": {"secretName": "login"}}],
        )
    )
    wait_until_ready(kubectl, "app")
    assert kubectl.probe("app", "cat", "/login/value") == "first"
    kubectl("patch", "secret", "login", "-p", '{"stringData": {"value": "second"}}')

    def arrived() -> bool:
        return kubectl.probe("app", "cat", "/login/value") == "second"

    wait_for("the new value in the file", arrived, SECONDS)


def test_an_environment_holds_the_secret_of_the_pods_start(kubectl: Kubectl) -> None:
    kubectl("create", "secret", "generic", "login", "--from-literal=value=first")
    key = {"secretKeyRef": {"name": "login", "key": "value"}}
    reader = {"env": [{"name": "LOGIN", "valueFrom": key}]}
    kubectl.apply(pod("old", "pause", container=reader))
    wait_until_ready(kubectl, "old")
    kubectl("patch", "secret", "login", "-p", '{"stringData": {"value": "second"}}')
    kubectl.apply(pod("new", "pause", container=reader))
    wait_until_ready(kubectl, "new")
    assert "LOGIN=first" in kubectl.probe("old", "cat", "/proc/1/environ").split("\0")
    assert "LOGIN=second" in kubectl.probe("new", "cat", "/proc/1/environ").split("\0")


def test_a_read_only_root_refuses_a_write_and_a_user_is_honoured(kubectl: Kubectl) -> None:
    mount = {"name": "scratch", "mountPath": "/scratch"}
    security = {
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    kubectl.apply(
        pod(
            "app",
            "pause",
            container={"securityContext": security, "volumeMounts": [mount]},
            securityContext={"fsGroup": 65532},
            volumes=[{"name": "scratch", "emptyDir": {}}],
        )
    )
    wait_until_ready(kubectl, "app")
    assert kubectl.probe("app", "id") == "65532 65532\n"
    refused = kubectl.run("exec", "app", "--", "/probe", "write", "/file", "text")
    assert "read-only file system" in refused.stderr
    kubectl.probe("app", "write", "/scratch/file", "text")
    assert kubectl.probe("app", "cat", "/scratch/file") == "text"


def test_a_user_that_must_not_be_root_and_is_does_not_start(kubectl: Kubectl) -> None:
    kubectl.apply(pod("app", "pause", container={"securityContext": {"runAsNonRoot": True}}))

    def reason() -> str:
        statuses = kubectl.get("pod", "app")["status"].get("containerStatuses", [{}])
        waiting = statuses[0].get("state", {}).get("waiting", {})
        return str(waiting.get("reason", ""))

    wait_for("it is refused", lambda: reason() == "CreateContainerConfigError", SECONDS)


def test_readiness_follows_its_probe(kubectl: Kubectl) -> None:
    check = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
    kubectl.apply(
        pod("web", "serve", ":8080", container={"readinessProbe": check}),
        pod("deaf", "pause", container={"readinessProbe": check}),
    )
    wait_until_ready(kubectl, "web")

    def refused() -> list[str]:
        events = kubectl.get("events")["items"]
        return [
            event["message"]
            for event in events
            if event["reason"] == "Unhealthy" and event["involvedObject"]["name"] == "deaf"
        ]

    wait_for("the other one's probe has failed", refused, SECONDS)
    conditions = kubectl.get("pod", "deaf")["status"]["conditions"]
    assert {c["status"] for c in conditions if c["type"] == "Ready"} == {"False"}


def test_a_deleted_pod_is_asked_to_end_and_killed_after_its_grace(kubectl: Kubectl) -> None:
    """One that listens ends at once; one that does not has its grace, and no more."""
    day = 24 * 60 * 60
    kubectl.apply(
        pod("polite", "serve", ":8080", terminationGracePeriodSeconds=day),
        pod("deaf", "linger", terminationGracePeriodSeconds=day),
        pod("slow", "linger", terminationGracePeriodSeconds=2),
    )
    wait_until_ready(kubectl, "polite", "deaf", "slow")
    with watched(kubectl, "slow") as ends:
        kubectl("delete", "pod", "polite", "deaf", "slow", "--wait=false")
        kubectl("wait", "pod/polite", "pod/slow", "--for=delete", f"--timeout={SECONDS}s")
    assert ends == [137], "SIGKILL"
    wait_for("the deaf one heard", lambda: "heard terminated" in kubectl("logs", "deaf"), SECONDS)
    found = kubectl.get("pod", "deaf")
    assert "deletionTimestamp" in found["metadata"]
    assert "running" in found["status"]["containerStatuses"][0]["state"]
    # Its container waits for SIGKILL until the node's end: containerd 1.6 goes on with the grace
    # that it was asked for first.
    kubectl("delete", "pod", "deaf", "--grace-period=0", "--force", f"--timeout={SECONDS}s")


@contextmanager
def watched(kubectl: Kubectl, name: str) -> Iterator[list[int]]:
    """Collect, once this is over, the exit codes that a pod's containers have ended with."""
    command = [*kubectl._command, "get", "pod", name, "--watch", "-o", "json"]
    codes: list[int] = []
    with subprocess.Popen(
        [*command, "--output-watch-events"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the pod as it is: from now on nothing is missed
        try:
            yield codes
        finally:
            process.terminate()
        for line in process.stdout:
            for status in json.loads(line)["object"]["status"].get("containerStatuses", ()):
                codes += [end["exitCode"] for end in [status["state"].get("terminated")] if end]
    codes[:] = sorted(set(codes))


def test_an_image_that_is_not_in_the_archive_is_refused(node: RealNode, tmp_path: Path) -> None:
    archive = write_probe_image(tmp_path / "probe.tar")
    with pytest.raises(NodeError, match=r"has no image docker\.io/local/other:1"):
        node.import_image(archive, "docker.io/local/other:1")
    assert node.images() == [PROBE_IMAGE]


def processes_below(pid: int) -> set[int]:
    """Give a process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid}.union(*(processes_below(int(child)) for child in children))


def traces(workdir: Path, pid: int) -> dict[str, set[str]]:
    """What a node could leave on this machine, by its names: other nodes may run beside."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    tables = output("nft", "list", "tables").splitlines()
    routes = output("ip", "route", "show", "table", "all").splitlines()
    addresses = output("ip", "-oneline", "address").splitlines()
    return {
        "mounts": {line for line in mounts if str(workdir) in line or "kubelet" in line},
        "tables": {line for line in tables if "kube-proxy" in line},
        "routes": {line for line in routes if re.search(NODE_ADDRESSES, line)},
        "addresses": {line for line in addresses if re.search(NODE_ADDRESSES, line)},
        "cgroups": {str(path) for path in CGROUPS.glob(f"**/cognito-node-{pid}-*")},
        "marks": {path.name for path in marks_folder().glob(f"cognito-node-{pid}-*")},
        "folders": {folder for folder in NODE_FOLDERS if Path(folder).exists()},
    }


NODE_ADDRESSES = r"\b(10\.244|10\.96|192\.0\.2)\."
NODE_FOLDERS = (
    "/etc/cni",
    "/opt/cni",
    "/opt/containerd",
    "/run/netns",
    "/run/containerd",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
    "/usr/libexec/kubernetes",
)
"""Where node programs usually write; a machine's own may have made some of them."""


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["SIGINT", "SIGTERM", "SIGKILL"]
)
def test_nothing_of_a_node_outlives_its_process(tmp_path: Path, number: signal.Signals) -> None:
    """After SIGKILL the kernel takes all but cgroups and data; the next start takes those."""
    workdir = tmp_path / "work"
    command = [sys.executable, "-m", "node", "up", "--workdir", str(workdir)]
    environment = {**os.environ, "PYTHONPATH": str(RIGS)}
    before = traces(workdir, 0)
    # A job in the background ignores SIGINT, and so would its children; a handler ends with exec.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (tmp_path / "output").open("w") as printed:
            process = subprocess.Popen(
                command, stdout=printed, stderr=subprocess.STDOUT, env=environment
            )
    finally:
        signal.signal(signal.SIGINT, inherited)
    try:
        wait_for("it is up", partial(is_up, process, tmp_path / "output"), 600)
        processes = processes_below(process.pid)
        assert len(processes) > 10, "four of the control plane, the node's own with their doors"
        during = traces(workdir, process.pid)
        assert during["cgroups"]
        assert during["marks"]
        assert (workdir / "node").is_dir()
        assert {**during, "cgroups": set(), "marks": set()} == before, "all else is apart"
        process.send_signal(number)
        process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()
    wait_for("all are gone", lambda: not any(map(is_running, processes)), SECONDS)
    if number == signal.SIGKILL:
        sweep()
    assert traces(workdir, process.pid) == before
    assert not (workdir / "node").exists()
    assert (workdir / "node-logs" / "kubelet.log").stat().st_size > 0


def is_up(process: subprocess.Popen[bytes], printed: Path) -> bool:
    assert process.poll() is None, printed.read_text()
    return "export KUBECONFIG=" in printed.read_text()


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
