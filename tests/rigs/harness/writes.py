"""Writes as a proxy sees them: named so that another run finds the same one again."""

import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_OBJECT: Final = re.compile(r"/(?:api/v1|apis/[^/]+/[^/]+)(?:/namespaces/[^/]+)?/(?P<what>.+)")
_READ_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TARGET: Final = "AWSCognitoIdentityProviderService."
_READ_OPERATIONS: Final = ("Describe", "Get", "List")
_REPORT: Final = "/status"


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a run; never with a body."""

    signature: str
    """Verb and object, or Cognito's operation. How often status is written depends on how fast
    pods move: such a write is also named by the last other one before it."""

    number: int
    """From 1 on, among the writes of this signature."""

    def __str__(self) -> str:
        return f"{self.signature} ({self.number})"


class Ledger:
    """The writes of one run in the order of their arrival; safe to use from many threads."""

    def __init__(self) -> None:
        """Begin with no writes."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._writes: list[Write] = []
        self._last_effect = "nothing"

    def note(self, signature: str) -> Write:
        """Add a write and number it."""
        with self._lock:
            is_report = signature.endswith(_REPORT)
            named = f"{signature} after {self._last_effect}" if is_report else signature
            self._counts[named] += 1
            write = Write(named, self._counts[named])
            if not is_report:
                self._last_effect = str(write)
            self._writes.append(write)
            return write

    def writes(self) -> list[Write]:
        """Give the writes so far."""
        with self._lock:
            return list(self._writes)


def kubernetes_write(method: str, path: str, headers: Mapping[str, str]) -> str | None:
    """Name a request to the API server by verb and object; None for one that only reads."""
    del headers
    if method in _READ_METHODS:
        return None
    found = _OBJECT.fullmatch(path)
    return f"{method} {found['what'] if found else path}"


def cognito_write(method: str, path: str, headers: Mapping[str, str]) -> str | None:
    """Name a call of Cognito by its operation; None for one that only reads."""
    del method, path
    operation = headers.get("X-Amz-Target", "").removeprefix(_TARGET)
    return None if operation.startswith(_READ_OPERATIONS) else operation
