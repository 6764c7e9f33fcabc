"""Where the operator must not act: forbidden, doubtful, or somebody else's."""

import json
from datetime import timedelta

import pytest

from cognito_secret_operator.domain.model import ResourceKey, StoredSecret
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.names import journal_name

from support.world import KEY, SPEC, World

HOUR = timedelta(hours=1)
JOURNAL = journal_name(KEY.name)


@pytest.fixture
def world() -> World:
    return World()


def _writes(world: World) -> int:
    return world.faults.count_writes(with_status=False)


def _held_back(world: World, reason: str) -> bool:
    """Work for hours; tell whether nothing was written and the reason is said."""
    before = _writes(world)
    world.run_for(world.process(), 5 * HOUR)
    return _writes(world) == before and world.condition("Stalled")["reason"] == reason


def test_observe_writes_nothing_but_status() -> None:
    world = World(spec={**SPEC, "policy": "Observe"})
    world.run_for(world.process(), 5 * HOUR)
    assert _writes(world) == 0
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Ready")["reason"] == "Observing"
    assert [secret["id"] for secret in world.status()["secrets"]] == ["A"]


def test_observe_goes_on_telling_after_a_restart_what_cognito_has() -> None:
    world = World(spec={**SPEC, "policy": "Observe"})
    world.run_for(world.process(), 5 * HOUR)
    told = world.status()["secrets"]
    looks = world.faults.count("cognito.list")
    world.run_for(world.process(), timedelta(minutes=1))
    assert world.faults.count("cognito.list") == looks, "nothing is asked at once"
    assert world.status()["secrets"] == told


def test_observe_forgets_nothing_that_was_begun_before(world: World) -> None:
    process = world.process()
    world.run_for(process, timedelta(minutes=30))
    world.resources.change_spec_for_test(KEY, policy="Observe")
    writes = _writes(world)
    world.run_for(process, 5 * HOUR)
    assert _writes(world) == writes
    world.resources.change_spec_for_test(KEY, policy="Rotate")
    world.run_until_rest(process)
    world.assert_rotated_once()


@pytest.mark.parametrize("minutes", [0, 1, 2, 30, 61])
def test_suspended_at_any_time_nothing_is_written_until_it_is_resumed(minutes: int) -> None:
    world = World()
    process = world.process()
    if minutes:
        world.run_for(process, timedelta(minutes=minutes))
    world.resources.change_spec_for_test(KEY, suspend=True)
    writes = _writes(world)
    world.run_for(process, 24 * HOUR)
    assert _writes(world) == writes
    world.resources.change_spec_for_test(KEY, suspend=False)
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_suspended_right_after_the_add_its_answer_is_kept(world: World) -> None:
    process = world.process()
    world.faults.before_next_for_test(
        "cognito.add", lambda: world.resources.change_spec_for_test(KEY, suspend=True)
    )
    world.run_for(process, HOUR)
    assert world.cognito.adds == ["B"]
    world.resources.change_spec_for_test(KEY, suspend=False)
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_a_public_client_is_told_and_left_alone(world: World) -> None:
    world.cognito.delete_for_test("A")
    assert _held_back(world, "PublicClient")


def test_two_secrets_of_which_none_is_ours_are_left_alone(world: World) -> None:
    world.cognito.add_for_test("somebody's")
    assert _held_back(world, "SlotsBlocked")
    assert "A and B" in world.condition("Stalled")["message"]


def test_a_foreign_secret_blocks_the_next_rotation_until_it_is_gone(world: World) -> None:
    process = world.process()
    world.run_until_rest(process)
    foreign = world.cognito.add_for_test("somebody's")
    world.request_rotation("now")
    assert _held_back(world, "SlotsBlocked")
    world.cognito.delete_for_test(foreign)
    world.run_until_rest(process)
    world.run_for(process, 2 * HOUR)
    assert world.held_ids() == ["D"]


@pytest.mark.parametrize("skew", [timedelta(minutes=2), timedelta(minutes=-2)])
def test_a_wrong_clock_means_to_do_nothing(world: World, skew: timedelta) -> None:
    process = world.process(skew=skew)
    world.run_for(process, 5 * HOUR)
    assert _writes(world) == 0
    assert world.cognito.requests == []
    assert world.condition("Stalled")["reason"] == "ClockSkew"


