"""The target: whose it is, and what happens when somebody edits or deletes it."""

from datetime import timedelta

import pytest

from cognito_secret_operator.names import PUBLICATION_ANNOTATION, RESOURCE_ANNOTATION

from support.beginnings import rested
from support.world import KEY, SPEC, TARGET, World

HOUR = timedelta(hours=1)


def _rotating() -> World:
    world = World()
    world.run_for(world.process(), timedelta(minutes=30))
    return world


@pytest.fixture
def at_rest() -> World:
    return rested()


@pytest.fixture
def in_rotation() -> World:
    return _rotating()


def _edit(world: World) -> None:
    world.secrets.edit_for_test(KEY.namespace, TARGET, client_secret="nonsense")


def _delete(world: World) -> None:
    world.secrets.delete_for_test(KEY.namespace, TARGET)


def _replace(world: World) -> None:
    _delete(world)
    world.secrets.create_for_test(
        KEY.namespace, TARGET, {"client-secret": "nonsense"}, **{RESOURCE_ANNOTATION: KEY.name}
    )


def _add_a_key(world: World) -> None:
    world.secrets.edit_for_test(KEY.namespace, TARGET, another_key="something")


def _take_a_mark_off(world: World) -> None:
    world.secrets.annotate_for_test(KEY.namespace, TARGET, {PUBLICATION_ANNOTATION: "0"})


ACCIDENTS = [
    pytest.param(_edit, id="a value is edited"),
    pytest.param(_delete, id="the target is deleted"),
    pytest.param(_replace, id="the target is deleted and made anew by hand"),
    pytest.param(_add_a_key, id="a key is added"),
    pytest.param(_take_a_mark_off, id="an annotation of ours is edited"),
]


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_at_rest_it_is_restored_without_cognito_and_without_a_restart(
    at_rest: World, accident: object
) -> None:
    requests = list(at_rest.cognito.requests)
    assert callable(accident)
    accident(at_rest)
    at_rest.processes[0].reconcile()
    target = at_rest.existing_target()
    assert sorted(target.data) == ["client-id", "client-secret", "client-secret-previous"]
    assert at_rest.target_current() == "A"
    assert at_rest.cognito.requests == requests
    at_rest.run_for(at_rest.processes[0], 3 * HOUR)
    assert at_rest.workloads.stamps == []
    assert "TargetRestored" in [event.reason for event in at_rest.events.recorded]


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_in_a_rotation_it_is_a_new_publication_and_every_pod_moves_again(
    in_rotation: World, accident: object
) -> None:
    assert callable(accident)
    accident(in_rotation)
    in_rotation.run_until_rest(in_rotation.processes[0])
    in_rotation.assert_rotated_once()
    assert in_rotation.workloads.stamps == [("web", "B.2"), ("web", "B.3")]


def test_an_edit_back_to_an_old_value_between_two_passes_is_noticed(in_rotation: World) -> None:
    """The data are as they were, but a pod may have read the old value in between."""
    in_rotation.secrets.edit_for_test(KEY.namespace, TARGET, client_secret="nonsense")
    target, journal = in_rotation.target(), in_rotation.journal()
    assert target is not None
    assert journal is not None
    assert journal.current is not None
    assert journal.current.value is not None
    good = journal.current.value.reveal()
    in_rotation.secrets.edit_for_test(KEY.namespace, TARGET, client_secret=good)
    in_rotation.run_until_rest(in_rotation.processes[0])
    assert in_rotation.workloads.stamps == [("web", "B.2"), ("web", "B.3")]


@pytest.mark.parametrize("world", [rested(), _rotating()], ids=["at rest", "in a rotation"])
def test_a_label_or_annotation_of_somebody_else_changes_nothing(world: World) -> None:
    sequence = world.status()["journalSequence"]
    writes = world.faults.count("secrets.replace")
    world.secrets.label_for_test(KEY.namespace, TARGET, team="shop")
    world.secrets.annotate_for_test(KEY.namespace, TARGET, {"example.com/note": "hello"})
    world.processes[0].reconcile()
    assert world.status()["journalSequence"] == sequence
    assert world.faults.count("secrets.replace") == writes


def test_a_secret_without_our_mark_is_never_written() -> None:
    world = World(target_exists=False)
    world.secrets.create_for_test(KEY.namespace, TARGET, {"password": "somebody's"})
    before = world.target()
    world.run_for(world.process(), 3 * HOUR)
    assert world.target() == before
    assert world.condition("Stalled")["reason"] == "TargetConflict"
    assert world.cognito.adds == []


def test_a_secret_that_is_handed_over_later_is_taken() -> None:
    world = World(target_exists=False)
    world.secrets.create_for_test(KEY.namespace, TARGET, {"client-secret": "stale"})
    process = world.process()
    world.run_for(process, HOUR)
    world.secrets.annotate_for_test(KEY.namespace, TARGET, {RESOURCE_ANNOTATION: KEY.name})
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_a_target_with_a_newer_publication_than_the_journals_is_believed(at_rest: World) -> None:
    shown = at_rest.target_current()
    at_rest.secrets.annotate_for_test(KEY.namespace, TARGET, {PUBLICATION_ANNOTATION: "99"})
    at_rest.run_for(at_rest.processes[0], HOUR)
    journal = at_rest.existing_journal()
    assert journal.publication is not None
    assert (journal.publication.number, at_rest.target_current()) == (99, shown)
    assert at_rest.cognito.adds == []


def test_it_is_held_where_a_person_is_to_decide(at_rest: World) -> None:
    at_rest.resources.change_spec_for_test(KEY, recovery="Manual")
    at_rest.secrets.annotate_for_test(KEY.namespace, TARGET, {PUBLICATION_ANNOTATION: "99"})
    at_rest.run_for(at_rest.processes[0], HOUR)
    assert at_rest.condition("Stalled")["reason"] == "JournalRolledBack"


def test_the_keys_have_the_names_that_the_resource_gives() -> None:
    keys = {"clientId": "id", "current": "now", "previous": "before"}
    world = World(spec={**SPEC, "target": {"keys": keys}}, target_exists=False)
    world.laws.current_key = "now"
    process = world.process()
    world.run_for(process, timedelta(minutes=5))
    target = world.existing_target()
    assert {key: world.cognito.names.get(value.reveal()) for key, value in target.data.items()} == {
        "id": None,
        "now": "B",
        "before": "A",
    }


def test_the_target_is_written_once_a_rotation() -> None:
    world = rested()
    process = world.processes[0]
    writes = world.faults.count("secrets.replace target")
    world.request_rotation("now")
    world.run_until_rest(process)
    world.run_for(process, 5 * HOUR)
    assert world.faults.count("secrets.replace target") == writes + 1
