"""A secret leaked: what is done for each place that it may have in a rotation."""

from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Journal

from support.world import KEY, World

LONG_OVERLAP = {
    "userPoolId": "eu-west-1_AbCdEfGhI",
    "clientId": "1example23456789",
    "retirement": {"minOverlap": "12h", "maxOverlap": "24h"},
}
"""The overlap and the approval of an adopted secret would hold an ordinary rotation for long."""

MINUTES = timedelta(minutes=1)


@pytest.fixture
def world() -> World:
    world = World(spec=LONG_OVERLAP, age=timedelta(days=1))
    world.run_until_rest(world.process())
    return world


def book(world: World) -> Journal:
    journal = world.journal()
    assert journal is not None
    return journal


def held(world: World) -> list[str]:
    return [secret.id for secret in world.cognito.held]


def shown(world: World, key: str) -> str:
    target = world.target()
    assert target is not None
    return world.cognito.names[target.data[key].reveal()]


def outcomes(world: World) -> list[tuple[str, str]]:
    return [(one.trigger.value, one.outcome.value) for one in book(world).rotations if one.outcome]


def run_until(world: World, step: str) -> None:
    process = world.processes[-1]
    for _ in range(200):
        pause = process.reconcile() or 60
        if world.status().get("step") == step:
            return
        world.sleep(pause)
    raise AssertionError(f"never {step}: {world.status()}")


def test_a_leaked_current_secret_is_replaced_and_deleted_as_soon_as_pods_have_moved(
    world: World,
) -> None:
    world.leak("A")
    took = world.run_until_rest(world.processes[0])
    assert took < 10 * MINUTES, "settle and pods; neither the overlap nor an approval"
    assert held(world) == ["B"]
    assert (shown(world, "client-secret"), shown(world, "client-secret-previous")) == ("B", "B")
    assert outcomes(world) == [("Emergency", "Success")]
    assert book(world).emergency is None


def test_the_leaked_value_leaves_the_target_with_the_first_write_of_it(world: World) -> None:
    world.leak("A")
    run_until(world, "Settling")
    assert held(world) == ["A", "B"]
    assert (shown(world, "client-secret"), shown(world, "client-secret-previous")) == ("B", "B")


def test_the_same_report_is_followed_once(world: World) -> None:
    world.leak("A")
    world.run_until_rest(world.processes[0])
    world.run_for(world.process(), timedelta(hours=2))
    assert held(world) == ["B"]
    assert world.condition("Stalled")["status"] == "False"


def test_a_leaked_previous_secret_goes_faster_and_nothing_is_restarted_twice(world: World) -> None:
    world.request_rotation("monday")
    run_until(world, "Overlap")
    stamps = list(world.workloads.stamps)
    assert shown(world, "client-secret-previous") == "A"
    world.leak("A")
    took = world.run_until_rest(world.processes[0])
    assert took < MINUTES, "all pods had moved already"
    assert held(world) == ["B"]
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
    assert "B" not in held(world), "it goes before anything new is added"
    assert held(world) == ["A", "C"]
    assert shown(world, "client-secret") == "C"
    assert outcomes(world) == [("Request", "Leaked"), ("Emergency", "Success")]
    world.approve("A")
    world.run_until_rest(world.processes[0], within=timedelta(hours=20))
    assert held(world) == ["C"]


def test_a_leaked_pending_secret_is_never_published(world: World) -> None:
    world.cognito.activation_lag = timedelta(minutes=2)
    world.request_rotation("monday")
    run_until(world, "Verifying")
    world.leak("B")
    world.run_for(world.processes[0], timedelta(minutes=1))
    assert world.target_current() == "A"
    assert "B" not in held(world)
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
    assert held(world) == ["C"]
    assert shows == {"A", "C"}, "B, which leaked as well, is not published in A's place"


def test_both_secrets_leaked_and_both_go(world: World) -> None:
    world.request_rotation("monday")
    run_until(world, "RollingOut")
    world.leak("A")
    world.processes[0].reconcile()
    world.leak("B")
    world.run_until_rest(world.processes[0])
    assert held(world) == ["C"]
    assert shown(world, "client-secret-previous") == "C"


def test_at_once_means_before_the_pods_have_moved(world: World) -> None:
    world.leak("A", now=True)
    took = timedelta()
    process = world.processes[0]
    while "A" in held(world):
        pause = process.reconcile() or 60
        world.sleep(pause)
        took += timedelta(seconds=pause) if "A" in held(world) else timedelta()
    assert took < MINUTES
    assert shown(world, "client-secret") == "B"
    assert {pod.revision for pod in world.workloads.pods} == {1}
    world.run_until_rest(process)
    assert outcomes(world) == [("Emergency", "Success")]
    assert len(world.cognito.deletes) == 1
    assert [name for name, _ in world.workloads.stamps] == ["web"]


def test_an_emergency_can_become_louder(world: World) -> None:
    world.leak("A")
    run_until(world, "Settling")
    world.leak("A", now=True)
    world.processes[0].reconcile()
    assert held(world) == ["B"]


