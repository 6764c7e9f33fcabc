"""Follows one resource's rotation from step to step, so that each step can be timed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..domain.journal.journal import Journal
from ..domain.observed import Observed
from ..domain.report import Step
from ..domain.rollout import Consumers
from ..domain.steps import step_began_at, step_of

__all__ = ["StepWatch"]


@dataclass
class StepWatch:
    """The step that the last pass saw, and since when."""

    step: Step | None = None
    since: datetime | None = None
    is_whole: bool = False
    """Whether a pass of this process saw the step begin."""

    def follow(self, observed: Observed) -> tuple[Step, timedelta] | None:
        """Take note of a pass.

        Returns:
            The step that ended and its span, where both its ends were seen.

        """
        step = _sure_step(observed)
        if step is None or step is self.step:
            return None
        ended, since, is_whole = self.step, self.since, self.is_whole
        self.step, self.is_whole = step, ended is not None
        if ended is None:
            self.since = step_began_at(observed, step)
        else:
            self.since = None if step is Step.IDLE else observed.now
        if ended is None or since is None or not is_whole:
            return None
        return ended, observed.now - since

    def told(self, observed: Observed) -> tuple[Step, datetime | None]:
        """Give the step to report and since when: where a pass read no pods, the last sure one."""
        step = step_of(observed)
        is_unsure = isinstance(observed.journal_read, Journal) and _sure_step(observed) is None
        if is_unsure and self.step is not None and self.step is not Step.IDLE:
            step = self.step
        return step, self.since if step is self.step else None


def _sure_step(observed: Observed) -> Step | None:
    """Give the step; None where the journal was not read, or nobody looked who holds the secret."""
    if not isinstance(observed.journal_read, Journal):
        return None
    step = step_of(observed)
    if step is Step.ROLLING_OUT and not isinstance(observed.consumers, Consumers):
        return None
    return step
