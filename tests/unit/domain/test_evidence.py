"""Evidence that a pod has moved, and what is none."""

import pytest

from cognito_secret_operator.domain.evidence import (
    PublicationEvidence,
    pod_holders,
    workloads_to_stamp,
)
from cognito_secret_operator.domain.model import Timing
from cognito_secret_operator.domain.rollout import (
    Consumers,
    Pod,
    Progress,
    Workload,
    WorkloadRef,
    never_restarted,
    restartable,
    unfinished,
)

from support.builders import at, consumers, deployment, job, pod

# Published at noon, settled a minute later.
PROOF = PublicationEvidence(stamp="B.7", number=7, published_at=at(0), settle=Timing().settle)
OTHER = WorkloadRef("Deployment", "other")


def _to_stamp(found: Consumers) -> tuple[Workload, ...]:
    return workloads_to_stamp(found, PROOF, pod_holders(found, PROOF))


@pytest.mark.parametrize(
    ("found", "suspected"),
    [
        pytest.param(pod("p", born=-60), True, id="a pod from before the publication"),
        pytest.param(pod("p", born=0.5), True, id="a pod from before the publication settled"),
        pytest.param(pod("p", born=1), True, id="a pod of the second in which it settled"),
        pytest.param(pod("p", born=1.02), False, id="a pod from after it settled"),
        pytest.param(
            pod("p", born=-60, terminating=True), True, id="an old pod that is terminating"
        ),
        pytest.param(pod("p", born=2, terminating=True), False, id="a new pod that is terminating"),
        pytest.param(
            pod("p", born=-60, finished=True), False, id="an old pod whose containers all ended"
        ),
        pytest.param(pod("p", born=-60, owner=None), True, id="an old pod that nobody owns"),
        pytest.param(
            pod("p", born=-60, reads="app sidecar", acks="app=7 sidecar=7"),
            False,
            id="every container of an old pod acknowledges",
        ),
        pytest.param(
            pod("p", born=-60, terminating=True, reads="app", acks="app=7"),
            False,
            id="a pod that acknowledged is terminating",
        ),
        pytest.param(
            pod("p", born=-60, reads="app sidecar", acks="app=7"),
            True,
            id="one of two containers acknowledges",
        ),
        pytest.param(
            pod("p", born=-60, reads="app", acks="app=6"), True, id="an older publication's number"
        ),
        pytest.param(
            pod("p", born=-60, reads="app", acks="app=8"), True, id="a number yet to come"
        ),
        pytest.param(
            pod("p", born=-60, reads="app", acks="other=7"), True, id="another container's name"
        ),
        pytest.param(
            pod("p", born=-60, reads="ENV", acks="ENV=7"),
            True,
            id="an environment never changes, whatever a container says",
        ),
        pytest.param(
            pod("p", born=-60, reads="app ENV", acks="app=7 ENV=7"),
            True,
            id="one container reads files and acknowledges, the other its environment",
        ),
        pytest.param(
            pod("p", born=-60, acks="app=7"),
            True,
            id="no container is known to read it: nobody's word counts",
        ),
    ],
)
def test_who_may_hold_the_previous_secret(found: Pod, *, suspected: bool) -> None:
    assert [holder.who for holder in pod_holders(consumers(found), PROOF)] == ["Pod/p"] * suspected


def test_the_oldest_holder_comes_first() -> None:
    seen = consumers(pod("b", born=-5), pod("a", born=-5), pod("c", born=-60))
    assert [holder.who for holder in pod_holders(seen, PROOF)] == ["Pod/c", "Pod/a", "Pod/b"]


@pytest.mark.parametrize(
    ("workload", "pods", "stamped"),
    [
        pytest.param(deployment(), [pod("p", born=-60)], True, id="no stamp and an old pod"),
        pytest.param(
            deployment(stamp="B.6"),
            [pod("p", born=-60)],
            True,
            id="an older publication's stamp and an old pod",
        ),
        pytest.param(deployment(stamp="B.7"), [pod("p", born=-60)], False, id="stamped already"),
        pytest.param(
            deployment(stamp="C.8"),
            [pod("p", born=-60)],
            True,
            id="a higher number, from a journal that is gone",
        ),
        pytest.param(
            deployment(stamp="somebody's"),
            [pod("p", born=-60)],
            True,
            id="something that is no stamp",
        ),
        pytest.param(deployment(), [pod("p", born=2)], False, id="only new pods"),
        pytest.param(
            deployment(),
            [pod("p", born=-60, reads="app", acks="app=7")],
            False,
            id="its old pod has acknowledged",
        ),
        pytest.param(
            deployment(covered=False), [pod("p", born=-60)], False, id="it is not covered"
        ),
        pytest.param(
            deployment(stamped=1.5, progress=Progress.RUNNING),
            [pod("p", born=-60)],
            False,
            id="another resource's stamp, set after we had settled, is being rolled out",
        ),
        pytest.param(
            deployment(stamped=1, progress=Progress.RUNNING),
            [pod("p", born=-60)],
            True,
            id="another resource's stamp is from the second in which we settled",
        ),
        pytest.param(
            deployment(stamped=1.5),
            [pod("p", born=-60)],
            True,
            id="another resource's stamp was rolled out, and an old pod is left all the same",
        ),
        pytest.param(deployment(), [], False, id="no pods at all"),
        pytest.param(
            deployment(),
            [pod("p", born=-60, terminating=True), pod("q", born=2)],
            False,
            id="its last old pod is terminating already",
        ),
        pytest.param(
            deployment(), [pod("p", born=-60, owner=OTHER)], False, id="another's pod is old"
        ),
        pytest.param(deployment(), [pod("p", born=-60, owner=None)], False, id="a bare pod is old"),
    ],
)
def test_who_is_restarted(workload: Workload, pods: list[Pod], *, stamped: bool) -> None:
    found = _to_stamp(consumers(workload, *pods))
    assert found == ((workload,) if stamped else ())


def test_workloads_are_restarted_in_the_order_of_their_names() -> None:
    pods = [pod("p", born=-60), pod("q", born=-60, owner=OTHER)]
    found = _to_stamp(consumers(deployment(), deployment(name="other"), *pods))
    assert [workload.ref.name for workload in found] == ["other", "web"]


@pytest.mark.parametrize("progress", list(Progress), ids=lambda one: one.value)
def test_only_a_complete_roll_out_is_finished(progress: Progress) -> None:
    found = unfinished(consumers(deployment(progress=progress)))
    assert bool(found) is (progress is not Progress.COMPLETE)


def test_a_job_is_never_restarted() -> None:
    nightly = job("nightly")
    seen = consumers(nightly, pod("p", born=-60, owner=nightly.ref))
    assert _to_stamp(seen) == ()


def test_what_is_not_covered_need_not_be_whole() -> None:
    stranger = deployment(progress=Progress.FAILED, covered=False)
    assert unfinished(consumers(stranger)) == ()


def test_who_would_be_restarted_and_who_never() -> None:
    nightly, stranger = job("nightly"), deployment(name="stranger", covered=False)
    seen = consumers(
        deployment(),
        nightly,
        stranger,
        pod("web-1", born=-60),
        pod("run-1", born=-60, owner=nightly.ref),
        pod("run-0", born=-60, owner=nightly.ref, finished=True),
        pod("stranger-1", born=-60, owner=stranger.ref, covered=False),
        pod("bare", born=-60, owner=None),
    )
    assert [str(one.ref) for one in restartable(seen)] == ["Deployment/web"]
    assert [one.name for one in never_restarted(seen)] == ["run-1", "stranger-1", "bare"]
