"""Who owns a Secret's data, as the API server tells it, and what follows from that.

Source: ``metadata.managedFields``, https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ..names import FIELD_MANAGER

__all__ = ["Owner", "only_we_wrote", "owners_text"]


@dataclass(frozen=True, slots=True)
class Owner:
    """A manager who owns keys of the data, and when it last wrote any field."""

    manager: str
    operation: str
    subresource: str
    time: str
    keys: frozenset[str]


def owners_text(owners: Iterable[Owner]) -> str:
    """Write owners as `StoredSecret.data_owner` has them."""
    return ";".join(
        sorted(
            json.dumps(
                [one.manager, one.operation, one.subresource, one.time, sorted(one.keys)],
                separators=(",", ":"),
            )
            for one in owners
        )
    )


def only_we_wrote(before: str, after: str) -> bool:
    """Return whether only the operator wrote data between two states of them.

    Every write gives its manager a new time; a write of ours may take keys away from others.
    Owners that cannot be read, because ``managedFields`` were cleared, prove nothing.
    """
    earlier, later = _others(before), _others(after)
    if earlier is None or later is None:
        return False
    return all(any(_kept(one, two) for two in earlier) for one in later)


def _kept(now: Owner, then: Owner) -> bool:
    same = (now.manager, now.operation, now.subresource, now.time) == (
        then.manager,
        then.operation,
        then.subresource,
        then.time,
    )
    return same and now.keys <= then.keys


def _others(text: str) -> list[Owner] | None:
    try:
        entries = json.loads(f"[{text.replace(';', ',')}]")
        owners = [
            Owner(manager, operation, subresource, time, frozenset(keys))
            for manager, operation, subresource, time, keys in entries
        ]
    except (ValueError, TypeError):
        return None
    return [one for one in owners if one.manager != FIELD_MANAGER]
