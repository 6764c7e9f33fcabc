"""The cluster with its real node, and the hands of the person who works on it."""

import base64
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from cluster import ControlPlane
from cluster.api import AdminApi
from cluster.build import TOOLS, build
from cluster.waiting import DeadlineError, wait_for
from harness.shop import REPOSITORY, RESOURCES, Kubectl
from images import build_image, build_operator_image, reference
from node import RealNode

T = TypeVar("T")

DEADLINE_SECONDS: Final = 300
"""For anything that is waited for; the machine may be busy."""

REHEARSAL_IMAGE: Final = "rehearsal"
CHART: Final = REPOSITORY / "helm" / "cognito-secret-operator"
RESTRICTED: Final = {"pod-security.kubernetes.io/enforce": "restricted"}

_started = time.monotonic()


def say(text: str) -> None:
    """Write a line of the run's story, with the seconds since its start."""
    print(f"{time.monotonic() - _started:6.0f} s  {text}", flush=True)


@dataclass
class Stage:
    """A running cluster, and what the run works on it with."""

    plane: ControlPlane
    node: RealNode
    workdir: Path
    kubectl: Kubectl
    api: AdminApi
    helm_binary: Path
    operator_archive: Path
    namespaces: list[str] = field(default_factory=list)

    def namespace(self, name: str, *, labels: Mapping[str, str] = RESTRICTED) -> str:
        """Make a namespace; pods in it have to keep to the restricted standard."""
        document = {"apiVersion": "v1", "kind": "Namespace"}
        self.kubectl.apply({**document, "metadata": {"name": name, "labels": dict(labels)}})
        self.namespaces.append(name)
        return name

    def helm(self, *arguments: str, values: Mapping[str, Any] | None = None) -> str:
        """Run helm and give what it printed.

        Raises:
            AssertionError: it failed; the message has what it said.

        """
        done = self.try_helm(*arguments, values=values)
        assert done.returncode == 0, f"helm {' '.join(arguments)}: {done.stderr}{done.stdout}"
        return done.stdout

    def try_helm(
        self, *arguments: str, values: Mapping[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run helm, which may fail, with files of its own below the folder of the run."""
        command = [str(self.helm_binary), *arguments]
        if values is not None:
            command += ["--values", "-"]
        return subprocess.run(
            command,
            input=None if values is None else yaml.safe_dump(dict(values)),
            env={**os.environ, **self._helm_environment()},
            capture_output=True,
            text=True,
            check=False,
        )

    def get(self, path: str) -> dict[str, Any]:
        """Read an object or a list from the API server."""
        return self.api.get(path)

    def resource(self, namespace: str, name: str) -> dict[str, Any]:
        """Read a CognitoClientSecret."""
        return self.get(f"{RESOURCES}/namespaces/{namespace}/cognitoclientsecrets/{name}")

    def status(self, namespace: str, name: str) -> dict[str, Any]:
        """Read its status; empty where there is none yet."""
        status: dict[str, Any] = self.resource(namespace, name).get("status") or {}
        return status

    def condition(self, namespace: str, name: str, kind: str) -> dict[str, Any]:
        """Read one of its conditions; empty where it is not there yet."""
        conditions = self.status(namespace, name).get("conditions") or []
        return next((one for one in conditions if one["type"] == kind), {})

    def annotate(self, namespace: str, name: str, **tokens: str) -> None:
        """Set annotations of ours on a CognitoClientSecret."""
        pairs = [f"cognito-secrets.dev/{key}={value}" for key, value in tokens.items()]
        self.kubectl("annotate", "--overwrite", "-n", namespace, "ccs", name, *pairs)

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """Read a Secret's data, decoded."""
        data = self.get(f"/api/v1/namespaces/{namespace}/secrets/{name}").get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def pods(self, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """Read the pods of a namespace, terminating ones too."""
        query = f"?labelSelector={selector}" if selector else ""
        found: list[dict[str, Any]] = self.get(f"/api/v1/namespaces/{namespace}/pods{query}")[
            "items"
        ]
        return found

    def wait(self, what: str, condition: Callable[[], T | None]) -> T:
        """Wait for a condition, as long as all programs of the cluster run."""

        def look() -> T | None:
            self.node.check()
            return condition()

        try:
            return wait_for(what, look, DEADLINE_SECONDS)
        except DeadlineError as error:
            said = self.kubectl("get", "ccs", "-A", "-o", "yaml")
            raise AssertionError(f"{error}\n{said}") from error

    def roll_out(self, namespace: str, *workloads: str) -> None:
        """Wait until workloads are rolled out."""
        for workload in workloads:
            self.kubectl(
                "rollout", "status", workload, "-n", namespace, f"--timeout={DEADLINE_SECONDS}s"
            )

    def _helm_environment(self) -> dict[str, str]:
        folder = self.workdir / "helm"
        homes = {f"HELM_{kind}_HOME": str(folder / kind) for kind in ("CACHE", "CONFIG", "DATA")}
        return {**homes, "KUBECONFIG": str(self.plane.kubeconfig)}


@contextmanager
def staged(workdir: Path) -> Iterator[Stage]:
    """Build what is to be built, start the cluster, and take all of it down at the end."""
    say("building programs and images (minutes the first time, then cached)")
    helm = build(TOOLS) / "helm"
    rehearsal = build_image(Path(__file__).with_name("Dockerfile"), REPOSITORY, REHEARSAL_IMAGE)
    operator = build_operator_image()
    say("starting a control plane and a node")
    plane = ControlPlane(played_nodes=False)
    plane.start(workdir / "control-plane")
    with plane, RealNode(plane, workdir) as node:
        node.import_image(operator, reference())
        node.import_image(rehearsal, reference(REHEARSAL_IMAGE))
        with AdminApi(plane.url, plane.ca_file, plane.admin_token) as api:
            stage = Stage(plane, node, workdir, Kubectl(plane), api, helm, operator)
            say(f"node {node.name} is ready, with the images {', '.join(node.images())}")
            yield stage


def conditions_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Give the statuses of an object's conditions by their types."""
    status = document.get("status") or {}
    return {one["type"]: one["status"] for one in status.get("conditions") or ()}


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod is ready and not on its way out."""
    is_leaving = "deletionTimestamp" in pod["metadata"]
    return not is_leaving and conditions_of(pod).get("Ready") == "True"


def restarts(pods: Sequence[Mapping[str, Any]]) -> int:
    """Count how often containers of these pods were restarted in their place."""
    statuses = [one for pod in pods for one in pod["status"].get("containerStatuses") or ()]
    return sum(one["restartCount"] for one in statuses)
