"""Tokens that were handled: Git may bring an older one back, and that is no new request."""

from typing import Final

__all__ = ["earlier_tokens"]

_KEPT: Final = 20


def earlier_tokens(
    earlier: tuple[str, ...], last: str | None, handled: str | None
) -> tuple[str, ...]:
    """Return the tokens that were handled before *handled*, oldest first.

    Args:
        earlier: those before *last*.
        last: the one that was handled last so far.
        handled: the one that is handled now.

    """
    if last is None or last == handled:
        return earlier
    others = (token for token in earlier if token not in {last, handled})
    return (*others, last)[-_KEPT:]
