"""How values are written in messages."""

from datetime import datetime, timedelta
from typing import Final

__all__ = ["message_text", "moment_text", "span_text"]

LONGEST_MESSAGE: Final = 1024
"""Of a condition and an Event: the API server refuses a longer one."""


def message_text(message: str) -> str:
    """Write a message, cut where it is longer than the API server takes."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    return f"{message[: LONGEST_MESSAGE - 1]}…"


def moment_text(moment: datetime) -> str:
    """Write a moment to the second, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def span_text(span: timedelta) -> str:
    """Write a span as the spec does: one number with the largest unit that fits."""
    seconds = int(span.total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
