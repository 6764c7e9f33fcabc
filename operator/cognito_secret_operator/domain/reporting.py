"""The report of a pass: conditions and figures, from the view and the plan."""

from dataclasses import replace
from datetime import timedelta

from ..reasons import Reason
from .acknowledgement import accepted_risks
from .actions import Plan
from .conditions import conditions_of
from .evidence import Holder
from .journal.journal import Journal, Origin
from .journal.rollback import was_rolled_back
from .model import ClientRef
from .observed import Observed
from .preview import is_previewed, preview_of
from .report import Condition, ConditionType, Report, ReportedSecret, Role, Step, Truth
from .schedule import missed_opening, starts_at
from .spec import Policy, Resource
from .steps import holders_of, rotation_began_at, step_of

__all__ = ["build_report", "invalid_report"]


def build_report(observed: Observed, plan: Plan) -> Report:
    """Report what the pass saw and what it waits for."""
    spec, journal = observed.resource.spec, observed.known_journal
    rotates = spec.policy is Policy.ROTATE and not spec.suspended
    start = missed = None
    if journal and rotates and not was_rolled_back(journal):
        start = starts_at(observed.resource, journal, observed.timing, observed.now)
    if journal and start:
        missed = missed_opening(observed.resource, journal, start, observed.now)
    found, secrets = holders_of(observed), _secrets(observed, journal)
    return Report(
        client=spec.client,
        target_name=spec.target.name,
        generation=observed.resource.generation,
        conditions=conditions_of(observed, plan, found, secrets),
        step=step_of(observed),
        suspended=spec.suspended,
        interval=spec.rotation.interval,
        max_age=spec.rotation.max_age,
        max_overlap=spec.retirement.max_overlap,
        journal_sequence=max(
            journal.sequence if journal else 0, observed.resource.status.journal_sequence
        ),
        secrets=secrets,
        listed_at=observed.memory.listing.at
        if observed.memory.listing
        else observed.resource.status.listed_at,
        holders=None if found is None else tuple(holder.who for holder in found),
        outside_holders=sum(holder.is_outside for holder in found or ()),
        missing_acknowledgements=_missing_acknowledgements(observed.resource, journal, found or ()),
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
    """Report a resource whose spec cannot be understood, so that metrics show it as stalled."""
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


def _recorded_publication(journal: Journal | None) -> int | None:
    return journal.publication_number if journal and journal.published else None


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
    """Return what Cognito has while the journal is not kept: others may rotate the client.

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


def _missing_acknowledgements(
    resource: Resource, journal: Journal | None, found: tuple[Holder, ...]
) -> int:
    """Count external consumers that have not acknowledged and have no `delay`."""
    delayed = accepted_risks(resource, journal) if journal is not None else ()
    return sum(holder.is_outside and holder.who not in delayed for holder in found)
