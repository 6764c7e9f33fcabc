"""What a request to the API server asked and what came back, translated into our own words.

Of an answer that is no success only the status, its ``reason``, field paths and the audit id are
kept, each checked for its form; what was denied is told from our own request. The answer's text
never leaves this module: a 422 can quote a whole Secret.
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
    """An answer of success; its body may be a Secret and is left out of ``repr``."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    date: datetime
    """The API server's time from the ``Date`` header: aware, UTC, whole seconds."""


def api_path(
    api: str, plural: str, namespace: str | None, name: str = "", subresource: str = ""
) -> str:
    """Write the path of an object or a collection.

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
    """A request and what came back, whatever its status."""

    method: str
    path: str
    is_apply: bool
    """Whether it was a server-side apply, which may create."""

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
        """Read an answer's parts; those of another form than expected are left out.

        Args:
            method: of the request.
            path: of the request.
            is_apply: whether the request was a server-side apply.
            status: the HTTP status, 100 to 599.
            headers: of the answer; ``Date`` and ``Audit-Id`` are looked at.
            raw: the answer's body.

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
        """A proxy's 404, or one of a missing resource type, doesn't name the object."""
        if self.status != HTTPStatus.NOT_FOUND or self.body is None:
            return False
        named = _mapping(self.body.get("details")).get("name")
        return self.reason == "NotFound" and named == _target(self.path).get("name")

    @property
    def reason(self) -> str:
        """The API server's own word for a failure; empty where somebody else answered."""
        if self.body is None or self.body.get("kind") != "Status":
            return ""
        return _only(_WORD, self.body.get("reason"))

    def answer(self) -> Answer:
        """Give a success's body.

        Raises:
            RetryLaterError: there is no JSON object in it, or no date.
            AnswerLostError: so it is with the answer of a write.

        """
        if self.body is None or self.date is None:
            kind = RetryLaterError if self.method == "GET" else AnswerLostError
            message = f"{self.method} {self.path} was answered without a JSON object and a Date"
            raise kind(message, request_id=self.audit_id)
        return Answer(self.status, self.body, self.date)

    def refusal(self) -> OutsideError:
        """Say what was refused: from our own request, the status, its reason and field paths."""
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
            return RetryLaterError  # the list or the version asked for is history
        if self._fields == ("metadata.uid",):
            return ConflictError  # a patch's precondition: the name belongs to another object now
        kind = error_for_status(self.status)
        # The API server says 500 or 504 also when etcd was slow and wrote after all.
        return AnswerLostError if kind is RetryLaterError and self.method != "GET" else kind

    @property
    def _fields(self) -> tuple[str, ...]:
        details = _mapping(self.body.get("details")) if self.body is not None else {}
        causes = details.get("causes") or []
        fields = (_only(_FIELD, _mapping(cause).get("field")) for cause in causes)
        return tuple(dict.fromkeys(path for path in fields if path))

    @property
    def _verbs(self) -> str:
        """The verbs of RBAC that the request takes."""
        if self.is_apply:
            return "create and patch"
        verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
        return verbs.get(self.method) or ("get" if _target(self.path).get("name") else "list")


def _target(path: str) -> dict[str, str]:
    match = _PATH.fullmatch(path)
    return {key: value or "" for key, value in match.groupdict().items()} if match else {}


def _describe(path: str) -> str:
    """Write what a path is about, as in ``deployments.apps "web" in namespace "shop"``."""
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
    """Let *text* through if it is all of a harmless form."""
    return text if isinstance(text, str) and pattern.fullmatch(text) else ""


def _parse_object(raw: bytes) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(raw)
    except ValueError:  # its own text and `doc` hold the answer
        return None
    return parsed if isinstance(parsed, dict) else None


def _parse_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None
