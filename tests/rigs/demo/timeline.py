"""Tells, as it happens, what moves: secrets at Cognito, steps, pods, events."""

import threading
import time
from typing import Any, Final, Self

from emulator.process import Client
from harness.shop import Shop

POLL_SECONDS: Final = 0.3


class Timeline:
    """Prints a line for each change that a poll finds, with the seconds since the start."""

    def __init__(self, shop: Shop, client: Client, name: str) -> None:
        """Watch the resource *name*, which rotates *client*."""
        self._shop = shop
        self._client = client
        self._name = name
        self._started = time.monotonic()
        self._letters: dict[str, str] = {}
        self._events: set[tuple[str, int]] = set()
        self._secrets = ""
        self._pods = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def say(self, text: str) -> None:
        """Print a line of the story."""
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", flush=True)

    def letter(self, secret_id: str) -> str:
        """Name a secret: A for the first that was seen, then B, and so on."""
        if secret_id not in self._letters:
            self._letters[secret_id] = chr(ord("A") + len(self._letters))
        return self._letters[secret_id]

    def _watch(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            self._look()
        self._look()

    def _look(self) -> None:
        self._look_at_secrets()
        self._look_at_pods()
        for event in self._shop.events():
            seen = (event["metadata"]["uid"], event.get("count") or 1)
            if seen not in self._events:
                self._events.add(seen)
                self.say(f"event    {event['reason']:<18} {self._lettered(event['message'])}")

    def _look_at_secrets(self) -> None:
        active = self._shop.active_ids(self._client)
        shown = ", ".join(f"{self.letter(one)} ({one})" for one in active)
        if shown != self._secrets:
            self._secrets = shown
            self.say(f"Cognito  has secrets {shown}")

    def _look_at_pods(self) -> None:
        pods = self._shop.pods()
        shown = " ".join(sorted(self._pod(pod) for pod in pods))
        if shown != self._pods:
            self._pods = shown
            self.say(f"pods     {shown or 'none'}")

    def _pod(self, pod: dict[str, Any]) -> str:
        stamp = stamp_of(pod, self._name)
        holds = self.letter(stamp.rpartition(".")[0]) if stamp else "unstamped"
        going = ", terminating" if pod["metadata"].get("deletionTimestamp") else ""
        return f"{pod['metadata']['name'][-5:]}[{holds}{going}]"

    def _lettered(self, message: str) -> str:
        for secret_id, letter in self._letters.items():
            message = message.replace(secret_id, letter)
        return message


def stamp_of(pod: dict[str, Any], name: str) -> str:
    """Read the stamp that a resource's rotation left on a pod; empty where there is none."""
    annotations = pod["metadata"].get("annotations") or {}
    return str(annotations.get(f"cognito-secrets.dev/{name}", ""))
