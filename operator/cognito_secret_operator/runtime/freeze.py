"""The last look at the freeze switch: a write may have waited minutes for the quota."""

from collections.abc import Callable

from ..adapters.cognito import Quota
from ..adapters.cognito_answers import WRITES
from ..domain.model import ClientRef
from ..errors import RetryLaterError

__all__ = ["FreezableQuota"]


class FreezableQuota:
    """A quota that lets no write to Cognito through while everything is frozen.

    Fulfils `adapters.cognito.Quota`.
    """

    def __init__(self, quota: Quota, frozen: Callable[[], str | None]) -> None:
        """Keep both.

        Args:
            quota: is waited for first.
            frozen: says why everything is frozen; None while it is not.

        """
        self._quota = quota
        self._frozen = frozen

    async def acquire(self, operation: str, client: ClientRef) -> None:
        """Wait until *operation* may be sent for *client*'s pool.

        Raises:
            RetryLaterError: it is a write, and everything was frozen meanwhile.

        """
        await self._quota.acquire(operation, client)
        why = self._frozen() if operation in WRITES else None
        if why is not None:
            raise RetryLaterError(f"{operation} was not sent: {why}", code="NotSent")

    def throttled(self, operation: str, client: ClientRef) -> None:
        """Go slower with *operation* in *client*'s pool: Cognito throttled it."""
        self._quota.throttled(operation, client)
