"""A target that others write too, that carries labels, and that shows where to ask for tokens."""

from datetime import timedelta

from cognito_secret_operator.names import RESOURCE_ANNOTATION

from support.beginnings import MERGE, assert_merged, merging
from support.world import KEY, TARGET, World

HOUR = timedelta(hours=1)


def _rotating() -> World:
    world = merging()
    world.run_for(world.process(), timedelta(minutes=30))
    return world


def test_writes_of_other_keys_in_a_rotation_are_no_publication() -> None:
    world = _rotating()
    for value in ("one", "two"):
        world.secrets.edit_for_test(KEY.namespace, TARGET, cookie_secret=value)
        world.run_for(world.processes[0], timedelta(minutes=2))
    world.run_until_rest(world.processes[0])
    assert_merged(world, cookie="two")
    assert world.workloads.stamps == [("web", "B.2")]


def test_an_edit_of_our_key_that_was_undone_is_a_publication() -> None:
    world = _rotating()
    target = world.existing_target()
    good = target.data["client-secret"].reveal()
    world.secrets.edit_for_test(KEY.namespace, TARGET, client_secret="nonsense")
    world.secrets.edit_for_test(KEY.namespace, TARGET, client_secret=good)
    world.run_until_rest(world.processes[0])
    assert_merged(world)
    assert world.workloads.stamps == [("web", "B.2"), ("web", "B.3")]


def test_a_target_that_is_made_anew_by_its_owner_is_filled_again() -> None:
    world = _rotating()
    process = world.processes[0]
    world.secrets.delete_for_test(KEY.namespace, TARGET)
    world.run_for(process, HOUR)
    assert world.condition("Stalled")["reason"] == "TargetMissing"
    assert world.target() is None
    assert world.held_ids() == ["A", "B"]
    world.secrets.create_for_test(
        KEY.namespace, TARGET, {"cookie-secret": "theirs"}, **{RESOURCE_ANNOTATION: KEY.name}
    )
    world.run_until_rest(process)
    assert_merged(world)


def test_a_day_at_rest_writes_nothing_and_looks_for_no_endpoint() -> None:
    world = merging()
    process = world.process()
    world.run_until_rest(process)
    writes = world.faults.count_writes()
    looked = world.faults.count("endpoint.find")
    world.run_for(process, 24 * HOUR)
    assert world.faults.count_writes() == writes
    assert world.faults.count("endpoint.find") == looked


def test_a_label_that_is_no_longer_wanted_is_taken_off_without_a_publication() -> None:
    world = merging()
    process = world.process()
    world.run_until_rest(process)
    sequence = world.status()["journalSequence"]
    target = {**MERGE["target"], "labels": {}}
    world.resources.change_spec_for_test(KEY, target=target)
    world.run_for(process, timedelta(minutes=1))
    found = world.existing_target()
    assert found.labels == {}
    assert world.status()["journalSequence"] == sequence
