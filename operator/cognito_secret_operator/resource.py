"""The resource on the wire -> values, with every default filled in.

The API server refuses nearly everything wrong by the schema in ``crds/``. This module checks it all
again, in the same words: an object may have been stored under another version of the schema, whose
fields this operator does not know. A field that is not understood is refused, never passed over: it
might forbid a deletion.
"""
# ruff: noqa: A005 - the domain's word; imports are relative, so the standard library's keeps its name

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeVar

from . import names
from .domain.model import (
    ClientRef,
    Policy,
    Resource,
    ResourceKey,
    RetireOriginal,
    Spec,
    StatusFacts,
    TargetKeys,
)
from .errors import InvalidResourceError

__all__ = [
    "DEFAULT_ACTIVATION_DELAY",
    "DEFAULT_INTERVAL",
    "DEFAULT_MIN_OVERLAP",
    "LONGEST_DEFAULT_MAX_OVERLAP",
    "parse",
    "span",
]

DEFAULT_INTERVAL: Final = timedelta(days=90)
DEFAULT_MIN_OVERLAP: Final = timedelta(hours=1)
LONGEST_DEFAULT_MAX_OVERLAP: Final = timedelta(hours=72)
"""Without ``retirement.maxOverlap`` it is half of the interval, and at most this."""

DEFAULT_ACTIVATION_DELAY: Final = timedelta(seconds=60)

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN: Final = re.compile(r"0s|[1-9][0-9]{0,5}[smhd]")
_POOL_ID: Final = re.compile(r"(?=.{1,55}\Z)[a-z]+(-[a-z]+)+-[0-9]+_[0-9A-Za-z]+")
_CLIENT_ID: Final = re.compile(r"[0-9A-Za-z_+]{1,128}")
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SECRET_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL.pattern}([.]{_LABEL.pattern})*")
_DATA_KEY: Final = re.compile(r"(?![.]\Z|[.][.])[-._a-zA-Z0-9]{1,253}")
_END: Final = r"(:[0-9]{1,5})?(/[!-~]*)?"
_ENDPOINT: Final = re.compile(
    rf"(?=.{{1,1024}}\Z)(https://[0-9A-Za-z.-]+{_END}|http://(localhost|127[.]0[.]0[.]1"
    rf"|[0-9A-Za-z.-]+[.]svc|[0-9A-Za-z.-]+[.]cluster[.]local){_END})"
)

_Choice = TypeVar("_Choice", bound=Enum)


def parse(body: Mapping[str, Any]) -> Resource:
    """Read a resource as the API server gave it.

    Raises:
        InvalidResourceError: a field is missing, wrong, or unknown; the message names it.

    """
    root = _Section("", body)
    metadata = root.section("metadata")
    name = _name(metadata)
    annotations = metadata.section("annotations")
    return Resource(
        key=ResourceKey(namespace=metadata.required("namespace"), name=name),
        uid=metadata.required("uid"),
        generation=metadata.whole_number("generation"),
        created_at=_time(metadata, "creationTimestamp"),
        spec=_spec(root.section("spec"), name),
        rotate_token=_token(annotations, names.ROTATE_TOKEN),
        approved_id=_token(annotations, names.APPROVE_TOKEN),
        status=_status_facts(root.section("status")),
    )


def _status_facts(status: "_Section") -> StatusFacts:
    return StatusFacts(
        journal_sequence=status.whole_number("journalSequence"),
        listed_at=_time(status, "listedAt") if status.text("listedAt") else None,
    )


def span(text: str) -> timedelta:
    """Read a span of one unit, like ``0s``, ``15m`` or ``90d``.

    Raises:
        InvalidResourceError: it is something else.

    """
    if not _SPAN.fullmatch(text):
        raise InvalidResourceError(
            "must be 0s or a whole number with one unit, s, m, h or d: "
            'write 90s, not "90" or "1m30s"'
        )
    return timedelta(seconds=int(text[:-1]) * _SECONDS[text[-1]])


