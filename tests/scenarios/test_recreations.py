"""A resource that is deleted and applied again at any moment: nothing more happens by that."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cognito_secret_operator.names import APPROVE_ANNOTATION, ROTATE_ANNOTATION

from support.world import KEY, SPEC, World

HOUR = timedelta(hours=1)
APPROVING = {key: value for key, value in SPEC.items() if key != "adoption"}
IN_GIT = {ROTATE_ANNOTATION: "monday", APPROVE_ANNOTATION: "A"}

Moment = Callable[[World], bool]


def _is_pending(world: World) -> bool:
    journal = world.journal()
    return journal is not None and journal.pending is not None and not journal.pending.secret


def _is_recorded(world: World) -> bool:
    journal = world.journal()
    return journal is not None and journal.pending is not None and bool(journal.pending.secret)


def _is_promoted(world: World) -> bool:
    journal = world.journal()
    return journal is not None and journal.previous is not None


def _waits_for(reason: str) -> Moment:
    return lambda world: world.condition("Rotating")["reason"] == reason


def _is_marked(world: World) -> bool:
    journal = world.journal()
    return journal is not None and journal.marked_id is not None


MOMENTS = [
    pytest.param(_is_pending, id="while the new value is pending"),
    pytest.param(_is_recorded, id="while the new secret is verified"),
    pytest.param(_is_promoted, id="before the target is written"),
    pytest.param(_waits_for("Settling"), id="while the publication settles"),
    pytest.param(_waits_for("PodsNotRolled"), id="while pods roll out"),
    pytest.param(_waits_for("OverlapRunning"), id="while both secrets overlap"),
    pytest.param(_is_marked, id="between the mark and the deletion"),
]


class _DeletedAndApplied:
    """Deletes the resource as soon as *moment* has come, and lets Git apply it again."""

    def __init__(self, world: World, moment: Moment) -> None:
        self.world, self.moment = world, moment
        self.is_done = False

    def __call__(self) -> None:
        if self.is_done or not self.moment(self.world):
            return
        self.is_done = True
        self.world.resources.delete_for_test(KEY)
        self.world.resources.create_for_test(KEY, APPROVING, IN_GIT)


@pytest.mark.parametrize("moment", MOMENTS)
def test_in_a_rotation_it_ends_as_if_nothing_had_been(moment: Moment) -> None:
    world = World(spec=APPROVING, annotations=IN_GIT)
    accident = _DeletedAndApplied(world, moment)
    world.resources.at_each_read = accident
    world.run_until_rest(world.process(), within=8 * HOUR)
    assert accident.is_done
    world.assert_rotated_once()
    assert world.workloads.stamps == [("web", "B.2")]


@pytest.mark.parametrize("moment", MOMENTS)
def test_while_it_is_away_nothing_happens(moment: Moment) -> None:
    world = World(spec=APPROVING, annotations=IN_GIT)
    process = world.process()

    def delete() -> None:
        if KEY in world.resources.bodies and moment(world):
            world.resources.delete_for_test(KEY)

    world.resources.at_each_read = delete
    world.run_for(process, 8 * HOUR)
    world.resources.at_each_read = lambda: None
    assert KEY not in world.resources.bodies
    writes = world.faults.count_writes()
    world.run_for(process, 8 * HOUR)
    assert world.faults.count_writes() == writes
    world.resources.create_for_test(KEY, APPROVING, IN_GIT)
    world.run_until_rest(process, within=8 * HOUR)
    world.assert_rotated_once()


def test_at_rest_it_writes_status_and_nothing_else() -> None:
    world = World(spec=APPROVING, annotations=IN_GIT)
    process = world.process()
    world.run_until_rest(process)
    done = (list(world.cognito.adds), list(world.cognito.deletes), list(world.workloads.stamps))
    written = world.faults.count("secrets.replace")
    world.resources.delete_for_test(KEY)
    process.reconcile()
    world.resources.create_for_test(KEY, APPROVING, IN_GIT)
    world.run_for(process, 5 * HOUR)
    assert (world.cognito.adds, world.cognito.deletes, world.workloads.stamps) == done
    assert world.faults.count("secrets.replace") == written
    assert world.condition("Ready")["status"] == "True"
