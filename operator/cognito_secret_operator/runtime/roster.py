"""The resources that exist, by key and by client: what wakes a pass, and which ones conflict."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from ..domain.model import ClientRef, ResourceKey
from ..names import GROUP
from .logs import describe_error
from .queue import WorkQueue

__all__ = ["Roster"]

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What of a resource a pass depends on. Our own status patches change nothing of it."""

    uid: str
    created_at: str
    generation: int
    deleted_at: str | None
    annotations: tuple[tuple[str, str], ...]
    """Those with our prefix, sorted: requests and approvals."""

    client: ClientRef


class Roster:
    """An index of every known resource; fulfils `service.ports.RosterPort`.

    The roster is complete only after the first listing, which the caller passes to `seen` before
    the watch begins: no pass may run earlier, and kopf's own listing then changes nothing.

    All methods belong to the event loop's thread.
    """

    def __init__(self, queue: WorkQueue) -> None:
        """Begin empty.

        Args:
            queue: gets the key of each resource that is new, changed or gone, and of those that
                name the same client.

        """
        self._queue = queue
        self._entries: dict[ResourceKey, _Entry] = {}
        self._keys_of: defaultdict[ClientRef, set[ResourceKey]] = defaultdict(set)

    def seen(self, body: Mapping[str, Any]) -> None:
        """Enqueue the resource of *body*, and the others of its client, if it is new or changed.

        Never raises: kopf would only log the error.
        """
        with _errors_logged():
            key, entry = _entry_of(body)
            known = self._entries.get(key)
            if known == entry or (known is not None and _is_replaced(entry, known)):
                return
            self._remove(key)
            self._entries[key] = entry
            self._keys_of[entry.client].add(key)
            self._wake(key, *self.others_naming(entry.client, key))

    def gone(self, body: Mapping[str, Any]) -> None:
        """Remove the resource of *body*, which was deleted; enqueue it and those of its client.

        Never raises: kopf would only log the error.
        """
        with _errors_logged():
            key, entry = _entry_of(body)
            known = self._entries.get(key)
            # kopf handles objects in parallel: the event of a deleted one can be late.
            if known is None or known.uid == entry.uid:
                self._wake(key, *self._remove(key))

    def forget(self, key: ResourceKey) -> None:
        """Remove a resource that a read no longer found; enqueue the others of its client.

        A deletion during a gap of the watch has no event, and an entry that stayed would block the
        other resource of its client for ever.
        """
        self._queue.forget(key)
        self._wake(*self._remove(key))

    def wake_all(self) -> None:
        """Enqueue every resource."""
        self._wake(*self._entries)

    def others_naming(self, client: ClientRef, key: ResourceKey) -> tuple[ResourceKey, ...]:
        """Return the resources other than *key* that name *client*, in order."""
        return tuple(sorted(self._keys_of.get(client, set()) - {key}))

    def _remove(self, key: ResourceKey) -> tuple[ResourceKey, ...]:
        """Remove *key* and return the resources that name its client."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return ()
        self._keys_of[entry.client].discard(key)
        if not self._keys_of[entry.client]:
            del self._keys_of[entry.client]
        return self.others_naming(entry.client, key)

    def _wake(self, *keys: ResourceKey) -> None:
        for key in keys:
            self._queue.enqueue(key)


def _is_replaced(entry: _Entry, known: _Entry) -> bool:
    """Return whether *known* is a later object of the same name: the event of *entry* is late."""
    return known.uid != entry.uid and entry.created_at < known.created_at


def _entry_of(body: Mapping[str, Any]) -> tuple[ResourceKey, _Entry]:
    meta, spec = body["metadata"], body.get("spec") or {}
    annotations = meta.get("annotations") or {}
    return ResourceKey(meta["namespace"], meta["name"]), _Entry(
        uid=meta["uid"],
        created_at=meta.get("creationTimestamp") or "",
        generation=meta.get("generation") or 0,
        deleted_at=meta.get("deletionTimestamp"),
        annotations=tuple(
            sorted(item for item in annotations.items() if item[0].startswith(f"{GROUP}/"))
        ),
        client=ClientRef(str(spec.get("userPoolId", "")), str(spec.get("clientId", ""))),
    )


@contextmanager
def _errors_logged() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001  # one odd object must not end the watch
        _LOG.error("failed to process a watch event", extra={"trace": describe_error(error)})
