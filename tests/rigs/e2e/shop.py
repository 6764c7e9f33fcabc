"""The namespace with the three applications, each with an app client of its own."""

import json
from dataclasses import dataclass
from typing import Any, Final

from e2e.stage import Stage, is_ready, restarts
from e2e.surroundings import HOST_ALIASES, STORE_ADDRESS, Surroundings, environment, token_endpoint
from emulator.remote import SCOPE, Client
from harness.applications import PASSWORD, USERNAME, create_user, manifest

NAMESPACE: Final = "shop"
WORKLOADS: Final = {
    "machine": "deployment/machine",
    "user": "deployment/user",
    "reader": "statefulset/reader",
}
"""Application -> what runs it."""

RESTARTED: Final = ("machine", "user")
"""Those that have the secret in their environment; the reader is never restarted."""

REPLICAS: Final = 2


@dataclass
class Application:
    """One application with its client and its resource, all of one name."""

    stage: Stage
    around: Surroundings
    name: str
    client: Client

    @property
    def workload(self) -> str:
        """What runs it, as kubectl names it."""
        return WORKLOADS[self.name]

    def active_ids(self) -> list[str]:
        """Ask Cognito for the ids of the client's secrets."""
        return [
            one.secret_id
            for one in self.around.cognito.secrets(self.client.client_id)
            if one.active
        ]

    def status(self) -> dict[str, Any]:
        """Read the resource's status."""
        return self.stage.status(NAMESPACE, self.name)

    def condition(self, kind: str) -> dict[str, Any]:
        """Read one condition of the resource."""
        return self.stage.condition(NAMESPACE, self.name, kind)

    def ask_for_rotation(self, token: str) -> None:
        """Ask for a rotation, as a person does."""
        self.stage.annotate(NAMESPACE, self.name, rotate=token)

    def change(self, **spec: dict[str, str]) -> None:
        """Change fields of the resource's spec, as a person does."""
        patch = json.dumps({"spec": spec})
        words = ("patch", "ccs", self.name, "-n", NAMESPACE, "--type=merge", "-p", patch)
        self.stage.kubectl(*words)

    def is_rotating(self, before: list[str]) -> bool:
        """Tell whether a rotation away from the secret *before* is on: Cognito has two of them.

        The resource may not say so yet where its operator was killed right after the new one came.
        """
        ids = self.active_ids()
        return len(ids) == 2 and set(before) < set(ids)

    def is_rotated(self, before: list[str]) -> bool:
        """Tell whether a rotation away from the secrets *before* is over."""
        ids = self.active_ids()
        if len(ids) != 1 or ids[0] in before:
            return False
        status = self.status()
        told = (status.get("rotations") or [{}])[0].get("secretId")
        return told == ids[0] and self.condition("Rotating").get("status") == "False"

    def is_ready(self) -> bool:
        """Tell whether the resource is ready."""
        return bool(self.condition("Ready").get("status") == "True")

    def was_looked_at(self) -> bool:
        """Tell whether the status is about the spec as it is."""
        document = self.stage.resource(NAMESPACE, self.name)
        observed = (document.get("status") or {}).get("observedGeneration")
        return bool(observed == document["metadata"]["generation"])

    def pods(self) -> list[dict[str, Any]]:
        """Read its pods."""
        return self.stage.pods(NAMESPACE, f"app={self.name}")

    def are_pods_ready(self) -> bool:
        """Tell whether all its pods are ready and none is on its way out."""
        pods = self.pods()
        return len(pods) == REPLICAS and all(is_ready(pod) for pod in pods)

    def generation(self) -> int:
        """Count how often what runs it was changed."""
        kind, _, name = self.workload.partition("/")
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/{kind}s/{name}"
        generation: int = self.stage.get(path)["metadata"]["generation"]
        return generation

    def uids(self) -> set[str]:
        """Give the uids of its pods; none of these may have been restarted in its place."""
        pods = self.pods()
        assert restarts(pods) == 0, f"containers of {self.name} were restarted in their place"
        return {pod["metadata"]["uid"] for pod in pods}


def open_shop(stage: Stage, around: Surroundings) -> list[Application]:
    """Make the namespace, a pool with a user, and a client for each application; start nothing."""
    stage.namespace(NAMESPACE)
    pool_id = around.cognito.create_pool()
    create_user(around.cognito, pool_id)
    stage.kubectl.apply(*_belongings(), namespace=NAMESPACE)
    return [
        Application(stage, around, name, around.cognito.create_client(pool_id))
        for name in WORKLOADS
    ]


def start(application: Application) -> None:
    """Apply an application's documents, and wait until its pods have signed in."""
    documents = manifest(
        application.name, application.client, token_endpoint(application.client.pool_id)
    )
    for document in documents:
        if document["kind"] in {"Deployment", "StatefulSet"}:
            # The cluster has no DNS.
            document["spec"]["template"]["spec"]["hostAliases"] = HOST_ALIASES
    application.stage.kubectl.apply(*documents, namespace=NAMESPACE)


def stop(stage: Stage, applications: list[Application]) -> None:
    """End all pods gently, and wait until they are gone: they have told their last counts then."""
    for application in applications:
        stage.kubectl("scale", application.workload, "-n", NAMESPACE, "--replicas=0")
    stage.wait(
        "the applications' pods are gone", lambda: not any(one.pods() for one in applications)
    )


def _belongings() -> list[dict[str, Any]]:
    surroundings = {
        **environment(),
        "STORE_URL": f"http://{STORE_ADDRESS}",
        "SCOPE": SCOPE,
        "ROUNDS_A_SECOND": "2",
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "surroundings"},
            "data": surroundings,
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "ada"},
            "stringData": {"username": USERNAME, "password": PASSWORD},
        },
    ]