def test_a_slow_read_is_no_wrong_clock(world: World) -> None:
    process = world.process()
    for name in ("secrets.read journal", "secrets.read target"):
        world.faults.before_next_for_test(name, lambda: world.sleep(90))
    process.reconcile()
    assert "ClockSkew" not in [event.reason for event in world.events.recorded]
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_of_two_new_resources_for_one_client_none_acts(world: World) -> None:
    world.roster.others = (ResourceKey("shop", "orders-api-2"),)
    assert _held_back(world, "DuplicateClient")
    assert "shop/orders-api-2" in world.condition("Stalled")["message"]


def test_the_one_with_a_journal_goes_on(world: World) -> None:
    process = world.process()
    process.reconcile()
    world.roster.others = (ResourceKey("shop", "orders-api-2"),)
    world.run_until_rest(process)
    world.assert_rotated_once()


def test_a_client_that_is_not_found_once_after_adoption_is_no_stall(world: World) -> None:
    process = world.process()
    world.run_until_rest(process)
    world.cognito.is_missing = True
    world.run_for(process, timedelta(minutes=11))
    assert world.condition("Stalled")["status"] == "False"
    world.run_for(process, timedelta(minutes=10))
    stalled = world.condition("Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "ClientNotFound")
    world.cognito.is_missing = False
    world.run_for(process, timedelta(minutes=2))
    assert world.condition("Stalled")["status"] == "False"
    assert world.condition("Ready")["status"] == "True"


def test_a_client_that_was_never_found_is_a_stall_at_once(world: World) -> None:
    world.cognito.is_missing = True
    assert _held_back(world, "ClientNotFound")


def test_ready_is_unknown_when_cognito_could_not_be_looked_at_for_long(world: World) -> None:
    process = world.process()
    world.run_until_rest(process)
    world.cognito.denied = {"List"}
    world.run_for(process, timedelta(minutes=15))
    assert world.condition("Ready")["status"] == "True"
    assert world.condition("Stalled")["reason"] == "AccessDenied"
    world.run_for(process, timedelta(minutes=30))
    assert world.condition("Ready")["status"] == "Unknown"


def _adopted(recovery: str = "Automatic") -> World:
    world = World(age=timedelta(days=1), spec={**SPEC, "recovery": recovery})
    world.run_until_rest(world.process())
    world.laws.journal_may_be_lost = True
    return world


def test_a_journal_that_is_gone_is_held_where_a_person_is_to_decide() -> None:
    world = _adopted("Manual")
    world.secrets.delete_for_test(KEY.namespace, JOURNAL)
    assert _held_back(world, "JournalLost")
    assert world.condition("Ready")["status"] == "False"


def test_a_journal_older_than_status_is_held_where_a_person_is_to_decide() -> None:
    world = _adopted("Manual")
    old = _journal(world)
    world.request_rotation("now")
    world.run_until_rest(world.process())
    world.secrets.restore_for_test(old)
    assert _held_back(world, "JournalRolledBack")


def test_a_journal_restored_from_another_object_is_held() -> None:
    world = _adopted()
    old = _journal(world)
    world.secrets.delete_for_test(KEY.namespace, JOURNAL)
    world.secrets.copy_for_test(old, namespace=KEY.namespace, name=JOURNAL)
    assert _held_back(world, "JournalForeign")


def test_a_journal_of_a_newer_format_is_held() -> None:
    world = _adopted()
    document = json.loads(_journal(world).data["journal.json"].reveal())
    text = json.dumps({**document, "format": 99})
    world.secrets.edit_for_test(KEY.namespace, JOURNAL, **{"journal.json": text})
    assert _held_back(world, "JournalFormatUnknown")


def test_a_journal_that_cannot_be_read_is_held() -> None:
    world = _adopted()
    world.secrets.edit_for_test(KEY.namespace, JOURNAL, **{"journal.json": "{"})
    assert _held_back(world, "JournalUnreadable")


def test_an_empty_journal_after_adoption_is_held_where_a_person_is_to_decide() -> None:
    world = _adopted("Manual")
    journal = _journal(world)
    emptied: dict[str, SecretValue] = {}
    world.secrets.restore_for_test(
        StoredSecret(
            namespace=journal.namespace,
            name=journal.name,
            uid=journal.uid,
            resource_version=journal.resource_version,
            annotations=journal.annotations,
            data=emptied,
            data_owner="",
            read_at=journal.read_at,
        )
    )
    assert _held_back(world, "JournalLost")


def _journal(world: World) -> StoredSecret:
    found = world.journal_secret()
    assert found is not None
    return found
