"""The applications of the end-to-end run, as processes: what they count is what happens."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.process import Client
from harness.applications import (
    PASSWORD,
    USERNAME,
    LocalApplication,
    LocalStore,
    Made,
    create_user,
    manifest,
    project,
    seen_by_cognito,
    told,
)
from harness.operator_process import OperatorProcess
from harness.shop import Shop

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
Start = Callable[[str, str, dict[str, str]], LocalApplication]
KUBELET = "kubelet"
"""The test plays the kubelet: it acknowledges when its processes have moved."""


@pytest.fixture
def store() -> Iterator[LocalStore]:
    with LocalStore() as started:
        yield started


@pytest.fixture
def start(shop: Shop, store: LocalStore) -> Iterator[Start]:
    """Starts applications that reach the emulated Cognito; all are ended at the end."""
    started: list[LocalApplication] = []

    def begin(name: str, pod: str, environment: dict[str, str]) -> LocalApplication:
        everywhere = {**shop.cognito.environment, "USERNAME": USERNAME, "PASSWORD": PASSWORD}
        started.append(LocalApplication(name, pod, store, {**everywhere, **environment}))
        return started[-1]

    yield begin
    for application in started:
        application.stop()


def applied(shop: Shop, name: str) -> tuple[Client, str]:
    """Apply an application that waits for the kubelet's word too; give its client and secret id."""
    client = shop.cognito.create_client(shop.pool_id)
    resource, *others = manifest(name, client, shop.cognito.token_endpoint(client.pool_id))
    resource["spec"]["acknowledgements"] = [{"name": KUBELET}]
    shop.apply(resource, *others)
    return client, shop.active_ids(client)[0]


def environment_of(shop: Shop, name: str) -> dict[str, str]:
    """Give what a kubelet would write into the environment of a pod that starts now."""
    data = shop.secret(name)
    return {
        "CLIENT_ID": data["client-id"],
        "CLIENT_SECRET": data["client-secret"],
        "CLIENT_SECRET_ID": data["secret-id"],
        "TOKEN_ENDPOINT": data.get("token-endpoint", ""),
    }


def rotate(shop: Shop, name: str, first: str) -> str:
    """Ask for a rotation, and wait until the new secret is published; give its id."""
    shop.annotate(name, rotate="drill-1")
    shop.wait("a new secret is published", lambda: shop.secret(name)["secret-id"] != first)
    return shop.secret(name)["secret-id"]


@pytest.mark.parametrize("name", ["machine", "user"])
def test_an_application_signs_in_through_a_rotation_and_none_fails(
    name: str, shop: Shop, store: LocalStore, start: Start, start_operator: StartOperator
) -> None:
    create_user(shop.cognito, shop.pool_id)
    client, first = applied(shop, name)
    start_operator()
    shop.wait_ready(client, name)
    old = start(name, "pod-a", environment_of(shop, name))
    old.wait_for_sign_ins(first)

    second = rotate(shop, name, first)
    new = start(name, "pod-b", environment_of(shop, name))
    new.wait_for_sign_ins(second)
    assert old.stop() == 0
    assert shop.active_ids(client) == [first, second], "the test has not said that it has moved"
    shop.annotate(name, **{f"ack.{KUBELET}": second})
    assert shop.wait_rotated(client, [first], name) == second
    new.wait_for_sign_ins(second, new.told()["by_secret"][second]["attempts"] + 5)
    if name == "user":
        new.wait("the session of the first pod goes on", lambda counts: counts["restored"] >= 5)

    assert new.stop() == 0
    made = told(store.counts(), name)
    assert made == seen_by_cognito(shop.cognito, client)
    assert made.attempts >= 15
    assert made.failed == 0


