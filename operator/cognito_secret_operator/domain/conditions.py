"""What a pass tells about a resource: conditions and figures, from the view and the plan."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ..reasons import Reason
from .acknowledgement import accepted_risks
from .actions import Hold, Plan
from .consumers import ConsumerMode
from .journal.journal import Journal, Origin
from .journal.rollback import was_rolled_back
from .model import ClientRef, StoredSecret, Verdict
from .observed import Observed
from .preview import is_previewed, preview_of
from .projection import is_projection
from .report import Condition, ConditionType, Report, ReportedSecret, Role, Step, Truth
from .rollout import Consumers, Holder
from .rules.rolling_out import evidence, suspects
from .schedule import missed_opening, starts_at
from .spec import Policy, Resource, VerificationMode
from .steps import rotation_began_at
from .text import moment_text

__all__ = ["LOOKS_MISSED", "invalid_report", "report", "step_of"]

LOOKS_MISSED: Final = 3
"""After so many List periods without a good look, nobody knows whether the resource is fine."""


def report(observed: Observed, plan: Plan) -> Report:
    """Tell what the pass saw and what it waits for."""
    spec, journal = observed.resource.spec, _journal(observed)
    rotates = spec.policy is Policy.ROTATE and not spec.suspended
    start = missed = None
    if journal and rotates and not was_rolled_back(journal):
        start = starts_at(observed.resource, journal, observed.timing, observed.now)
    if journal and start:
        missed = missed_opening(observed.resource, journal, start, observed.now)
    found = _holders(observed)
    return Report(
        client=spec.client,
        target_name=spec.target.name,
        generation=observed.resource.generation,
        conditions=(
            _ready(observed, plan),
            _rotating(observed, plan),
            _rolled_over(observed, plan),
            _verified(journal, spec.verification.mode),
            _overdue(observed),
            _reconciling(observed, plan),
            _stalled(plan),
        ),
        step=step_of(observed),
        suspended=spec.suspended,
        interval=spec.rotation.interval,
        max_age=spec.rotation.max_age,
        max_overlap=spec.retirement.max_overlap,
        journal_sequence=max(
            journal.sequence if journal else 0, observed.resource.status.journal_sequence
        ),
        secrets=_secrets(observed, journal),
        listed_at=observed.memory.listing.at
        if observed.memory.listing
        else observed.resource.status.listed_at,
        holders=None if found is None else tuple(holder.who for holder in found),
        outside_holders=sum(holder.is_outside for holder in found or ()),
        missing_acknowledgements=_how_many_have_to_speak(observed.resource, journal, found or ()),
        next_rotation_at=start,
        rotation_started_at=rotation_began_at(journal) if journal else None,
        missed_opening_at=missed,
        waits_for=(plan.reason, plan.message),
        rotations=journal.rotations if journal else (),
        previewed=is_previewed(observed),
        preview=preview_of(observed) if is_previewed(observed) else None,
        publication=_recorded_publication(journal),
    )


def invalid_report(client: ClientRef, generation: int, reason: Reason, message: str) -> Report:
    """Tell of a resource whose spec cannot be understood, so that metrics show it as stalled."""
    return Report(
        client=client,
        target_name="",
        generation=generation,
        conditions=tuple(
            Condition(kind, truth, reason, message)
            for kind, truth in (
                (ConditionType.READY, Truth.FALSE),
                (ConditionType.RECONCILING, Truth.FALSE),
                (ConditionType.STALLED, Truth.TRUE),
            )
        ),
        step=Step.IDLE,
        suspended=False,
        interval=timedelta(0),
        max_age=timedelta(0),
        max_overlap=timedelta(0),
        journal_sequence=0,
        secrets=(),
        listed_at=None,
        holders=None,
        next_rotation_at=None,
        waits_for=(reason, message),
        rotations=(),
    )


def step_of(observed: Observed) -> Step:
    """Derive where the rotation stands."""
    journal = _journal(observed)
    if journal is None:
        return Step.IDLE
    if journal.pending is not None:
        return Step.VERIFYING if journal.pending.secret else Step.STAGED
    if journal.previous is None:
        return Step.IDLE
    if journal.publication is None or journal.publication.published is None:
        return Step.PUBLISHING
    if journal.marked_id is not None:
        return Step.RETIRING
    proof = evidence(observed)
    if proof is None or observed.now <= proof.settled_at:
        return Step.SETTLING
    return Step.OVERLAP if _holders(observed) == () else Step.ROLLING_OUT


def _journal(observed: Observed) -> Journal | None:
    return observed.journal_read if isinstance(observed.journal_read, Journal) else None


def _recorded_publication(journal: Journal | None) -> int | None:
    publication = journal.publication if journal else None
    return publication.number if publication and publication.published else None


def _is_usable(observed: Observed) -> bool:
    """Whether the target holds a current secret that Cognito is not known to lack."""
    journal, target = _journal(observed), observed.target
    if journal is None or journal.current is None or not isinstance(target, StoredSecret):
        return False
    if observed.is_surely_missing(journal.current.id):
        return False
    return is_projection(target, journal, observed.resource)


def _ready(observed: Observed, plan: Plan) -> Condition:
    kind = ConditionType.READY
    observes = observed.resource.spec.policy is Policy.OBSERVE
    last = observed.last_look
    needs_person = isinstance(plan.action, Hold) and plan.action.stalled
    if (last is None or needs_person) if observes else not _is_usable(observed):
        return Condition(kind, Truth.FALSE, plan.reason, plan.message)
    if last is None or observed.now - last > LOOKS_MISSED * observed.timing.list_period:
        return Condition(
            kind,
            Truth.UNKNOWN,
            Reason.OBSERVATION_STALE,
            f"Cognito could not be looked at for long: {plan.message}",
        )
    if observes:
        return Condition(
            kind, Truth.TRUE, Reason.OBSERVING, "spec.policy is Observe: nothing is written"
        )
    return Condition(
        kind, Truth.TRUE, Reason.PUBLISHED, "the target Secret holds a secret that Cognito has"
    )


def _rotating(observed: Observed, plan: Plan) -> Condition:
    journal = _journal(observed)
    if journal is not None and (journal.pending is not None or journal.previous is not None):
        return Condition(ConditionType.ROTATING, Truth.TRUE, plan.reason, plan.message)
    if plan.reason is Reason.SLOT_TAKEN:
        return Condition(ConditionType.ROTATING, Truth.FALSE, plan.reason, plan.message)
    return Condition(ConditionType.ROTATING, Truth.FALSE, Reason.AT_REST, "no rotation is going on")


def _rolled_over(observed: Observed, plan: Plan) -> Condition:
    kind, journal = ConditionType.ROLLED_OVER, _journal(observed)
    if journal is None or journal.current is None:
        return Condition(kind, Truth.UNKNOWN, Reason.NOTHING_PUBLISHED, "nothing is published yet")
    if journal.previous is None:
        return Condition(kind, Truth.TRUE, Reason.RETIRED, "only the current secret is in use")
    published = journal.publication.published if journal.publication else None
    if published is None:
        return Condition(
            kind, Truth.FALSE, Reason.NOT_PUBLISHED, "the new secret is not published yet"
        )
    found = _holders(observed)
    late_at = published.at + observed.resource.spec.retirement.max_overlap
    if observed.now > late_at:
        return Condition(
            kind,
            Truth.FALSE,
            Reason.MAX_OVERLAP_EXCEEDED,
            f"both secrets are valid for longer than retirement.maxOverlap: {plan.message}",
        )
    if found is None:
        return Condition(kind, Truth.UNKNOWN, plan.reason, plan.message)
    if any(not holder.is_outside for holder in found):
        return Condition(kind, Truth.FALSE, Reason.PODS_NOT_ROLLED, plan.message)
    if found:
        return Condition(kind, Truth.FALSE, Reason.AWAITING_ACKNOWLEDGEMENT, plan.message)
    return Condition(kind, Truth.TRUE, Reason.PODS_ROLLED, "every pod has the current secret")


def _verified(journal: Journal | None, mode: VerificationMode) -> Condition:
    kind = ConditionType.VERIFIED
    if journal is None or journal.current is None:
        return Condition(kind, Truth.UNKNOWN, Reason.NOTHING_ADOPTED, "nothing is adopted yet")
    last = journal.rotations[-1] if journal.rotations else None
    if last is not None and last.retired_verdict is Verdict.ACCEPTED:
        return Condition(
            kind,
            Truth.FALSE,
            Reason.RETIRED_STILL_ACCEPTED,
            f"Cognito still accepted secret {last.retired_id} a while after it was deleted: look "
            "at the client at Cognito; the next rotation looks again",
        )
    if journal.current.verified:
        return Condition(
            kind, Truth.TRUE, Reason.ACCEPTED, "Cognito accepted the value before it was published"
        )
    if mode is VerificationMode.SKIP:
        return Condition(
            kind, Truth.UNKNOWN, Reason.SKIPPED, "verification.mode is Skip: nobody was asked"
        )
    return Condition(
        kind,
        Truth.UNKNOWN,
        Reason.VERIFICATION_UNAVAILABLE,
        "no token endpoint told whether Cognito accepts the value; set verification.tokenEndpoint",
    )


def _overdue(observed: Observed) -> Condition:
    kind, created_at = ConditionType.OVERDUE, _current_created_at(observed)
    if created_at is None:
        return Condition(kind, Truth.UNKNOWN, Reason.NOTHING_ADOPTED, "no secret is known yet")
    limit = created_at + observed.resource.spec.rotation.max_age
    if observed.now <= limit:
        return Condition(
            kind,
            Truth.FALSE,
            Reason.WITHIN_MAX_AGE,
            f"within rotation.maxAge until {moment_text(limit)}",
        )
    return Condition(
        kind,
        Truth.TRUE,
        Reason.MAX_AGE_EXCEEDED,
        f"older than rotation.maxAge since {moment_text(limit)}",
    )


def _current_created_at(observed: Observed) -> datetime | None:
    secrets = _secrets(observed, _journal(observed))
    return next((one.created_at for one in secrets if one.role is Role.CURRENT), None)


def _reconciling(observed: Observed, plan: Plan) -> Condition:
    kind = ConditionType.RECONCILING
    if observed.resource.spec.policy is Policy.OBSERVE:
        return Condition(kind, Truth.FALSE, Reason.OBSERVING, "nothing is to be written")
    if _is_usable(observed):
        return Condition(kind, Truth.FALSE, Reason.PUBLISHED, "the target Secret is usable")
    if isinstance(plan.action, Hold) and plan.action.stalled:
        return Condition(kind, Truth.FALSE, plan.reason, plan.message)
    return Condition(kind, Truth.TRUE, plan.reason, plan.message)


def _stalled(plan: Plan) -> Condition:
    if isinstance(plan.action, Hold) and plan.action.stalled:
        return Condition(ConditionType.STALLED, Truth.TRUE, plan.reason, plan.message)
    return Condition(ConditionType.STALLED, Truth.FALSE, Reason.NOT_STALLED, "nobody has to act")


def _secrets(observed: Observed, journal: Journal | None) -> tuple[ReportedSecret, ...]:
    """List what the journal accounts for and what only Cognito shows, oldest first."""
    known = _journaled_secrets(journal) if journal is not None else []
    foreign = [
        ReportedSecret(one.id, Role.FOREIGN, one.created_at, Origin.UNKNOWN)
        for one in observed.foreign
    ]
    found = sorted([*known, *foreign], key=lambda secret: (secret.created_at, secret.id))
    if observed.resource.spec.policy is Policy.OBSERVE:
        return _as_cognito_shows(observed, found)
    return tuple(found)


def _as_cognito_shows(
    observed: Observed, found: list[ReportedSecret]
) -> tuple[ReportedSecret, ...]:
    """Tell what Cognito has while nobody keeps the journal: somebody else may go on there.

    Where it is not what the journal says, the newest one counts as current.
    """
    shown = [secret for secret in found if not observed.is_surely_missing(secret.id)]
    if shown == found and all(secret.role is not Role.FOREIGN for secret in found):
        return tuple(found)
    roles = [Role.PREVIOUS] * (len(shown) - 1) + [Role.CURRENT]
    return tuple(replace(secret, role=role) for secret, role in zip(shown, roles, strict=False))


def _journaled_secrets(journal: Journal) -> list[ReportedSecret]:
    roles = ((Role.CURRENT, journal.current), (Role.PREVIOUS, journal.previous))
    found = [
        ReportedSecret(secret.id, role, secret.created_at, secret.origin)
        for role, secret in roles
        if secret is not None
    ]
    if journal.pending is not None and journal.pending.secret is not None:
        new = journal.pending.secret
        found.append(ReportedSecret(new.id, Role.PENDING, new.created_at, Origin.OPERATOR))
    return found


def _how_many_have_to_speak(
    resource: Resource, journal: Journal | None, found: tuple[Holder, ...]
) -> int:
    """Count the declared consumers that nothing but their own word can end the wait for."""
    delayed = accepted_risks(resource, journal) if journal is not None else ()
    return sum(holder.is_outside and holder.who not in delayed for holder in found)


def _holders(observed: Observed) -> tuple[Holder, ...] | None:
    journal = _journal(observed)
    if journal is None or journal.previous is None:
        return ()
    proof = evidence(observed)
    if proof is None or not isinstance(observed.consumers, Consumers):
        return None
    found = observed.consumers
    rollout = observed.resource.spec.rollout
    declared = rollout.consumers.mode is ConsumerMode.NONE
    elsewhere = observed.resource.spec.acknowledgements
    if found.missing or not (found.workloads or found.pods or declared or elsewhere):
        return None
    return suspects(observed, found, proof)
