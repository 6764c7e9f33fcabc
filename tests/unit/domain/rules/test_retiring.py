"""From a publication to the deletion of the previous secret."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cognito_secret_operator.domain.actions import Wait
from cognito_secret_operator.domain.consumers import ConsumerMode, ConsumersSpec
from cognito_secret_operator.domain.evidence import Holder, Remaining, name_some
from cognito_secret_operator.domain.journal.journal import Origin
from cognito_secret_operator.domain.journal.rollback import rolled_back
from cognito_secret_operator.domain.model import Probe
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.rollout import (
    Consumers,
    Pod,
    Progress,
    WorkloadRef,
)
from cognito_secret_operator.domain.spec import (
    OnFailure,
    Resource,
    RetireOriginal,
    RolloutStrategy,
    VerificationMode,
)
from cognito_secret_operator.domain.windows import Window

from support.builders import (
    NOON,
    at,
    consumers,
    deployment,
    job,
    journal,
    listing,
    pod,
    probe,
    problem,
    resource,
    rules_of,
    said,
    secret,
    spec,
    target,
    view,
)

RULES = rules_of("retiring", "rolling_out", "outside")
STAMP = "B.7"
IMPORT = WorkloadRef("Job", "import", "batch")

# Published at minute -10, so settled at minute -9; looked at from noon on.
ROLLING = journal("B", "A", published=-10)
MARKED = journal("B", "A", published=-10, marked_id="A")
_SEEN = target(ROLLING)
COPIED = replace(
    _SEEN, annotations={**_SEEN.annotations, "replicator.v1.mittwald.de/replicate-to": "other"}
)
RESTING = journal("B")
ADOPTED = journal("B", secret("A", origin=Origin.TARGET), published=-10)
FOREIGN = journal("B", secret("A", origin=Origin.UNKNOWN, has_value=False), published=-10)
DOOMED_VALUELESS = replace(FOREIGN, marked_id="A")
SKIPPING = resource(spec(verification={"mode": VerificationMode.SKIP}))
STILL_ACCEPTED = {Fact.PREVIOUS_VALUE_PROBE: probe("Accepted")}
NIGHTLY = resource(spec(retirement={"windows": (Window("0 2 * * *", timedelta(hours=2), UTC),)}))
CLEAR = Memory(first_pass_at=NOON, clear=(STAMP, at(-60)))
ACCEPTED_LONG = replace(CLEAR, still_accepted=("A", NOON))

NONE = resource(spec(rollout={"consumers": ConsumersSpec(ConsumerMode.NONE)}))
WATCH = resource(spec(rollout={"strategy": RolloutStrategy.WATCH}))

BACK = resource(spec(rollout={"on_failure": OnFailure.ROLLBACK}))
BROKEN = consumers(deployment(progress=Progress.FAILED), pod("old", born=-60))
TAKEN_BACK = rolled_back(ROLLING)

MOVED = consumers(deployment(stamp=STAMP), pod("new", born=-8))
OLD = consumers(deployment(), pod("old", born=-60))
STAMPED = consumers(deployment(stamp=STAMP, progress=Progress.RUNNING), pod("old", born=-60))


def _rolling(
    seen: Consumers,
    *,
    marked_id: bool = False,
    memory: Memory = CLEAR,
    listed: str | None = None,
    asked: str | None = None,
    of: Resource | None = None,
) -> Observed:
    probes: dict[Fact, Probe] = {Fact.CURRENT_PROBE: probe(asked)} if asked else {}
    book = MARKED if marked_id else ROLLING
    return view(book, seen=seen, memory=memory, listed=listed, probes=probes, of=of)


def _missing(since: datetime) -> Memory:
    return replace(CLEAR, listing=listing("B"), missing={"A": since})


def _lagging(since: float, *, stamp: str = STAMP) -> Memory:
    return replace(CLEAR, remaining=Remaining(stamp, frozenset({"Pod/old"}), at(since)))


def _broken(verdict: str) -> Observed:
    asked = {Fact.PREVIOUS_VALUE_PROBE: probe(verdict)}
    return replace(_rolling(BROKEN, of=BACK, listed="A B"), probes=asked)


TABLE = [
    ("marked_secret_is_gone", view(ROLLING, listed="B"), "", "nothing is doomed"),
    ("marked_secret_is_gone", view(MARKED), "Look LISTING", "doomed: is it still there?"),
    ("marked_secret_is_gone", view(MARKED, listed="A B"), "", "doomed and still there"),
    (
        "marked_secret_is_gone",
        view(MARKED, listed="B"),
        "Look PREVIOUS_VALUE_PROBE",
        "doomed and gone: does Cognito refuse it?",
    ),
    (
        "marked_secret_is_gone",
        view(MARKED, listed="B", probes={Fact.PREVIOUS_VALUE_PROBE: probe("Refused")}),
        "DropFromJournal Retired",
        "doomed, gone and refused",
    ),
    (
        "marked_secret_is_gone",
        view(MARKED, listed="B", probes={Fact.PREVIOUS_VALUE_PROBE: probe("Unknown")}),
        "DropFromJournal Retired",
        "doomed and gone, and nobody can be asked",
    ),
    (
        "marked_secret_is_gone",
        view(MARKED, listed="B", of=SKIPPING),
        "DropFromJournal Retired",
        "doomed and gone, and the spec says to ask nobody",
    ),
    (
        "marked_secret_is_gone",
        view(MARKED, listed="B", probes=STILL_ACCEPTED, memory=ACCEPTED_LONG),
        "Wait AwaitingRefusal",
        "doomed and gone, but accepted: a lag",
    ),
    (
        "marked_secret_is_gone",
        view(MARKED, listed="B", probes=STILL_ACCEPTED, memory=ACCEPTED_LONG, minutes=6),
        "DropFromJournal RetiredStillAccepted",
        "doomed and gone, but accepted for too long: told, and no longer waited for",
    ),
    (
        "marked_secret_is_gone",
        view(DOOMED_VALUELESS, listed="B"),
        "DropFromJournal Retired",
        "doomed and gone, and nobody ever knew its value",
    ),
    (
        "marked_secret_is_gone",
        view(MARKED, listed="X"),
        "",
        "a List that lacks the current one too proves nothing",
    ),
    (
        "marked_secret_is_gone",
        view(
            MARKED,
            memory=replace(CLEAR, deleted=frozenset("A")),
            probes={Fact.PREVIOUS_VALUE_PROBE: probe("Refused")},
        ),
        "DropFromJournal Retired",
        "our Delete was answered",
    ),
    ("previous_was_deleted_elsewhere", view(ROLLING), "", "nobody misses it"),
    (
        "previous_was_deleted_elsewhere",
        view(ROLLING, memory=_missing(at(-4)), seen=MOVED),
        "",
        "missing for four minutes: a List may lag",
    ),
    (
        "previous_was_deleted_elsewhere",
        view(ROLLING, memory=_missing(at(-5)), seen=MOVED),
        "DropFromJournal DeletedElsewhere",
        "missing for five minutes and every pod has moved",
    ),
    (
        "previous_was_deleted_elsewhere",
        view(ROLLING, memory=_missing(at(-5)), seen=OLD),
        "",
        "pods that hold it move first",
    ),
    ("publication_settles", view(RESTING), "", "nothing is being retired"),
    ("publication_settles", view(ROLLING, minutes=-9.5), "Wait Settling", "half a minute ago"),
    ("publication_settles", view(ROLLING, minutes=-9), "Wait Settling", "in its last second"),
    ("publication_settles", view(ROLLING, minutes=-8.9), "", "settled"),
    ("no_consumer_is_found", view(RESTING), "", "nothing is being retired"),
    ("no_consumer_is_found", view(ROLLING), "Look CONSUMERS", "who uses the target?"),
    (
        "no_consumer_is_found",
        _rolling(consumers()),
        "Wait NoConsumers",
        "nobody uses the target yet: its workloads may be applied after it",
    ),
    (
        "no_consumer_is_found",
        view(ROLLING, seen=consumers(), minutes=21),
        "Wait NoConsumers",
        "nobody uses the target at the last moment of the progress deadline",
    ),
    (
        "no_consumer_is_found",
        view(ROLLING, seen=consumers(), minutes=21.1),
        "Hold NoConsumers",
        "nobody uses the target for longer than the progress deadline",
    ),
    (
        "no_consumer_is_found",
        _rolling(consumers(), of=NONE),
        "",
        "nobody uses the target, as the user declared",
    ),
    (
        "no_consumer_is_found",
        _rolling(consumers(job("nightly", kind="CronJob"))),
        "",
        "only a CronJob uses it, which holds nothing between its runs",
    ),
    (
        "no_consumer_is_found",
        _rolling(consumers(missing=WorkloadRef("Deployment", "web"))),
        "",
        "what is listed is missing, which is another matter",
    ),
    (
        "no_consumer_is_found",
        view(ROLLING, seen=problem("AccessDenied", needs_action=True)),
        "Hold AccessDenied",
        "pods may not be read",
    ),
    ("no_consumer_is_found", _rolling(MOVED), "", "somebody uses it"),
    ("workload_needs_the_stamp", _rolling(OLD), "Stamp RollingOut", "its pods are old"),
    ("workload_needs_the_stamp", _rolling(OLD, of=WATCH), "", "the strategy is Watch"),
    ("workload_needs_the_stamp", _rolling(MOVED), "", "its pods are new"),
    ("workload_needs_the_stamp", _rolling(STAMPED), "", "it is stamped and on its way"),
    (
        "workload_needs_the_stamp",
        _rolling(consumers(deployment(stamp="B.6"), pod("old", born=-60))),
        "Stamp RollingOut",
        "it has an older publication's stamp",
    ),
    (
        "workload_needs_the_stamp",
        _rolling(consumers(deployment(progress=Progress.PAUSED), pod("old", born=-60))),
        "",
        "it is paused: its pods would not move",
    ),
    (
        "workload_needs_the_stamp",
        _rolling(OLD, memory=replace(CLEAR, stamped=frozenset({("uid-web", STAMP)}))),
        "Hold StampReverted",
        "something took our stamp off",
    ),
    ("listed_workload_is_missing", _rolling(MOVED), "", "nothing is missing"),
    (
        "listed_workload_is_missing",
        _rolling(consumers(deployment(), missing=WorkloadRef("Rollout", "checkout"))),
        "Hold ConsumerMissing",
        "a listed workload is not there",
    ),
    ("failed_rollout_is_rolled_back", _rolling(BROKEN), "", "the resource does not ask for it"),
    (
        "failed_rollout_is_rolled_back",
        _rolling(OLD, of=BACK),
        "",
        "the roll-out has not failed",
    ),
    (
        "failed_rollout_is_rolled_back",
        _rolling(BROKEN, of=BACK),
        "Look LISTING",
        "it failed: is the previous one still there?",
    ),
    (
        "failed_rollout_is_rolled_back",
        _rolling(BROKEN, of=BACK, listed="A B"),
        "Look PREVIOUS_VALUE_PROBE",
        "it failed: does Cognito still accept the previous one?",
    ),
    (
        "failed_rollout_is_rolled_back",
        _broken("Accepted"),
        "RollBack RollingBack",
        "it failed, and the previous one works",
    ),
    ("failed_rollout_is_rolled_back", _broken("Refused"), "", "there is nothing to go back to"),
    (
        "failed_rollout_is_rolled_back",
        replace(_broken("Accepted"), journal_read=TAKEN_BACK),
        "",
        "it is the rollback that failed",
    ),
    (
        "failed_rollout_is_rolled_back",
        replace(_broken("Accepted"), journal_read=replace(ROLLING, marked_id="A")),
        "",
        "the previous one's Delete may be under way",
    ),
    (
        "failed_rollout_is_rolled_back",
        replace(_broken("Accepted"), resource=replace(BACK, override_id="A")),
        "",
        "a person ordered the previous one to go",
    ),
    ("pod_is_not_covered", _rolling(OLD), "", "every pod is covered"),
    (
        "pod_is_not_covered",
        _rolling(consumers(pod("stranger", born=-60, covered=False))),
        "Hold PodsNotCovered",
        "an old pod is not covered",
    ),
    (
        "pod_is_not_covered",
        _rolling(consumers(pod("stranger", born=-8, covered=False))),
        "",
        "a new pod is not covered: it holds nothing old",
    ),
    (
        "pod_is_not_covered",
        _rolling(consumers(pod("stranger", born=-60, covered=False, terminating=True))),
        "",
        "a pod that is not covered is going already",
    ),
    ("previous_secret_is_still_held", _rolling(MOVED), "", "every pod is new"),
    (
        "previous_secret_is_still_held",
        _rolling(STAMPED, memory=_lagging(-30)),
        "Wait PodsNotRolled",
        "no progress for thirty minutes",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(STAMPED, memory=_lagging(-31)),
        "Hold RolloutFailed",
        "no progress for longer than progressDeadline",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(STAMPED, memory=_lagging(-31, stamp="B.6")),
        "Wait PodsNotRolled",
        "no progress for long, but with an older publication",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(consumers(pod("bare", born=-60, owner=None)), memory=_lagging(-31)),
        "Hold PodsNotRolled",
        "a bare pod is old for longer than progressDeadline",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(consumers(pod("run", born=-60, owner=IMPORT)), memory=_lagging(-999)),
        "Wait PodsNotRolled",
        "a Job runs as long as it runs",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(STAMPED),
        "Wait PodsNotRolled",
        "a pod is old",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(consumers(pod("bare", born=-60, owner=None))),
        "Wait PodsNotRolled",
        "a bare pod is old",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(consumers(deployment(progress=Progress.FAILED), pod("old", born=-60))),
        "Hold RolloutFailed",
        "its roll-out failed",
    ),
    (
        "previous_secret_is_still_held",
        _rolling(consumers(deployment(progress=Progress.PAUSED), pod("old", born=-60))),
        "Hold RolloutPaused",
        "its roll-out is paused",
    ),
    ("rollout_is_unfinished", _rolling(MOVED), "", "every workload is whole"),
    (
        "rollout_is_unfinished",
        _rolling(consumers(deployment(progress=Progress.RUNNING), pod("new", born=-8))),
        "Wait RolloutUnfinished",
        "every pod has moved, some are not ready",
    ),
    (
        "rollout_is_unfinished",
        _rolling(consumers(deployment(progress=Progress.FAILED), pod("new", born=-8))),
        "Hold RolloutFailed",
        "the new pods do not work",
    ),
    ("overlap_is_running", view(RESTING), "", "nothing is being retired"),
    ("overlap_is_running", _rolling(MOVED), "", "clear for an hour"),
    (
        "overlap_is_running",
        _rolling(MOVED, memory=replace(CLEAR, clear=(STAMP, at(-59)))),
        "Wait OverlapRunning",
        "clear for 59 minutes",
    ),
    (
        "overlap_is_running",
        _rolling(MOVED, memory=replace(CLEAR, clear=("B.6", at(-999)))),
        "Wait OverlapRunning",
        "clear for long, but for an older publication",
    ),
    (
        "overlap_is_running",
        _rolling(MOVED, memory=Memory(first_pass_at=NOON)),
        "Wait OverlapRunning",
        "this process knows of no clear read",
    ),
    ("origin_is_unknown", view(ROLLING), "", "we made it"),
    ("origin_is_unknown", view(ADOPTED), "", "it was adopted with its value"),
    ("origin_is_unknown", view(FOREIGN), "Hold ForeignSecret", "nobody knows whose it is"),
    ("deletion_awaits_approval", view(ROLLING), "", "we made it"),
    ("deletion_awaits_approval", view(ADOPTED), "Wait AwaitingApproval", "it was adopted"),
    (
        "deletion_awaits_approval",
        view(ADOPTED, of=resource(approved="A")),
        "",
        "it was adopted and its deletion approved",
    ),
    (
        "deletion_awaits_approval",
        view(ADOPTED, of=resource(approved="X")),
        "Wait AwaitingApproval",
        "another secret's deletion was approved",
    ),
    (
        "deletion_awaits_approval",
        view(ADOPTED, of=resource(spec(adoption={"retire_original": RetireOriginal.AUTOMATIC}))),
        "",
        "it was adopted and the spec needs no approval",
    ),
    ("deletion_window_is_closed", view(ROLLING), "", "there are no windows"),
    ("deletion_window_is_closed", view(RESTING, of=NIGHTLY), "", "nothing is being retired"),
    (
        "deletion_window_is_closed",
        view(ROLLING, of=NIGHTLY),
        "Wait AwaitingWindow",
        "at noon the window of the night is closed",
    ),
    (
        "deletion_window_is_closed",
        view(MARKED, of=NIGHTLY),
        "Wait AwaitingWindow",
        "it closed after the mark was set",
    ),
    ("deletion_window_is_closed", view(ROLLING, of=NIGHTLY, minutes=14 * 60), "", "it is night"),
    (
        "previous_is_not_marked",
        view(ROLLING),
        "MarkForDeletion Retiring",
        "the evidence is complete",
    ),
    ("previous_is_not_marked", view(MARKED), "", "it is doomed already"),
    ("previous_can_be_deleted", view(ROLLING, listed="A B"), "", "it is not doomed"),
    ("previous_can_be_deleted", view(MARKED), "Look LISTING", "List is asked before a Delete"),
    (
        "previous_can_be_deleted",
        view(MARKED, listed="A B"),
        "Look CURRENT_PROBE",
        "is the current one still accepted?",
    ),
    (
        "previous_can_be_deleted",
        _rolling(MOVED, marked_id=True, listed="A B", asked="Accepted"),
        "Delete Retiring",
        "the current one is accepted",
    ),
    (
        "previous_can_be_deleted",
        _rolling(MOVED, marked_id=True, listed="A B", asked="Unknown"),
        "Delete Retiring",
        "nothing can be asked",
    ),
    (
        "previous_can_be_deleted",
        _rolling(MOVED, marked_id=True, listed="A B", asked="Refused"),
        "Hold CurrentRefused",
        "the current one is refused",
    ),
    (
        "previous_can_be_deleted",
        view(MARKED, listed="A"),
        "Wait Retiring",
        "List lacks the current one: this would delete the last",
    ),
    (
        "previous_can_be_deleted",
        view(MARKED, listed="A X"),
        "Wait Retiring",
        "List shows another secret",
    ),
    ("target_is_replicated", view(ROLLING), "", "no tool copies the target"),
    (
        "target_is_replicated",
        view(ROLLING, target_secret=COPIED),
        "Hold ReplicatedTarget",
        "another tool copies the target, and no consumer elsewhere is declared",
    ),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_retiring(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param({"seen": OLD}, id="a pod is back"),
        pytest.param({"memory": Memory(first_pass_at=NOON)}, id="the process is new"),
        pytest.param({"seen": consumers()}, id="nobody uses the target any more"),
        pytest.param({"listed": "A"}, id="List lacks the current secret"),
        pytest.param({"asked": "Refused"}, id="the current secret is refused"),
    ],
)
def test_a_doom_mark_proves_nothing(lost: dict[str, object]) -> None:
    """All evidence is asked again in the pass that deletes."""
    whole = {"seen": MOVED, "marked_id": True, "listed": "A B", "asked": "Accepted"}
    assert said(plan(_rolling(**whole))) == "Delete Retiring"  # type: ignore[arg-type]
    assert not said(plan(_rolling(**{**whole, **lost}))).startswith("Delete")  # type: ignore[arg-type]


def test_the_wait_ends_a_second_after_the_publication_settled() -> None:
    """Dates are whole seconds: a pod of the same second proves nothing."""
    says = plan(view(ROLLING, minutes=-9.5))
    assert says.action == Wait(at(-9) + (at(1) - at(0)) / 60)


def test_a_deletion_waits_until_its_window_opens() -> None:
    waits = RULES["deletion_window_is_closed"](view(ROLLING, of=NIGHTLY))
    assert waits is not None
    assert waits.action == Wait(at(14 * 60))
    assert "2030-01-02 02:00:00 UTC" in waits.message


def test_some_holders_are_named_and_the_rest_is_counted() -> None:
    suspects = tuple(Holder(f"Pod/{n}", NOON, None) for n in "abcde")
    assert name_some(suspects) == "Pod/a, Pod/b, Pod/c and 2 more"
    assert name_some(suspects[:1]) == "Pod/a"


@pytest.mark.parametrize(
    ("held_by", "told"),
    [
        pytest.param(
            pod("lone", born=-60, owner=None),
            "Pod/lone; the operator does not restart Pod/lone",
            id="a bare pod is left to a person",
        ),
        pytest.param(
            pod("import-1", born=-60, owner=IMPORT),
            "Pod/import-1; Pod/import-1 ends by itself (Job/import)",
            id="a Job's pod ends by itself",
        ),
        pytest.param(
            pod("lone-1", born=-60, owner=WorkloadRef("ReplicaSet", "lone")),
            "Pod/lone-1; the operator does not restart Pod/lone-1",
            id="a bare ReplicaSet's pod is left to a person",
        ),
        pytest.param(
            pod("old", born=-60, terminating=True),
            "Pod/old",
            id="a terminating pod of a Deployment goes by itself",
        ),
    ],
)
def test_who_has_to_be_restarted_by_hand_is_told(held_by: Pod, told: str) -> None:
    said_now = plan(_rolling(consumers(deployment(stamp=STAMP), held_by)))
    assert said_now.message == f"still on the previous secret: {told}"


def test_with_the_strategy_watch_the_operator_never_says_that_it_restarts() -> None:
    seen = consumers(deployment(), pod("old", born=-60))
    assert plan(_rolling(seen, of=WATCH)).message == (
        "still on the previous secret: Pod/old; spec.rollout.strategy is Watch: restart them, or "
        "let each container that reads files acknowledge publication 7 (annotation "
        "cognito-secrets.dev/orders-api.ack of its pod: <container>=7)"
    )


@pytest.mark.parametrize(
    ("mode", "remedy"),
    [
        (ConsumerMode.LISTED, "list its owner in spec.rollout.consumers.workloads"),
        (ConsumerMode.SELECTED, "label its owner as spec.rollout.consumers.selector asks"),
        (ConsumerMode.NONE, "choose another spec.rollout.consumers.mode"),
    ],
)
def test_an_uncovered_pod_is_named_with_its_owner_and_the_remedy(
    mode: ConsumerMode, remedy: str
) -> None:
    of = resource(spec(rollout={"consumers": ConsumersSpec(mode)}))
    found = consumers(pod("stranger", born=-60, covered=False, owner=IMPORT))
    message = plan(_rolling(found, of=of)).message
    assert message == (
        f"spec.rollout.consumers (mode {mode.value}) does not cover Pod/stranger, which may hold "
        f"the previous secret: Job/import; {remedy}, or restart it yourself"
    )


@pytest.mark.parametrize(
    ("deadline", "written"),
    [
        (timedelta(seconds=90), "90s"),
        (timedelta(minutes=30), "30m"),
        (timedelta(hours=2), "2h"),
        (timedelta(days=2), "2d"),
    ],
)
def test_the_progress_deadline_is_written_as_in_the_spec(deadline: timedelta, written: str) -> None:
    of = resource(spec(rollout={"progress_deadline": deadline}))
    message = plan(_rolling(STAMPED, memory=_lagging(-9999), of=of)).message
    assert message == (
        f"Deployment/web has made no progress for {written} (spec.rollout.progressDeadline): "
        "1 of 2 pods are ready; repair the workload; both secrets stay valid meanwhile"
    )


SHARED = consumers(replace(deployment(), secrets=frozenset({"billing"})), pod("old", born=-60))


@pytest.mark.parametrize(
    ("settling", "seen", "expected"),
    [
        pytest.param({"billing": at(-1)}, SHARED, "Stamp RollingOut", id="it has settled"),
        pytest.param({"other": at(0.5)}, SHARED, "Stamp RollingOut", id="nobody here reads it"),
        pytest.param(
            {"billing": at(1)}, SHARED, "Stamp RollingOut", id="it was published long after ours"
        ),
        pytest.param(
            {"billing": at(-8.1)}, SHARED, "Wait Settling", id="it was published right after ours"
        ),
        pytest.param(
            {"billing": at(-8.1)},
            consumers(
                *SHARED.workloads,
                *SHARED.pods,
                deployment(name="api"),
                pod("api-1", born=-60, owner=WorkloadRef("Deployment", "api")),
            ),
            "Stamp RollingOut",
            id="a workload that is not shared does not wait",
        ),
    ],
)
def test_one_restart_for_two_publications(
    settling: dict[str, datetime], seen: Consumers, expected: str
) -> None:
    """Ours was published at minute -10 and settled at -9; it is minute -8.5, or noon."""
    minutes = -8.5 if min(settling.values()) < at(-8) else 0
    observed = replace(view(ROLLING, seen=seen, memory=CLEAR, minutes=minutes), settling=settling)
    assert said(plan(observed)) == expected
