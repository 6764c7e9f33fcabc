"""The examples, as a reader applies them, on the real node."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from e2e.stage import Stage, is_ready, say
from e2e.surroundings import Surroundings
from emulator.remote import Client
from harness.shop import REPOSITORY
from node import PROBE_IMAGE

POOL_ID: Final = "eu-west-1_AbCdEfGhI"
CLIENT_ID: Final = "1example23456789"
IMAGE: Final = "registry.k8s.io/pause:3.10"
"""What a reader puts their own in place of; everything else is applied as it stands."""

NAME: Final = "orders-api"
ELSEWHERE: Final = "orders-elsewhere"
FORM: Final = "value.yaml"
"""Shows what another tool makes; the value from elsewhere is handed over by a command instead."""


@dataclass(frozen=True)
class Example:
    """One example, applied in a namespace of its own."""

    stage: Stage
    around: Surroundings
    namespace: str
    client: Client

    def ids(self) -> list[str]:
        """Ask Cognito for the ids of the client's secrets."""
        known = self.around.cognito.secrets(self.client.client_id)
        return [one.secret_id for one in known if one.active]

    def published_id(self) -> str | None:
        """Ask Cognito which secret the target's current value is."""
        value = self.stage.secret(self.namespace, NAME)["client-secret"]
        return self.around.cognito.accepted_id(self.client.client_id, value)

    def are_pods_on(self, secret_id: str) -> bool:
        """Tell whether all pods are ready, and were started for this secret."""
        pods = self.stage.pods(self.namespace, f"app={NAME}")
        key = f"cognito-secrets.dev/{NAME}"
        stamps = [(pod["metadata"].get("annotations") or {}).get(key, "") for pod in pods]
        are_of_it = [one.startswith(secret_id) for one in stamps]
        return bool(pods) and all(map(is_ready, pods)) and all(are_of_it)

    def wait_published(self, former: str | None) -> str:
        """Wait until the target has another secret than *former*, and pods use it; give its id."""
        published = self.stage.wait(
            f"{self.namespace}: a new secret is published",
            lambda: one if (one := self.published_id()) not in {None, former} else None,
        )
        self.stage.wait(
            f"{self.namespace}: pods use it", lambda: self.are_pods_on(published) or None
        )
        return published


def rotate(example: Example) -> str:
    """Rotate by a request, and see pods restarted; overlap and approvals keep the old secret."""
    (first,) = example.ids()
    example.stage.annotate(example.namespace, NAME, rotate="drill-1")
    second = example.wait_published(first)
    assert example.ids() == [first, second]
    return "rotated by request, pods restarted, the old secret kept for its overlap"


def migrate(example: Example) -> str:
    """See the value from elsewhere in force."""
    given = example.stage.secret(example.namespace, ELSEWHERE)["client_secret"]
    assert example.stage.secret(example.namespace, NAME)["client-secret"] == given
    assert example.around.cognito.accepts(example.client.client_id, given)
    return "the value from elsewhere is current, and Cognito accepts it"


def replace_the_leaked(example: Example) -> str:
    """Report the current secret as leaked, and see it gone in spite of a day of overlap."""
    (leaked,) = example.ids()
    example.stage.annotate(example.namespace, NAME, emergency=leaked)
    new = example.wait_published(leaked)
    example.stage.wait("the leaked one is deleted", lambda: example.ids() == [new] or None)
    return "the leaked secret is replaced and deleted, in spite of a day of overlap"


EXAMPLES: Final[dict[str, Callable[[Example], str]]] = {
    "01-smallest": rotate,
    "02-ninety-days": rotate,
    "03-migration": migrate,
    "04-emergency": replace_the_leaked,
}


def namespace_of(folder: str) -> str:
    """Name the namespace of an example."""
    return f"example-{folder}"


def apply(stage: Stage, around: Surroundings, pool_id: str) -> None:
    """Apply each example, and do with it what its page says."""
    for folder, happens in EXAMPLES.items():
        example = _apply(stage, around, folder, pool_id)
        say(f"✓ examples/{folder}: {happens(example)}")
        stage.kubectl("delete", "namespace", example.namespace, "--timeout=120s")
        stage.namespaces.remove(example.namespace)


def _apply(stage: Stage, around: Surroundings, folder: str, pool_id: str) -> Example:
    client = around.cognito.create_client(pool_id)
    example = Example(stage, around, stage.namespace(namespace_of(folder)), client)
    if (REPOSITORY / "examples" / folder / FORM).exists():
        _hand_over(stage, example.namespace)
    stage.kubectl.apply(*_documents(folder, client), namespace=example.namespace)
    stage.wait(
        f"examples/{folder} is ready",
        lambda: stage.condition(example.namespace, NAME, "Ready").get("status") == "True",
    )
    stage.roll_out(example.namespace, f"deployment/{NAME}")
    return example


def _hand_over(stage: Stage, namespace: str) -> None:
    stage.kubectl(
        *("create", "secret", "generic", ELSEWHERE, "-n", namespace),
        "--from-file=client_secret=/dev/stdin",
        document=secrets.token_hex(20),
    )


def _documents(folder: str, client: Client) -> list[dict[str, Any]]:
    documents = []
    for path in sorted((REPOSITORY / "examples" / folder).glob("*.yaml")):
        if path.name == FORM:
            continue
        text = path.read_text(encoding="utf-8").replace(IMAGE, PROBE_IMAGE)
        text = text.replace(POOL_ID, client.pool_id).replace(CLIENT_ID, client.client_id)
        documents += list(yaml.safe_load_all(text))
    return documents
