"""What a real API server's managedFields tell of a target: who wrote a key, who set a label."""

import base64
import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from cognito_secret_operator.adapters.kube_api import KubeApi
from cognito_secret_operator.adapters.secret_store import SecretStore
from cognito_secret_operator.domain.model import StoredSecret, TargetMetadata
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import ConflictError

from cluster.control_plane import ControlPlane
from cluster.waiting import wait_for
from harness.shop import Kubectl

pytestmark = pytest.mark.integration

NAME = "orders-api"
NOTHING = TargetMetadata({}, {}, None)


class Person:
    """Somebody else who writes the Secret, with kubectl."""

    def __init__(self, cluster: ControlPlane, namespace: str) -> None:
        self.kubectl, self.namespace = Kubectl(cluster), namespace

    def __call__(self, *arguments: str) -> str:
        return self.kubectl("-n", self.namespace, *arguments)

    def set_key(self, key: str, value: str | None) -> None:
        """Set a key, or take it out."""
        patch = json.dumps({"data": {key: None if value is None else encoded(value)}})
        self("patch", "secret", NAME, "--type=merge", "-p", patch)

    def apply(self, **parts: dict[str, str]) -> None:
        """Apply on the server's side, taking over what is in the way."""
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": NAME}, **parts}
        self.kubectl(
            "-n", self.namespace, "apply", "--server-side", "--force-conflicts", "-f", "-",
            document=json.dumps(body),
        )  # fmt: skip


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def person(cluster: ControlPlane, namespace: str) -> Person:
    return Person(cluster, namespace)


@pytest_asyncio.fixture
async def store(cluster: ControlPlane) -> AsyncIterator[SecretStore]:
    async with await KubeApi.connect(cluster.kubeconfig) as api:
        yield SecretStore(api)


async def present(store: SecretStore, person: Person) -> StoredSecret:
    found = await store.read(person.namespace, NAME)
    assert found is not None
    return found


async def merged(store: SecretStore, person: Person) -> StoredSecret:
    """A Secret that a person made, with two keys that the operator wrote into it."""
    person("create", "secret", "generic", NAME, "--from-literal=cookie-secret=theirs")
    before = await present(store, person)
    seen = StoredSecret(
        namespace=before.namespace,
        name=before.name,
        uid=before.uid,
        resource_version=before.resource_version,
        annotations=before.annotations,
        data={},
        data_owner="",
        read_at=before.read_at,
    )
    await store.replace(
        seen, data={"now": SecretValue("B"), "old": SecretValue("A")}, annotations={}
    )
    next_second()
    return await present(store, person)


def next_second() -> None:
    """Dates of owners count in whole seconds: a later write is to have another date."""
    now = int(time.time())
    wait_for("the next second", lambda: int(time.time()) > now + 1, 10)


