"""What a test can set: faults, lags, the clock and the quota."""

import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final, NotRequired, TypedDict, Unpack

from emulator.errors import AwsError, ThrottledError
from emulator.laws import Instant, Lags
from emulator.quota import Quota

FOREVER: Final = -1
"""A count that never runs out: the fault stays until the knob is set again."""

INTERNAL_ERRORS: Final = frozenset(
    {"InternalErrorException", "InternalServerException", "server_error"}
)


class Failure(TypedDict):
    """An error to answer instead of doing anything."""

    code: str
    """An exception of the service model; for `Token`, a code of RFC 6749 section 5.2."""
    count: int
    """How many calls meet it; `FOREVER` for all."""
    pool: NotRequired[str]
    """Only calls to this pool meet it."""
    client: NotRequired[str]
    """Only calls to this client meet it."""


class Knobs(TypedDict, total=False):
    """All settings. Operations have AWS's names; the token endpoint is called `Token`."""

    throttle: dict[str, int]
    """Operation -> so many calls answer `TooManyRequestsException` and do nothing."""
    lose_answer: dict[str, int]
    """Operation -> so many calls are carried out, but the connection drops without an answer."""
    fail: dict[str, list[Failure]]
    """Operation -> errors to answer, the first one first."""
    delay: dict[str, float]
    """Operation -> seconds to wait before each call is looked at."""
    activation_lag: float
    """Seconds for which a new secret is still refused."""
    deactivation_lag: float
    """Seconds for which a deleted secret is still accepted."""
    list_lag: float
    """Seconds which the answer to List lies in the past."""
    clock_offset: float
    """Seconds added to Cognito's clock: creation dates and the times in tokens."""
    quota: bool
    """Whether the documented request rates are enforced."""


def defaults() -> Knobs:
    """Give the settings of a Cognito that does everything at once and never fails."""
    return Knobs(
        throttle={},
        lose_answer={},
        fail={},
        delay={},
        activation_lag=0.0,
        deactivation_lag=0.0,
        list_lag=0.0,
        clock_offset=0.0,
        quota=False,
    )


class KnobBoard:
    """The settings in force; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._knobs = defaults()
        self._quota = Quota()

    def snapshot(self) -> Knobs:
        """Give the settings in force; counts show how many faults are still to come."""
        with self._lock:
            return deepcopy(self._knobs)

    def change(self, **changes: Unpack[Knobs]) -> None:
        """Set the knobs that are named and leave the others.

        Raises:
            ValueError: there is no such knob.
        """
        if unknown := changes.keys() - Knobs.__annotations__.keys():
            raise ValueError(f"no such knob: {', '.join(sorted(unknown))}")
        with self._lock:
            self._knobs.update(changes)
            self._quota = Quota()

    def reset(self) -> None:
        """Go back to `defaults`."""
        with self._lock:
            self._knobs = defaults()
            self._quota = Quota()

    def now(self) -> Instant:
        """Read Cognito's clock."""
        offset = timedelta(seconds=self._knobs["clock_offset"])
        return Instant(datetime.now(tz=UTC) + offset, time.monotonic())

    def lags(self) -> Lags:
        """Give the lags of activation and deactivation."""
        return Lags(self._knobs["activation_lag"], self._knobs["deactivation_lag"])

    def list_lag(self) -> float:
        """Give the seconds by which List lags behind."""
        return self._knobs["list_lag"]

    def delay(self, operation: str) -> float:
        """Give the seconds by which this operation is slow."""
        return self._knobs["delay"].get(operation, 0.0)

    def check(self, operation: str, pool: str | None, client: str | None) -> None:
        """Let a call pass, or meet the fault that waits for it, and count that fault.

        Raises:
            ThrottledError: by `throttle` or by `quota`.
            AwsError: by `fail`.
        """
        with self._lock:
            if _count_down(self._knobs["throttle"], operation):
                raise ThrottledError
            for failure in self._knobs["fail"].get(operation, []):
                for_this_call = failure.get("pool", pool) == pool
                if for_this_call and failure.get("client", client) == client and failure["count"]:
                    if failure["count"] > 0:
                        failure["count"] -= 1
                    status = 500 if failure["code"] in INTERNAL_ERRORS else 400
                    raise AwsError(failure["code"], "set by a knob of the emulator", status)
            if self._knobs["quota"] and pool is not None:
                self._quota.spend(operation, pool, time.monotonic())

    def loses_answer(self, operation: str) -> bool:
        """Tell whether this call's answer gets lost, and count it."""
        with self._lock:
            return _count_down(self._knobs["lose_answer"], operation)


def _count_down(counts: dict[str, int], operation: str) -> bool:
    left = counts.get(operation, 0)
    if left > 0:
        counts[operation] = left - 1
    return left != 0
