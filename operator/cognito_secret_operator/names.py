"""Every name that other systems see: API group, annotations, keys, suffixes."""

from dataclasses import dataclass
from typing import Final

GROUP: Final = "cognito-secrets.dev"
"""API group of the resource and prefix of every annotation."""

VERSION: Final = "v1alpha1"
KIND: Final = "CognitoClientSecret"
PLURAL: Final = "cognitoclientsecrets"

FIELD_MANAGER: Final = "cognito-secret-operator"
"""Our name in ``managedFields``, in events and in the user agent."""

METADATA_MANAGER: Final = f"{FIELD_MANAGER}-metadata"
"""Our name in ``managedFields`` for labels, annotations and owner that the resource asks for.

Another name than that of who writes data: whoever writes data gets a new date by any write.
"""

JOURNAL_SUFFIX: Final = "-cognito-journal"
"""A resource's journal is the Secret ``<name>-cognito-journal`` in its namespace."""

LONGEST_NAME: Final = 47
"""Longest name of a resource: 63 characters less the journal's suffix."""

ROTATE_ANNOTATION: Final = f"{GROUP}/rotate"
"""On the resource: any new value rotates once."""

APPROVE_ANNOTATION: Final = f"{GROUP}/approve"
"""On the resource: the id of a secret whose deletion waits for approval and may go."""

OVERRIDE_ANNOTATION: Final = f"{GROUP}/retire-without-evidence"
"""On the resource: the id of a previous secret that is deleted although somebody may hold it."""

EMERGENCY_ANNOTATION: Final = f"{GROUP}/emergency"
"""On the resource: the id of a leaked secret, to be replaced and deleted as soon as pods moved."""

EMERGENCY_NOW_ANNOTATION: Final = f"{GROUP}/emergency-now"
"""On the resource: the id of a leaked secret, to be deleted once another one is published."""

TAKE_OVER_ANNOTATION: Final = f"{GROUP}/take-over"
"""On the resource: the uid in a journal from elsewhere that is to be used here from now on."""

RESOURCE_ANNOTATION: Final = f"{GROUP}/resource"
"""On a target or journal: the resource it belongs to; a user sets it to hand a Secret over."""

PUBLICATION_ANNOTATION: Final = f"{GROUP}/publication"
"""On the target: number of the publication that its data are from."""

CURRENT_ID_ANNOTATION: Final = f"{GROUP}/current-id"
PREVIOUS_ID_ANNOTATION: Final = f"{GROUP}/previous-id"


def journal_name(resource_name: str) -> str:
    """Name the Secret that holds a resource's journal."""
    return f"{resource_name}{JOURNAL_SUFFIX}"


def consumer_ack_annotation(name: str) -> str:
    """Name the annotation by which an outside consumer says which secret it uses."""
    return f"{GROUP}/ack.{name}"


def stamp_annotation(resource_name: str) -> str:
    """Name the annotation on pod templates that carries a resource's stamp."""
    return f"{GROUP}/{resource_name}"


def pod_ack_annotation(resource_name: str) -> str:
    """Name the annotation on pods by which containers acknowledge a publication.

    A resource's name has no dot, so that no stamp of another resource is called the same; and with
    at most 47 characters of it the name part stays within the 63 that Kubernetes allows.
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
