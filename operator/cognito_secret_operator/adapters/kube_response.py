"""A request to the API server and its response, translated into the operator's errors.

Only status, ``reason``, field paths and audit id of a failure are kept, each checked for its form;
the message names the operation from the request. The response's text never leaves this module: a
422 can quote a whole Secret.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import quote

from ..errors import AnswerLostError, ConflictError, OutsideError, RetryLaterError, error_for_status

__all__ = ["Answer", "Exchange", "api_path"]

_WORD = re.compile(r"[A-Za-z]{1,64}")
_FIELD = re.compile(r"[A-Za-z0-9_./\[\]*:-]{1,120}")
_AUDIT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/v[^/]+"
    r"(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[^/]+))?"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful response; the body may be a Secret and is excluded from ``repr``."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    date: datetime
    """The API server's time from the ``Date`` header: aware, UTC, whole seconds."""


def api_path(
    api: str, plural: str, namespace: str | None, name: str = "", subresource: str = ""
) -> str:
    """Return the path of an object or a collection.

    Args:
        api: ``v1`` for the core group, else ``group/version``.
        plural: the resource's plural, as in ``deployments``.
        namespace: None for a collection over all namespaces.
        name: the object's name; empty for the collection.
        subresource: such as ``status``.

    """
    parts = ["api" if api == "v1" else "apis", *api.split("/")]
    if namespace is not None:
        parts += ["namespaces", namespace]
    parts += [part for part in (plural, name, subresource) if part]
    return "/" + "/".join(quote(part, safe="") for part in parts)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response, of any status."""

    method: str
    path: str
    is_apply: bool
    """Whether the request was a server-side apply, which may create."""

    status: int
    date: datetime | None
    audit_id: str
    body: Mapping[str, Any] | None = field(repr=False)

    @classmethod
    def read(
        cls,
        method: str,
        path: str,
        *,
        is_apply: bool,
        status: int,
        headers: Mapping[str, str],
        raw: bytes,
    ) -> Self:
        """Read the parts of a response; parts of an unexpected form are omitted.

        Args:
            method: of the request.
            path: of the request.
            is_apply: whether the request was a server-side apply.
            status: the HTTP status, 100 to 599.
            headers: of the response; ``Date`` and ``Audit-Id`` are read.
            raw: the response's body.

        """
        return cls(
            method=method,
            path=path,
            is_apply=is_apply,
            status=status,
            date=_parse_date(headers.get("Date", "")),
            audit_id=_only(_AUDIT_ID, headers.get("Audit-Id")),
            body=_parse_object(raw),
        )

    @property
    def is_success(self) -> bool:
        """Whether the request was carried out."""
        return self.status // 100 == HTTPStatus.OK // 100

    @property
    def is_true_not_found(self) -> bool:
        """Whether a 404 names the object, unlike a proxy's or one for an unknown resource type."""
        if self.status != HTTPStatus.NOT_FOUND or self.body is None:
            return False
        named = _mapping(self.body.get("details")).get("name")
        return self.reason == "NotFound" and named == _target(self.path).get("name")

    @property
    def reason(self) -> str:
        """The API server's ``reason`` of a failure; empty for a response by another server."""
        if self.body is None or self.body.get("kind") != "Status":
            return ""
        return _only(_WORD, self.body.get("reason"))

    def answer(self) -> Answer:
        """Return a successful response.

        Raises:
            RetryLaterError: a read's response lacks a JSON object or a date.
            AnswerLostError: a write's response lacks a JSON object or a date.

        """
        if self.body is None or self.date is None:
            kind = RetryLaterError if self.method == "GET" else AnswerLostError
            message = f"{self.method} {self.path} was answered without a JSON object and a Date"
            raise kind(message, request_id=self.audit_id)
        return Answer(self.status, self.body, self.date)

    def refusal(self) -> OutsideError:
        """Return the error for a failure: from request, status, reason and field paths."""
        what = _describe(self.path)
        if self.status == HTTPStatus.UNAUTHORIZED:
            message = f"the API server does not accept the operator's credentials ({what})"
        elif self.status == HTTPStatus.FORBIDDEN:
            message = f"the operator lacks the permission to {self._verbs} {what}"
        else:
            fields = f": {', '.join(self._fields)}" if self._fields else ""
            reason = f" {self.reason}" if self.reason else ""
            message = f"{self._verbs} {what} was answered by {self.status}{reason}{fields}"
        kind = self._error_type()
        return kind(message, code=self.reason or str(self.status), request_id=self.audit_id)

    def _error_type(self) -> type[OutsideError]:
        if self.status == HTTPStatus.GONE:
            return RetryLaterError  # the requested list or version has expired
        if self._fields == ("metadata.uid",):
            return ConflictError  # a patch's precondition failed: another object has the name now
        kind = error_for_status(self.status)
        # The API server returns 500 or 504 also when etcd was slow but completed the write.
        return AnswerLostError if kind is RetryLaterError and self.method != "GET" else kind

    @property
    def _fields(self) -> tuple[str, ...]:
        details = _mapping(self.body.get("details")) if self.body is not None else {}
        causes = details.get("causes") or []
        fields = (_only(_FIELD, _mapping(cause).get("field")) for cause in causes)
        return tuple(dict.fromkeys(path for path in fields if path))

    @property
    def _verbs(self) -> str:
        """The verbs of RBAC that the request requires."""
        if self.is_apply:
            return "create and patch"
        verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
        return verbs.get(self.method) or ("get" if _target(self.path).get("name") else "list")


def _target(path: str) -> dict[str, str]:
    match = _PATH.fullmatch(path)
    return {key: value or "" for key, value in match.groupdict().items()} if match else {}


def _describe(path: str) -> str:
    """Return a path's object in words, as in ``deployments.apps "web" in namespace "shop"``."""
    target = _target(path)
    if not target:
        return path
    kind = "/".join(part for part in (target["plural"], target["sub"]) if part)
    group = f".{target['group']}" if target["group"] else ""
    name = f' "{target["name"]}"' if target["name"] else ""
    where = f' in namespace "{target["namespace"]}"' if target["namespace"] else ""
    return f"{kind}{group}{name}{where}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _only(pattern: re.Pattern[str], text: object) -> str:
    """Return *text* if the whole of it has a harmless form; else an empty text."""
    return text if isinstance(text, str) and pattern.fullmatch(text) else ""


def _parse_object(raw: bytes) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(raw)
    except ValueError:  # the error's text and `doc` contain the response
        return None
    return parsed if isinstance(parsed, dict) else None


def _parse_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
