"""Names visible to other systems: API group, annotations, keys, suffixes."""

from dataclasses import dataclass
from typing import Final

GROUP: Final = "cognito-secrets.dev"
"""API group of the resource and prefix of every annotation."""

VERSION: Final = "v1alpha1"
KIND: Final = "CognitoClientSecret"
PLURAL: Final = "cognitoclientsecrets"

FIELD_MANAGER: Final = "cognito-secret-operator"
"""The operator's name in ``managedFields``, in events and in the user agent."""

METADATA_MANAGER: Final = f"{FIELD_MANAGER}-metadata"
"""Field manager for labels, annotations and owner that the resource demands.

Separate from the manager of data: otherwise a change of metadata would update the time by which
edits of data are detected.
"""

JOURNAL_SUFFIX: Final = "-cognito-journal"
"""A resource's journal is the Secret ``<name>-cognito-journal`` in the resource's namespace."""

LONGEST_NAME: Final = 47
"""Longest name of a resource: 63 characters less the journal's suffix."""

ROTATE_ANNOTATION: Final = f"{GROUP}/rotate"
"""On the resource: any new value rotates once."""

APPROVE_ANNOTATION: Final = f"{GROUP}/approve"
"""On the resource: the id of a secret whose deletion is approved."""

OVERRIDE_ANNOTATION: Final = f"{GROUP}/retire-without-evidence"
"""On the resource: the id of a previous secret to delete although it may be in use."""

EMERGENCY_ANNOTATION: Final = f"{GROUP}/emergency"
"""On the resource: the id of a leaked secret to replace, and to delete once all pods have moved."""

EMERGENCY_NOW_ANNOTATION: Final = f"{GROUP}/emergency-now"
"""On the resource: the id of a leaked secret to delete once another secret is published."""

TAKE_OVER_ANNOTATION: Final = f"{GROUP}/take-over"
"""On the resource: the uid in a journal from elsewhere that this resource is to adopt."""

RESOURCE_ANNOTATION: Final = f"{GROUP}/resource"
"""On a target or journal: its resource; a user sets it to let the operator adopt a Secret."""

PUBLICATION_ANNOTATION: Final = f"{GROUP}/publication"
"""On the target: number of the publication in its data."""

CURRENT_ID_ANNOTATION: Final = f"{GROUP}/current-id"
PREVIOUS_ID_ANNOTATION: Final = f"{GROUP}/previous-id"


def journal_name(resource_name: str) -> str:
    """Return the name of the Secret with a resource's journal."""
    return f"{resource_name}{JOURNAL_SUFFIX}"


def consumer_ack_annotation(name: str) -> str:
    """Return the annotation by which an outside consumer acknowledges a secret."""
    return f"{GROUP}/ack.{name}"


def stamp_annotation(resource_name: str) -> str:
    """Return the annotation on pod templates for a resource's stamp."""
    return f"{GROUP}/{resource_name}"


def pod_ack_annotation(resource_name: str) -> str:
    """Return the annotation on pods by which containers acknowledge a publication.

    A resource's name contains no dot, so the annotation differs from every resource's stamp. With
    at most 47 characters of it, the name part stays within the 63 that Kubernetes allows.
    """
    return f"{GROUP}/{resource_name}.ack"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation of ours: a row of the reference page, but for its meaning."""

    key: str
    value: str
    """The shape of the value."""

    on: str
    set_by: str


REQUESTS: Final = tuple(
    Annotation(key, value, "the resource", set_by)
    for key, value, set_by in (
        (ROTATE_ANNOTATION, "<token>", "you"),
        (APPROVE_ANNOTATION, "<id>", "you"),
        (OVERRIDE_ANNOTATION, "<id>", "you"),
        (EMERGENCY_ANNOTATION, "<id>", "you"),
        (EMERGENCY_NOW_ANNOTATION, "<id>", "you"),
        (TAKE_OVER_ANNOTATION, "<uid>", "you"),
        (consumer_ack_annotation("<name>"), "<id>", "a consumer outside, or you"),
    )
)
"""The annotations on the resource, by which a person or a tool asks the operator for something."""

ANNOTATIONS: Final = (
    *REQUESTS,
    Annotation(
        RESOURCE_ANNOTATION,
        "<name>",
        "target, journal",
        "the operator; you, to hand a Secret over",
    ),
    Annotation(PUBLICATION_ANNOTATION, "<publication>", "target", "the operator"),
    Annotation(CURRENT_ID_ANNOTATION, "<id>", "target", "the operator"),
    Annotation(PREVIOUS_ID_ANNOTATION, "<id>", "target", "the operator"),
    Annotation(stamp_annotation("<name>"), "<id>.<publication>", "pod templates", "the operator"),
    Annotation(
        pod_ack_annotation("<name>"),
        "<container>=<publication>,...",
        "pods",
        "the application, or you",
    ),
)
"""Every annotation of ours."""
