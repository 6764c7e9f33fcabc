"""Keeps a missed start in mind: the schedule itself moves on to the next opening."""

from datetime import datetime

from ..domain.journal.journal import Journal
from ..domain.observed import Observed
from ..domain.report import Report
from ..domain.schedule import is_owed

__all__ = ["missed_since"]


def missed_since(before: datetime | None, observed: Observed, report: Report) -> datetime | None:
    """Tell which start was missed first, of those that no rotation has made good.

    Nothing is missed where none is promised: suspended, observed, rolled back.

    Args:
        before: what the last pass of this process gave.
        observed: what this pass saw.
        report: what this pass tells.

    """
    if report.next_rotation_at is None or not isinstance(observed.journal_read, Journal):
        return None
    resource, journal = observed.resource, observed.journal_read
    if before is not None and is_owed(resource, journal, observed.timing, before):
        return before
    return report.missed_opening_at
