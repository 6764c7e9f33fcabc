"""Whatever is observed: a plan comes, always the same, and no deletion without its evidence."""

from dataclasses import replace
from datetime import UTC, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cognito_secret_operator.domain.actions import (
    Add,
    Delete,
    Look,
    MarkForDeletion,
    Publish,
    Stage,
)
from cognito_secret_operator.domain.evidence import pod_holders
from cognito_secret_operator.domain.journal.journal import Journal, Origin
from cognito_secret_operator.domain.memory import after_read
from cognito_secret_operator.domain.model import ClientDescription, Listing, Probe, StoredSecret
from cognito_secret_operator.domain.observed import Fact, Memory, Observed, Problem
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.reporting import build_report
from cognito_secret_operator.domain.rollout import Consumers, Progress
from cognito_secret_operator.domain.rules.overrides import order_in_force
from cognito_secret_operator.domain.spec import (
    Acknowledgement,
    Approval,
    OnMaxOverlap,
    Policy,
    RetireOriginal,
    StatusFacts,
)
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.domain.windows import Window, open_windows

from support.builders import (
    NOON,
    at,
    consumers,
    deployment,
    journal,
    listing,
    pending,
    pod,
    probe,
    problem,
    refused,
    remote,
    resource,
    secret,
    spec,
    target,
    view,
)

FLAG = st.booleans()
MINUTES = st.sampled_from([-3000, -90, -60, -10, -6, -1, -0.5, 0])
PROBLEMS = st.sampled_from([problem(), problem("AccessDenied", needs_action=True)])
LISTINGS = st.sampled_from(["", "A", "B", "A B", "A X", "X", "X Y"]).map(listing)
ORIGINS = st.sampled_from(list(Origin))
NIGHT, NOON_HOUR = (Window(f"0 {hour} * * *", timedelta(hours=2), UTC) for hour in (2, 12))
WINDOWS = st.sampled_from([(), (), (NIGHT,), (NOON_HOUR,), (NIGHT, NOON_HOUR)])
STAMPS = st.sampled_from([None, "B.6", "B.7"])


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    """Draw a journal that the transitions of the journal can lead to."""
    kind = draw(st.sampled_from(["empty", "resting", "staged", "recorded", "rolling"]))
    if kind == "empty":
        return journal(None, published=None, sequence=0)
    origin = draw(ORIGINS)
    first = secret("A", days=draw(st.sampled_from([1, 40])), origin=origin)
    if origin is Origin.UNKNOWN:
        first = replace(first, value=None, verified=False)
    published = draw(st.one_of(st.none(), MINUTES)) if first.value else None
    published = None if published == 0 else published
    failed = (refused(finished=draw(MINUTES)),) if draw(FLAG) else ()
    if kind == "rolling":
        marked_id = draw(st.sampled_from([None, "A"]))
        return journal("B", first, published=published, marked_id=marked_id, rotations=failed)
    waiting = None
    if kind != "resting":
        waiting = pending("B" if kind == "recorded" else None, claimed=draw(MINUTES))
    marked_id = draw(st.sampled_from([None, "B"])) if kind == "recorded" else None
    return journal(
        first, pending=waiting, published=published, marked_id=marked_id, rotations=failed
    )


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    """Draw what a process may remember."""
    rotation = pending(claimed=draw(MINUTES)).rotation
    return Memory(
        first_pass_at=at(draw(MINUTES)),
        listing=draw(st.none() | LISTINGS.map(lambda one: replace(one, at=at(-5)))),
        added=(rotation, remote("B", days=0)) if draw(FLAG) else None,
        deleted=frozenset(draw(st.sampled_from(["", "A", "B"]))),
        add_sent=draw(FLAG),
        missing={one: at(draw(MINUTES)) for one in draw(st.sampled_from(["", "A", "B"]))},
        clear=draw(st.none() | st.tuples(st.just("B.7"), MINUTES.map(at))),
        stamped=frozenset({("uid-web", "B.7")}) if draw(FLAG) else frozenset(),
    )


