"""Wakes every resource when the platform team's files change: a mounted file has no events."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

__all__ = ["watch_files"]

_LOG: Final = logging.getLogger(__name__)

PERIOD: Final = 1.0
"""Seconds between two reads. A kubelet brings a ConfigMap's change in up to two minutes."""


async def watch_files(
    read: Callable[[], object], wake_all: Callable[[], None], *, period: float = PERIOD
) -> None:
    """Compare until cancelled.

    Every pass reads the files by itself before it writes: this only makes changes take effect
    within a second, also for resources that wait for something else.

    Args:
        read: returns what the files say, comparable.
        wake_all: enqueues every resource.
        period: seconds between two reads.

    """
    before = read()
    while True:
        await asyncio.sleep(period)
        now = read()
        if now != before:
            _LOG.warning("the platform team's configuration changed: every resource is reconciled")
            wake_all()
        before = now
