"""A resource's journal: every value and intent that must survive a crash, and how it may change.

Each function of this module is one write of the journal: it takes the journal as it was read and
gives the next one, a sequence number higher. The shell writes it by compare-and-swap.
"""

import enum
from dataclasses import dataclass, replace
from datetime import datetime

from .model import ClientRef, RemoteSecret, StoredSecret, Trigger, Verdict
from .value import SecretValue

__all__ = [
    "FORMAT",
    "Claim",
    "Journal",
    "JournaledSecret",
    "Origin",
    "Outcome",
    "Pending",
    "Publication",
    "Published",
    "Rotation",
]

FORMAT = 1
"""Version of the journal's format; a journal of another one is held, not read."""

KEPT_ROTATIONS = 5
KEPT_TOKENS = 20


class Origin(enum.Enum):
    """Where a secret came from, for the audit."""

    OPERATOR = "Operator"
    TARGET = "Target"
    DESCRIBE = "Describe"
    UNKNOWN = "Unknown"


class Outcome(enum.Enum):
    """How a rotation ended."""

    SUCCESS = "Success"
    REFUSED = "Refused"


@dataclass(frozen=True, slots=True)
class JournaledSecret:
    """A secret at Cognito and what we know of it."""

    id: str
    created_at: datetime
    value: SecretValue | None
    """None where nobody could tell the value: such a secret is never published."""

    origin: Origin
    known: bool
    """Id and value were shown to belong together, for the audit; see *origin* for approval."""

    verified: bool = False
    """Cognito accepted the value before it was published."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one Add: whose it is, and since when (API server's time)."""

    owner: str
    at: datetime


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


@dataclass(frozen=True, slots=True)
class Published:
    """The target Secret as it was when its data were compared with the journal."""

    target_uid: str
    data_owner: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """What the target Secret is to hold: its number, and the record of the comparison."""

    number: int
    published: Published | None = None


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
    rotation: Rotation | None = None
    """The rotation whose previous secret is not retired yet."""

    doomed: str | None = None
    handled_rotate: str | None = None
    rotations: tuple[Rotation, ...] = ()
    """The last five rotations, oldest first."""

    token_endpoint: str | None = None
    """Where the pool's token endpoint was found, for a target that shows it."""

    earlier_rotates: tuple[str, ...] = ()
    """Tokens handled before *handled_rotate*, oldest first: Git may bring one of them back."""

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
        """Tell whether a rotate token was handled before, lately or a while ago."""
        return token == self.handled_rotate or token in self.earlier_rotates

    @property
    def shown_previous(self) -> JournaledSecret | None:
        """The secret whose value the target shows as previous; None means: the current one."""
        return self.previous or self.retired


def _next(journal: Journal, **changes: object) -> Journal:
    return replace(journal, sequence=journal.sequence + 1, **changes)  # type: ignore[arg-type]


def adopted(
    journal: Journal,
    secret: JournaledSecret,
    *,
    publication_number: int,
    rotate_token: str | None,
) -> Journal:
    """Take over the client's secret; a rotate token that is there already is only recorded."""
    return _next(
        journal,
        current=secret,
        publication=Publication(number=publication_number),
        handled_rotate=rotate_token,
    )


def staged(
    journal: Journal,
    *,
    value: SecretValue,
    before: tuple[str, ...],
    claim: Claim,
    trigger: Trigger,
    rotate_token: str | None,
) -> Journal:
    """Begin a rotation: the new value is durable before Cognito learns it.

    A handled token stays handled while the annotation is away: it may come back from Git.
    """
    rotation = Rotation(trigger=trigger, started_at=claim.at)
    pending = Pending(value=value, before=before, claim=claim, rotation=rotation)
    handled = rotate_token or journal.handled_rotate
    return _next(
        journal,
        pending=pending,
        handled_rotate=handled,
        earlier_rotates=_earlier_tokens(journal, handled),
    )


def claimed(journal: Journal, *, claim: Claim, before: tuple[str, ...]) -> Journal:
    """Take the right to send the pending value's Add."""
    pending = _pending(journal)
    return _next(journal, pending=replace(pending, claim=claim, before=before))


