"""A resource's journal: every value and intent that must survive a crash, and how it may change.

Each function of this module is one write of the journal: it takes the journal as it was read and
gives the next one, a sequence number higher. The shell writes it by compare-and-swap.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ..model import ClientRef, RemoteSecret, StoredSecret, Trigger, Verdict
from ..spec import EmergencyRequest
from ..value import SecretValue
from .record import Claim, Emergency, Origin, Outcome, Publication, Published, RetiredBy
from .tokens import earlier_tokens

__all__ = [
    "FORMAT",
    "Claim",
    "Emergency",
    "Journal",
    "JournaledSecret",
    "Origin",
    "Outcome",
    "Pending",
    "Publication",
    "Published",
    "RetiredBy",
    "Rotation",
]

FORMAT = 1
"""Version of the journal's format; a journal of another one is held, not read."""
KEPT_ROTATIONS = 5


@dataclass(frozen=True, slots=True)
class JournaledSecret:
    """A secret at Cognito and what we know of it."""

    id: str
    created_at: datetime
    value: SecretValue | None
    """None where the value is unknown: such a secret is never published."""

    origin: Origin
    verified: bool = False
    """Cognito accepted the value before it was published."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation, for the record."""

    trigger: Trigger
    started_at: datetime
    secret_id: str = ""
    retired_id: str = ""
    finished_at: datetime | None = None
    outcome: Outcome | None = None
    retired_verdict: Verdict | None = None
    """What Cognito said of the retired value after its deletion; None where it was not asked."""
    retired_by: RetiredBy | None = None
    """The order by which the previous secret was deleted; None where it was no longer held."""
    add_request_id: str = ""
    """AWS's id of the Add; empty where its answer was lost."""

    delete_request_id: str = ""
    """AWS's id of the Delete; empty where this process did not see its answer."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A value drawn and durable, on its way to Cognito."""

    value: SecretValue
    before: tuple[str, ...]
    """Ids that List showed before the Add."""

    claim: Claim
    rotation: Rotation
    secret: RemoteSecret | None = None
    """What Cognito called it, once that is recorded."""

    recorded_at: datetime | None = None
    origin: Origin = Origin.OPERATOR
    """Who chose the value: we, or the user at the beginning of a migration."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The whole journal; an empty one (nothing adopted yet) has sequence 0."""

    uid: str
    namespace: str
    client: ClientRef
    sequence: int = 0
    current: JournaledSecret | None = None
    previous: JournaledSecret | None = None
    retired: JournaledSecret | None = None
    """The last previous one, gone at Cognito: the target shows it until the next publication."""

    pending: Pending | None = None
    publication: Publication | None = None
    token_endpoint: str | None = None
    """Where the pool's token endpoint was found, for a target that shows it."""

    rotation: Rotation | None = None
    """The rotation whose previous secret is not retired yet."""

    rotations: tuple[Rotation, ...] = ()
    """The last five rotations, oldest first."""

    marked_id: str | None = None
    marked_by: RetiredBy | None = None
    """The order by which the mark was set; None where the secret was no longer held."""

    handled_rotate: str | None = None
    earlier_rotates: tuple[str, ...] = ()
    """Tokens handled before *handled_rotate*, oldest first: Git may bring one of them back."""

    initial_is_wanted: bool = False
    """The user's own value is still to be added: the client was made without it."""

    emergency: Emergency | None = None
    handled_emergency: EmergencyRequest | None = None
    returned: tuple[str, ...] = ()
    """Ids that became current for a second time: a word about them may be from the first."""

    @property
    def publication_number(self) -> int:
        """The number of the publication; 0 where nothing was ever to be published."""
        return self.publication.number if self.publication else 0

    @property
    def published(self) -> Published | None:
        """The record of the publication; None where the target was not compared yet."""
        return self.publication.published if self.publication else None

    @property
    def is_adopted(self) -> bool:
        """Whether the client's secret has been taken over."""
        return self.current is not None

    @property
    def ids(self) -> frozenset[str]:
        """Ids at Cognito that the journal accounts for."""
        known = [self.current, self.previous]
        ids = {secret.id for secret in known if secret is not None}
        if self.pending is not None and self.pending.secret is not None:
            ids.add(self.pending.secret.id)
        return frozenset(ids)

    def has_handled(self, token: str) -> bool:
        """Return whether a rotate token was handled before, lately or a while ago."""
        return token == self.handled_rotate or token in self.earlier_rotates

    @property
    def shown_previous(self) -> JournaledSecret | None:
        """The secret whose value the target shows as previous; None means: the current one.

        A leaked value is not published.
        """
        shown = self.previous or self.retired
        return None if shown is None or self.is_leaked(shown.id) else shown

    def name_of(self, secret_id: str) -> str:
        """Return how a person names a secret: with the publication where the id came back."""
        return f"{secret_id}.{self.publication_number}" if secret_id in self.returned else secret_id

    @property
    def previous_leaked(self) -> bool:
        """Whether the previous secret leaked: only pods and caches are waited for."""
        return self.previous is not None and self.is_leaked(self.previous.id)

    @property
    def deletes_previous_at_once(self) -> bool:
        """Whether the previous secret leaked and is deleted before its pods have moved."""
        return self.emergency is not None and self.emergency.now and self.previous_leaked

    def is_leaked(self, secret_id: str) -> bool:
        """Return whether a person reported that this secret leaked, and it is not gone yet."""
        return self.emergency is not None and secret_id in self.emergency.leaked


