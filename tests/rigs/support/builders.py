"""Builders of what a pass observes, in few words: ids are letters, time is minutes from noon."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from inspect import unwrap
from typing import Any, Final

from cognito_secret_operator.domain.actions import Look, Plan
from cognito_secret_operator.domain.consumers import AUTOMATIC
from cognito_secret_operator.domain.journal.journal import (
    Claim,
    Journal,
    JournaledSecret,
    Origin,
    Outcome,
    Pending,
    Publication,
    Published,
    Rotation,
)
from cognito_secret_operator.domain.model import (
    ClientRef,
    Listing,
    Probe,
    RemoteSecret,
    ResourceKey,
    StoredSecret,
    Timing,
    Trigger,
    Verdict,
)
from cognito_secret_operator.domain.observed import (
    UNREAD,
    Fact,
    Memory,
    Observed,
    Problem,
    Unread,
)
from cognito_secret_operator.domain.plan import RULES
from cognito_secret_operator.domain.projection import target_annotations, target_data
from cognito_secret_operator.domain.rollout import (
    Consumers,
    Pod,
    Progress,
    Reader,
    Workload,
    WorkloadRef,
)
from cognito_secret_operator.domain.rules import Rule
from cognito_secret_operator.domain.rules.needs import outcome
from cognito_secret_operator.domain.spec import (
    AdoptionSpec,
    EmergencyRequest,
    Policy,
    Resource,
    RetirementSpec,
    RetireOriginal,
    RolloutSpec,
    RolloutStrategy,
    RotationSpec,
    Spec,
    StatusFacts,
    TargetSpec,
    VerificationSpec,
)
from cognito_secret_operator.domain.target_keys import TargetKeys
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.names import RESOURCE_ANNOTATION
from cognito_secret_operator.reasons import Reason

__all__ = [
    "CLIENT",
    "NOON",
    "SPEC",
    "at",
    "consumers",
    "deployment",
    "job",
    "journal",
    "listing",
    "pending",
    "pod",
    "probe",
    "problem",
    "refused",
    "remote",
    "resource",
    "said",
    "secret",
    "spec",
    "target",
    "view",
]

NOON: Final = datetime(2030, 1, 1, 12, tzinfo=UTC)
CLIENT: Final = ClientRef("eu-west-1_AbCdEfGhI", "1example23456789")
SPEC: Final = Spec(
    client=CLIENT,
    policy=Policy.ROTATE,
    suspended=False,
    rotation=RotationSpec(interval=timedelta(days=30), max_age=timedelta(days=33)),
    verification=VerificationSpec(token_endpoint=None, activation_delay=timedelta(seconds=60)),
    target=TargetSpec("orders-api", TargetKeys()),
    rollout=RolloutSpec(RolloutStrategy.RESTART, AUTOMATIC, timedelta(minutes=30)),
    retirement=RetirementSpec(min_overlap=timedelta(hours=1), max_overlap=timedelta(hours=72)),
    adoption=AdoptionSpec(RetireOriginal.APPROVE),
)
WEB: Final = WorkloadRef("Deployment", "web")


def at(minutes: float) -> datetime:
    """Give a time, in minutes from noon."""
    return NOON + timedelta(minutes=minutes)


def spec(base: Spec = SPEC, **changes: object) -> Spec:
    """Change a spec: a section by a mapping of its fields, any other field by its value."""
    values: dict[str, Any] = {
        name: replace(getattr(base, name), **change) if isinstance(change, dict) else change
        for name, change in changes.items()
    }
    return replace(base, **values)


def resource(
    spec: Spec = SPEC,
    *,
    rotate: str | None = None,
    approved: str | None = None,
    emergency: EmergencyRequest | None = None,
    status: StatusFacts | None = None,
) -> Resource:
    """Build a resource; Cognito was looked at before."""
    return Resource(
        key=ResourceKey("shop", "orders-api"),
        uid="resource-1",
        generation=1,
        spec=spec,
        rotate_token=rotate,
        approved_id=approved,
        emergency=emergency,
        status=status or StatusFacts(listed_at=NOON),
    )


def remote(secret_id: str, *, days: float = 1) -> RemoteSecret:
    """Build a secret as a List shows it, so many days old."""
    return RemoteSecret(secret_id, NOON - timedelta(days=days))


def secret(
    secret_id: str,
    *,
    days: float = 1,
    origin: Origin = Origin.OPERATOR,
    has_value: bool = True,
    verified: bool = True,
) -> JournaledSecret:
    """Build a secret as the journal knows it; its value is ``value of <id>``."""
    return JournaledSecret(
        id=secret_id,
        created_at=NOON - timedelta(days=days),
        value=SecretValue(f"value of {secret_id}") if has_value else None,
        origin=origin,
        verified=verified,
    )


def pending(
    secret_id: str | None = None,
    *,
    before: str = "A",
    owner: str = "process-1",
    claimed: float = 0,
    recorded: float = 0,
) -> Pending:
    """Build a pending value; *secret_id* is what Cognito called it."""
    return Pending(
        value=SecretValue(f"value of {secret_id or 'B'}"),
        before=tuple(before.split()),
        claim=Claim(owner, at(claimed)),
        rotation=Rotation(Trigger.SCHEDULE, at(claimed)),
        secret=remote(secret_id, days=0) if secret_id else None,
        recorded_at=at(recorded) if secret_id else None,
    )


def journal(
    current: JournaledSecret | str | None = "A",
    previous: JournaledSecret | str | None = None,
    *,
    pending: Pending | None = None,
    published: float | None = -60 * 24,
    number: int = 7,
    marked_id: str | None = None,
    handled: str | None = None,
    rotations: tuple[Rotation, ...] = (),
    sequence: int = 10,
) -> Journal:
    """Build a journal; *published* is when the publication was recorded, None where it was not."""
    record = (
        Published("target-1", f"owner-{number}", at(published), "orders-api") if published else None
    )
    previous = secret(previous, days=29) if isinstance(previous, str) else previous
    rotation = Rotation(Trigger.SCHEDULE, at(-60), secret_id="B") if previous else None
    return Journal(
        uid="journal-1",
        namespace="shop",
        client=CLIENT,
        sequence=sequence,
        current=secret(current) if isinstance(current, str) else current,
        previous=previous,
        pending=pending,
        publication=Publication(number, record) if current else None,
        rotation=rotation,
        marked_id=marked_id,
        handled_rotate=handled,
        rotations=rotations,
    )


def refused(*, finished: float, trigger: Trigger = Trigger.SCHEDULE) -> Rotation:
    """Build a rotation that failed."""
    return Rotation(trigger, at(finished - 6), "X", "", at(finished), outcome=Outcome.REFUSED)


def target(
    book: Journal,
    *,
    data: Mapping[str, str] | None = None,
    marks: Mapping[str, str] | None = None,
    owner: str | None = None,
    uid: str = "target-1",
) -> StoredSecret:
    """Build the target that the journal wants, unless parts of it are given."""
    wanted = resource()
    number = book.publication_number
    written = {key: SecretValue(value) for key, value in (data or {}).items()}
    return StoredSecret(
        namespace="shop",
        name="orders-api",
        uid=uid,
        resource_version="1",
        annotations=target_annotations(book, wanted) if marks is None else marks,
        data=written if data is not None else target_data(book, wanted) or {},
        data_owner=f"owner-{number}" if owner is None else owner,
        read_at=NOON,
    )


def listing(ids: str, *, minutes: float = 0) -> Listing:
    """Build a List's answer."""
    age = iter((29, 1, 0.5))
    return Listing(tuple(remote(one, days=next(age)) for one in ids.split()), at(minutes))


