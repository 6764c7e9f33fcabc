"""What the applications and the operator find in the cluster: Cognito, and a store."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
import yaml

from e2e.stage import Stage
from e2e.wire import Wire
from emulator.remote import REGION, RemoteEmulator

NAMESPACE: Final = "cognito"
COGNITO_ADDRESS: Final = "10.96.100.10"
STORE_ADDRESS: Final = "10.96.100.11"
COGNITO_HOST: Final = "cognito.cognito.svc"
"""Known by `hostAliases`: the cluster has no DNS. A token endpoint without TLS must end so."""

HOST_ALIASES: Final = [{"ip": COGNITO_ADDRESS, "hostnames": [COGNITO_HOST]}]
COGNITO_URL: Final = f"http://{COGNITO_HOST}"


@dataclass(frozen=True)
class Surroundings:
    """Cognito and the store, as this machine reaches them."""

    cognito: RemoteEmulator
    store_url: str

    def counts(self) -> dict[str, Any]:
        """Give what the applications' pods have told of their sign-ins, those that are gone too."""
        counts: dict[str, Any] = requests.get(f"{self.store_url}/counts", timeout=30).json()
        return counts


def token_endpoint(pool_id: str) -> str:
    """Give the URL of a pool's token endpoint, as pods reach it."""
    return f"{COGNITO_URL}/{pool_id}/oauth2/token"


def environment() -> dict[str, str]:
    """Give the variables that point an AWS SDK in a pod at the emulated Cognito."""
    return {
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": COGNITO_URL,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def surrounded(stage: Stage) -> Iterator[Surroundings]:
    """Run Cognito and the store as pods, and reach them."""
    stage.namespace(NAMESPACE)
    text = Path(__file__).with_name("cognito.yaml").read_text(encoding="utf-8")
    stage.kubectl.apply(*yaml.safe_load_all(text), namespace=NAMESPACE)
    stage.roll_out(NAMESPACE, "deployment/cognito", "deployment/store")
    egress = stage.plane.layout.egress_socket
    with ExitStack() as wires:
        cognito = wires.enter_context(Wire(egress, _pod_address(stage, "cognito")))
        store = wires.enter_context(Wire(egress, _pod_address(stage, "store")))
        yield Surroundings(RemoteEmulator(cognito.url), store.url)


def _pod_address(stage: Stage, app: str) -> str:
    """Find a pod's own address: Services are for pods, and the node itself has no way to them."""
    (pod,) = stage.pods(NAMESPACE, f"app={app}")
    return f"{pod['status']['podIP']}:8080"
