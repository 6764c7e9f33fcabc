"""A model small enough to explore whole: the real rules and journal over a toy outside world.

One client, one workload with one pod, one or two processes. Time is counted in minutes, and every
span of the operator is one or two of them. A process takes two steps, a look (all of a pass's reads
at once) and an act (its one effect), between which anything may happen: that is how views get
stale and processes freeze. What chance may do is bounded by the state's budgets.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cognito_secret_operator.domain.actions import Action
from cognito_secret_operator.domain.journal import journal as journals
from cognito_secret_operator.domain.journal.journal import Journal, JournaledSecret, Origin
from cognito_secret_operator.domain.model import StoredSecret, Timing
from cognito_secret_operator.domain.observed import Memory, Observed
from cognito_secret_operator.domain.projection import target_annotations, target_data
from cognito_secret_operator.domain.spec import (
    EmergencyRequest,
    OnFailure,
    Resource,
    RetireOriginal,
    StatusFacts,
)
from cognito_secret_operator.domain.value import SecretValue

from .builders import CLIENT, resource, spec

__all__ = [
    "BEGINNING",
    "MINUTE",
    "ORIGINAL",
    "RESOURCE",
    "TIMING",
    "Flight",
    "ModelPod",
    "ModelProcess",
    "Secret",
    "State",
    "start",
]

BEGINNING: Final = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
ORIGINAL: Final = "original"
TIMING: Final = Timing(
    settle=MINUTE,
    add_deadline=MINUTE,
    list_lag=MINUTE,
    list_period=1000 * MINUTE,
    list_distrust=2 * MINUTE,
    missing_grace=2 * MINUTE,
    refusal_grace=2 * MINUTE,
    retry_after_failure=2 * MINUTE,
)
RESOURCE: Final[Resource] = resource(
    spec(
        rollout={"on_failure": OnFailure.ROLLBACK, "progress_deadline": 1000 * MINUTE},
        retirement={"min_overlap": 2 * MINUTE},
        verification={"activation_delay": MINUTE},
        adoption={"retire_original": RetireOriginal.AUTOMATIC},
    ),
    status=StatusFacts(),
)


@dataclass(frozen=True)
class Secret:
    """A secret at Cognito."""

    id: str
    value: str
    born: int


@dataclass(frozen=True)
class ModelPod:
    """A pod, and the secrets that it may hold as its current one."""

    born: int
    holds: frozenset[str]
    stamp: str | None
    leaving: bool = False
    acknowledged: int = 0
    """The publication that it says it uses, having read it instead of its files of before."""


@dataclass(frozen=True)
class Flight:
    """A process between its look and its act."""

    observed: Observed
    action: Action


@dataclass(frozen=True)
class ModelProcess:
    """A process: what it remembers, its right to send, and what it is about to do."""

    name: str
    memory: Memory
    claim: tuple[int, int] | None = None
    """Sequence of the journal that it wrote, and the minute from which it may not send."""

    flight: Flight | None = None
    held: str = ""
    """Why a person is asked for, by its last look."""


@dataclass(frozen=True)
class State:
    """Everything there is."""

    now: int
    book: Journal
    cognito: tuple[Secret, ...]
    was: tuple[Secret, ...]
    """What Cognito had before its last change, which a List may still show."""

    changed: int
    target: StoredSecret
    shown: tuple[tuple[int, str], ...]
    """Since when the target shows which secret as current, latest last."""

    pods: tuple[ModelPod, ...]
    stamp: str | None
    processes: tuple[ModelProcess, ...]
    adds: int = 0
    crashes: int = 1
    losses: int = 1
    edits: int = 0
    drains: int = 0
    strangers: int = 0
    reloads: int = 0
    orders: int = 0
    """How often a person may give, or take back, the order to delete A whoever holds it."""

    is_ordered: bool = False
    failures: int = 0
    failed: str | None = None
    """Stamp of the roll-out that failed."""

    leaks: int = 0
    loud: bool = False
    """Whether whoever reports a leak says that it must not wait."""

    report: EmergencyRequest | None = None
    removals: int = 0
    """How many secrets somebody else may still delete."""

    removed: frozenset[str] = frozenset()
    """Values that somebody else deleted: for a while nobody knows."""

    speaks: bool = True
    """Whether there is a token endpoint to ask."""

    @property
    def rests(self) -> bool:
        """Whether the rotation is over."""
        book = self.book
        if book.emergency is not None or self.report != book.handled_emergency:
            return False
        is_there = any(book.current is None or one.id == book.current.id for one in self.cognito)
        return book.pending is None and book.previous is None and self.adds > 0 and is_there

    @property
    def counts_lists(self) -> bool:
        """Whether processes remember which secrets Lists lacked: it makes the model larger."""
        return bool(self.removals or self.removed)


def start(*, processes: int = 1, **budgets: int | bool) -> State:
    """Give the state in which secret A is adopted, published, and due."""
    born = BEGINNING - timedelta(days=40)
    original = JournaledSecret("A", born, SecretValue(ORIGINAL), Origin.TARGET)
    book = journals.adopted(
        Journal("journal-1", "shop", CLIENT), original, publication_number=1, rotate_token=None
    )
    data = target_data(book, RESOURCE)
    target = StoredSecret(
        namespace="shop",
        name="orders-api",
        uid="target-1",
        resource_version="1",
        annotations=target_annotations(book, RESOURCE),
        data=data or {},
        data_owner="owner-1",
        read_at=BEGINNING,
    )
    names = ("one", "two")[:processes]
    memory = Memory(first_pass_at=BEGINNING)
    return State(
        now=10,
        book=journals.published(book, target),
        cognito=(Secret("A", ORIGINAL, 0),),
        was=(Secret("A", ORIGINAL, 0),),
        changed=0,
        target=target,
        shown=((0, "A"),),
        pods=(ModelPod(0, frozenset("A"), None),),
        stamp=None,
        processes=tuple(ModelProcess(name, memory) for name in names),
        **budgets,  # type: ignore[arg-type]
    )