@pytest.mark.parametrize("name", ["machine", "user"])
def test_a_sign_in_with_a_wrong_secret_is_counted_as_failed(
    name: str, shop: Shop, store: LocalStore, start: Start
) -> None:
    create_user(shop.cognito, shop.pool_id)
    client = shop.cognito.create_client(shop.pool_id)
    process = start(
        name,
        "pod-a",
        {
            "CLIENT_ID": client.client_id,
            "CLIENT_SECRET": "wrong" * 6,
            "CLIENT_SECRET_ID": "no-such-id",
            "TOKEN_ENDPOINT": shop.cognito.token_endpoint(client.pool_id),
        },
    )
    process.wait_for_sign_ins("no-such-id")
    process.stop()
    made = told(store.counts(), name)
    assert made == seen_by_cognito(shop.cognito, client)
    assert made == Made(attempts=made.attempts, failed=made.attempts)


def test_a_sign_in_without_an_answer_is_counted_as_failed(
    shop: Shop, store: LocalStore, start: Start
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    nobody = {"CLIENT_ID": client.client_id, "CLIENT_SECRET": "x", "CLIENT_SECRET_ID": "first"}
    process = start("machine", "pod-a", {**nobody, "TOKEN_ENDPOINT": "http://127.0.0.1:1/token"})
    process.wait_for_sign_ins("first")
    process.stop()
    made = told(store.counts(), "machine")
    assert made.failed == made.attempts >= 5
    assert seen_by_cognito(shop.cognito, client) == Made(0, 0)


class Pod:
    """The reader's first pod on a played node, and its process on this machine."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self._shop = shop
        self.mount = folder / "client"
        self._account = folder / "account"
        self._account.mkdir()
        token = shop.kubectl("create", "token", "reader", "-n", shop.namespace, "--duration=1h")
        (self._account / "token").write_text(token)
        (self._account / "ca.crt").write_bytes(shop.cluster.ca_file.read_bytes())

    @property
    def environment(self) -> dict[str, str]:
        host, _, port = self._shop.cluster.url.removeprefix("https://").partition(":")
        return {
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
            "SERVICE_ACCOUNT_FOLDER": str(self._account),
            "NAMESPACE": self._shop.namespace,
            "RESOURCE": "reader",
            "CONTAINER": "app",
            "CLIENT_FOLDER": str(self.mount),
        }

    def show(self) -> dict[str, Any]:
        path = f"/api/v1/namespaces/{self._shop.namespace}/pods/reader-0"
        metadata: dict[str, Any] = self._shop.api.get(path)["metadata"]
        return metadata

    def acknowledged(self) -> str:
        key = "cognito-secrets.dev/reader.ack"
        return str((self.show().get("annotations") or {}).get(key, ""))


def test_the_reader_takes_a_new_secret_from_its_files_and_says_so(
    shop: Shop, store: LocalStore, start: Start, start_operator: StartOperator, tmp_path: Path
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    documents = manifest("reader", client, shop.cognito.token_endpoint(client.pool_id))
    documents[-1]["spec"]["replicas"] = 1
    shop.apply(*documents)
    first = shop.active_ids(client)[0]
    start_operator()
    shop.wait_ready(client, "reader")
    shop.wait("the pod is there", lambda: any(shop.pods()))
    pod = Pod(shop, tmp_path)
    uid = pod.show()["uid"]
    project(shop, "reader", pod.mount)
    process = start("reader", "reader-0", pod.environment)
    process.wait_for_sign_ins(first)

    second = rotate(shop, "reader", first)
    before = process.told()["by_secret"][first]["attempts"]
    process.wait_for_sign_ins(first, before + 10)
    shop.wait("the publication is told", lambda: shop.status("reader").get("publication"))
    number = shop.status("reader")["publication"]
    process.wait_for_sign_ins(first, before + 20)
    assert pod.acknowledged() != f"app={number}", "its files are still the old ones"
    assert shop.active_ids(client) == [first, second]

    project(shop, "reader", pod.mount)
    shop.wait("it acknowledges", lambda: pod.acknowledged() == f"app={number}")
    assert shop.wait_rotated(client, [first], "reader") == second
    process.wait_for_sign_ins(second, 10)
    assert process.stop() == 0
    assert pod.show()["uid"] == uid, "it was never restarted"
    made = told(store.counts(), "reader")
    assert made == seen_by_cognito(shop.cognito, client)
    assert made.failed == 0
