"""The one type that carries secret values."""

import hmac
import re
from typing import Final, NoReturn

SHORTEST: Final = 24
LONGEST: Final = 64
"""Length of a client secret that is not drawn by Cognito."""

_FIT: Final = re.compile(r"[0-9A-Za-z_+]*")
_REDACTED: Final = "SecretValue(redacted)"


class SecretValue:
    """A secret value: comparable, never printable.

    Only adapters, the wire formats of Secrets and the executor open it, with `reveal`. Everything
    that a log line, a traceback, a dataclass ``repr`` or a pickle would do with it is redacted.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Wrap *text*, the plain value."""
        self._text = text

    def reveal(self) -> str:
        """Return the plain value, to hand it to Cognito or to a Secret of the user."""
        return self._text

    def why_unfit(self) -> str | None:
        """Return why Cognito would not take the value; None where it would.

        Source: ``AddUserPoolClientSecret``, ``ClientSecret``: 24 to 64 letters, digits, ``_``
        and ``+``.
        """
        if self._text != self._text.rstrip("\r\n"):
            return "ends with a line break"
        if len(self._text) < SHORTEST:
            return f"is shorter than {SHORTEST} characters"
        if len(self._text) > LONGEST:
            return f"is longer than {LONGEST} characters"
        if not _FIT.fullmatch(self._text):
            return "has a character other than letters, digits, '_' and '+'"
        return None

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, SecretValue):
            return NotImplemented
        # A Secret of a user may hold what is no text; it is read as surrogates.
        mine = self._text.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(mine, other._text.encode("utf-8", "surrogatepass"))

    def __bool__(self) -> bool:
        """Return whether there is any value at all."""
        return bool(self._text)

    __hash__ = None  # type: ignore[assignment]  # a hash of a value is a fingerprint of it

    def __repr__(self) -> str:
        """Redact."""
        return _REDACTED

    def __str__(self) -> str:
        """Redact."""
        return _REDACTED

    def __format__(self, spec: str) -> str:
        """Redact, whatever the format."""
        return _REDACTED

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse to be pickled or copied into anything that stores it.

        Raises:
            TypeError: always.

        """
        raise TypeError("a secret value cannot be pickled")
