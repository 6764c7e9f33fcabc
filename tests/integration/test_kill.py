"""The operator is killed right before and right after each of its writes, and goes on."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from cluster.control_plane import ControlPlane
from cluster.waiting import wait_for
from emulator.process import CognitoEmulator
from harness.audit import AuditTail
from harness.interventions import Kill, Side
from harness.proxy import Gateway
from harness.rotation import JOURNAL, NAME, REPLICAS, Ending, ended, rotation
from harness.shop import WHOLE_SECONDS
from harness.writes import Write

pytestmark = pytest.mark.integration

AT_ONCE: Final = 6
"""Runs at the same time."""

TRIES: Final = 3
"""Of a run whose pods moved so fast that the report to be cut off was never due."""

REPORT: Final = f"PATCH cognitoclientsecrets/{NAME}/status after"
PUT_JOURNAL: Final = f"PUT secrets/{JOURNAL}"
EVENT: Final = "POST events"

WRITES: Final[Mapping[Write, str]] = {
    Write(f"PATCH secrets/{JOURNAL}", 1): "the journal is created",
    Write(PUT_JOURNAL, 1): "the client's secret is taken over",
    Write(EVENT, 1): "the take-over is told",
    Write(f"PATCH secrets/{NAME}", 1): "the target is created",
    Write(f"PUT secrets/{NAME}", 1): "the target gets the secret that was taken over",
    Write(EVENT, 2): "the first publication is told",
    Write(PUT_JOURNAL, 2): "the first publication is recorded",
    Write(PUT_JOURNAL, 3): "a new value is staged",
    Write(EVENT, 3): "the rotation's start is told",
    Write("AddUserPoolClientSecret", 1): "the new value is added at Cognito",
    Write(EVENT, 4): "the addition is told",
    Write(PUT_JOURNAL, 4): "the new secret's id is recorded",
    Write(EVENT, 5): "the recording is told",
    Write(PUT_JOURNAL, 5): "the new secret is promoted",
    Write(EVENT, 6): "the promotion is told",
    Write(f"PUT secrets/{NAME}", 2): "the target gets the new secret",
    Write(EVENT, 7): "the second publication is told",
    Write(PUT_JOURNAL, 6): "the second publication is recorded",
    Write(f"{REPORT} {PUT_JOURNAL} (6)", 1): "settling is reported",
    Write("PATCH deployments/orders", 1): "the pods are restarted",
    Write(EVENT, 8): "the restart is told",
    Write(f"{REPORT} {EVENT} (8)", 1): "waiting for pods is reported",
    Write(PUT_JOURNAL, 7): "the old secret is doomed",
    Write(EVENT, 9): "the doom is told",
    Write("DeleteUserPoolClientSecret", 1): "the old secret is deleted at Cognito",
    Write(EVENT, 10): "the deletion is told",
    Write(PUT_JOURNAL, 8): "the old secret is forgotten",
    Write(EVENT, 11): "the rotation's end is told",
    Write(f"{REPORT} {EVENT} (11)", 1): "the rotation's end is reported",
}
"""All writes of a rotation, from a client that nobody manages to rest; a test holds it true."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run is cut off."""

    write: Write
    side: Side


def is_report(write: Write) -> bool:
    return write.signature.startswith(REPORT)


POINTS: Final = [
    pytest.param(Point(write, side), id=f"right {side.value} {meaning}")
    for write, meaning in WRITES.items()
    for side in Side
]


@pytest.fixture(scope="module")
def cognito_of_all(shared_cognito: CognitoEmulator) -> CognitoEmulator:
    """The emulated Cognito, put back once: runs go on beside each other, with their own clients."""
    shared_cognito.reset()
    return shared_cognito


Endings = Mapping[Point, "Future[Ending]"]


@pytest.fixture(scope="module")
def endings(
    request: pytest.FixtureRequest,
    cluster: ControlPlane,
    cognito_of_all: CognitoEmulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Endings]:
    """The end of each run that a selected test asks for; some run at the same time."""
    workdir = tmp_path_factory.mktemp("kill")
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="kill") as pool:
        yield {
            point: pool.submit(survive, cluster, cognito_of_all, workdir / str(number), point)
            for number, point in enumerate(selected_points(request.session))
        }
        pool.shutdown(cancel_futures=True)


def selected_points(session: pytest.Session) -> list[Point]:
    calls = [getattr(item, "callspec", None) for item in session.items]
    found = [call.params.get("point") for call in calls if call is not None]
    return [point for point in found if isinstance(point, Point)]