def next_entry(journal: Journal, **changes: object) -> Journal:
    """Return the journal with *changes*, a sequence number higher."""
    following: Journal = replace(journal, sequence=journal.sequence + 1, **changes)  # type: ignore[arg-type]
    known = tuple(one for one in following.returned if one in following.ids)
    following = replace(following, returned=known)
    return replace(following, emergency=None) if _is_over(following) else following


def _is_over(journal: Journal) -> bool:
    """Return whether a recorded emergency needs nothing any more."""
    emergency = journal.emergency
    if emergency is None or emergency.renews:
        return False
    return journal.ids.isdisjoint(emergency.leaked)


def adopted(
    journal: Journal,
    secret: JournaledSecret,
    *,
    publication_number: int,
    rotate_token: str | None,
    emergency: EmergencyRequest | None = None,
    wants_initial: bool = False,
) -> Journal:
    """Take over the client's secret; tokens that are there already are only recorded.

    But for an emergency that names the very secret: an old one, from Git, names one that is gone.
    """
    is_old = emergency is not None and emergency.secret_id != secret.id
    return next_entry(
        journal,
        current=secret,
        publication=Publication(number=publication_number),
        handled_rotate=rotate_token,
        handled_emergency=emergency if is_old else None,
        initial_is_wanted=wants_initial,
    )


def staged(
    journal: Journal,
    *,
    value: SecretValue,
    before: tuple[str, ...],
    claim: Claim,
    trigger: Trigger,
    rotate_token: str | None,
    origin: Origin = Origin.OPERATOR,
) -> Journal:
    """Begin a rotation: the new value is durable before Cognito learns it.

    A handled token stays handled while the annotation is away: it may come back from Git.
    """
    rotation = Rotation(trigger=trigger, started_at=claim.at)
    pending = Pending(value=value, before=before, claim=claim, rotation=rotation, origin=origin)
    handled = rotate_token or journal.handled_rotate
    return next_entry(
        journal,
        pending=pending,
        handled_rotate=handled,
        earlier_rotates=earlier_tokens(journal.earlier_rotates, journal.handled_rotate, handled),
    )


def claimed(journal: Journal, *, claim: Claim, before: tuple[str, ...]) -> Journal:
    """Take the right to send the pending value's Add."""
    pending = _pending(journal)
    return next_entry(journal, pending=replace(pending, claim=claim, before=before))


def recorded(journal: Journal, remote: RemoteSecret, *, at: datetime) -> Journal:
    """Note what Cognito called the pending value."""
    pending = _pending(journal)
    rotation = replace(pending.rotation, add_request_id=remote.request_id)
    following = replace(pending, secret=remote, recorded_at=at, rotation=rotation)
    return next_entry(journal, pending=following)


