"""Parser of the resource on the wire, with every default filled in.

The schema in ``crds/`` refuses nearly all errors. This module checks them again, with the same
messages: an object may have been stored under another version of the schema, with fields that this
operator does not know. An unknown field is refused, never ignored: it might forbid a deletion.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ... import names
from ...domain.model import Caller, ClientRef, RemoteSecret, ResourceKey
from ...domain.report import Role
from ...domain.spec import EmergencyRequest, Policy, Recovery, Resource, Spec, StatusFacts
from .acknowledgements import acknowledgements_spec
from .adoption import adoption_spec
from .aws import role_of
from .retirement import retirement_spec
from .rollout import rollout_spec
from .rotation import rotation_spec
from .sections import LABEL, Section
from .target import target_spec
from .verification import verification_spec

__all__ = ["SPEC_FIELDS", "parse"]

SPEC_FIELDS: Final = frozenset(
    [
        "acknowledgements",
        "adoption",
        "aws",
        "clientId",
        "policy",
        "recovery",
        "retirement",
        "rollout",
        "rotation",
        "suspend",
        "target",
        "userPoolId",
        "verification",
    ]
)
"""Fields of ``spec`` on the first level, which a served schema must contain."""

_POOL_ID: Final = re.compile(r"(?=.{1,55}\Z)[a-z]+(-[a-z]+)+-[0-9]+_[0-9A-Za-z]+")
_CLIENT_ID: Final = re.compile(r"[0-9A-Za-z_+]{1,128}")


def parse(body: Mapping[str, Any]) -> Resource:
    """Read a resource from the API server.

    Raises:
        InvalidResourceError: a field is missing, wrong, or unknown; the message names it.

    """
    root = Section("", body)
    metadata = root.section("metadata")
    name = _name(metadata)
    annotations = metadata.section("annotations")
    requests = {row.key: _token(annotations, row.key) for row in names.REQUESTS}
    key = ResourceKey(namespace=metadata.required("namespace"), name=name)
    spec = _spec(root.section("spec"), key)
    return Resource(
        key=key,
        uid=metadata.required("uid"),
        generation=metadata.whole_number("generation"),
        spec=spec,
        rotate_token=requests[names.ROTATE_ANNOTATION],
        approved_id=requests[names.APPROVE_ANNOTATION],
        emergency=_emergency(requests),
        take_over=requests[names.TAKE_OVER_ANNOTATION],
        is_being_deleted=metadata.text("deletionTimestamp") is not None,
        status=_status_facts(root.section("status"), spec.policy),
        override_id=requests[names.OVERRIDE_ANNOTATION],
        acknowledged=annotations.texts_below(names.consumer_ack_annotation("")),
    )


def _status_facts(status: Section, policy: Policy) -> StatusFacts:
    return StatusFacts(
        journal_sequence=status.whole_number("journalSequence"),
        listed_at=_time(status, "listedAt") if status.text("listedAt") else None,
        foreign=_foreign_secrets(status.sections("secrets"), policy),
        next_rotation_at=_time(status, "nextRotationAt") if status.text("nextRotationAt") else None,
    )


def _foreign_secrets(secrets: Iterable[Section], policy: Policy) -> tuple[RemoteSecret, ...]:
    # With Observe what only Cognito knows is shown as current and previous.
    return tuple(
        RemoteSecret(secret.required("id"), _time(secret, "createdAt"))
        for secret in secrets
        if policy is Policy.OBSERVE or secret.text("role") == Role.FOREIGN.value
    )


def _name(metadata: Section) -> str:
    name = metadata.required("name")
    if len(name) > names.LONGEST_NAME:
        raise metadata.invalid(
            "name",
            f"must be at most {names.LONGEST_NAME} characters long, since the operator's own "
            f"Secret is called <name>{names.JOURNAL_SUFFIX}: choose a shorter name and keep the "
            "Secret's in spec.target.name",
        )
    if not LABEL.fullmatch(name):
        raise metadata.invalid(
            "name",
            "must be lower-case letters, digits and '-', beginning and ending with a letter or "
            "digit: write '-' in place of '.'",
        )
    return name


def _time(metadata: Section, key: str) -> datetime:
    text = metadata.required(key)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise metadata.invalid(key, "must be an RFC 3339 time: read the resource again")
    return time.astimezone(UTC)


def _token(annotations: Section, key: str) -> str | None:
    return (annotations.text(key) or "").strip() or None


def _emergency(requests: Mapping[str, str | None]) -> EmergencyRequest | None:
    """Return which secret leaked; `emergency-now` wins where both annotations are there."""
    at_once = requests[names.EMERGENCY_NOW_ANNOTATION]
    if at_once is not None:
        return EmergencyRequest(at_once, now=True)
    waiting = requests[names.EMERGENCY_ANNOTATION]
    return None if waiting is None else EmergencyRequest(waiting, now=False)


def _spec(spec: Section, key: ResourceKey) -> Spec:
    rotation = rotation_spec(spec.section("rotation"))
    client = _client(spec)
    role = role_of(spec.section("aws"), client.pool_id)
    result = Spec(
        client=replace(client, caller=Caller(key, role)),
        policy=spec.choice("policy", Policy.ROTATE),
        suspended=spec.switch("suspend"),
        rotation=rotation,
        verification=verification_spec(spec.section("verification")),
        target=target_spec(spec.section("target"), key.name),
        rollout=rollout_spec(spec.section("rollout")),
        retirement=retirement_spec(spec.section("retirement"), rotation),
        adoption=adoption_spec(spec.section("adoption")),
        acknowledgements=acknowledgements_spec(spec),
        recovery=spec.choice("recovery", Recovery.AUTOMATIC),
    )
    spec.refuse_the_rest()
    return result


def _client(spec: Section) -> ClientRef:
    spec.required("userPoolId")
    spec.required("clientId")
    pool_id = spec.matching(
        "userPoolId",
        _POOL_ID,
        "must be a user pool's id like eu-west-1_AbCdEfGhI, neither its name nor its ARN: copy "
        '"User pool ID" from the Cognito console',
    )
    client_id = spec.matching(
        "clientId",
        _CLIENT_ID,
        "must be an app client's id of letters, digits, '_' and '+', not its name: copy "
        '"Client ID" from the Cognito console',
    )
    return ClientRef(pool_id=pool_id or "", client_id=client_id or "")
