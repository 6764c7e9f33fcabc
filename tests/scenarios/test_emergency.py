"""A secret leaked: what is done for each place that it may have in a rotation."""

from datetime import timedelta

import pytest

from support.beginnings import LONG_OVERLAP, rested
from support.world import KEY, World

MINUTES = timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    return rested(LONG_OVERLAP)


def shown(world: World, key: str) -> str:
    target = world.existing_target()
    return world.cognito.names[target.data[key].reveal()]


def outcomes(world: World) -> list[tuple[str, str]]:
    return [
        (one.trigger.value, one.outcome.value)
        for one in world.existing_journal().rotations
        if one.outcome
    ]


def run_until(world: World, step: str) -> None:
    world.run_until(
        world.processes[-1],
        lambda: world.status().get("step") == step,
        within=timedelta(hours=12),
    )


def test_a_leaked_current_secret_is_replaced_and_deleted_as_soon_as_pods_have_moved(
    world: World,
) -> None:
    world.leak("A")
    took = world.run_until_rest(world.processes[0])
    assert took < 10 * MINUTES, "settle and pods; neither the overlap nor an approval"
    assert world.held_ids() == ["B"]
    assert (shown(world, "client-secret"), shown(world, "client-secret-previous")) == ("B", "B")
    assert outcomes(world) == [("Emergency", "Success")]
    assert world.existing_journal().emergency is None


def test_the_leaked_value_leaves_the_target_with_the_first_write_of_it(world: World) -> None:
    world.leak("A")
    run_until(world, "Settling")
    assert world.held_ids() == ["A", "B"]
    assert (shown(world, "client-secret"), shown(world, "client-secret-previous")) == ("B", "B")


def test_the_same_report_is_followed_once(world: World) -> None:
    world.leak("A")
    world.run_until_rest(world.processes[0])
    world.run_for(world.process(), timedelta(hours=2))
    assert world.held_ids() == ["B"]
    assert world.condition("Stalled")["status"] == "False"


def test_a_leaked_previous_secret_goes_faster_and_nothing_is_restarted_twice(world: World) -> None:
    world.request_rotation("monday")
    run_until(world, "Overlap")
    stamps = list(world.workloads.stamps)
    assert shown(world, "client-secret-previous") == "A"
    world.leak("A")
    took = world.run_until_rest(world.processes[0])
    assert took < MINUTES, "all pods had moved already"
    assert world.held_ids() == ["B"]
    assert shown(world, "client-secret-previous") == "B"
    assert world.workloads.stamps == stamps
    assert outcomes(world) == [("Request", "Success")]


def test_a_leaked_new_secret_gives_way_to_the_one_before_it_and_another_is_added(
    world: World,
) -> None:
    world.request_rotation("monday")
    run_until(world, "RollingOut")
    world.leak("B")
    world.processes[0].reconcile()
    assert (shown(world, "client-secret"), shown(world, "client-secret-previous")) == ("A", "A")
    run_until(world, "Settling")
    world.run_for(world.processes[0], timedelta(minutes=15))
    assert "B" not in world.held_ids(), "it goes before anything new is added"
    assert world.held_ids() == ["A", "C"]
    assert shown(world, "client-secret") == "C"
    assert outcomes(world) == [("Request", "Leaked"), ("Emergency", "Success")]
    world.approve("A")
    world.run_until_rest(world.processes[0], within=timedelta(hours=20))
    assert world.held_ids() == ["C"]


def test_a_leaked_pending_secret_is_never_published(world: World) -> None:
    world.cognito.activation_lag = timedelta(minutes=2)
    world.request_rotation("monday")
    run_until(world, "Verifying")
    world.leak("B")
    world.run_for(world.processes[0], timedelta(minutes=1))
    assert world.target_current() == "A"
    assert "B" not in world.held_ids()
    world.run_for(world.processes[0], timedelta(minutes=15))
    assert world.target_current() == "C"
    assert outcomes(world) == [("Request", "Leaked")]


def test_pending_and_current_leaked_and_both_go(world: World) -> None:
    world.cognito.activation_lag = timedelta(minutes=2)
    world.request_rotation("monday")
    run_until(world, "Verifying")
    for leaked in ("B", "A"):
        world.leak(leaked)
        world.processes[0].reconcile()
    shows = set[str | None]()
    for _ in range(20):
        world.run_for(world.processes[0], timedelta(minutes=1))
        shows.add(world.target_current())
    world.run_until_rest(world.processes[0])
    assert world.held_ids() == ["C"]
    assert shows == {"A", "C"}, "B, which leaked as well, is not published in A's place"


def test_both_secrets_leaked_and_both_go(world: World) -> None:
    world.request_rotation("monday")
    run_until(world, "RollingOut")
    world.leak("A")
    world.processes[0].reconcile()
    world.leak("B")
    world.run_until_rest(world.processes[0])
    assert world.held_ids() == ["C"]
    assert shown(world, "client-secret-previous") == "C"


