"""A client that comes from another identity provider gets the value that its users have."""

from typing import Final

from ..actions import Plan
from ..model import Trigger
from ..observed import Observed
from ..schedule import retry_at
from . import Rule
from .needs import initial_value
from .staging import stage

__all__ = ["MIGRATING"]


def initial_value_is_wanted(observed: Observed) -> Plan | None:
    """The client was made without the user's own value: add it, once."""
    if not observed.journal.initial_is_wanted:
        return None
    if observed.resource.spec.rotation.initial_value_from is None:
        return None
    retry = retry_at(observed.journal, observed.timing)
    if retry is not None and observed.now < retry:
        return None
    value = initial_value(observed)
    if isinstance(value, Plan):
        return value
    return stage(observed, Trigger.MIGRATION, "it is the client's value elsewhere", value)


MIGRATING: Final[tuple[Rule, ...]] = (initial_value_is_wanted,)
