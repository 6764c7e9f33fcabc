"""A namespace with a client of Cognito, applications that use its secret, and a resource."""

import base64
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from cluster.waiting import wait_for
from emulator.process import Client, CognitoEmulator

REPOSITORY: Final = Path(__file__).resolve().parents[3]
CRDS: Final = REPOSITORY / "crds"
ACCESS: Final = REPOSITORY / "examples" / "access" / "namespaced.yaml"
CLUSTER_WIDE_ACCESS: Final = ACCESS.with_name("cluster-wide.yaml")
ACCOUNT: Final = "cognito-secret-operator"
RESOURCES: Final = "/apis/cognito-secrets.dev/v1alpha1"
ENVIRONMENT: Final = dict(os.environ)
"""Handed to each command. Without it a command reads the process's own environment between fork and
exec, while pytest, in another thread, writes PYTEST_CURRENT_TEST there: exec fails with EFAULT."""

WHOLE_SECONDS: Final = 120
"""Deadline for anything that a test waits for."""


class Kubectl:
    """kubectl of the cluster, as its administrator."""

    def __init__(self, cluster: ControlPlane) -> None:
        """Use *cluster*'s own kubectl and kubeconfig."""
        self._command = [str(cluster.kubectl), "--kubeconfig", str(cluster.kubeconfig)]

    def __call__(self, *arguments: str, document: str | None = None) -> str:
        """Run a command and give what it printed.

        Raises:
            AssertionError: it failed; the message has what it said.

        """
        done = self.try_run(*arguments, document=document)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}{done.stdout}"
        return done.stdout

    def try_run(
        self, *arguments: str, document: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        return subprocess.run(
            [*self._command, *arguments],
            input=document,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )

    def apply(self, *documents: Mapping[str, Any], namespace: str | None = None) -> str:
        """Apply documents."""
        where = ["-n", namespace] if namespace else []
        text = yaml.safe_dump_all(documents)
        return self("apply", *where, "-f", "-", document=text)


@dataclass
class Shop:
    """One test's own namespace, with everything by which a test looks at it."""

    cluster: ControlPlane
    cognito: CognitoEmulator
    namespace: str
    pool_id: str
    kubectl: Kubectl
    api: AdminApi
    kubeconfig: Path
    """The operator's: a ServiceAccount with the rights of ``examples/access``."""

    def resource(self, client: Client, name: str = "orders-api", **spec: Any) -> dict[str, Any]:
        """Make a resource for *client*; *spec* is merged into a spec for quick tests."""
        whole: dict[str, Any] = {
            "userPoolId": client.pool_id,
            "clientId": client.client_id,
            "verification": {"tokenEndpoint": self.cognito.token_endpoint(client.pool_id)},
            "retirement": {"minOverlap": "0s"},
            "adoption": {"retireOriginal": "Automatic"},
            **spec,
        }
        return {
            "apiVersion": "cognito-secrets.dev/v1alpha1",
            "kind": "CognitoClientSecret",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": whole,
        }

    def apply(self, *documents: Mapping[str, Any]) -> str:
        """Apply documents in the namespace."""
        return self.kubectl.apply(*documents, namespace=self.namespace)

    def annotate(self, name: str, **tokens: str) -> None:
        """Set annotations of ours on a resource."""
        pairs = [f"cognito-secrets.dev/{key}={value}" for key, value in tokens.items()]
        self.kubectl("annotate", "--overwrite", "-n", self.namespace, "ccs", name, *pairs)

    def get(self, name: str = "orders-api") -> dict[str, Any]:
        """Read a resource."""
        return self.api.get(f"{RESOURCES}/namespaces/{self.namespace}/cognitoclientsecrets/{name}")

    def status(self, name: str = "orders-api") -> dict[str, Any]:
        """Read a resource's status; empty where there is none yet."""
        status: dict[str, Any] = self.get(name).get("status") or {}
        return status

    def condition(self, kind: str, name: str = "orders-api") -> dict[str, Any]:
        """Read one condition; empty where it is not there yet."""
        conditions = self.status(name).get("conditions") or []
        return next((one for one in conditions if one["type"] == kind), {})

    def wait_condition(
        self, kind: str, status: str, reason: str, saying: str = "", *, name: str = "orders-api"
    ) -> str:
        """Wait until a condition has this status for this reason; give its message.

        Under one reason the message may change from pass to pass: it must contain ``saying``.
        """
        shown: dict[str, Any] = {}

        def is_shown() -> bool:
            shown.clear()
            shown.update(self.condition(kind, name))
            is_it = (shown.get("status"), shown.get("reason")) == (status, reason)
            return is_it and saying in shown["message"]

        self.wait(f"{name}: {kind} is {status}, {reason}, {saying!r}", is_shown)
        return str(shown["message"])

    def secret(self, name: str = "orders-api") -> dict[str, str]:
        """Read a Secret's data, decoded; empty where there is none."""
        found = self.api.find(f"/api/v1/namespaces/{self.namespace}/secrets/{name}")
        data = (found or {}).get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def pods(self) -> list[dict[str, Any]]:
        """Read the namespace's pods."""
        items: list[dict[str, Any]] = self.api.get(f"/api/v1/namespaces/{self.namespace}/pods")[
            "items"
        ]
        return items

    def events(self) -> list[dict[str, Any]]:
        """Read the operator's events of the namespace, oldest first."""
        items = self.api.get(f"/api/v1/namespaces/{self.namespace}/events")["items"]
        ours = [one for one in items if one["involvedObject"]["kind"] == "CognitoClientSecret"]
        return sorted(ours, key=lambda one: (one["firstTimestamp"], one["metadata"]["name"]))

    def reasons(self) -> set[str]:
        """Give the reasons of the operator's events."""
        return {event["reason"] for event in self.events()}

    def active_ids(self, client: Client) -> list[str]:
        """Ask the emulated Cognito for the ids of a client's secrets."""
        return [one.secret_id for one in self.cognito.secrets(client.client_id) if one.active]

    def wait(self, what: str, condition: Callable[[], object]) -> None:
        """Wait until *condition* gives something true; shows the status if it never does."""
        try:
            wait_for(what, condition, WHOLE_SECONDS)
        except TimeoutError as error:
            said = self.kubectl("get", "ccs", "-n", self.namespace, "-o", "yaml")
            raise AssertionError(f"{error}\n{said}") from error

    def wait_ready(self, client: Client, name: str = "orders-api") -> list[str]:
        """Wait until the resource is ready; give the ids that Cognito then has."""
        self.wait("it is ready", lambda: self.condition("Ready", name).get("status") == "True")
        return self.active_ids(client)

    def adopted_client(self, **spec: Any) -> tuple[Client, list[str]]:
        """Have a client adopted and used by an application; give it and the ids of its secrets."""
        client = self.cognito.create_client(self.pool_id)
        self.apply(application("web"), self.resource(client, **spec))
        return client, self.wait_ready(client)

    def wait_rotated(self, client: Client, before: Sequence[str], name: str = "orders-api") -> str:
        """Wait until *client* has one secret that is none of *before*; give its id."""

        def is_rotated() -> bool:
            ids = self.active_ids(client)
            journal = self.condition("Rotating", name).get("status")
            return len(ids) == 1 and ids[0] not in before and journal == "False"

        self.wait(f"{name} rotates away from {', '.join(before)}", is_rotated)
        return self.active_ids(client)[0]


def open_shop(cluster: ControlPlane, cognito: CognitoEmulator, api: AdminApi) -> Shop:
    """Make a namespace, a pool, and the operator's account with its rights."""
    kubectl = Kubectl(cluster)
    namespace = f"shop-{secrets.token_hex(4)}"
    kubectl("create", "namespace", namespace)
    kubectl("apply", "-n", namespace, "-f", str(ACCESS))
    token = kubectl("create", "token", ACCOUNT, "-n", namespace, "--duration", "24h").strip()
    return Shop(
        cluster=cluster,
        cognito=cognito,
        namespace=namespace,
        pool_id=cognito.create_pool(),
        kubectl=kubectl,
        api=api,
        kubeconfig=cluster.kubeconfig_for(token, namespace),
    )


def application(
    name: str = "orders",
    *,
    kind: str = "Deployment",
    replicas: int = 3,
    secret: str = "orders-api",
    grace_seconds: int = 1,
) -> dict[str, Any]:
    """Make a workload whose pods read the Secret into their environment."""
    container = {
        "name": "app",
        "image": "example.test/orders:1",
        "env": [
            {
                "name": "CLIENT_SECRET",
                "valueFrom": {"secretKeyRef": {"name": secret, "key": "client-secret"}},
            }
        ],
    }
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {
                "containers": [container],
                "terminationGracePeriodSeconds": grace_seconds,
            },
        },
    }
    if kind != "DaemonSet":
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