def probe(verdict: str) -> Probe:
    """Build a probe's answer."""
    return Probe(Verdict(verdict), "as the endpoint said")


def pod(
    name: str,
    *,
    born: float,
    terminating: bool = False,
    finished: bool = False,
    owner: WorkloadRef | None = WEB,
    covered: bool = True,
    reads: str = "",
    acks: str = "",
) -> Pod:
    """Build a pod.

    Args:
        name: of the pod.
        born: minutes from noon.
        terminating: it is being deleted.
        finished: all its containers have ended.
        owner: who moves it.
        covered: the user counts it as a consumer.
        reads: containers that read the Secret, those in capitals into their environment.
        acks: ``container=publication``, several with spaces between.

    """
    readers = tuple(Reader(one, reloads=one.islower()) for one in reads.split())
    pairs = [one.split("=") for one in acks.split()]
    return Pod(
        name=name,
        uid=f"uid-{name}",
        created_at=at(born),
        terminating=terminating,
        finished=finished,
        owner=owner,
        covered=covered,
        readers=readers,
        acknowledged=frozenset((container, int(number)) for container, number in pairs),
    )


def deployment(
    *,
    stamp: str | None = None,
    progress: Progress = Progress.COMPLETE,
    name: str = "web",
    covered: bool = True,
    stamped: float | None = None,
) -> Workload:
    """Build a Deployment; *stamped* is when the operator last stamped it, for any resource."""
    detail = "" if progress is Progress.COMPLETE else "1 of 2 pods are ready"
    ref = WorkloadRef("Deployment", name)
    made = Workload(ref, f"uid-{name}", "1", stamp, progress, detail, covered)
    return replace(made, stamped_at=None if stamped is None else at(stamped))