def recorded(journal: Journal, remote: RemoteSecret, *, at: datetime) -> Journal:
    """Note what Cognito called the pending value."""
    pending = _pending(journal)
    return _next(journal, pending=replace(pending, secret=remote, recorded_at=at))


def promoted(journal: Journal, *, verified: bool) -> Journal:
    """Make the pending secret current and the current one previous, to be published."""
    pending = _pending(journal)
    if pending.secret is None or journal.current is None:
        raise ValueError("only a recorded secret can be promoted over an adopted one")
    number = journal.publication.number if journal.publication else 0
    return _next(
        journal,
        current=JournaledSecret(
            id=pending.secret.id,
            created_at=pending.secret.created_at,
            value=pending.value,
            origin=Origin.OPERATOR,
            known=True,
            verified=verified,
        ),
        previous=journal.current,
        retired=None,
        pending=None,
        publication=Publication(number=number + 1),
        rotation=replace(pending.rotation, secret_id=pending.secret.id),
    )


def published(journal: Journal, target: StoredSecret) -> Journal:
    """Record a publication from a read of the target whose data were compared."""
    if journal.publication is None:
        raise ValueError("nothing is to be published")
    record = Published(target_uid=target.uid, data_owner=target.data_owner, at=target.read_at)
    return _next(journal, publication=replace(journal.publication, published=record))


def republished(journal: Journal) -> Journal:
    """Begin a new publication of the same secrets: the target was deleted or edited."""
    number = journal.publication.number if journal.publication else 0
    return _next(journal, publication=Publication(number=number + 1))


def endpoint_noted(journal: Journal, url: str) -> Journal:
    """Note where the pool's token endpoint was found: the target shows it from now on."""
    return _next(journal, token_endpoint=url)


def doomed(journal: Journal, secret_id: str) -> Journal:
    """Mark the one secret that may be deleted at Cognito."""
    return _next(journal, doomed=secret_id)


def forgotten(
    journal: Journal, secret_id: str, *, at: datetime, verdict: Verdict | None = None
) -> Journal:
    """Strike a secret that is gone at Cognito: the refused pending one or the previous one."""
    pending = journal.pending
    if pending is not None and pending.secret is not None and pending.secret.id == secret_id:
        failed = _finished(pending.rotation, at, Outcome.REFUSED, secret_id=secret_id)
        return _next(journal, pending=None, doomed=None, rotations=_kept(journal, failed))
    if journal.previous is None or journal.previous.id != secret_id:
        raise ValueError("only the previous secret or a refused pending one can be forgotten")
    rotations = journal.rotations
    if journal.rotation is not None:
        done = _finished(journal.rotation, at, Outcome.SUCCESS, retired_id=secret_id)
        rotations = _kept(journal, replace(done, retired_verdict=verdict))
    return _next(
        journal,
        previous=None,
        retired=journal.previous,
        doomed=None,
        rotation=None,
        rotations=rotations,
    )


def _earlier_tokens(journal: Journal, handled: str | None) -> tuple[str, ...]:
    last = journal.handled_rotate
    if last is None or last == handled:
        return journal.earlier_rotates
    kept = (token for token in journal.earlier_rotates if token not in {last, handled})
    return (*kept, last)[-KEPT_TOKENS:]


def _finished(
    rotation: Rotation,
    at: datetime,
    outcome: Outcome,
    *,
    secret_id: str | None = None,
    retired_id: str = "",
) -> Rotation:
    return replace(
        rotation,
        finished_at=at,
        outcome=outcome,
        secret_id=secret_id or rotation.secret_id,
        retired_id=retired_id,
    )


def _kept(journal: Journal, rotation: Rotation) -> tuple[Rotation, ...]:
    return (*journal.rotations, rotation)[-KEPT_ROTATIONS:]


def _pending(journal: Journal) -> Pending:
    if journal.pending is None:
        raise ValueError("nothing is pending")
    return journal.pending
