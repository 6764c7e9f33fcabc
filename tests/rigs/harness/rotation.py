"""One rotation from adoption to rest, behind proxies, with everything that its end shows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from emulator.process import Client, CognitoEmulator
from harness.operator_process import OperatorProcess
from harness.proxy import Gateway
from harness.shop import Shop, application, open_shop

NAME: Final = "orders-api"
JOURNAL: Final = f"{NAME}-cognito-journal"
DUE: Final = timedelta(days=91)
REPLICAS: Final = 2


@dataclass(frozen=True, slots=True)
class Ending:
    """What Cognito and the cluster show once a rotation has come to rest."""

    first_id: str
    active_ids: list[str]
    ids_ever: list[str]
    adds_carried_out: int
    accepted_id: str | None
    """Of the target's current value."""

    is_old_accepted: bool
    journal: dict[str, Any]
    rotations: list[dict[str, Any]]
    stamps: list[str]
    """Of each pod."""

    generations_of_pods: int
    """ReplicaSets: one for the start, and one for each restart."""

    secret_names: list[str]


@dataclass
class Rotation:
    """A client with a secret that is due, in a namespace of its own, and who uses it."""

    shop: Shop
    client: Client
    first_id: str
    workdir: Path

    def operator(self, gateway: Gateway, name: str = "operator") -> OperatorProcess:
        """Prepare an operator that reaches everything through *gateway*."""
        return OperatorProcess(
            kubeconfig=gateway.write_kubeconfig(self.workdir / f"{name}.kubeconfig"),
            namespaces=(self.shop.namespace,),
            environment=gateway.environment,
            workdir=self.workdir,
            name=name,
        )

    def journal(self) -> dict[str, Any]:
        """Read the journal's document; empty where there is none."""
        document: dict[str, Any] = json.loads(self.shop.secret(JOURNAL).get("journal.json", "{}"))
        return document

    def stamps(self) -> list[str]:
        """Read the stamp of each pod; empty for one that has none."""
        annotations = [pod["metadata"].get("annotations") or {} for pod in self.shop.pods()]
        return [str(one.get(f"cognito-secrets.dev/{NAME}", "")) for one in annotations]

    def is_at_rest(self, rotations: int = 1) -> bool:
        """Tell whether the operator has reported finished rotations and sees nothing to do."""
        status = self.shop.status()
        if len(status.get("rotations", ())) != rotations or status["step"] != "Idle":
            return False
        if status["journalSequence"] != self.journal().get("sequence"):
            return False
        pods = self.shop.pods()
        return len(pods) == REPLICAS and not any(
            "deletionTimestamp" in pod["metadata"] for pod in pods
        )

    def wait_for_rest(self, rotations: int = 1) -> None:
        """Wait until `is_at_rest`."""
        self.shop.wait("the rotation comes to rest", lambda: self.is_at_rest(rotations))

    def reason(self) -> str:
        """Give the reason why the rotation is where it is; empty before the first report."""
        return str(self.shop.condition("Rotating").get("reason", ""))

    def message(self, stalled_by: str) -> str:
        """Give what is said about a hold of this reason; empty while there is none."""
        condition = self.shop.condition("Stalled")
        is_held = condition.get("status") == "True" and condition["reason"] == stalled_by
        return str(condition["message"]) if is_held else ""

    def apply(self, **spec: object) -> None:
        """Change the resource's spec."""
        self.shop.apply(self.shop.resource(self.client, NAME, **spec))

    def delete_at_cognito(self, secret_id: str) -> None:
        """Delete a secret, as a person would."""
        self.shop.cognito.cognito.delete_user_pool_client_secret(
            UserPoolId=self.client.pool_id,
            ClientId=self.client.client_id,
            ClientSecretId=secret_id,
        )

    def calls(self, operation: str | None = None) -> list[str]:
        """Give the outcomes of the calls about this client, the oldest first."""
        calls = self.shop.cognito.calls(operation)
        return [call["outcome"] for call in calls if call["client"] == self.client.client_id]

    def published_id(self) -> str | None:
        """Ask Cognito which secret the target's current value is; None where it is refused."""
        value = self.shop.secret()["client-secret"]
        return self.shop.cognito.accepted_id(self.client.client_id, value)

    def ending(self) -> Ending:
        """Look at everything."""
        shop, client_id = self.shop, self.client.client_id
        assert self.client.value is not None
        namespace = f"namespaces/{shop.namespace}"
        replica_sets = shop.api.get(f"/apis/apps/v1/{namespace}/replicasets")["items"]
        names = [one["metadata"]["name"] for one in self._secrets()]
        return Ending(
            first_id=self.first_id,
            active_ids=shop.active_ids(self.client),
            ids_ever=[one.secret_id for one in shop.cognito.secrets(client_id)],
            adds_carried_out=self.calls("AddUserPoolClientSecret").count("OK"),
            accepted_id=self.published_id(),
            is_old_accepted=shop.cognito.accepts(client_id, self.client.value),
            journal=self.journal(),
            rotations=shop.status()["rotations"],
            stamps=self.stamps(),
            generations_of_pods=len(replica_sets),
            secret_names=sorted(names),
        )

    def _secrets(self) -> list[dict[str, Any]]:
        path = f"/api/v1/namespaces/{self.shop.namespace}/secrets"
        found: list[dict[str, Any]] = self.shop.api.get(path)["items"]
        return found


@contextmanager
def rotation(
    cluster: ControlPlane, cognito: CognitoEmulator, workdir: Path, **spec: object
) -> Iterator[Rotation]:
    """Set up a rotation that is due at once; no operator runs yet. Good for any thread."""
    workdir.mkdir(parents=True, exist_ok=True)
    with AdminApi(cluster.url, cluster.ca_file, cluster.admin_token) as api:
        shop = open_shop(cluster, cognito, api)
        client = cognito.create_client(shop.pool_id, age=DUE)
        shop.apply(application("orders", replicas=REPLICAS), shop.resource(client, NAME, **spec))
        yield Rotation(shop, client, shop.active_ids(client)[0], workdir)


@contextmanager
def ended(*operators: OperatorProcess) -> Iterator[None]:
    """Kill operators at the end: nobody waits for them."""
    try:
        yield
    finally:
        for operator in operators:
            operator.kill()
