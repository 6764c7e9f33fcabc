"""The process's clocks and the operating system's random generator."""

import secrets
import string
import time
from datetime import UTC, datetime
from typing import Final

from ..domain.value import SecretValue

__all__ = ["SystemClock", "SystemValueGenerator"]

_ALPHABET: Final = string.ascii_letters + string.digits
"""Alphabet of values. Cognito also allows ``+`` and ``_``, which some OAuth clients corrupt."""

_LENGTH: Final = 64
"""Cognito's maximum length: 381 bits in this alphabet."""


class SystemClock:
    """The wall clock and the monotonic clock of this machine."""

    def now(self) -> datetime:
        """Read the wall clock: aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Read the monotonic clock, in seconds."""
        return time.monotonic()


class SystemValueGenerator:
    """Generator of new values."""

    def draw_value(self) -> SecretValue:
        """Return 64 characters of ``[A-Za-z0-9]`` from the operating system's generator."""
        return SecretValue("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))