def test_at_once_means_before_the_pods_have_moved(world: World) -> None:
    world.leak("A", now=True)
    took = world.run_until(world.processes[0], lambda: "A" not in world.held_ids())
    assert took < MINUTES
    assert shown(world, "client-secret") == "B"
    assert {pod.revision for pod in world.workloads.pods} == {1}
    world.run_until_rest(world.processes[0])
    assert outcomes(world) == [("Emergency", "Success")]
    assert len(world.cognito.deletes) == 1
    assert [name for name, _ in world.workloads.stamps] == ["web"]


def test_an_emergency_can_become_louder(world: World) -> None:
    world.leak("A")
    run_until(world, "Settling")
    world.leak("A", now=True)
    world.processes[0].reconcile()
    assert world.held_ids() == ["B"]


def test_a_report_of_an_unknown_id_is_answered_and_nothing_is_deleted(world: World) -> None:
    world.leak("Z")
    world.run_until_rest(world.processes[0])
    said = world.condition("Stalled")
    assert said["reason"] == "EmergencyUnknown"
    assert "cognito-secrets.dev/emergency names none of" in said["message"]
    assert "Z" not in said["message"], "it may be the leaked value itself"
    assert world.held_ids() == ["A"]
    world.leak("A")
    world.run_until_rest(world.processes[0])
    assert world.held_ids() == ["B"]


def test_an_old_report_on_a_resource_without_a_record_is_only_recorded() -> None:
    world = World(age=timedelta(days=1), annotations={"cognito-secrets.dev/emergency": "long-gone"})
    world.run_until_rest(world.process())
    assert world.held_ids() == ["A"]
    assert world.condition("Stalled")["status"] == "False"


def test_a_report_about_the_very_secret_counts_from_the_first_contact() -> None:
    world = World(age=timedelta(days=1), annotations={"cognito-secrets.dev/emergency": "A"})
    world.live_until_rest()
    assert world.held_ids() == ["B"]


def test_evidence_survives_a_crash_right_after_the_leaked_value_left_the_target(
    world: World,
) -> None:
    world.request_rotation("monday")
    run_until(world, "Overlap")
    stamps = list(world.workloads.stamps)
    world.leak("A")
    world.faults.crash_after_next_for_test("secrets.replace target")
    world.live_until_rest()
    assert world.held_ids() == ["B"]
    assert world.workloads.stamps == stamps


def test_an_old_list_is_no_proof_that_a_leaked_new_secret_is_gone() -> None:
    """It was read before the secret was added, and shows what became current again."""
    world = rested(LONG_OVERLAP)
    world.request_rotation("monday")
    run_until(world, "Settling")
    world.leak("B", now=True)
    world.run_for(world.processes[0], timedelta(minutes=3))
    assert "B" in world.cognito.deletes, "it was deleted, not only forgotten"
    assert "B" not in world.held_ids()


def test_a_previous_secret_that_cognito_lacks_is_not_published_again(world: World) -> None:
    world.request_rotation("monday")
    run_until(world, "RollingOut")
    world.cognito.delete_for_test("A")
    world.leak("B")
    world.run_for(world.processes[0], timedelta(minutes=40))
    assert world.target_current() == "C"
    assert world.held_ids() == ["C"]


def test_a_word_from_the_first_time_does_not_count_when_a_secret_comes_back() -> None:
    spec = {**LONG_OVERLAP, "acknowledgements": [{"name": "partner"}]}
    world = World(spec=spec, age=timedelta(days=1))
    marks = {"cognito-secrets.dev/ack.partner": "A"}
    world.resources.annotate_for_test(KEY, marks)
    world.run_until_rest(world.process())
    world.request_rotation("monday")
    run_until(world, "RollingOut")
    world.leak("B")
    world.run_for(world.processes[0], timedelta(hours=1))
    assert "B" in world.held_ids(), "the partner may use it"
    said = world.condition("Rotating")["message"]
    number = world.existing_journal().publication
    assert number is not None
    assert f"cognito-secrets.dev/ack.partner: A.{number.number}" in said
    world.resources.annotate_for_test(
        KEY, {"cognito-secrets.dev/ack.partner": f"A.{number.number}"}
    )
    world.run_for(world.processes[0], timedelta(minutes=10))
    assert "B" not in world.held_ids()


def test_an_order_from_the_first_time_does_not_count_when_a_secret_comes_back(
    world: World,
) -> None:
    world.resources.annotate_for_test(KEY, {"cognito-secrets.dev/retire-without-evidence": "A"})
    world.request_rotation("monday")
    run_until(world, "Settling")
    world.leak("B")
    world.run_for(world.processes[0], timedelta(minutes=20))
    assert world.target_current() == "C"
    assert world.held_ids() == ["A", "C"], (
        "A waits for approval and overlap, whatever Git still says"
    )


def test_an_older_report_that_git_keeps_is_no_slip(world: World) -> None:
    world.leak("A")
    world.run_until_rest(world.processes[0])
    world.leak("B", now=True)
    world.run_until_rest(world.processes[0])
    world.resources.annotate_for_test(KEY, {"cognito-secrets.dev/emergency-now": None})
    world.run_for(world.processes[0], timedelta(hours=1))
    assert world.condition("Stalled")["status"] == "False"
    assert world.held_ids() == ["C"]