class TestKeys:
    async def test_a_replacement_leaves_the_keys_that_it_was_not_shown(
        self, store: SecretStore, person: Person
    ) -> None:
        found = await merged(store, person)
        assert {key: value.reveal() for key, value in found.data.items()} == {
            "cookie-secret": "theirs",
            "now": "B",
            "old": "A",
        }
        assert found.own_keys == {"now", "old"}

    async def test_a_write_of_another_key_leaves_our_dates(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person.set_key("cookie-secret", "new")
        person.set_key("another", "one")
        person("label", "secret", NAME, "team=shop")
        person("annotate", "secret", NAME, "example.com/note=hello")
        after = await present(store, person)
        assert after.resource_version != before.resource_version
        assert after.data_owner != before.data_owner
        for key in ("now", "old"):
            assert after.key_owners[key] == before.key_owners[key]

    async def test_a_write_of_our_key_shows_even_where_it_ends_as_it_began(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person.set_key("now", "evil")
        person.set_key("now", "B")
        after = await present(store, person)
        assert after.data == before.data
        assert after.key_owners["now"] != before.key_owners["now"]
        assert after.key_owners["old"] == before.key_owners["old"], "the date of ours stays"
        assert after.own_keys == {"old"}

    async def test_a_key_that_was_away_for_a_moment_shows(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person.set_key("now", None)
        person.set_key("now", "B")
        assert (await present(store, person)).key_owners["now"] != before.key_owners["now"]

    async def test_somebody_who_applies_the_same_value_changes_nothing_until_they_change_it(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person.apply(data={"now": encoded("B")})
        shared = await present(store, person)
        assert shared.key_owners["now"] == before.key_owners["now"]
        person.apply(data={"now": encoded("evil")})
        person.apply(data={"now": encoded("B")})
        assert (await present(store, person)).key_owners["now"] != before.key_owners["now"]

    async def test_a_text_that_somebody_applies_shows_though_the_key_keeps_its_owner(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person.apply(stringData={"now": "B"})
        first = await present(store, person)
        assert first.data == before.data
        next_second()
        person.apply(stringData={"now": "evil"})
        person.apply(stringData={"now": "B"})
        second = await present(store, person)
        assert second.data == before.data
        seen = [before, first, second]
        assert len({one.key_owners["now"] for one in seen}) == 3
        assert len({one.data_owner for one in seen}) == 3
        assert len({one.key_owners["old"] for one in seen}) == 1

    async def test_without_managed_fields_nobody_owns_a_key(
        self, store: SecretStore, person: Person
    ) -> None:
        await merged(store, person)
        patch = '{"metadata": {"managedFields": [{}]}}'
        person("patch", "secret", NAME, "--type=merge", "-p", patch)
        found = await present(store, person)
        assert "now" not in found.key_owners
        assert found.own_keys == frozenset()


class TestDecorations:
    async def test_data_and_their_dates_stay(self, store: SecretStore, person: Person) -> None:
        before = await merged(store, person)
        wanted = TargetMetadata({"team": "shop"}, {"example.com/note": "hello"}, None)
        after = await store.decorate(before, wanted)
        assert after.labels == {"team": "shop"}
        assert after.annotations["example.com/note"] == "hello"
        assert after.decorated == wanted.names
        assert (after.data, after.data_owner) == (before.data, before.data_owner)
        assert after.key_owners == before.key_owners

    async def test_what_is_no_longer_wanted_is_taken_off_and_what_others_set_stays(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person("label", "secret", NAME, "theirs=kept")
        wanted = TargetMetadata(
            {"team": "shop", "tier": "web"}, {"example.com/note": "hello"}, None
        )
        decorated = await store.decorate(await present(store, person), wanted)
        after = await store.decorate(decorated, TargetMetadata({"team": "shop"}, {}, None))
        assert after.labels == {"team": "shop", "theirs": "kept"}
        assert "example.com/note" not in after.annotations
        assert after.decorated == {"label team"}
        assert (await store.decorate(after, NOTHING)).decorated == frozenset()
        assert (await present(store, person)).data_owner == before.data_owner

    async def test_a_label_that_somebody_changed_is_put_back(
        self, store: SecretStore, person: Person
    ) -> None:
        await store.decorate(
            await merged(store, person), TargetMetadata({"team": "shop"}, {}, None)
        )
        person("label", "--overwrite", "secret", NAME, "team=else")
        seen = await present(store, person)
        assert seen.labels == {"team": "else"}
        after = await store.decorate(seen, TargetMetadata({"team": "shop"}, {}, None))
        assert after.labels == {"team": "shop"}
        assert after.decorated == {"label team"}

    async def test_an_owner_is_set_and_taken_off(self, store: SecretStore, person: Person) -> None:
        before = await merged(store, person)
        # Any uid would be collected at once: this one is of an object that is there.
        uid = person("create", "configmap", "owner", "-o", "jsonpath={.metadata.uid}")
        other = f'[{{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{uid}"}}]'
        patch = f'{{"metadata": {{"ownerReferences": {other}}}}}'
        person("patch", "secret", NAME, "--type=merge", "-p", patch)
        seen = await present(store, person)
        assert seen.owners == {uid}
        assert seen.decorated == frozenset()
        assert seen.data_owner == before.data_owner
        kept = await store.decorate(seen, NOTHING)
        assert kept.owners == {uid}, "somebody else's"

    async def test_a_secret_that_was_written_meanwhile_is_a_conflict(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person.set_key("cookie-secret", "new")
        with pytest.raises(ConflictError):
            await store.decorate(before, TargetMetadata({"team": "shop"}, {}, None))
        assert (await present(store, person)).labels == {}

    async def test_a_secret_that_is_gone_is_a_conflict_and_not_made_anew(
        self, store: SecretStore, person: Person
    ) -> None:
        before = await merged(store, person)
        person("delete", "secret", NAME)
        with pytest.raises(ConflictError):
            await store.decorate(before, TargetMetadata({"team": "shop"}, {}, None))
        assert await store.read(person.namespace, NAME) is None
