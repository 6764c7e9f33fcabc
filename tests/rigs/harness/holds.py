"""What a test asks about a resource that was disturbed: is it well again, or held, and why."""

import json
from typing import Any, Final

from emulator.process import Client
from harness.shop import Shop

SOON: Final = {
    "CSO_LIST_PERIOD_SECONDS": "2",
    "CSO_LIST_LAG_SECONDS": "1",
    "CSO_LIST_DISTRUST_SECONDS": "2",
    "CSO_MISSING_GRACE_SECONDS": "2",
    "CSO_REFUSAL_GRACE_SECONDS": "2",
}
"""Spans in which a secret that Lists lack is believed to be gone, in seconds."""


def read_journal(shop: Shop, name: str = "orders-api") -> dict[str, Any]:
    """Read the journal's document; empty where there is none."""
    stored = shop.secret(f"{name}-cognito-journal")
    document: dict[str, Any] = json.loads(stored.get("journal.json", "{}"))
    return document


def published_id(shop: Shop, client: Client, name: str = "orders-api") -> str | None:
    """Ask which secret the target's current value is; None where Cognito refuses it."""
    value = shop.secret(name).get("client-secret")
    return shop.cognito.accepted_id(client.client_id, value) if value else None


def wait_healthy(shop: Shop, client: Client, *not_these: str, name: str = "orders-api") -> str:
    """Wait until the target works, no rotation is on, and status tells of the whole journal."""

    def is_healthy() -> bool:
        current, journal = published_id(shop, client, name), read_journal(shop, name)
        return (
            current is not None
            and shop.status(name).get("journalSequence") == journal.get("sequence")
            and current not in not_these
            and shop.condition("Ready", name).get("status") == "True"
            and shop.condition("Rotating", name).get("status") == "False"
            and shop.condition("Stalled", name).get("status") == "False"
        )

    shop.wait("it is healthy", is_healthy)
    current = published_id(shop, client, name)
    assert current is not None
    return current


def warnings(shop: Shop) -> list[tuple[str, str]]:
    """Give reason and message of each Warning of the operator's."""
    return [
        (event["reason"], event["message"]) for event in shop.events() if event["type"] == "Warning"
    ]


def assert_warned(shop: Shop, reason: str, *parts: str) -> None:
    """Wait for a Warning of this reason with these parts in its message."""
    shop.wait(
        f"a warning tells {reason} and {parts}",
        lambda: any(
            told == reason and all(part in message for part in parts)
            for told, message in warnings(shop)
        ),
    )


def stalled(shop: Shop, name: str = "orders-api") -> tuple[str, str]:
    """Tell why a person is asked for, in one word and in words; empty where nobody is."""
    condition = shop.condition("Stalled", name)
    if condition.get("status") != "True":
        return "", ""
    return condition["reason"], condition["message"]


def wait_held(shop: Shop, reason: str, *parts: str, name: str = "orders-api") -> None:
    """Wait until a person is asked for, for this reason and with these parts in the message."""
    shop.wait(f"it is held: {reason}", lambda: stalled(shop, name)[0] == reason)
    message = stalled(shop, name)[1]
    for part in parts:
        assert part in message
