"""What the target Secret and the pods' stamps must be, as functions of the journal."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..names import (
    CURRENT_ID_ANNOTATION,
    PREVIOUS_ID_ANNOTATION,
    PUBLICATION_ANNOTATION,
    RESOURCE_ANNOTATION,
)
from .journal.journal import Journal, Publication
from .model import StoredSecret
from .spec import Resource, Spec
from .target_keys import CLIENT_ID, CURRENT, PREVIOUS, Shown
from .value import SecretValue

__all__ = [
    "Marks",
    "is_projection",
    "is_untouched",
    "marks_of",
    "publication_number",
    "shown_endpoint",
    "stamp_value",
    "target_annotations",
    "target_data",
]


def target_data(journal: Journal, resource: Resource) -> dict[str, SecretValue] | None:
    """Return the target's whole data; None while the current secret's value is not known.

    The *previous* key exists at all times, equal to *current* where there is no previous value: a
    pod with a required ``secretKeyRef`` to a missing key cannot start.
    """
    if journal.current is None or journal.current.value is None:
        return None
    previous = journal.shown_previous
    shown = Shown(
        client=journal.client,
        current=journal.current.value,
        current_id=journal.current.id,
        previous=(previous.value if previous else None) or journal.current.value,
        token_endpoint=shown_endpoint(journal, resource.spec) or "",
    )
    return resource.spec.target.keys.data(shown)


def shown_endpoint(journal: Journal, spec: Spec) -> str | None:
    """Return the token endpoint that the target shows: the spec's, else the one that was found."""
    return spec.verification.token_endpoint or journal.token_endpoint


def target_annotations(journal: Journal, resource: Resource) -> dict[str, str]:
    """Return the annotations of ours on the target."""
    current = journal.current.id if journal.current else ""
    shown = journal.shown_previous
    return {
        RESOURCE_ANNOTATION: resource.key.name,
        PUBLICATION_ANNOTATION: str(journal.publication_number),
        CURRENT_ID_ANNOTATION: current,
        PREVIOUS_ID_ANNOTATION: shown.id if shown and shown.value else current,
    }


def is_projection(target: StoredSecret, journal: Journal, resource: Resource) -> bool:
    """Return whether the target is what the journal asks for; other annotations are ignored."""
    marks = target_annotations(journal, resource)
    return target.data == target_data(journal, resource) and all(
        target.annotations.get(key) == value for key, value in marks.items()
    )


def is_untouched(publication: Publication, target: StoredSecret) -> bool:
    """Return whether the target was not written by others since its publication was recorded."""
    record = publication.published
    return record is not None and (
        (target.uid, target.data_owner) == (record.target_uid, record.data_owner)
    )


def publication_number(annotations: Mapping[str, str]) -> int:
    """Read the publication's number off a target; 0 where there is none that can be read."""
    text = annotations.get(PUBLICATION_ANNOTATION, "")
    return int(text) if text.isascii() and text.isdigit() else 0


@dataclass(frozen=True, slots=True)
class Marks:
    """What a target tells by itself: which publication it is, and whose values it holds."""

    number: int
    current_id: str
    previous_id: str
    current: SecretValue
    previous: SecretValue | None


def marks_of(target: StoredSecret, resource: Resource) -> Marks | None:
    """Read a target that this operator wrote for this resource and client; None for any other."""
    marks, keys = target.annotations, resource.spec.target.keys
    number, current = publication_number(marks), target.data.get(keys[CURRENT])
    if marks.get(RESOURCE_ANNOTATION) != resource.key.name or not number or not current:
        return None
    client_id = SecretValue(resource.spec.client.client_id)
    if not marks.get(CURRENT_ID_ANNOTATION) or target.data.get(keys[CLIENT_ID]) != client_id:
        return None
    return Marks(
        number=number,
        current_id=marks[CURRENT_ID_ANNOTATION],
        previous_id=marks.get(PREVIOUS_ID_ANNOTATION, ""),
        current=current,
        previous=target.data.get(keys[PREVIOUS]) or None,
    )


def stamp_value(journal: Journal) -> str:
    """Write the stamp of the present publication: ``<id of the current secret>.<number>``."""
    if journal.current is None or journal.publication is None:
        raise ValueError("nothing is published")
    return f"{journal.current.id}.{journal.publication.number}"
