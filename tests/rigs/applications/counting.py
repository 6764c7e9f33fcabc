"""Counts of sign-ins, by the id of the secret that was shown."""

import json
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from threading import Lock
from types import TracebackType
from typing import Any, Final

KEPT_ERRORS: Final = 5
"""How many failures of a process are told in words; all are counted."""


def log(message: str, **facts: object) -> None:
    """Write one line of JSON; never a secret."""
    print(json.dumps({"message": message, **facts}), flush=True)


@dataclass
class Tally:
    """How often one secret was shown, and how often that failed."""

    attempts: int = 0
    failed: int = 0


@dataclass
class Counts:
    """All sign-ins of this process; safe to read from another thread."""

    by_secret: dict[str, Tally] = field(default_factory=dict)
    longest_pause: float = 0.0
    """Seconds between two sign-ins that succeeded one after the other."""
    restored: int = 0
    """Refreshes of a session that began with another secret than the present one."""
    errors: list[str] = field(default_factory=list)
    """What was wrong with the first few sign-ins that failed."""
    acknowledged: int = 0
    """The last publication that this process acknowledged; 0 for none."""

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._last_success: float | None = None

    @property
    def has_signed_in(self) -> bool:
        """Whether one sign-in has succeeded."""
        return self._last_success is not None

    def attempt(self, secret_id: str, what: str) -> "Attempt":
        """Count the block's work as one sign-in; an exception in it is a failed one."""
        return Attempt(self, secret_id, what)

    def document(self) -> dict[str, Any]:
        """Give the counts as JSON."""
        with self._lock:
            return asdict(self)

    def succeeded(self, secret_id: str) -> None:
        """Count a sign-in that was accepted."""
        now = time.monotonic()
        with self._lock:
            self._of(secret_id).attempts += 1
            if self._last_success is not None:
                self.longest_pause = max(self.longest_pause, now - self._last_success)
            self._last_success = now

    def failed(self, secret_id: str, error: str) -> None:
        """Count a sign-in that was refused, or that got no answer."""
        with self._lock:
            if len(self.errors) < KEPT_ERRORS:
                self.errors.append(error)
            tally = self._of(secret_id)
            tally.attempts += 1
            tally.failed += 1

    def _of(self, secret_id: str) -> Tally:
        return self.by_secret.setdefault(secret_id, Tally())


class Attempt(AbstractContextManager["Attempt"]):
    """One sign-in. Whatever goes wrong in it is counted and logged, and life goes on."""

    def __init__(self, counts: Counts, secret_id: str, what: str) -> None:
        self._counts = counts
        self._secret_id = secret_id
        self._what = what
        self.has_worked = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.has_worked = error is None
        if error is None:
            self._counts.succeeded(self._secret_id)
            return False
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._counts.failed(self._secret_id, f"{now} {self._what}, {self._secret_id}: {error}")
        log("sign-in failed", what=self._what, secret=self._secret_id, error=str(error))
        return isinstance(error, Exception)
