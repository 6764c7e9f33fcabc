"""Wakes every resource when the platform team's orders change: no event tells of a mounted file."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

__all__ = ["watch_files"]

_LOG: Final = logging.getLogger(__name__)

PERIOD: Final = 1.0
"""Seconds between two looks. A kubelet brings a ConfigMap's change in up to two minutes."""


async def watch_files(
    read: Callable[[], object], wake_all: Callable[[], None], *, period: float = PERIOD
) -> None:
    """Look until cancelled.

    Every pass reads the orders by itself before it writes: this only has them told soon, and lets
    resources go on that wait for something else.

    Args:
        read: gives the orders in force, comparable.
        wake_all: has every resource looked at.
        period: seconds between two looks.

    """
    before = read()
    while True:
        await asyncio.sleep(period)
        now = read()
        if now != before:
            _LOG.warning("the platform team's orders changed: every resource is looked at")
            wake_all()
        before = now
