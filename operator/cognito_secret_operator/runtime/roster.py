"""Which resources name which app client: two for one client must not both act."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ..domain.model import ClientRef, ResourceKey

__all__ = ["Claimants"]


class Claimants:
    """An index of every known resource by the client it names; fulfils `DuplicatePort`.

    Complete only after the first listing: no pass may run before.
    """

    def __init__(self) -> None:
        self._client_of: dict[ResourceKey, ClientRef] = {}
        self._keys_of: defaultdict[ClientRef, set[ResourceKey]] = defaultdict(set)

    def note(self, key: ResourceKey, spec: Mapping[str, Any]) -> frozenset[ResourceKey]:
        """Note which client a resource names.

        Returns:
            The other resources of that client: they have a rival now and want a pass.

        """
        self.forget(key)
        client = ClientRef(str(spec.get("userPoolId", "")), str(spec.get("clientId", "")))
        self._client_of[key] = client
        self._keys_of[client].add(key)
        return frozenset(self._keys_of[client] - {key})

    def forget(self, key: ResourceKey) -> frozenset[ResourceKey]:
        """Drop a resource that is gone.

        Returns:
            The resources that still name its client: they may have lost a rival.

        """
        client = self._client_of.pop(key, None)
        if client is None:
            return frozenset()
        self._keys_of[client].discard(key)
        left = frozenset(self._keys_of[client])
        if not left:
            del self._keys_of[client]
        return left

    @property
    def keys(self) -> tuple[ResourceKey, ...]:
        """Every known resource."""
        return tuple(self._client_of)

    def others_naming(self, client: ClientRef, key: ResourceKey) -> tuple[ResourceKey, ...]:
        """List the resources other than *key* that name *client*, in order."""
        return tuple(sorted(self._keys_of.get(client, set()) - {key}))
