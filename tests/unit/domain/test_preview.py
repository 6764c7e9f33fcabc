"""What the first rotation would do, told before it."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.consumers import ConsumerMode, ConsumersSpec
from cognito_secret_operator.domain.journal.journal import Origin
from cognito_secret_operator.domain.observed import UNREAD, Observed, Problem
from cognito_secret_operator.domain.preview import is_previewed, preview_of
from cognito_secret_operator.domain.rollout import Pod, Progress, Workload, WorkloadRef
from cognito_secret_operator.domain.spec import Policy, RetireOriginal, RolloutStrategy
from cognito_secret_operator.reasons import Reason

from support.builders import (
    SPEC,
    consumers,
    deployment,
    journal,
    pending,
    pod,
    problem,
    resource,
    secret,
    spec,
    view,
)

ADOPTED = journal(secret("A", origin=Origin.TARGET))
JOB = WorkloadRef("Job", "report", "batch")


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(view(None), False, id="nothing is adopted yet"),
        pytest.param(view(ADOPTED), True, id="adopted and never rotated"),
        pytest.param(view(journal("A")), False, id="the current secret is the operator's"),
        pytest.param(view(replace(ADOPTED, pending=pending())), False, id="a rotation is on"),
        pytest.param(
            view(None, of=resource(replace(SPEC, policy=Policy.OBSERVE))), True, id="Observe"
        ),
        pytest.param(view(problem()), False, id="the journal cannot be read"),
    ],
)
def test_the_first_rotation_is_still_to_come(observed: Observed, expected: bool) -> None:  # noqa: FBT001
    assert is_previewed(observed) is expected


@pytest.mark.parametrize(
    ("found", "restarted", "unproved"),
    [
        pytest.param(
            (deployment(), pod("web-1", born=-9)), ["Deployment/web"], [], id="a Deployment"
        ),
        pytest.param((deployment(),), [], [], id="a Deployment without pods"),
        pytest.param(
            (deployment(), pod("web-1", born=-9, terminating=True)),
            [],
            [],
            id="a Deployment whose last pod goes",
        ),
        pytest.param(
            (pod("shell", born=-9, owner=None),),
            [],
            ["Pod/shell: the operator does not restart it"],
            id="a bare pod",
        ),
        pytest.param(
            (pod("report-1", born=-9, owner=JOB), pod("report-2", born=-9, owner=JOB)),
            [],
            ["Job/report: its pods hold the old secret until they end"],
            id="a Job is named once",
        ),
        pytest.param(
            (pod("report-1", born=-9, owner=JOB, finished=True),), [], [], id="a finished pod"
        ),
        pytest.param(
            (deployment(progress=Progress.PAUSED), pod("web-1", born=-9)),
            ["Deployment/web"],
            ["Deployment/web: 1 of 2 pods are ready"],
            id="a paused Deployment",
        ),
        pytest.param(
            (deployment(progress=Progress.RUNNING), pod("web-1", born=-9)),
            ["Deployment/web"],
            [],
            id="a roll-out that runs ends by itself",
        ),
        pytest.param(
            (),
            [],
            ["who uses the Secret: no pod and no workload of the namespace refers to it"],
            id="nobody",
        ),
    ],
)
def test_who_is_restarted_and_what_cannot_be_proved(
    found: tuple[Workload | Pod, ...], restarted: list[str], unproved: list[str]
) -> None:
    preview = preview_of(view(ADOPTED, seen=consumers(*found)))
    assert preview is not None
    assert list(preview.would_restart) == restarted
    assert list(preview.cannot_prove[:-1]) == unproved
    assert "cognito-secrets.dev/approve" in preview.cannot_prove[-1]


def test_a_read_that_failed_is_told() -> None:
    preview = preview_of(view(ADOPTED, seen=Problem(Reason.ACCESS_DENIED, "no", needs_action=True)))
    assert preview is not None
    assert preview.cannot_prove[0] == "who uses the Secret: no"


def test_where_nothing_was_read_there_is_nothing_new_to_tell() -> None:
    assert preview_of(view(ADOPTED, seen=UNREAD)) is None


def test_who_is_not_asked_is_told_so() -> None:
    automatic = resource(spec(adoption={"retire_original": RetireOriginal.AUTOMATIC}))
    preview = preview_of(view(ADOPTED, of=automatic, seen=consumers()))
    assert preview is not None
    assert "nobody is asked" in preview.cannot_prove[-1]


def test_where_others_restart_nothing_is_restarted_by_us() -> None:
    watching = resource(spec(rollout={"strategy": RolloutStrategy.WATCH}))
    seen = consumers(deployment(), pod("web-1", born=-9))
    preview = preview_of(view(ADOPTED, of=watching, seen=seen))
    assert preview is not None
    assert preview.would_restart == ()
    assert preview.cannot_prove[0] == "Deployment/web: the operator does not restart it"


def test_declared_to_be_used_by_no_pod_there_is_nobody_to_prove_it_for() -> None:
    chosen = ConsumersSpec(ConsumerMode.NONE)
    unused = resource(spec(rollout={"consumers": chosen}))
    preview = preview_of(view(ADOPTED, of=unused, seen=consumers()))
    assert preview is not None
    assert len(preview.cannot_prove) == 1, "but for who is outside"


def test_what_is_listed_and_missing_is_named() -> None:
    seen = replace(consumers(deployment()), missing=(JOB,))
    preview = preview_of(view(ADOPTED, seen=seen))
    assert preview is not None
    assert preview.cannot_prove[0] == "Job/report: it is listed and not there"
