"""The applications of `rigs/applications` as processes of this machine, in place of their pods."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

import requests
import yaml

from applications.store import Store
from cluster.tether import tethered
from cluster.waiting import wait_for
from emulator.remote import SCOPE, Client, RemoteEmulator
from harness.shop import REPOSITORY, Shop

FOLDER: Final = REPOSITORY / "tests" / "rigs" / "applications"
USERNAME: Final = "ada"
PASSWORD: Final = "Correct-horse-7"
FLOWS: Final = frozenset({"client_credentials", "USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH"})
"""What only the applications do; the operator asks Cognito in other ways."""

PLACEHOLDERS: Final = ("eu-west-1_AbCdEfGhI", "1example23456789", "https://auth.example.com")


def manifest(name: str, client: Client, token_endpoint: str) -> list[dict[str, Any]]:
    """Read an application's documents, with a client in the place of the made-up one."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    real = (client.pool_id, client.client_id, token_endpoint.removesuffix("/oauth2/token"))
    for placeholder, value in zip(PLACEHOLDERS, real, strict=True):
        text = text.replace(placeholder, value)
    return list(yaml.safe_load_all(text))


def create_user(cognito: RemoteEmulator, pool_id: str) -> None:
    """Create the one user of the applications, with a password that stays."""
    cognito.cognito.admin_create_user(UserPoolId=pool_id, Username=USERNAME)
    cognito.cognito.admin_set_user_password(
        UserPoolId=pool_id, Username=USERNAME, Password=PASSWORD, Permanent=True
    )


@dataclass(frozen=True)
class Made:
    """Sign-ins that were made, and how many of them failed."""

    attempts: int
    failed: int


def seen_by_cognito(cognito: RemoteEmulator, client: Client) -> Made:
    """Give the sign-ins of a client after the emulated Cognito's own record."""
    rows = [
        row for row in cognito.tally() if row["client"] == client.client_id and row["flow"] in FLOWS
    ]
    refused = sum(row["count"] for row in rows if row["outcome"] != "OK")
    return Made(sum(row["count"] for row in rows), refused)


def told(counts: Mapping[str, Mapping[str, Any]], name: str) -> Made:
    """Give the sign-ins of an application after what its processes told the store."""
    tallies = [
        tally
        for key, document in counts.items()
        if key.startswith(f"{name}.")
        for tally in document["by_secret"].values()
    ]
    return Made(sum(one["attempts"] for one in tallies), sum(one["failed"] for one in tallies))


class LocalStore(AbstractContextManager["LocalStore"]):
    """The applications' store, in a thread."""

    def __init__(self) -> None:
        self._store = Store("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._store.server_port}"
        Thread(target=self._store.serve_forever, daemon=True).start()

    def counts(self) -> dict[str, Any]:
        """Give what the processes have told, by application and pod."""
        counts: dict[str, Any] = requests.get(f"{self.url}/counts", timeout=30).json()
        return counts

    def __exit__(self, *exception: object) -> None:
        self._store.shutdown()
        self._store.server_close()


class LocalApplication:
    """One process of an application; it plays the pod of that name."""

    def __init__(
        self, name: str, pod: str, store: LocalStore, environment: Mapping[str, str]
    ) -> None:
        """Start the process with *environment* and nothing of ours but paths."""
        self.key: Final = f"{name}.{pod}"
        self._store = store
        self._process = subprocess.Popen(
            tethered([sys.executable, "-m", f"applications.{name}"]),
            env={
                **{key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
                "PYTHONPATH": str(FOLDER.parent),
                "PORT": "0",
                "STORE_URL": store.url,
                "SCOPE": SCOPE,
                "POD_NAME": pod,
                **environment,
            },
            stdin=subprocess.DEVNULL,
        )

    def told(self) -> dict[str, Any]:
        """Give its counts; empty before the first report."""
        counts: dict[str, Any] = self._store.counts().get(self.key, {})
        return counts

    def wait(self, what: str, condition: Callable[[dict[str, Any]], object]) -> None:
        """Wait until its counts fulfil a condition."""

        def look() -> bool:
            assert self._process.poll() is None, f"{self.key} ended early"
            counts = self.told()
            return bool(counts and condition(counts))

        wait_for(f"{self.key}: {what}", look, 120)

    def wait_for_sign_ins(self, secret_id: str, number: int = 5) -> None:
        """Wait until a secret was shown so often by it."""

        def is_shown(counts: dict[str, Any]) -> bool:
            tally = counts["by_secret"].get(secret_id, {"attempts": 0})
            return bool(tally["attempts"] >= number)

        self.wait(f"{number} sign-ins with {secret_id}", is_shown)

    def stop(self) -> int:
        """End it as a kubelet would, and give its exit status."""
        self._process.terminate()
        return self._process.wait(timeout=60)


def project(shop: Shop, secret: str, mount: Path) -> None:
    """Write a Secret's files as a kubelet does: a new folder, then a link that is moved to it."""
    data, current = shop.secret(secret), mount / "..data"
    number = int(current.resolve().name.rpartition("_")[2]) + 1 if current.exists() else 1
    folder = mount / f"..version_{number}"
    folder.mkdir(parents=True)
    for key, value in data.items():
        (folder / key).write_text(value)
    draft = mount / "..data_tmp"
    draft.symlink_to(folder.name)
    previous = current.resolve()
    draft.rename(current)
    if number > 1:
        shutil.rmtree(previous)
