"""All that can happen next in a state of the small model, and the laws that must hold then."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from cognito_secret_operator.domain.actions import (
    Add,
    ApplyMetadata,
    Claim,
    CreateJournal,
    CreateTarget,
    Delete,
    Hold,
    Look,
    Publish,
    Record,
    Stage,
    Stamp,
    Wait,
)
from cognito_secret_operator.domain.entries import next_journal
from cognito_secret_operator.domain.journal import journal as journals
from cognito_secret_operator.domain.journal.journal import RetiredBy
from cognito_secret_operator.domain.memory import after_read
from cognito_secret_operator.domain.model import (
    Listing,
    Probe,
    RemoteSecret,
    StoredSecret,
    Verdict,
)
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.ownership import Owner, owners_text
from cognito_secret_operator.domain.plan import plan
from cognito_secret_operator.domain.projection import target_annotations, target_data
from cognito_secret_operator.domain.rollout import (
    Consumers,
    Pod,
    Progress,
    Reader,
    Workload,
    WorkloadRef,
)
from cognito_secret_operator.domain.spec import EmergencyRequest, Resource
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.names import FIELD_MANAGER

from .small_model import (
    BEGINNING,
    MINUTE,
    ORIGINAL,
    RESOURCE,
    TIMING,
    Flight,
    ModelPod,
    ModelProcess,
    Secret,
    State,
)

__all__ = ["LawBrokenInModelError", "moves", "workload_version"]

WEB: Final = WorkloadRef("Deployment", "web")
FOREIGN: Final = "somebody's"
CACHES: Final = 1
"""How many minutes old the data may be that a starting pod reads."""


class LawBrokenInModelError(AssertionError):
    """A guarantee does not hold in a state that can be reached."""


class _RefusedError(Exception):
    """An outside system refused a write."""


def moves(state: State) -> Iterator[tuple[str, State]]:
    """Give everything that can happen next."""
    for index, process in enumerate(state.processes):
        if process.flight is None:
            yield from _looks(state, index)
        else:
            yield from _acts(state, index)
    yield from _pods_move(state)
    if state.edits and not _is_deleting(state):
        yield "a person edits the target", _edited(state)
    if state.orders:
        told = "takes the order back" if state.is_ordered else "orders A to be deleted"
        left = replace(_less(state, "orders"), is_ordered=not state.is_ordered)
        yield f"a person {told}", left
    if state.strangers and len(state.cognito) == 1:
        foreign = Secret("X", FOREIGN, state.now)
        left = _less(state, "strangers")
        yield "somebody else adds a secret", _changed(left, (*state.cognito, foreign))
    yield from _leaks(state)
    if state.failures and state.stamp is not None:
        yield "the roll-out fails", replace(_less(state, "failures"), failed=state.stamp)
    if state.removals and len(state.cognito) > 1 and not _is_deleting(state):
        for one in state.cognito:
            yield f"somebody else deletes {one.id}", _removed(state, one)
    yield "a minute passes", replace(state, now=state.now + 1)


def _leaks(state: State) -> Iterator[tuple[str, State]]:
    """A person may report any secret, at any time, but names one that is there."""
    for secret_id in sorted(state.book.ids) if state.leaks else ():
        request = EmergencyRequest(secret_id, now=state.loud)
        yield f"{secret_id} leaks", replace(_less(state, "leaks"), report=request)


def _looks(state: State, index: int) -> Iterator[tuple[str, State]]:
    listings = {state.cognito}
    if state.now - state.changed < 1:
        listings.add(state.was)
    for listed in sorted(listings, key=len):
        process = state.processes[index]
        observed = _observe(state, process, listed)
        says = plan(observed)
        missing = observed.memory.missing if state.counts_lists else {}
        memory = replace(observed.memory, listing=None, missing=missing)
        flight = None
        if not isinstance(says.action, Wait | Hold):
            flight = Flight(observed, says.action)
        stalled = isinstance(says.action, Hold) and says.action.stalled
        looked = replace(process, memory=memory, flight=flight, held=says.reason if stalled else "")
        told = f"{process.name} looks: {type(says.action).__name__} {says.reason}"
        yield told, _with(state, index, looked)


def _resource(state: State) -> Resource:
    return replace(RESOURCE, emergency=state.report, override_id="A" if state.is_ordered else None)


def _observe(state: State, process: ModelProcess, listed: tuple[Secret, ...]) -> Observed:
    observed = Observed(
        now=_at(state.now),
        resource=_resource(state),
        timing=TIMING,
        memory=process.memory,
        journal_secret=replace(state.target, uid=state.book.uid),
        journal_read=state.book,
        target=replace(state.target, read_at=_at(state.now)),
        claim_is_ours=_holds_claim(state, process),
    )
    while isinstance(action := plan(observed).action, Look):
        observed = _look(state, observed, action.fact, listed)
        observed = replace(observed, memory=after_read(observed))
    return observed


def _look(state: State, observed: Observed, fact: Fact, listed: tuple[Secret, ...]) -> Observed:
    if fact is Fact.LISTING:
        remotes = tuple(RemoteSecret(one.id, _at(one.born)) for one in listed)
        return replace(observed, listing=Listing(remotes, observed.now))
    if fact is Fact.CONSUMERS:
        return replace(observed, consumers=_consumers(state))
    book = state.book
    value = book.pending.value if fact is Fact.PENDING_PROBE and book.pending else None
    if fact is Fact.PREVIOUS_VALUE_PROBE and book.previous:
        value = book.previous.value
    if fact is Fact.CURRENT_PROBE and book.current:
        value = book.current.value
    if value is None:
        raise LookupError(fact)
    accepted = any(one.value == value.reveal() for one in state.cognito)
    verdict = Verdict.ACCEPTED if accepted else Verdict.REFUSED
    answer = Probe(verdict if state.speaks else Verdict.UNKNOWN, "")
    return replace(observed, probes={**observed.probes, fact: answer})


def _consumers(state: State) -> Consumers:
    current = [pod for pod in state.pods if not pod.leaving]
    complete = len(state.pods) == 1 and all(pod.stamp == state.stamp for pod in current)
    progress = Progress.COMPLETE if complete else Progress.RUNNING
    if state.stamp is not None and state.failed == state.stamp:
        progress = Progress.FAILED
    workload = Workload(WEB, "uid-web", workload_version(state), state.stamp, progress, "")
    pods = tuple(
        Pod(
            name=f"pod-{pod.born}",
            uid=f"uid-{pod.born}",
            created_at=_at(pod.born),
            terminating=pod.leaving,
            finished=False,
            owner=WEB,
            readers=(Reader("app", reloads=True),),
            acknowledged=frozenset({("app", pod.acknowledged)}),
        )
        for pod in state.pods
    )
    return Consumers((workload,), pods, _at(state.now))


def _holds_claim(state: State, process: ModelProcess) -> bool:
    claim, pending = process.claim, state.book.pending
    return (
        claim is not None
        and pending is not None
        and pending.claim.owner == process.name
        and state.book.sequence == claim[0]
        and state.now < claim[1]
    )


def _acts(state: State, index: int) -> Iterator[tuple[str, State]]:
    process = state.processes[index]
    if process.flight is None:
        return
    name = f"{process.name} {type(process.flight.action).__name__}"
    dead = ModelProcess(f"{process.name}'", Memory(first_pass_at=BEGINNING))
    if state.crashes:
        yield f"{name}: dies before", _with(_less(state, "crashes"), index, dead)
    try:
        after, done = _carry_out(state, process, process.flight)
    except _RefusedError:
        yield f"{name}: refused", _with(state, index, replace(process, flight=None))
        return
    yield f"{name}: done", _with(after, index, replace(done, flight=None))
    if state.crashes:
        yield f"{name}: dies after", _with(_less(after, "crashes"), index, dead)
    if state.losses:
        sent = replace(process.memory, add_sent=True)
        memory = sent if isinstance(process.flight.action, Add) else process.memory
        lost = replace(process, memory=memory, flight=None)
        yield f"{name}: answer lost", _with(_less(after, "losses"), index, lost)


def _carry_out(state: State, process: ModelProcess, flight: Flight) -> tuple[State, ModelProcess]:
    """Do what the executor and the outside systems do."""
    memory, action = process.memory, flight.action
    match action:
        case Add():
            return _add(state, process, flight.observed)
        case Delete(secret_id, order):
            _demand(state, order is state.book.marked_by, "the mark names another order")
            kept = replace(memory, deleted=memory.deleted | {secret_id})
            return _delete(state, secret_id, order), replace(process, memory=kept)
        case Stamp(workload, stamp):
            if workload.resource_version != workload_version(state):
                raise _RefusedError
            kept = replace(memory, stamped=memory.stamped | {(workload.uid, stamp)})
            return replace(state, stamp=stamp), replace(process, memory=kept)
        case Publish():
            return _publish(state, flight.observed), process
        case Stage() | Claim():
            return _claim(state, process, flight.observed, action)
        case Look() | Wait() | Hold() | CreateJournal() | CreateTarget() | ApplyMetadata():
            raise LookupError(action)
        case _:
            _compare(state, flight.observed)
            if isinstance(action, Record):
                memory = replace(memory, added=None, add_sent=False)
            book = next_journal(flight.observed, action)
            return _lawful(replace(state, book=book)), replace(process, memory=memory, claim=None)


def _add(state: State, process: ModelProcess, observed: Observed) -> tuple[State, ModelProcess]:
    pending = observed.journal.pending
    if process.claim is None or pending is None or state.now >= process.claim[1]:
        raise _RefusedError
    if len(state.cognito) >= 2:
        raise _RefusedError
    added = Secret(chr(ord("B") + state.adds), pending.value.reveal(), state.now)
    after = replace(_changed(state, (*state.cognito, added)), adds=state.adds + 1)
    answer = (pending.rotation, RemoteSecret(added.id, _at(added.born)))
    memory = replace(process.memory, added=answer, add_sent=True)
    return _lawful(after), replace(process, memory=memory)


def _delete(state: State, secret_id: str, order: RetiredBy | None) -> State:
    if all(one.id != secret_id for one in state.cognito):
        return state
    book, current = state.book, state.book.current
    _demand(state, len(state.cognito) > 1, "the last secret is deleted")
    _demand(state, book.marked_id == secret_id, "a secret is deleted without a mark")
    _demand(state, current is None or current.id != secret_id, "the current secret is deleted")
    _demand(state, state.shown[-1][1] != secret_id, "the target's current secret is deleted")
    held = any(secret_id in pod.holds for pod in state.pods)
    at_once = book.emergency is not None and book.emergency.now and book.is_leaked(secret_id)
    ordered = at_once or order is not None
    _demand(state, ordered or not held, "a secret is deleted that a live pod may hold")
    return _changed(state, tuple(one for one in state.cognito if one.id != secret_id))


def _publish(state: State, observed: Observed) -> State:
    book, seen = observed.journal, observed.target
    if not isinstance(seen, StoredSecret) or seen.resource_version != state.target.resource_version:
        raise _RefusedError
    if book.current is None or book.current.value is None or book.publication is None:
        raise LookupError
    value = book.current.value.reveal()
    found = [one for one in state.cognito if one.value == value]
    if value not in state.removed:
        _demand(state, bool(found), "a value is published that Cognito does not have")
    aged = not found or state.speaks or state.now > found[0].born or found[0].id == "A"
    _demand(state, aged, "a value is published before its activation delay")
    shown = book.shown_previous
    version = (
        f"publication {book.publication.number}, edits {state.edits}, "
        f"previous {shown.id if shown else None}"
    )
    written = replace(
        state.target,
        data=target_data(book, RESOURCE) or {},
        annotations=target_annotations(book, RESOURCE),
    )
    return _written(state, written, version, book.current.id)


def _claim(
    state: State, process: ModelProcess, observed: Observed, action: Stage | Claim
) -> tuple[State, ModelProcess]:
    _compare(state, observed)
    claim = journals.Claim(process.name, observed.now)
    if isinstance(action, Stage):
        book = journals.staged(
            observed.journal,
            value=SecretValue(f"drawn {len(observed.journal.rotations)}"),
            before=action.before,
            claim=claim,
            trigger=action.trigger,
            rotate_token=None,
        )
    else:
        book = journals.claimed(observed.journal, claim=claim, before=action.before)
    send_before = int((observed.now - BEGINNING) / MINUTE) + 1
    memory = replace(process.memory, added=None, add_sent=False)
    claimed = replace(process, memory=memory, claim=(book.sequence, send_before))
    return _lawful(replace(state, book=book)), claimed


def _compare(state: State, observed: Observed) -> None:
    if observed.journal.sequence != state.book.sequence:
        raise _RefusedError


def _pods_move(state: State) -> Iterator[tuple[str, State]]:
    last = next(pod for pod in state.pods if not pod.leaving)
    if state.reloads and state.book.published:
        yield "a pod reads the Secret again and says so", _reloaded(state, last)
    others = tuple(pod for pod in state.pods if pod is not last)
    if others:
        yield "a terminating pod is gone", replace(state, pods=(last,))
        return
    recent = [secret for since, secret in state.shown if since >= state.now - CACHES]
    older = [secret for since, secret in state.shown if since < state.now - CACHES]
    born = ModelPod(state.now, frozenset(older[-1:] + recent), state.stamp)
    moved = replace(state, pods=(replace(last, leaving=True), born))
    if last.stamp != state.stamp:
        yield "a new pod replaces the old one", moved
    elif state.drains:
        yield "a node is drained", _less(moved, "drains")


def _reloaded(state: State, pod: ModelPod) -> State:
    """Read the number from the status, which tells it once it is recorded; then the Secret."""
    number = state.book.publication_number
    read = replace(pod, holds=frozenset({state.shown[-1][1]}), acknowledged=number)
    pods = tuple(read if one is pod else one for one in state.pods)
    return replace(_less(state, "reloads"), pods=pods)


def _is_deleting(state: State) -> bool:
    """Tell whether a Delete is on its way: an edit at this moment is beyond anybody's power."""
    flights = [process.flight for process in state.processes]
    return any(flight is not None and isinstance(flight.action, Delete) for flight in flights)