def job(name: str, *, kind: str = "Job") -> Workload:
    """Build a Job or CronJob."""
    ref = WorkloadRef(kind, name, "batch")
    return Workload(ref, f"uid-{name}", "1", None, Progress.COMPLETE, "", restarts=False)


def consumers(
    *found: Workload | Pod, minutes: float = 0, missing: WorkloadRef | None = None
) -> Consumers:
    """Build a full read of a namespace."""
    workloads = tuple(one for one in found if isinstance(one, Workload))
    pods = tuple(one for one in found if isinstance(one, Pod))
    return Consumers(workloads, pods, at(minutes), (missing,) if missing else ())


def problem(reason: str = "TemporarilyUnavailable", *, needs_action: bool = False) -> Problem:
    """Build a read that failed."""
    return Problem(Reason(reason), "the read failed", needs_action)


def rules_of(*modules: str) -> dict[str, Rule]:
    """Map the names of all rules of some modules of ``domain/rules`` to the rules, unwrapped.

    Each returns the plan to read a fact that it lacks, as it does within the plan.
    """
    found = [unwrap(rule) for rule in RULES if rule.__module__.rpartition(".")[2] in modules]
    return {rule.__name__: partial(outcome, rule) for rule in found}


def said(plan: Plan | None) -> str:
    """Write a rule's plan as ``Action Reason``; an empty text where it has none."""
    if plan is None:
        return ""
    if isinstance(plan.action, Look):
        return f"Look {plan.action.fact.name}"
    return f"{type(plan.action).__name__} {plan.reason}"


def view(
    book: Journal | Problem | None = None,
    *,
    target_secret: StoredSecret | Problem | None = None,
    of: Resource | None = None,
    listed: str | Problem | None = None,
    seen: Consumers | Problem | Unread = UNREAD,
    probes: Mapping[Fact, Probe] | None = None,
    memory: Memory | None = None,
    minutes: float = 0,
    has_target: bool = True,
    ours: bool = False,
) -> Observed:
    """Build a pass's view at *minutes* after noon; the target is as the journal wants it."""
    if target_secret is None and has_target and isinstance(book, Journal) and book.is_adopted:
        target_secret = target(book)
    if isinstance(listed, str):
        looked: Listing | Problem | Unread = listing(listed, minutes=minutes)
    else:
        looked = UNREAD if listed is None else listed
    found = Observed(
        now=at(minutes),
        resource=of or resource(),
        timing=Timing(),
        memory=memory or Memory(first_pass_at=at(minutes)),
        journal_secret=_stored_journal() if isinstance(book, Journal) else book,
        journal_read=book,
        target=target_secret,
        claim_is_ours=ours,
        listing=looked,
        probes=probes or {},
    )
    return replace(found, consumers=seen)


def _stored_journal() -> StoredSecret:
    return StoredSecret(
        namespace="shop",
        name="orders-api-cognito-journal",
        uid="journal-1",
        resource_version="1",
        annotations={RESOURCE_ANNOTATION: "orders-api"},
        data={},
        data_owner="",
        read_at=NOON,
    )
