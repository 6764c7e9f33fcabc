"""A target that others write too, that carries labels, and that shows where to ask for tokens."""

from datetime import timedelta

import pytest

from cognito_secret_operator.errors import ConflictError, ThrottledError
from cognito_secret_operator.names import RESOURCE_ANNOTATION

from support.fakes import Call
from support.world import KEY, SPEC, TARGET, World

HOUR = timedelta(hours=1)
URL = "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token"
RICH = {
    **SPEC,
    "target": {
        "creationPolicy": "Merge",
        "keys": {"tokenEndpoint": "token-url"},
        "labels": {"team": "shop"},
    },
}


def _world() -> World:
    world = World(spec=RICH, target_exists=False)
    world.secrets.create_for_test(
        KEY.namespace,
        TARGET,
        {"client-secret": "Original".ljust(64, "o"), "cookie-secret": "theirs"},
        **{RESOURCE_ANNOTATION: KEY.name},
    )
    world.endpoint.url = URL
    return world


def _rotating() -> World:
    world = _world()
    world.run_for(world.process(), timedelta(minutes=30))
    return world


def _ends_well(world: World, *, cookie: str = "theirs") -> None:
    world.assert_rotated_once()
    target = world.target()
    assert target is not None
    assert target.labels == {"team": "shop"}
    shown = {key: value.reveal() for key, value in target.data.items()}
    assert (shown["cookie-secret"], shown["token-url"]) == (cookie, URL)


def recorded() -> list[Call]:
    """Record one whole rotation."""
    world = _world()
    world.run_until_rest(world.process())
    return world.faults.calls


CALLS = recorded()
OURS = [call for call in CALLS if call.name.startswith(("secrets.", "endpoint.find"))]
SWAPS = [call for call in OURS if call.is_write]


@pytest.mark.parametrize("call", OURS, ids=str)
def test_a_process_dies_before(call: Call) -> None:
    world = _world()
    world.faults.crash_before_for_test(call.index)
    world.live_until_rest()
    _ends_well(world)


@pytest.mark.parametrize("call", OURS, ids=str)
def test_a_process_dies_after(call: Call) -> None:
    world = _world()
    world.faults.crash_after_for_test(call.index)
    world.live_until_rest()
    _ends_well(world)


@pytest.mark.parametrize("call", SWAPS, ids=str)
def test_somebody_else_writes_another_key_first(call: Call) -> None:
    world = _world()
    world.faults.refuse_for_test(call.index, ConflictError("somebody else wrote first"))
    world.live_until_rest()
    _ends_well(world)


@pytest.mark.parametrize("call", OURS, ids=str)
def test_a_call_is_throttled_once(call: Call) -> None:
    world = _world()
    world.faults.refuse_for_test(call.index, ThrottledError("slow down"))
    world.live_until_rest()
    _ends_well(world)


def test_writes_of_other_keys_in_a_rotation_are_no_publication() -> None:
    world = _rotating()
    for value in ("one", "two"):
        world.secrets.edit_for_test(KEY.namespace, TARGET, cookie_secret=value)
        world.run_for(world.processes[0], timedelta(minutes=2))
    world.run_until_rest(world.processes[0])
    _ends_well(world, cookie="two")
    assert world.workloads.stamps == [("web", "B.2")]


def test_an_edit_of_our_key_that_was_undone_is_a_publication() -> None:
    world = _rotating()
    target = world.target()
    assert target is not None
    good = target.data["client-secret"].reveal()
    world.secrets.edit_for_test(KEY.namespace, TARGET, client_secret="nonsense")
    world.secrets.edit_for_test(KEY.namespace, TARGET, client_secret=good)
    world.run_until_rest(world.processes[0])
    _ends_well(world)
    assert world.workloads.stamps == [("web", "B.2"), ("web", "B.3")]


def test_a_target_that_is_made_anew_by_its_owner_is_filled_again() -> None:
    world = _rotating()
    process = world.processes[0]
    world.secrets.delete_for_test(KEY.namespace, TARGET)
    world.run_for(process, HOUR)
    assert world.condition("Stalled")["reason"] == "TargetMissing"
    assert world.target() is None
    assert [held.id for held in world.cognito.held] == ["A", "B"]
    world.secrets.create_for_test(
        KEY.namespace, TARGET, {"cookie-secret": "theirs"}, **{RESOURCE_ANNOTATION: KEY.name}
    )
    world.run_until_rest(process)
    _ends_well(world)


def test_a_day_at_rest_writes_nothing_and_looks_for_no_endpoint() -> None:
    world = _world()
    process = world.process()
    world.run_until_rest(process)
    writes = sum(call.is_write for call in world.faults.calls)
    looked = world.faults.count("endpoint.find")
    world.run_for(process, 24 * HOUR)
    assert sum(call.is_write for call in world.faults.calls) == writes
    assert world.faults.count("endpoint.find") == looked


def test_a_label_that_is_no_longer_wanted_is_taken_off_without_a_publication() -> None:
    world = _world()
    process = world.process()
    world.run_until_rest(process)
    sequence = world.status()["journalSequence"]
    target = {**RICH["target"], "labels": {}}
    world.resources.change_spec_for_test(KEY, target=target)
    world.run_for(process, timedelta(minutes=1))
    found = world.target()
    assert found is not None
    assert found.labels == {}
    assert world.status()["journalSequence"] == sequence
