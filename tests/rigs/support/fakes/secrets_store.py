"""A fake of the API server's Secrets: compare-and-swap, owners of data, people who edit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cognito_secret_operator.domain.model import StoredSecret, TargetMetadata
from cognito_secret_operator.domain.ownership import Owner, owners_text
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import ConflictError
from cognito_secret_operator.names import FIELD_MANAGER

from .faults import Faults
from .process import FakeClock

__all__ = ["FakeSecrets", "Written"]


@dataclass(frozen=True)
class Written:
    """A Secret's data from a moment on; None from its deletion on."""

    at: datetime
    data: Mapping[str, str] | None


@dataclass
class FakeSecrets:
    """All Secrets of the cluster."""

    clock: FakeClock
    faults: Faults
    stored: dict[tuple[str, str], StoredSecret] = field(default_factory=dict)
    past: dict[tuple[str, str], list[Written]] = field(default_factory=dict)
    """Everything that a cache somewhere may still show."""

    _counter: int = 0

    async def read(self, namespace: str, name: str) -> StoredSecret | None:
        """Read afresh."""

        def effect() -> StoredSecret | None:
            found = self.stored.get((namespace, name))
            return replace(found, read_at=self.clock.date()) if found else None

        return await self.faults.pass_through(f"secrets.read {_short(name)}", effect)

    async def create_empty(
        self, namespace: str, name: str, *, annotations: Mapping[str, str]
    ) -> StoredSecret:
        """Apply a Secret without data; what is there already keeps its data."""

        def effect() -> StoredSecret:
            found = self.stored.get((namespace, name))
            if found is None:
                return self._write(self._fresh(namespace, name, annotations))
            if {**annotations, **found.annotations} != {**found.annotations, **annotations}:
                raise ConflictError("another manager owns an annotation")
            return self._write(replace(found, annotations={**found.annotations, **annotations}))

        return await self.faults.pass_through(
            f"secrets.create {_short(name)}", effect, is_write=True
        )

    async def replace(
        self,
        stored: StoredSecret,
        *,
        data: Mapping[str, SecretValue],
        annotations: Mapping[str, str],
    ) -> StoredSecret:
        """PUT, if nobody wrote in between."""

        def effect() -> StoredSecret:
            found = self.stored.get((stored.namespace, stored.name))
            seen = (stored.uid, stored.resource_version)
            if found is None or (found.uid, found.resource_version) != seen:
                raise ConflictError(f"Secret {stored.name} was written meanwhile")
            marks = {**found.annotations, **annotations}
            others = {key: value for key, value in found.data.items() if key not in stored.data}
            written = replace(found, data={**others, **data}, annotations=marks)
            return self._write(written, by=FIELD_MANAGER)

        return await self.faults.pass_through(
            f"secrets.replace {_short(stored.name)}", effect, is_write=True
        )

    async def decorate(self, stored: StoredSecret, target_metadata: TargetMetadata) -> StoredSecret:
        """Apply labels, annotations and owner, and remove what was applied before."""

        def effect() -> StoredSecret:
            found = self.stored.get((stored.namespace, stored.name))
            seen = (stored.uid, stored.resource_version)
            if found is None or (found.uid, found.resource_version) != seen:
                raise ConflictError(f"Secret {stored.name} was written meanwhile")
            gone = found.decorated - target_metadata.names
            labels = {k: v for k, v in found.labels.items() if f"label {k}" not in gone}
            marks = {k: v for k, v in found.annotations.items() if f"annotation {k}" not in gone}
            owners = {uid for uid in found.owners if f"owner {uid}" not in gone}
            return self._write(
                replace(
                    found,
                    labels={**labels, **target_metadata.labels},
                    annotations={**marks, **target_metadata.annotations},
                    owners=frozenset(
                        owners | ({target_metadata.owner[1]} if target_metadata.owner else set())
                    ),
                    decorated=target_metadata.names,
                )
            )

        return await self.faults.pass_through(
            f"secrets.decorate {_short(stored.name)}", effect, is_write=True
        )

    def get(self, namespace: str, name: str) -> StoredSecret | None:
        """Look without asking."""
        return self.stored.get((namespace, name))

    def create_for_test(
        self, namespace: str, name: str, data: Mapping[str, str], **annotations: str
    ) -> None:
        """Let a person create a Secret."""
        fresh = self._fresh(namespace, name, annotations)
        values = {key: SecretValue(value) for key, value in data.items()}
        self._write(replace(fresh, data=values))

    def edit_for_test(self, namespace: str, name: str, **data: str) -> None:
        """Let a person change keys of a Secret (``_`` in a key's name stands for ``-``)."""
        found = self.stored[namespace, name]
        edited = {key.replace("_", "-"): SecretValue(value) for key, value in data.items()}
        self._write(replace(found, data={**found.data, **edited}))

    def annotate_for_test(self, namespace: str, name: str, marks: Mapping[str, str]) -> None:
        """Let a person change annotations of a Secret."""
        found = self.stored[namespace, name]
        self._write(replace(found, annotations={**found.annotations, **marks}))

    def label_for_test(self, namespace: str, name: str, **labels: str) -> None:
        """Let a person change labels of a Secret."""
        found = self.stored[namespace, name]
        self._write(replace(found, labels={**found.labels, **labels}))

    def delete_for_test(self, namespace: str, name: str) -> None:
        """Let a person delete a Secret."""
        del self.stored[namespace, name]
        self.past[namespace, name].append(Written(self.clock.now(), None))

    def restore_for_test(self, old: StoredSecret) -> None:
        """Let a backup put an old state back into the Secret that is there now."""
        found = self.stored[old.namespace, old.name]
        self._write(replace(found, data=old.data, annotations=old.annotations))

    def copy_for_test(self, old: StoredSecret, *, namespace: str, name: str) -> None:
        """Let somebody copy a Secret elsewhere: a new object with the old content."""
        fresh = self._fresh(namespace, name, old.annotations)
        self._write(replace(fresh, data=old.data))

    def _fresh(self, namespace: str, name: str, annotations: Mapping[str, str]) -> StoredSecret:
        return StoredSecret(
            namespace=namespace,
            name=name,
            uid=f"uid-{self._next()}",
            resource_version="",
            annotations=dict(annotations),
            data={},
            data_owner="",
            read_at=self.clock.date(),
        )

    def _write(self, wanted: StoredSecret, *, by: str = "somebody") -> StoredSecret:
        """Store an object; like the API server, without a trace where nothing changes."""
        key = (wanted.namespace, wanted.name)
        before = self.stored.get(key)
        if before == wanted:
            return before
        data_changed = before is None or before.data != wanted.data
        keys_of_ours = self._own_keys(before, wanted, by)
        owners = self._key_owners(before, wanted, by)
        owner = wanted.data_owner
        if data_changed and wanted.data:
            keys = frozenset(wanted.data)
            owner = owners_text([Owner(by, "Update", "", str(self._next()), keys)])
        written = replace(
            wanted,
            key_owners=owners,
            own_keys=keys_of_ours,
            resource_version=str(self._next()),
            data_owner=owner,
            data_written_at=self.clock.date() if data_changed else wanted.data_written_at,
            read_at=self.clock.date(),
        )
        self.stored[key] = written
        if data_changed:
            plain = {name: value.reveal() for name, value in wanted.data.items()}
            self.past.setdefault(key, []).append(Written(self.clock.now(), plain))
        return written

    @staticmethod
    def _own_keys(before: StoredSecret | None, wanted: StoredSecret, by: str) -> frozenset[str]:
        """Like managedFields: who changes a value owns its key."""
        changed = _changed(before, wanted)
        ours = (before.own_keys if before else frozenset()) - changed
        return (ours | (changed if by == FIELD_MANAGER else frozenset())) & wanted.data.keys()

    def _key_owners(
        self, before: StoredSecret | None, wanted: StoredSecret, by: str
    ) -> dict[str, str]:
        """Like managedFields: the date of a key is that of its owner's last write."""
        changed = _changed(before, wanted)
        kept = before.key_owners if before else {}
        owners = {key: kept[key] for key in wanted.data if key in kept and key not in changed}
        if not changed:
            return owners
        if by == FIELD_MANAGER:
            changed |= self._own_keys(before, wanted, by)
        at = str(self._next())
        new = {key: owners_text([Owner(by, "Update", "", at, frozenset({key}))]) for key in changed}
        return {**owners, **new}

    def _next(self) -> int:
        self._counter += 1
        return self._counter


def _changed(before: StoredSecret | None, wanted: StoredSecret) -> frozenset[str]:
    old = before.data if before else {}
    return frozenset(key for key, value in wanted.data.items() if old.get(key) != value)


def _short(name: str) -> str:
    return "journal" if name.endswith("-journal") else "target"
