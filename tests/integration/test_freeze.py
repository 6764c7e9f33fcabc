"""A process is frozen between its last check and the sending of its Add, which arrives late."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from cluster.control_plane import ControlPlane
from emulator.process import CognitoEmulator
from harness.interventions import Hold
from harness.operator_process import OperatorProcess
from harness.proxy import Gateway
from harness.rotation import NAME, Rotation, ended, rotation
from harness.writes import Write

pytestmark = pytest.mark.integration

ADD: Final = "AddUserPoolClientSecret"
REFUSED: Final = "LimitExceededException"


@dataclass
class Scene:
    """A rotation whose first operator froze when its Add had left, and a second operator."""

    run: Rotation
    frozen: OperatorProcess
    late_add: Hold
    second_add: Hold
    """Comes once the second operator has judged the frozen one's claim."""

    def let_the_late_add_arrive(self) -> str:
        """Let the late Add through, then thaw its sender; give what Cognito answered."""
        before = len(self.run.calls(ADD))
        self.late_add.release()
        self.run.shop.wait("the late Add arrives", lambda: len(self.run.calls(ADD)) > before)
        self.frozen.thaw()
        return self.run.calls(ADD)[before]


@contextmanager
def frozen(
    cluster: ControlPlane, cognito: CognitoEmulator, workdir: Path, **spec: object
) -> Iterator[Scene]:
    """Freeze an operator whose Add has left, and start another that does not know of it."""
    late_add, second_add = Hold(Write(ADD, 1)), Hold(Write(ADD, 1))
    with (
        rotation(cluster, cognito, workdir, **spec) as run,
        Gateway(run.shop) as first_way,
        Gateway(run.shop) as second_way,
    ):
        first_way.intervention, second_way.intervention = late_add, second_add
        first, second = run.operator(first_way, "first"), run.operator(second_way, "second")
        with late_add, second_add, ended(first, second):
            first.start(wait=False)
            late_add.wait_for_arrival()
            first.freeze()
            second.start()
            second_add.wait_for_arrival()
            yield Scene(run, first, late_add, second_add)


def assert_one_was_added(run: Rotation) -> None:
    run.wait_for_rest()
    ending = run.ending()
    assert len(ending.ids_ever) == 2, "never a third secret"
    assert ending.active_ids == ending.ids_ever[1:] == [ending.accepted_id]
    assert not ending.is_old_accepted
    assert len(ending.rotations) == 1


def test_a_late_add_that_comes_before_the_second_one_is_taken_for_it(
    cluster: ControlPlane, cognito: CognitoEmulator, tmp_path: Path
) -> None:
    with frozen(cluster, cognito, tmp_path) as scene:
        assert scene.let_the_late_add_arrive() == "OK"
        scene.second_add.release()
        assert_one_was_added(scene.run)
        assert sorted(scene.run.calls(ADD)) == [REFUSED, "OK"]


def test_a_late_add_that_comes_while_both_slots_are_taken_is_refused_and_harms_nothing(
    cluster: ControlPlane, cognito: CognitoEmulator, tmp_path: Path
) -> None:
    with frozen(cluster, cognito, tmp_path, retirement={"minOverlap": "1h"}) as scene:
        run = scene.run
        scene.second_add.release()
        run.shop.wait(
            "both secrets are valid for a while", lambda: run.reason() == "OverlapRunning"
        )
        assert scene.let_the_late_add_arrive() == REFUSED
        assert run.published_id() == run.shop.active_ids(run.client)[-1]
        run.apply(retirement={"minOverlap": "0s"})
        assert_one_was_added(run)


def test_a_late_add_that_comes_after_the_rotation_is_named_and_never_published_nor_deleted(
    cluster: ControlPlane, cognito: CognitoEmulator, tmp_path: Path
) -> None:
    with frozen(cluster, cognito, tmp_path) as scene:
        run = scene.run
        scene.second_add.release()
        run.wait_for_rest()
        current = run.shop.active_ids(run.client)[0]
        assert scene.let_the_late_add_arrive() == "OK"
        late = run.shop.active_ids(run.client)[1]
        run.shop.annotate(NAME, rotate="drill-1")
        run.shop.wait("the late secret is named", lambda: late in run.message("SlotsBlocked"))
        assert run.shop.active_ids(run.client) == [current, late]
        assert run.published_id() == current
        run.delete_at_cognito(late)
        run.wait_for_rest(rotations=2)
        ending = run.ending()
        assert len(ending.ids_ever) == 4, "the first, the current, the late and the last one"
        assert ending.active_ids == ending.ids_ever[3:] == [ending.accepted_id]
