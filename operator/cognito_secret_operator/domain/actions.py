"""What a pass may do, as values: a look, a wait, a hold, or one effect."""

from dataclasses import dataclass
from datetime import datetime

from ..reasons import Reason
from .journal.journal import JournaledSecret, Outcome, RetiredBy
from .model import RemoteSecret, TargetMetadata, Trigger, Verdict
from .observed import Fact
from .rollout import Workload
from .spec import EmergencyRequest
from .value import SecretValue

__all__ = [
    "Action",
    "Add",
    "Adopt",
    "ApplyMetadata",
    "Claim",
    "CreateJournal",
    "CreateTarget",
    "Declare",
    "Delete",
    "DropFromJournal",
    "Effect",
    "Hold",
    "Look",
    "MarkForDeletion",
    "NoteEndpoint",
    "Plan",
    "Promote",
    "Publish",
    "Rebuild",
    "Record",
    "RecordPublication",
    "RecordRedaction",
    "Reinstate",
    "Republish",
    "RollBack",
    "Stage",
    "Stamp",
    "TakeOver",
    "Unmark",
    "Wait",
]


@dataclass(frozen=True, slots=True)
class Look:
    """Read a fact, then plan again."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before *until*; None means: until something changes or is polled."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Do nothing, and tell: *stalled* where only a person's change helps."""

    stalled: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CreateJournal:
    """Create the journal's Secret, empty, by server-side apply."""


@dataclass(frozen=True, slots=True)
class Adopt:
    """Write the client's existing secret into the journal as current."""

    secret: JournaledSecret
    publication_number: int
    wants_initial: bool = False
    """The user's own value is to follow."""


@dataclass(frozen=True, slots=True)
class Declare:
    """Write into the journal that a secret leaked."""

    request: EmergencyRequest
    turns_back: bool = True
    """Whether Cognito still has the previous secret, so that it can be current again."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Write the journal anew from what is left."""

    current: JournaledSecret
    previous: JournaledSecret | None
    retired: JournaledSecret | None
    publication_number: int


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Bind a journal that was written for another Secret to the one that it is in."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Write a value into the journal as pending, with our claim; draw it unless it is given."""

    before: tuple[str, ...]
    trigger: Trigger
    rotate_token: str | None
    value: SecretValue | None = None
    """The user's own value, for a migration."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Write our claim to send the pending value's Add into the journal."""

    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Add:
    """Call ``AddUserPoolClientSecret`` with the pending value."""


@dataclass(frozen=True, slots=True)
class Record:
    """Write what Cognito called the pending value into the journal."""

    remote: RemoteSecret


@dataclass(frozen=True, slots=True)
class Promote:
    """Make the pending secret current in the journal, the current one previous."""

    verified: bool


@dataclass(frozen=True, slots=True)
class CreateTarget:
    """Create the target Secret, empty, by server-side apply."""


@dataclass(frozen=True, slots=True)
class ApplyMetadata:
    """Set the labels, annotations and owner that the resource gives its target; data stay."""

    target_metadata: TargetMetadata


@dataclass(frozen=True, slots=True)
class NoteEndpoint:
    """Write into the journal where the pool's token endpoint was found, for the target."""

    url: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Write both values into the target Secret, by compare-and-swap."""


@dataclass(frozen=True, slots=True)
class RecordPublication:
    """Write into the journal that the target was read and holds the publication's data."""


@dataclass(frozen=True, slots=True)
class RecordRedaction:
    """Write into the journal that the target was read and lacks the leaked value by now."""


@dataclass(frozen=True, slots=True)
class Republish:
    """Begin a new publication in the journal: the target was deleted or edited."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Set the publication's stamp on a workload's pod template, by compare-and-swap."""

    workload: Workload
    stamp: str


@dataclass(frozen=True, slots=True)
class MarkForDeletion:
    """Mark a secret in the journal as the one that may be deleted."""

    secret_id: str
    order: RetiredBy | None = None
    """What it goes by although a consumer may hold it; None where no consumer does any more."""

    foreign: bool = False
    """The secret is not the operator's; the resource names it."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Call ``DeleteUserPoolClientSecret`` for the marked secret."""

    secret_id: str
    order: RetiredBy | None = None
    foreign: bool = False
    """The secret is not the operator's; the resource names it."""

    urgent: bool = False
    """The secret leaked and is deleted before its pods have moved."""


@dataclass(frozen=True, slots=True)
class DropFromJournal:
    """Strike a secret which is gone at Cognito from the journal."""

    secret_id: str
    outcome: Outcome = Outcome.SUCCESS
    """Of the rotation that ends with it."""

    verdict: Verdict | None = None
    """Cognito's answer about its value afterwards; None where Cognito was not asked."""

    deleted_elsewhere: bool = False
    """The secret was deleted at Cognito, and not by the operator."""


@dataclass(frozen=True, slots=True)
class Reinstate:
    """Make the previous secret current again in the journal: the current one is gone."""


@dataclass(frozen=True, slots=True)
class RollBack:
    """Make the previous secret current again in the journal: the roll-out failed."""


@dataclass(frozen=True, slots=True)
class Unmark:
    """Take the mark of deletion off a foreign secret in the journal."""

    secret_id: str


Effect = (
    CreateJournal
    | Adopt
    | Rebuild
    | TakeOver
    | Stage
    | Claim
    | Add
    | Record
    | Promote
    | CreateTarget
    | ApplyMetadata
    | NoteEndpoint
    | Publish
    | RecordPublication
    | Declare
    | RecordRedaction
    | Republish
    | Stamp
    | MarkForDeletion
    | Delete
    | DropFromJournal
    | Reinstate
    | RollBack
    | Unmark
)
"""One write to one outside system."""

Action = Look | Wait | Hold | Effect


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next, why in one CamelCase word, and why in words a user reads."""

    action: Action
    reason: Reason
    message: str
