"""What one account asked of the API server from a moment on, after the audit log."""

import json
from pathlib import Path
from typing import Any

from harness.shop import ACCOUNT, Shop


class AuditTail:
    """The audit log's lines about a shop's operator, from this object's making on."""

    def __init__(self, log: Path, shop: Shop) -> None:
        """Begin at the log's present end."""
        self._LOG = log
        self._user = f"system:serviceaccount:{shop.namespace}:{ACCOUNT}"
        self._begin = log.stat().st_size

    def requests(self) -> list[dict[str, Any]]:
        """Give the requests so far; a line is there before its answer is."""
        with self._LOG.open() as lines:
            lines.seek(self._begin)
            *whole, _half_written = lines.read().split("\n")
        events: list[dict[str, Any]] = [json.loads(line) for line in whole]
        return [event for event in events if event["user"]["username"] == self._user]

    def verbs(self) -> set[str]:
        """Give the verbs of all requests."""
        return {event["verb"] for event in self.requests()}

    def reads_of(self, secret: str) -> int:
        """Count how often a Secret was read."""
        return sum(
            event["verb"] == "get"
            and event.get("objectRef", {}).get("resource") == "secrets"
            and event["objectRef"]["name"] == secret
            for event in self.requests()
        )