def test_a_report_of_an_unknown_id_is_answered_and_nothing_is_deleted(world: World) -> None:
    world.leak("Z")
    world.run_until_rest(world.processes[0])
    said = world.condition("Stalled")
    assert said["reason"] == "EmergencyUnknown"
    assert "cognito-secrets.dev/emergency names none of" in said["message"]
    assert "Z" not in said["message"], "it may be the leaked value itself"
    assert held(world) == ["A"]
    world.leak("A")
    world.run_until_rest(world.processes[0])
    assert held(world) == ["B"]


def test_an_old_report_on_a_resource_without_a_record_is_only_recorded() -> None:
    world = World(age=timedelta(days=1), annotations={"cognito-secrets.dev/emergency": "long-gone"})
    world.run_until_rest(world.process())
    assert held(world) == ["A"]
    assert world.condition("Stalled")["status"] == "False"


def test_a_report_about_the_very_secret_counts_from_the_first_contact() -> None:
    world = World(age=timedelta(days=1), annotations={"cognito-secrets.dev/emergency": "A"})
    world.live_until_rest()
    assert held(world) == ["B"]


def of_a_leak(order: str) -> World:
    world = World(spec=LONG_OVERLAP, age=timedelta(days=1))
    world.run_until_rest(world.process())
    world.faults.calls.clear()
    world.leak("A", now=order == "at once")
    return world


def recorded(order: str) -> list[tuple[int, str]]:
    world = of_a_leak(order)
    world.run_until_rest(world.processes[0])
    return [(call.index, str(call)) for call in world.faults.calls if call.is_write]


CRASHES = [
    pytest.param(order, index, crash, id=f"{order}: {crash} {name}")
    for order in ("when pods have moved", "at once")
    for index, name in recorded(order)
    for crash in ("dies before", "dies after", "answer lost of")
]


@pytest.mark.parametrize(("order", "index", "crash"), CRASHES)
def test_a_process_may_fail_around_every_write(order: str, index: int, crash: str) -> None:
    world = of_a_leak(order)
    {
        "dies before": world.faults.crash_before_for_test,
        "dies after": world.faults.crash_after_for_test,
        "answer lost of": world.faults.lose_answer_for_test,
    }[crash](index)
    world.live_until_rest()
    assert held(world) == ["B"]
    assert shown(world, "client-secret-previous") == "B"
    assert len(world.cognito.adds) == 1
    world.assert_silent()


def test_evidence_survives_a_crash_right_after_the_leaked_value_left_the_target(
    world: World,
) -> None:
    world.request_rotation("monday")
    run_until(world, "Overlap")
    stamps = list(world.workloads.stamps)
    world.leak("A")
    world.faults.crash_after_next_for_test("secrets.replace target")
    world.live_until_rest()
    assert held(world) == ["B"]
    assert world.workloads.stamps == stamps


def test_an_old_list_is_no_proof_that_a_leaked_new_secret_is_gone() -> None:
    """It was read before the secret was added, and shows what became current again."""
    world = World(spec=LONG_OVERLAP, age=timedelta(days=1))
    world.run_until_rest(world.process())
    world.request_rotation("monday")
    run_until(world, "Settling")
    world.leak("B", now=True)
    world.run_for(world.processes[0], timedelta(minutes=3))
    assert "B" in world.cognito.deletes, "it was deleted, not only forgotten"
    assert "B" not in held(world)


def test_a_previous_secret_that_cognito_lacks_is_not_published_again(world: World) -> None:
    world.request_rotation("monday")
    run_until(world, "RollingOut")
    world.cognito.delete_for_test("A")
    world.leak("B")
    world.run_for(world.processes[0], timedelta(minutes=40))
    assert world.target_current() == "C"
    assert held(world) == ["C"]


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
    assert "B" in held(world), "the partner may use it"
    said = world.condition("Rotating")["message"]
    number = book(world).publication
    assert number is not None
    assert f"cognito-secrets.dev/ack.partner: A.{number.number}" in said
    world.resources.annotate_for_test(
        KEY, {"cognito-secrets.dev/ack.partner": f"A.{number.number}"}
    )
    world.run_for(world.processes[0], timedelta(minutes=10))
    assert "B" not in held(world)


def test_an_order_from_the_first_time_does_not_count_when_a_secret_comes_back(
    world: World,
) -> None:
    world.resources.annotate_for_test(KEY, {"cognito-secrets.dev/retire-without-evidence": "A"})
    world.request_rotation("monday")
    run_until(world, "Settling")
    world.leak("B")
    world.run_for(world.processes[0], timedelta(minutes=20))
    assert world.target_current() == "C"
    assert held(world) == ["A", "C"], "A waits for approval and overlap, whatever Git still says"


def test_an_older_report_that_git_keeps_is_no_slip(world: World) -> None:
    world.leak("A")
    world.run_until_rest(world.processes[0])
    world.leak("B", now=True)
    world.run_until_rest(world.processes[0])
    world.resources.annotate_for_test(KEY, {"cognito-secrets.dev/emergency-now": None})
    world.run_for(world.processes[0], timedelta(hours=1))
    assert world.condition("Stalled")["status"] == "False"
    assert held(world) == ["C"]
