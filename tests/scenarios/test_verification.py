"""How much is shown before a secret is published, and after the old one was deleted."""

from datetime import timedelta
from typing import Any

import pytest

from cognito_secret_operator.domain.model import Verdict

from support.world import SPEC, World

MINUTE = timedelta(minutes=1)


def _world(mode: str, **changes: Any) -> World:
    return World(spec={**SPEC, "verification": {"mode": mode}}, **changes)


def _verdicts(world: World) -> list[Verdict | None]:
    journal = world.journal()
    return [one.retired_verdict for one in journal.rotations] if journal else []


def test_required_publishes_nothing_while_nobody_can_be_asked_and_goes_on_then() -> None:
    world = _world("Required")
    process = world.process()
    world.faults.before_next_for_test("cognito.add", lambda: _silence(world))
    world.run_for(process, 60 * MINUTE)
    assert world.condition("Stalled")["reason"] == "VerificationRequired"
    assert "verification.mode" in world.condition("Stalled")["message"]
    assert world.target_current() == "A"
    assert world.condition("Ready")["status"] == "True"
    world.endpoint.is_silent = False
    world.run_until_rest(process)
    world.assert_rotated_once()


def _silence(world: World) -> None:
    world.endpoint.is_silent = True


def test_required_does_not_take_a_value_over_that_nobody_could_be_asked_about() -> None:
    world = _world("Required")
    world.endpoint.is_silent = True
    world.run_for(world.process(), 60 * MINUTE)
    assert world.condition("Stalled")["reason"] == "VerificationRequired"
    assert world.cognito.adds == []


def test_skip_asks_nobody_from_adoption_to_rest() -> None:
    world = _world("Skip")
    world.run_until_rest(world.process())
    world.assert_rotated_once()
    assert world.faults.count("endpoint.probe") == 0
    assert world.condition("Verified")["reason"] == "Skipped"
    assert _verdicts(world) == [Verdict.UNKNOWN]


@pytest.mark.parametrize(
    ("silenced", "verdict"), [((), Verdict.REFUSED), (("for ever",), Verdict.UNKNOWN)]
)
def test_what_cognito_says_of_the_deleted_value_is_in_the_rotations_record(
    silenced: tuple[str, ...], verdict: Verdict
) -> None:
    world = World()
    world.endpoint.is_silent = bool(silenced)
    world.run_until_rest(world.process())
    assert _verdicts(world) == [verdict]
    assert world.status()["rotations"][0]["retiredVerdict"] == verdict.value


def test_a_deleted_value_that_is_accepted_for_a_while_is_asked_about_again() -> None:
    world = World()
    world.cognito.deactivation_lag = timedelta(seconds=90)
    process = world.process()
    world.run_until_rest(process)
    world.assert_rotated_once()
    assert _verdicts(world) == [Verdict.REFUSED]
    assert world.condition("Verified")["status"] == "True"


def test_a_deleted_value_that_is_accepted_on_and_on_is_told_and_asked_about_no_more() -> None:
    world = World()
    world.cognito.deactivation_lag = timedelta(days=365)
    process = world.process()
    world.run_until_rest(process)
    world.assert_rotated_once()
    assert _verdicts(world) == [Verdict.ACCEPTED]
    told = world.condition("Verified")
    assert (told["status"], told["reason"]) == ("False", "RetiredStillAccepted")
    assert "secret A" in told["message"]
    assert "RetiredStillAccepted" in [event.reason for event in world.events.recorded]
    asked = world.faults.count("endpoint.probe")
    assert asked < 30
    world.run_for(process, 24 * 60 * MINUTE)
    assert world.faults.count("endpoint.probe") == asked


def test_a_restart_while_the_deleted_value_is_asked_about_ends_too() -> None:
    world = World()
    world.cognito.deactivation_lag = timedelta(days=365)
    process = world.process()
    world.run_until(process, lambda: world.condition("Rotating")["reason"] == "AwaitingRefusal")
    world.run_until_rest(world.process())
    world.assert_rotated_once()
    assert _verdicts(world) == [Verdict.ACCEPTED]