class _Section:
    """One object of the resource; knows its path, so that every error names its field."""

    def __init__(self, path: str, body: object) -> None:
        if body is not None and not isinstance(body, Mapping):
            raise InvalidResourceError(f"{path}: must be an object: write its fields below it")
        self._path = path
        self._body: Mapping[str, Any] = body or {}
        self._asked: set[str] = set()

    def path(self, key: str) -> str:
        """Name a field as the API server would."""
        return f"{self._path}.{key}" if self._path else key

    def section(self, key: str) -> "_Section":
        """Read an object; a missing one is an empty one."""
        return _Section(self.path(key), self._get(key))

    def text(self, key: str) -> str | None:
        """Read a string; None where there is none."""
        value = self._get(key)
        if value is not None and not isinstance(value, str):
            raise self.invalid(key, "must be a string: put it into quotes")
        return value

    def required(self, key: str) -> str:
        """Read a string that must be there."""
        text = self.text(key)
        if not text:
            raise self.invalid(key, "Required value: set it")
        return text

    def matching(self, key: str, pattern: re.Pattern[str], otherwise: str) -> str | None:
        """Read a string of a certain form; the error does not quote it, lest it is a secret."""
        text = self.text(key)
        if text is not None and not pattern.fullmatch(text):
            raise self.invalid(key, otherwise)
        return text

    def span(self, key: str, *, allow_zero: bool = True) -> timedelta | None:
        """Read a span; None where there is none."""
        text = self.text(key)
        if text is None:
            return None
        if not allow_zero and (text == "0s" or not _SPAN.fullmatch(text)):
            raise self.invalid(
                key,
                "must be a whole number above zero with one unit, s, m, h or d: "
                'write 30d, not "1 month" or "720h0m"',
            )
        try:
            return span(text)
        except InvalidResourceError as error:
            raise self.invalid(key, error.message) from None

    def choice(self, key: str, default: _Choice) -> _Choice:
        """Read one of an enumeration's values."""
        text = self.text(key)
        for member in type(default):
            if member.value == text:
                return member
        if text is None:
            return default
        supported = ", ".join(f'"{member.value}"' for member in type(default))
        raise self.invalid(key, f"must be one of the supported values: {supported}")

    def switch(self, key: str) -> bool:
        """Read a Boolean; a missing one is False."""
        value = self._get(key)
        if value is not None and not isinstance(value, bool):
            raise self.invalid(key, "must be a boolean: write true or false without quotes")
        return bool(value)

    def whole_number(self, key: str) -> int:
        """Read a whole number from zero on; a missing one is zero."""
        value = self._get(key)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.invalid(key, "must be a whole number: remove the field")
        return value

    def refuse_the_rest(self) -> None:
        """Refuse every field that nobody asked for."""
        for key in sorted(set(self._body) - self._asked):
            raise self.invalid(
                key,
                "unknown field: correct its name, or upgrade the operator to a version that knows "
                "it; meanwhile nothing is done for this resource",
            )

    def invalid(self, key: str, problem_and_remedy: str) -> InvalidResourceError:
        """Make the error for a field."""
        return InvalidResourceError(f"{self.path(key)}: {problem_and_remedy}")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        return self._body.get(key)


def _name(metadata: _Section) -> str:
    name = metadata.required("name")
    if len(name) > names.LONGEST_NAME:
        raise metadata.invalid(
            "name",
            f"must be at most {names.LONGEST_NAME} characters long, since the operator's own "
            f"Secret is called <name>{names.JOURNAL_SUFFIX}: choose a shorter name and keep the "
            "Secret's in spec.target.name",
        )
    if not _LABEL.fullmatch(name):
        raise metadata.invalid(
            "name",
            "must be lower-case letters, digits and '-', beginning and ending with a letter or "
            "digit: write '-' in place of '.'",
        )
    return name


def _time(metadata: _Section, key: str) -> datetime:
    text = metadata.required(key)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise metadata.invalid(key, "must be an RFC 3339 time: read the resource again")
    return time.astimezone(UTC)


def _token(annotations: _Section, key: str) -> str | None:
    return (annotations.text(key) or "").strip() or None


def _spec(spec: _Section, name: str) -> Spec:
    sections = {
        key: spec.section(key)
        for key in ("rotation", "verification", "target", "retirement", "adoption")
    }
    interval, max_age = _rotation(sections["rotation"])
    min_overlap, max_overlap = _overlaps(sections["retirement"], interval)
    verification = sections["verification"]
    activation_delay = verification.span("activationDelay")
    result = Spec(
        client=_client(spec),
        policy=spec.choice("policy", Policy.ROTATE),
        suspended=spec.switch("suspend"),
        interval=interval,
        max_age=max_age,
        min_overlap=min_overlap,
        max_overlap=max_overlap,
        target_name=_target_name(sections["target"], name),
        target_keys=_target_keys(sections["target"].section("keys")),
        token_endpoint=_token_endpoint(verification),
        activation_delay=DEFAULT_ACTIVATION_DELAY if activation_delay is None else activation_delay,
        retire_original=sections["adoption"].choice("retireOriginal", RetireOriginal.APPROVE),
    )
    for section in (spec, *sections.values()):
        section.refuse_the_rest()
    return result


