"""What of a target is the operator's: its keys where others write too, its labels, its owner."""

from dataclasses import replace

from .model import StoredSecret, TargetMetadata
from .spec import CreationPolicy, Resource, TargetSpec
from .target_keys import CURRENT, PREVIOUS

__all__ = ["has_target_metadata", "in_scope", "target_metadata_of"]


def in_scope(target: StoredSecret, spec: TargetSpec) -> StoredSecret:
    """Return the part of its target that a resource compares.

    With ``Merge`` that is the keys that the resource names, and those that the operator wrote
    under older names. Who wrote the data is then asked of the two keys with secrets alone: a write
    of another key by others is no edit. managedFields tell them apart, since a writer that changes
    a value becomes the owner of its key: as long as a key is ours since the date of our write, no
    other writer has changed its value in between, not even back and forth.
    """
    if spec.creation_policy is not CreationPolicy.MERGE:
        return target
    kept = {*spec.keys.names.values()} | target.own_keys
    unknown = f"unknown@{target.resource_version}"
    secret_keys = (spec.keys[CURRENT], spec.keys[PREVIOUS])
    return replace(
        target,
        data={key: value for key, value in target.data.items() if key in kept},
        data_owner=";".join(target.key_owners.get(key, unknown) for key in secret_keys),
    )


def target_metadata_of(resource: Resource) -> TargetMetadata:
    """Return what the resource wants its target to carry besides data."""
    spec = resource.spec.target
    owned = spec.creation_policy is CreationPolicy.OWNER
    return TargetMetadata(
        labels=spec.labels,
        annotations=spec.annotations,
        owner=(resource.key.name, resource.uid) if owned else None,
    )


def has_target_metadata(target: StoredSecret, wanted: TargetMetadata) -> bool:
    """Return whether the target carries all of it, and nothing that was wanted once and is no more.

    What others put there stays, even where it equals what we want: removing it is not our right.
    """
    return (
        wanted.labels.items() <= target.labels.items()
        and wanted.annotations.items() <= target.annotations.items()
        and (wanted.owner is None or wanted.owner[1] in target.owners)
        and target.decorated <= wanted.names
    )