@st.composite
def found_consumers(draw: st.DrawFn) -> Consumers:
    """Draw a namespace."""
    progress = draw(st.sampled_from(list(Progress)))
    workload = deployment(stamp=draw(STAMPS), progress=progress)
    workloads = draw(st.sampled_from([[], [workload]]))
    pods = [
        pod(
            f"pod-{number}",
            born=draw(MINUTES),
            terminating=draw(FLAG),
            finished=draw(FLAG),
            owner=workload.ref if draw(FLAG) and workloads else None,
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    return consumers(*workloads, *pods)


@st.composite
def views(draw: st.DrawFn) -> Observed:
    """Draw a pass's view, with any part of it read, unread or failed."""
    book = draw(st.one_of(st.none(), PROBLEMS, journals(), journals(), journals()))
    wish = spec(
        policy=draw(st.sampled_from(list(Policy))),
        suspended=draw(st.sampled_from([False, False, False, True])),
        adoption={"retire_original": draw(st.sampled_from(list(RetireOriginal)))},
        rotation={"windows": draw(WINDOWS), "is_by_windows": draw(FLAG)},
        retirement={
            "on_max_overlap": draw(st.sampled_from(list(OnMaxOverlap))),
            "approval": draw(st.sampled_from(list(Approval))),
            "windows": draw(WINDOWS),
        },
        acknowledgements=draw(st.sampled_from([(), (Acknowledgement("billing"),)])),
    )
    if not wish.rotation.windows:
        wish = spec(wish, rotation={"is_by_windows": False})
    wanted = resource(
        wish,
        rotate=draw(st.sampled_from([None, "now"])),
        approved=draw(st.sampled_from([None, "A"])),
        status=StatusFacts(draw(st.sampled_from([0, 10])), draw(st.none() | MINUTES.map(at))),
    )
    wanted = replace(
        wanted,
        override_id=draw(st.sampled_from([None, None, "A", "B"])),
        acknowledged=draw(st.sampled_from([{}, {"billing": "A"}, {"billing": "B"}])),
    )
    seen = view(book, of=wanted, memory=draw(memories()), ours=draw(FLAG))
    verdicts = st.sampled_from(["Accepted", "Refused", "Unknown"]).map(probe)
    facts = st.sampled_from([fact for fact in Fact if "PROBE" in fact.name])
    return replace(
        seen,
        target=draw(_targets(book, seen)),
        listing=draw(st.one_of(st.just(seen.listing), PROBLEMS, LISTINGS)),
        description=draw(
            st.one_of(
                st.just(seen.description),
                PROBLEMS,
                st.sampled_from([None, SecretValue("a")]).map(ClientDescription),
            )
        ),
        probes=draw(st.dictionaries(facts, verdicts)),
        consumers=draw(st.one_of(st.just(seen.consumers), PROBLEMS, found_consumers())),
        clock_skew_seconds=draw(st.sampled_from([0.0, 0.0, 0.0, 90.0])),
    )


def _targets(
    book: Journal | Problem | None, seen: Observed
) -> st.SearchStrategy[StoredSecret | Problem | None]:
    own = book if isinstance(book, Journal) else journal("A")
    return st.one_of(
        st.just(seen.target),
        st.none(),
        PROBLEMS,
        st.just(target(own, data={"client-secret": "nonsense"})),
        st.just(target(own, owner="somebody@1")),
        st.just(target(own, marks={})),
    )


@st.composite
def nearly_deletions(draw: st.DrawFn) -> Observed:
    """Draw views that differ in a few parts from one in which the previous secret may go."""
    seen = _deletion()
    odd = draw(views())
    book = draw(st.sampled_from(["A", "A", None]).map(_marked))
    born = draw(st.lists(st.sampled_from([-60, -9, -8]), max_size=2))
    pods = [pod(f"pod-{number}", born=at_minute) for number, at_minute in enumerate(born)]
    parts: dict[str, st.SearchStrategy[object]] = {
        "journal_read": st.just(book),
        "consumers": st.just(consumers(deployment(stamp="B.7"), *pods)),
        "listing": LISTINGS,
        "probes": st.sampled_from(["Refused", "Unknown"]).map(_current_probe),
        "memory": st.just(odd.memory),
        "now": MINUTES.map(at),
        "resource": st.just(odd.resource),
        "target": st.just(odd.target),
    }
    names = draw(st.lists(st.sampled_from(sorted(parts)), max_size=2, unique=True))
    return replace(seen, **{name: draw(parts[name]) for name in names})  # type: ignore[arg-type]


def _deletion() -> Observed:
    """Give the view of a pass that deletes the previous secret."""
    return view(
        _marked("A"),
        listed="A B",
        seen=consumers(deployment(stamp="B.7"), pod("new", born=-8)),
        probes=_current_probe("Accepted"),
        memory=Memory(first_pass_at=NOON, clear=("B.7", at(-60))),
    )


def _marked(marked_id: str | None) -> Journal:
    return journal("B", "A", published=-10, marked_id=marked_id)


def _current_probe(verdict: str) -> dict[Fact, Probe]:
    return {Fact.CURRENT_PROBE: probe(verdict)}


ANYTHING = st.one_of(views(), nearly_deletions())


@settings(max_examples=400, deadline=None)
@given(ANYTHING)
def test_a_plan_a_report_and_a_memory_always_come_and_are_always_the_same(
    observed: Observed,
) -> None:
    first = plan(observed)
    assert first == plan(observed)
    assert first.reason.isidentifier()
    assert first.message
    assert isinstance(after_read(observed), Memory)
    assert "value of" not in repr((first, build_report(observed, first)))


@settings(max_examples=200, deadline=None)
@given(ANYTHING)
def test_no_fact_is_asked_for_twice(observed: Observed) -> None:
    action = plan(observed).action
    if isinstance(action, Look):
        assert action.fact not in observed.probes
        assert action.fact is not Fact.LISTING or not isinstance(observed.listing, Listing)
        assert action.fact is not Fact.CONSUMERS or not isinstance(observed.consumers, Consumers)


@settings(max_examples=200, deadline=None)
@given(ANYTHING, st.sampled_from(["suspended", "observing", "a wrong clock"]))
def test_nothing_is_written_where_it_is_forbidden(observed: Observed, why: str) -> None:
    spec = observed.resource.spec
    if why == "suspended":
        spec = replace(spec, suspended=True)
    elif why == "observing":
        spec = replace(spec, policy=Policy.OBSERVE)
    else:
        observed = replace(observed, clock_skew_seconds=61.0)
    observed = replace(observed, resource=replace(observed.resource, spec=spec))
    assert type(plan(observed).action).__name__ in {"Wait", "Hold", "Look"}


def test_the_view_of_a_deletion_deletes() -> None:
    assert plan(_deletion()).action == Delete("A")


@settings(max_examples=600, deadline=None)
@given(nearly_deletions())
def test_no_doom_and_no_delete_of_the_previous_secret_while_somebody_may_hold_it(
    observed: Observed,
) -> None:
    action = plan(observed).action
    if not isinstance(action, MarkForDeletion | Delete):
        return
    proof = observed.evidence
    assert proof is not None
    assert observed.now > proof.settled_at
    assert isinstance(observed.consumers, Consumers)
    windows = observed.resource.spec.retirement.windows
    assert not windows or open_windows(windows, observed.now)
    if action.order is None:
        outside = observed.resource.spec.acknowledgements
        assert observed.consumers.pods or observed.consumers.workloads or outside
        assert not pod_holders(observed.consumers, proof)
        assert not outside or observed.resource.acknowledged == {"billing": "B"}
        assert observed.memory.clear is not None
        assert observed.now - observed.memory.clear[1] >= timedelta(hours=1)
    else:
        assert order_in_force(observed) is action.order
    if isinstance(action, Delete):
        assert observed.journal.marked_id == action.secret_id == "A"
        assert isinstance(observed.listing, Listing)
        assert set(observed.listing.ids) == {"A", "B"}


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_cognito_is_written_only_after_a_list_of_the_same_pass(observed: Observed) -> None:
    action = plan(observed).action
    if isinstance(action, Add | Delete | Stage):
        assert isinstance(observed.listing, Listing)
    if isinstance(action, Add):
        assert observed.claim_is_ours
        assert isinstance(observed.listing, Listing)
        assert len(observed.listing.secrets) < 2
    if isinstance(action, Publish):
        assert observed.journal.current is not None
        assert observed.journal.current.value is not None
