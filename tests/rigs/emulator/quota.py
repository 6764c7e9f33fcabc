"""Cognito's request rates.

Source: "Quotas in Amazon Cognito", request rate quotas: a rate for each category in an account and
region, and for the client operations a rate for each operation in a pool as well. Requests are
counted by token buckets: a burst of one second's worth passes, then the rate holds.
"""

from dataclasses import dataclass
from typing import Final

from emulator.errors import ThrottledError

CATEGORIES: Final = {
    "DescribeUserPoolClient": "UserPoolClientRead",
    "ListUserPoolClients": "UserPoolClientRead",
    "ListUserPoolClientSecrets": "UserPoolClientRead",
    "AddUserPoolClientSecret": "UserPoolClientUpdate",
    "CreateUserPoolClient": "UserPoolClientUpdate",
    "DeleteUserPoolClient": "UserPoolClientUpdate",
    "DeleteUserPoolClientSecret": "UserPoolClientUpdate",
    "UpdateUserPoolClient": "UserPoolClientUpdate",
    "Token": "ClientAuthentication",
}
CATEGORY_RATES: Final = {
    "UserPoolClientRead": 15.0,
    "UserPoolClientUpdate": 15.0,
    "ClientAuthentication": 150.0,
}
"""Requests a second in an account and region."""

POOL_RATE: Final = 5.0
"""Requests a second for one client operation in one pool."""


@dataclass(slots=True)
class _Bucket:
    rate: float
    tokens: float
    filled_at: float

    def fill(self, tick: float) -> None:
        self.tokens = min(self.rate, self.tokens + (tick - self.filled_at) * self.rate)
        self.filled_at = tick


class Quota:
    """What is left of the rates. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def spend(self, operation: str, pool: str, tick: float) -> None:
        """Count one request at that tick (monotonic seconds); a refused one costs nothing.

        Raises:
            ThrottledError: it would be over a rate.
        """
        category = CATEGORIES.get(operation)
        if category is None:
            return
        region = pool.rsplit("_", 1)[0]
        buckets = [self._bucket(category, region, CATEGORY_RATES[category], tick)]
        if operation != "Token":
            buckets.append(self._bucket(operation, pool, POOL_RATE, tick))
        if any(bucket.tokens < 1 for bucket in buckets):
            raise ThrottledError
        for bucket in buckets:
            bucket.tokens -= 1

    def _bucket(self, subject: str, place: str, rate: float, tick: float) -> _Bucket:
        bucket = self._buckets.setdefault((subject, place), _Bucket(rate, rate, tick))
        bucket.fill(tick)
        return bucket
