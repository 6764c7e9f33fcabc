"""What this process keeps of one resource between its passes; a restart loses it without harm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..domain import memory as memories
from ..domain.actions import Plan
from ..domain.journal.journal import Journal, Rotation
from ..domain.model import RemoteSecret
from ..domain.observed import Memory, Observed
from ..domain.report import Report, Step
from ..domain.rollout import Consumers, Workload
from ..domain.schedule import is_owed
from ..domain.steps import step_began_at, step_of

__all__ = ["OwnClaim", "ResourceState"]


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """The right to send one Add, as this process wrote it into the journal.

    The claim holds while the journal is still the one that this process wrote, and only until a
    deadline on this process's monotonic clock: a process that was frozen meanwhile must not send.
    """

    sequence: int
    send_before: float

    def holds(self, journal: Journal, *, identity: str, monotonic: float) -> bool:
        """Return whether *journal* still shows this claim and the deadline is ahead."""
        return (
            journal.pending is not None
            and journal.pending.claim.owner == identity
            and journal.sequence == self.sequence
            and monotonic < self.send_before
        )


@dataclass
class ResourceState:
    """One resource's state in this process: what rules may use is in *memory*, frozen."""

    uid: str
    memory: Memory
    claim: OwnClaim | None = None
    missed_since: datetime | None = None
    """The first start that was missed, of those that no rotation has made good."""

    repeats: int = 0
    """How many passes in a row ended with the same reason."""

    _last_reason: tuple[str, str] = ("", "")
    _counted: tuple[Rotation, ...] | None = None
    """The journal's rotations at the last pass: those that are finished are counted."""

    _step: Step | None = None
    _step_since: datetime | None = None
    _step_began_here: bool = False
    """Whether a pass of this process saw the step begin."""

    def read(self, observed: Observed) -> None:
        """Remember what a pass has read."""
        self.memory = memories.after_read(observed)

    def claimed(self, claim: OwnClaim) -> None:
        """Remember a claim that was written into the journal."""
        self.memory, self.claim = memories.without_add(self.memory), claim

    def added(self, rotation: Rotation, secret: RemoteSecret) -> None:
        """Remember the response to the Add of *rotation*'s pending value."""
        self.memory = memories.after_add(self.memory, rotation, secret)

    def add_unanswered(self) -> None:
        """Remember an Add that may have been carried out."""
        self.memory = memories.after_unanswered_add(self.memory)

    def recorded(self) -> None:
        """Remember that the journal shows the added secret."""
        self.memory, self.claim = memories.without_add(self.memory), None

    def deleted(self, secret_id: str, request_id: str) -> None:
        """Remember a Delete that was answered."""
        self.memory = memories.after_delete(self.memory, secret_id, request_id)
        self.claim = None

    def stamped(self, workload: Workload, stamp: str) -> None:
        """Remember a workload that was restarted."""
        self.memory = memories.after_stamp(self.memory, workload, stamp)
        self.claim = None

    def written(self) -> None:
        """Drop the claim: any write other than the claim's own and its Add ends it."""
        self.claim = None

    def newly_finished(self, journal: Journal) -> tuple[Rotation, ...]:
        """Return the rotations that *journal* shows as finished for the first time.

        Those that were finished at this process's first pass are not among them. Rotations are
        counted from reads, because the response to the write that finishes one may be lost.
        """
        counted = journal.rotations if self._counted is None else self._counted
        self._counted = journal.rotations
        return tuple(
            rotation
            for rotation in journal.rotations
            if rotation not in counted and rotation.outcome is not None
        )

    def follow_step(self, observed: Observed) -> tuple[Step, timedelta] | None:
        """Update the rotation's step from a pass.

        Returns:
            The step that ended and its span, where passes of this process saw both its ends.

        """
        step = _certain_step(observed)
        if step is None or step is self._step:
            return None
        ended, since, is_whole = self._step, self._step_since, self._step_began_here
        self._step, self._step_began_here = step, ended is not None
        if ended is None:
            self._step_since = step_began_at(observed, step)
        else:
            self._step_since = None if step is Step.IDLE else observed.now
        if ended is None or since is None or not is_whole:
            return None
        return ended, observed.now - since

    def step_of(self, observed: Observed) -> tuple[Step, datetime | None]:
        """Return the step to report and since when.

        A pass that read no pods cannot see whether the roll-out is over: it keeps the last step.
        """
        step = step_of(observed)
        is_uncertain = (
            isinstance(observed.journal_read, Journal) and _certain_step(observed) is None
        )
        if is_uncertain and self._step is not None and self._step is not Step.IDLE:
            step = self._step
        return step, self._step_since if step is self._step else None

    def follow_schedule(self, observed: Observed, report: Report) -> datetime | None:
        """Update `missed_since` from a pass: the schedule itself moves on to the next opening.

        Without a promised start (suspended, observed, rolled back) none is missed.
        """
        before, self.missed_since = self.missed_since, None
        if report.next_rotation_at is not None and isinstance(observed.journal_read, Journal):
            resource, journal = observed.resource, observed.journal_read
            is_still_owed = before is not None and is_owed(
                resource, journal, observed.timing, before
            )
            self.missed_since = before if is_still_owed else report.missed_opening_at
        return self.missed_since

    def follow_reason(self, observed: Observed, plan: Plan) -> bool:
        """Update `repeats` from a pass that ends; during an emergency it stays 0.

        Returns:
            Whether the reason or its message is another one than at the last pass that ended.

        """
        reason, journal = (plan.reason, plan.message), observed.journal_read
        is_new = reason != self._last_reason
        is_emergency = isinstance(journal, Journal) and journal.emergency is not None
        self.repeats = 0 if is_new or is_emergency else self.repeats + 1
        self._last_reason = reason
        return is_new


def _certain_step(observed: Observed) -> Step | None:
    """Return the step; None where the journal, or the pods of a roll-out, were not read."""
    if not isinstance(observed.journal_read, Journal):
        return None
    step = step_of(observed)
    if step is Step.ROLLING_OUT and not isinstance(observed.consumers, Consumers):
        return None
    return step