def _removed(state: State, gone: Secret) -> State:
    left = replace(_less(state, "removals"), removed=state.removed | {gone.value})
    return _changed(left, tuple(one for one in state.cognito if one is not gone))


def _edited(state: State) -> State:
    """The worst of edits: somebody puts the oldest value back."""
    data = {**state.target.data, "client-secret": SecretValue(ORIGINAL)}
    left = _less(state, "edits")
    return _written(left, replace(state.target, data=data), f"edited, {left.edits} left", "A")


def _written(state: State, target: StoredSecret, version: str, shows: str) -> State:
    by = "somebody" if version.startswith("edited") else FIELD_MANAGER
    owner = owners_text([Owner(by, "Update", "", version, frozenset(target.data))])
    written = replace(target, resource_version=version, data_owner=owner, read_at=_at(state.now))
    return replace(state, target=written, shown=(*state.shown, (state.now, shows)))


def _changed(state: State, cognito: tuple[Secret, ...]) -> State:
    return replace(state, cognito=cognito, was=state.cognito, changed=state.now)


def _lawful(state: State) -> State:
    """Check G3, and that ids and values belong together."""
    book = state.book
    slots = (book.current, book.previous, book.pending, book.retired)
    kept = {slot.value.reveal() for slot in slots if slot is not None and slot.value}
    for one in state.cognito:
        safe = one.value in kept or one.value == FOREIGN
        _demand(state, safe, f"the value of {one.id} is nowhere but at Cognito")
    values = {one.id: one.value for one in state.cognito}
    pairs = [(one.id, one.value) for one in (book.current, book.previous) if one and one.value]
    if book.pending is not None and book.pending.secret is not None:
        pairs.append((book.pending.secret.id, book.pending.value))
    for secret_id, value in pairs:
        same = values.get(secret_id, value.reveal()) == value.reveal()
        _demand(state, same, f"the journal's value of {secret_id} is another secret's")
    return state


def _demand(state: State, holds: bool, law: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise LawBrokenInModelError(f"{law}, at minute {state.now}")


def _with(state: State, index: int, process: ModelProcess) -> State:
    processes = list(state.processes)
    processes[index] = process
    return replace(state, processes=tuple(processes))


def _less(state: State, budget: str) -> State:
    return replace(state, **{budget: getattr(state, budget) - 1})


def workload_version(state: State) -> str:
    """Give the workload's resourceVersion."""
    return f"{state.stamp} {[pod.born for pod in state.pods]}"


def _at(minute: int) -> datetime:
    return BEGINNING + minute * MINUTE
