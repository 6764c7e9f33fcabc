import logging
from typing import Any

import pytest

from cognito_secret_operator.domain.model import ClientRef, ResourceKey
from cognito_secret_operator.runtime.queue import WorkQueue
from cognito_secret_operator.runtime.roster import Roster

CLIENT = ClientRef("eu-west-1_AbCdEfGhI", "1example")
ONE, TWO = ResourceKey("shop", "one"), ResourceKey("shop", "two")
ROTATE = "cognito-secrets.dev/rotate"
LATER: Any = {"uid": "u2", "creationTimestamp": "2026-11-21T11:00:00Z"}


def body(key: ResourceKey = ONE, client: str = CLIENT.client_id, **changes: Any) -> dict[str, Any]:
    """A resource's body; *changes* are of its metadata."""
    meta = {
        "namespace": key.namespace,
        "name": key.name,
        "uid": "u1",
        "creationTimestamp": "2026-11-21T10:00:00Z",
        "generation": 1,
        "resourceVersion": "100",
        "annotations": {},
    }
    spec = {"userPoolId": CLIENT.pool_id, "clientId": client}
    return {"metadata": meta | changes, "spec": spec, "status": {}}


class Woken(WorkQueue):
    """A queue that only records."""

    def __init__(self) -> None:
        super().__init__(1, lambda: 0.0)
        self.keys: list[ResourceKey] = []
        self.forgotten: list[ResourceKey] = []

    def enqueue(self, key: ResourceKey) -> None:
        self.keys.append(key)

    def forget(self, key: ResourceKey) -> None:
        self.forgotten.append(key)


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
def roster(woken: Woken) -> Roster:
    return Roster(woken)


def test_a_new_resource_is_woken_and_a_second_listing_of_it_is_not(
    roster: Roster, woken: Woken
) -> None:
    roster.seen(body())
    roster.seen(body())
    assert woken.keys == [ONE]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(body(generation=2), id="the spec was edited"),
        pytest.param(body(annotations={ROTATE: "now"}), id="a rotation is requested"),
        pytest.param(
            body(annotations={"cognito-secrets.dev/ack.lambda": "id"}), id="a consumer acknowledges"
        ),
        pytest.param(body(deletionTimestamp="2026-11-21T11:00:00Z"), id="it is being deleted"),
        pytest.param(body(**LATER), id="it was created again"),
    ],
)
def test_a_change_that_matters_wakes_the_resource_once(
    roster: Roster, woken: Woken, changed: dict[str, Any]
) -> None:
    roster.seen(body())
    roster.seen(changed)
    roster.seen(changed)
    assert woken.keys == [ONE, ONE]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({**body(resourceVersion="101"), "status": {"x": 1}}, id="our own status"),
        pytest.param(body(labels={"a": "b"}), id="a label"),
        pytest.param(body(annotations={"argocd.argoproj.io/x": "y"}), id="a foreign annotation"),
        pytest.param(body(managedFields=[{}]), id="bookkeeping of the API server"),
    ],
)
def test_a_change_that_does_not_matter_wakes_nothing(
    roster: Roster, woken: Woken, changed: dict[str, Any]
) -> None:
    roster.seen(body())
    roster.seen(changed)
    assert woken.keys == [ONE]


def test_a_body_without_annotations_generation_and_spec_is_understood(
    roster: Roster, woken: Woken
) -> None:
    roster.seen({"metadata": {"namespace": "shop", "name": "one", "uid": "u1"}})
    assert woken.keys == [ONE]
    assert roster.others_naming(CLIENT, TWO) == ()


def test_a_deletion_wakes_the_resource_and_a_successor_is_new(roster: Roster, woken: Woken) -> None:
    roster.seen(body())
    roster.gone(body())
    roster.seen(body())
    assert woken.keys == [ONE, ONE, ONE]


def test_a_deletion_of_an_unknown_resource_wakes_it(roster: Roster, woken: Woken) -> None:
    roster.gone(body())
    assert woken.keys == [ONE]


def test_late_events_of_a_predecessor_do_not_hide_its_successor(
    roster: Roster, woken: Woken
) -> None:
    roster.seen(body(**LATER))
    roster.seen(body(generation=9))
    roster.gone(body())
    roster.seen(body(**LATER))
    assert woken.keys == [ONE]
    assert roster.others_naming(CLIENT, TWO) == (ONE,)


def test_a_forgotten_resource_leaves_the_queue_and_is_new_when_it_is_seen_again(
    roster: Roster, woken: Woken
) -> None:
    roster.seen(body())
    roster.forget(ONE)
    roster.forget(ONE)
    roster.seen(body())
    assert woken.forgotten == [ONE, ONE]
    assert woken.keys == [ONE, ONE]


def test_two_of_one_client_are_duplicates_and_the_first_is_woken(
    roster: Roster, woken: Woken
) -> None:
    roster.seen(body())
    assert roster.others_naming(CLIENT, ONE) == ()
    roster.seen(body(TWO))
    assert woken.keys == [ONE, TWO, ONE]
    assert roster.others_naming(CLIENT, ONE) == (TWO,)
    assert roster.others_naming(CLIENT, TWO) == (ONE,)


def test_the_same_name_in_another_namespace_is_a_duplicate_too(roster: Roster) -> None:
    elsewhere = ResourceKey("warehouse", "one")
    roster.seen(body())
    roster.seen(body(elsewhere))
    assert roster.others_naming(CLIENT, ONE) == (elsewhere,)


def test_the_one_that_is_left_is_woken_when_its_duplicate_is_deleted(
    roster: Roster, woken: Woken
) -> None:
    roster.seen(body())
    roster.seen(body(TWO))
    woken.keys.clear()
    roster.gone(body(TWO))
    assert woken.keys == [TWO, ONE]
    assert roster.others_naming(CLIENT, ONE) == ()


def test_the_one_that_is_left_is_woken_when_a_read_finds_its_duplicate_gone(
    roster: Roster, woken: Woken
) -> None:
    roster.seen(body())
    roster.seen(body(TWO))
    woken.keys.clear()
    roster.forget(TWO)
    roster.forget(TWO)
    assert woken.keys == [ONE], "twice is once"


def test_a_resource_that_is_made_anew_for_another_client_is_no_duplicate_any_more(
    roster: Roster,
) -> None:
    roster.seen(body())
    roster.seen(body(TWO))
    roster.seen(body(TWO, "2example", **LATER))
    assert roster.others_naming(CLIENT, ONE) == ()


def test_every_resource_can_be_woken(roster: Roster, woken: Woken) -> None:
    roster.seen(body())
    roster.seen(body(TWO))
    woken.keys.clear()
    roster.wake_all()
    assert sorted(woken.keys) == [ONE, TWO]


@pytest.mark.parametrize("odd", [{}, {"metadata": None}, {"metadata": {"name": "x"}}])
def test_an_odd_object_is_logged_and_ends_nothing(
    roster: Roster, woken: Woken, odd: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    roster.seen(odd)
    roster.gone(odd)
    assert woken.keys == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


def test_of_an_odd_object_no_text_is_logged(
    roster: Roster, caplog: pytest.LogCaptureFixture
) -> None:
    roster.seen({**body(), "spec": "s3cr3t"})
    (record,) = caplog.records
    assert "AttributeError" in record.__dict__["trace"]
    assert "s3cr3t" not in repr(record.__dict__)