def survive(cluster: ControlPlane, cognito: CognitoEmulator, workdir: Path, point: Point) -> Ending:
    """Rotate, killed at *point* and started again.

    Raises:
        AssertionError: the write did not come, or there was no rest.

    """
    for attempt in range(TRIES if is_report(point.write) else 1):
        ending = _killed_once(cluster, cognito, workdir / str(attempt), point)
        if ending is not None:
            return ending
    raise AssertionError(f"{point} did not come")


def _killed_once(
    cluster: ControlPlane, cognito: CognitoEmulator, workdir: Path, point: Point
) -> Ending | None:
    """Give the end of a run, or None where it ended without coming by *point*."""
    with rotation(cluster, cognito, workdir) as run, Gateway(run.shop) as gateway:
        operator = run.operator(gateway)
        gateway.intervention = kill = Kill(operator, point.write, point.side)
        with ended(operator):
            operator.start(wait=False)
            run.shop.wait(f"{point} comes", lambda: kill.is_done or run.is_at_rest())
            if point.write not in gateway.ledger.writes():
                return None
            # At rest already, if this was the last report: then it is being killed now.
            wait_for("the operator is killed", lambda: kill.is_done, WHOLE_SECONDS)
            operator.start()
            run.wait_for_rest()
            return run.ending()


def test_the_writes_of_a_rotation_are_those_at_which_it_is_killed(
    cluster: ControlPlane, cognito_of_all: CognitoEmulator, tmp_path: Path
) -> None:
    with rotation(cluster, cognito_of_all, tmp_path) as run, Gateway(run.shop) as gateway:
        operator = run.operator(gateway)
        with ended(operator):
            operator.start()
            run.wait_for_rest()
            check(run.ending())
    writes = gateway.ledger.writes()
    assert [write for write in writes if not is_report(write)] == [
        write for write in WRITES if not is_report(write)
    ]
    # How often a wait is reported is up to the pods.
    assert {write for write in writes if is_report(write) and write.number == 1} <= WRITES.keys()
    assert writes[-1] == list(WRITES)[-1], "the end is reported last"


@pytest.mark.parametrize("point", POINTS)
def test_killed_and_started_again_it_ends_as_if_it_had_not_been(
    endings: Endings, point: Point
) -> None:
    check(endings[point].result())


def check(ending: Ending) -> None:
    current = ending.ids_ever[-1]
    assert ending.adds_carried_out == 1, "the value is added once, whoever sends it"
    assert ending.ids_ever == [ending.first_id, current], "no orphan and no second rotation"
    assert ending.active_ids == [current]
    assert ending.accepted_id == current, "the target holds what Cognito accepts"
    assert not ending.is_old_accepted
    journal = ending.journal
    assert [journal[key] for key in ("pending", "markedId", "previous", "rotation")] == [None] * 4
    assert journal["current"]["id"] == current
    assert len(journal["rotations"]) == len(ending.rotations) == 1
    told = {key: ending.rotations[0][key] for key in ("outcome", "secretId", "retiredId")}
    assert told == {"outcome": "Success", "secretId": current, "retiredId": ending.first_id}
    assert ending.stamps == [f"{current}.2"] * REPLICAS, "every pod has the second publication"
    assert ending.generations_of_pods == 2, "pods are restarted once"
    assert ending.secret_names == [NAME, JOURNAL], "nothing else is left over"


def test_a_restart_on_a_quiet_resource_writes_nothing_and_asks_cognito_nothing(
    cluster: ControlPlane, cognito_of_all: CognitoEmulator, tmp_path: Path
) -> None:
    if cluster.audit_log is None:
        pytest.skip("a given cluster has no audit log")
    with rotation(cluster, cognito_of_all, tmp_path) as run, Gateway(run.shop) as gateway:
        operator = run.operator(gateway)
        with ended(operator):
            operator.start()
            run.wait_for_rest()
            operator.kill()
            writes, calls = gateway.ledger.writes(), run.calls()
            audit = AuditTail(cluster.audit_log, run.shop)
            operator.start()
            run.shop.wait("a pass after the start", lambda: audit.reads_of(JOURNAL) >= 1)
            # A label concerns nobody; the annotation, which comes after it, asks for a look.
            run.shop.kubectl("label", "ccs", NAME, "team=orders", "-n", run.shop.namespace)
            passes = audit.reads_of(JOURNAL)
            run.shop.annotate(NAME, note="look-again")
            run.shop.wait("a pass after the annotation", lambda: audit.reads_of(JOURNAL) > passes)
            assert operator.stop() == 0, "the passes have ended"
        assert audit.verbs() <= {"get", "list", "watch"}
        assert gateway.ledger.writes() == writes
        assert run.calls() == calls