def _client(spec: _Section) -> ClientRef:
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


def _rotation(rotation: _Section) -> tuple[timedelta, timedelta]:
    given = rotation.span("interval", allow_zero=False)
    interval = DEFAULT_INTERVAL if given is None else given
    max_age = rotation.span("maxAge", allow_zero=False)
    if max_age is None:
        return interval, interval + interval / 10
    if max_age <= interval:
        raise rotation.invalid(
            "maxAge",
            f"maxAge {rotation.text('maxAge')} is not longer than interval "
            f"{rotation.text('interval') or '90d (the default)'}: raise rotation.maxAge, or "
            "shorten rotation.interval",
        )
    return interval, max_age


def _overlaps(retirement: _Section, interval: timedelta) -> tuple[timedelta, timedelta]:
    """Read both overlaps. A default that contradicts a given field is refused, not adjusted."""
    given_min = retirement.span("minOverlap")
    given_max = retirement.span("maxOverlap")
    min_overlap = DEFAULT_MIN_OVERLAP if given_min is None else given_min
    max_overlap = given_max
    if max_overlap is None:
        max_overlap = min(LONGEST_DEFAULT_MAX_OVERLAP, interval / 2)
    min_text = retirement.text("minOverlap") or "1h (the default)"
    if min_overlap > max_overlap and given_max is None:
        raise retirement.invalid(
            "minOverlap",
            f"minOverlap {min_text} is longer than maxOverlap, by default half of interval and at "
            "most 72h: shorten retirement.minOverlap, or set retirement.maxOverlap",
        )
    max_text = retirement.text("maxOverlap")
    if min_overlap > max_overlap:
        raise retirement.invalid(
            "minOverlap",
            f"minOverlap {min_text} is longer than maxOverlap {max_text}: shorten "
            "retirement.minOverlap, or raise retirement.maxOverlap",
        )
    if max_overlap >= interval:
        raise retirement.invalid(
            "maxOverlap",
            f"maxOverlap {max_text} is not shorter than interval, so that the next rotation would "
            "find no free slot: shorten retirement.maxOverlap, or raise rotation.interval",
        )
    return min_overlap, max_overlap


def _target_name(target: _Section, name: str) -> str:
    given = target.matching(
        "name",
        _SECRET_NAME,
        "must be a valid name of a Secret: write lower-case letters, digits, '-' and '.'",
    )
    target_name = name if given is None else given
    if target_name.endswith(names.JOURNAL_SUFFIX):
        raise target.invalid(
            "name",
            f"must not end with {names.JOURNAL_SUFFIX}, which is how the operator calls its own "
            "Secrets: choose another target.name (the resource's name is its default)",
        )
    return target_name


def _target_keys(keys: _Section) -> TargetKeys:
    defaults = TargetKeys()

    def read(key: str, default: str) -> str:
        text = keys.matching(
            key,
            _DATA_KEY,
            "must be a valid key of a Secret: write letters, digits, '-', '_' and '.'",
        )
        return default if text is None else text

    chosen = TargetKeys(
        client_id=read("clientId", defaults.client_id),
        current=read("current", defaults.current),
        previous=read("previous", defaults.previous),
    )
    keys.refuse_the_rest()
    if len({chosen.client_id, chosen.current, chosen.previous}) < len(("id", "current", "old")):
        raise InvalidResourceError(
            f"spec.target.keys: must differ from each other, and are clientId {chosen.client_id}, "
            f"current {chosen.current}, previous {chosen.previous}: give each key a name of its own"
        )
    return chosen


def _token_endpoint(verification: _Section) -> str | None:
    return verification.matching(
        "tokenEndpoint",
        _ENDPOINT,
        "must be an https URL like https://auth.example.com/oauth2/token, for the secret is sent "
        "to it: write https (http is for localhost, *.svc and *.cluster.local), and no user or "
        "password",
    )