def promoted(journal: Journal, *, verified: bool) -> Journal:
    """Make the pending secret current and the current one previous, to be published."""
    pending = _pending(journal)
    if pending.secret is None or journal.current is None:
        raise ValueError("only a recorded secret can be promoted over an adopted one")
    return next_entry(
        journal,
        current=JournaledSecret(
            id=pending.secret.id,
            created_at=pending.secret.created_at,
            value=pending.value,
            origin=pending.origin,
            verified=verified,
        ),
        previous=journal.current,
        retired=None,
        pending=None,
        publication=Publication(journal.publication_number + 1),
        rotation=replace(pending.rotation, secret_id=pending.secret.id),
        initial_is_wanted=journal.initial_is_wanted and pending.origin is not Origin.INITIAL,
        emergency=journal.emergency and replace(journal.emergency, renews=False),
    )


def published(journal: Journal, target: StoredSecret) -> Journal:
    """Record a publication from a read of the target whose data were compared."""
    if journal.publication is None:
        raise ValueError("nothing is to be published")
    record = Published(target.uid, target.data_owner, target.read_at, target.name)
    return next_entry(journal, publication=replace(journal.publication, published=record))


def republished(journal: Journal) -> Journal:
    """Begin a new publication of the same secrets: the target was deleted or edited."""
    return next_entry(journal, publication=Publication(journal.publication_number + 1))


def redacted(journal: Journal, target: StoredSecret) -> Journal:
    """Record that we took a leaked value out of the target: the publication is still the same."""
    publication = journal.publication
    if publication is None or publication.published is None:
        raise ValueError("nothing is published")
    record = replace(publication.published, data_owner=target.data_owner)
    return next_entry(journal, publication=replace(publication, published=record))


def endpoint_noted(journal: Journal, url: str) -> Journal:
    """Note where the pool's token endpoint was found: the target shows it from now on."""
    return next_entry(journal, token_endpoint=url)


def marked(journal: Journal, secret_id: str, order: RetiredBy | None = None) -> Journal:
    """Mark the one secret that may be deleted at Cognito, and by which order."""
    return next_entry(journal, marked_id=secret_id, marked_by=order)


def forgotten(
    journal: Journal,
    secret_id: str,
    *,
    at: datetime,
    outcome: Outcome = Outcome.SUCCESS,
    request_id: str = "",
    verdict: Verdict | None = None,
) -> Journal:
    """Strike a secret that is gone at Cognito: the refused pending one or the previous one.

    *request_id* is AWS's of the Delete, where it is known; *verdict* what Cognito said afterwards.
    """
    pending = journal.pending
    if pending is not None and pending.secret is not None and pending.secret.id == secret_id:
        outcome = Outcome.LEAKED if journal.is_leaked(secret_id) else Outcome.REFUSED
        rotation = replace(pending.rotation, delete_request_id=request_id)
        failed = finished(rotation, at, outcome, secret_id=secret_id)
        has_leaked = outcome is Outcome.LEAKED and pending.origin is Origin.INITIAL
        return next_entry(
            journal,
            pending=None,
            marked_id=None,
            rotations=kept(journal, failed),
            initial_is_wanted=journal.initial_is_wanted and not has_leaked,
        )
    if journal.previous is None or journal.previous.id != secret_id:
        raise ValueError("only the previous secret or a refused pending one can be forgotten")
    rotations = journal.rotations
    if journal.rotation is not None:
        rotation = replace(
            journal.rotation,
            delete_request_id=request_id,
            retired_by=journal.marked_by,
            retired_verdict=verdict,
        )
        # A rollback has told its outcome already.
        outcome = rotation.outcome or outcome
        rotations = kept(journal, finished(rotation, at, outcome, retired_id=secret_id))
    return next_entry(
        journal,
        previous=None,
        retired=None if journal.is_leaked(secret_id) else journal.previous,
        marked_id=None,
        marked_by=None,
        rotation=None,
        rotations=rotations,
    )


def finished(
    rotation: Rotation,
    at: datetime,
    outcome: Outcome,
    *,
    secret_id: str | None = None,
    retired_id: str = "",
) -> Rotation:
    """Return the record of a rotation that has come to its end."""
    return replace(
        rotation,
        finished_at=at,
        outcome=outcome,
        secret_id=secret_id or rotation.secret_id,
        retired_id=retired_id,
    )


def kept(journal: Journal, rotation: Rotation) -> tuple[Rotation, ...]:
    """Return the last rotations, *rotation* as the latest."""
    return (*journal.rotations, rotation)[-KEPT_ROTATIONS:]


def _pending(journal: Journal) -> Pending:
    if journal.pending is None:
        raise ValueError("nothing is pending")
    return journal.pending
