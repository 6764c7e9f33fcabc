"""Reads the client's secret from files, again for each token; acknowledges instead of restarting.

The Secret is mounted as a volume, whose files a kubelet replaces. When a new secret is in use, the
pod says so by an annotation of its own: docs/reference/resource.md, "Acknowledgements of pods".
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests

from applications.counting import Counts, log
from applications.service import run

ANSWER_SECONDS: Final = 10
LOOK_SECONDS: Final = 1.0
"""How often the resource is asked for its publication."""


@dataclass(frozen=True)
class Credentials:
    """What one version of the Secret holds."""

    client_id: str
    secret: str
    secret_id: str
    token_endpoint: str


KEYS: Final = ("client-id", "client-secret", "secret-id", "token-endpoint")


def read(mount: Path) -> Credentials:
    """Read the files of one version of the Secret.

    A kubelet writes a new folder and then moves the link ``..data`` to it: whoever follows the link
    once reads an id and a secret that belong together.
    """
    while True:
        folder = (mount / "..data").resolve()
        try:
            return Credentials(*((folder / key).read_text() for key in KEYS))
        except FileNotFoundError:
            if folder == (mount / "..data").resolve():
                raise


@dataclass(frozen=True)
class Publication:
    """What the resource says is published."""

    number: int
    current_id: str


class Resource:
    """The resource that rotates the secret, and this pod, at the API server."""

    def __init__(self) -> None:
        host, port = (os.environ[f"KUBERNETES_SERVICE_{part}"] for part in ("HOST", "PORT"))
        self._url = f"https://{host}:{port}"
        folder = "/var/run/secrets/kubernetes.io/serviceaccount"
        self._account = Path(os.environ.get("SERVICE_ACCOUNT_FOLDER", folder))
        self._namespace, self._pod = os.environ["NAMESPACE"], os.environ["POD_NAME"]
        self._name = os.environ["RESOURCE"]

    def publication(self) -> Publication | None:
        """Ask what is published; None while a publication is on its way."""
        path = "/apis/cognito-secrets.dev/v1alpha1"
        path += f"/namespaces/{self._namespace}/cognitoclientsecrets/{self._name}"
        status: dict[str, Any] = self._ask("GET", path).json().get("status") or {}
        ids = [one["id"] for one in status.get("secrets", ()) if one["role"] == "Current"]
        if "publication" not in status or not ids:
            return None
        return Publication(status["publication"], ids[0])

    def acknowledge(self, publication: Publication, container: str) -> None:
        """Write onto this pod that its container uses the publication."""
        key = f"cognito-secrets.dev/{self._name}.ack"
        patch = {"metadata": {"annotations": {key: f"{container}={publication.number}"}}}
        self._ask("PATCH", f"/api/v1/namespaces/{self._namespace}/pods/{self._pod}", patch)

    def _ask(self, verb: str, path: str, body: object = None) -> requests.Response:
        # Read each time: a kubelet replaces the token before it expires.
        headers = {"Authorization": f"Bearer {(self._account / 'token').read_text().strip()}"}
        if body is not None:
            headers["Content-Type"] = "application/merge-patch+json"
        answer = requests.request(
            verb,
            self._url + path,
            json=body,
            headers=headers,
            verify=str(self._account / "ca.crt"),
            timeout=ANSWER_SECONDS,
        )
        answer.raise_for_status()
        return answer


class Reader:
    """Signs in with the files as they are, and acknowledges what has worked."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._mount = Path(os.environ["CLIENT_FOLDER"])
        self._scope = os.environ["SCOPE"]
        self._next_look = 0.0

    def signs_in(self, counts: Counts) -> None:
        """Ask for a token; then acknowledge a publication that this token was asked for with."""
        # First the publication, then the files: what is read later is not older.
        publication = self._look()
        credentials = read(self._mount)
        with counts.attempt(credentials.secret_id, "client_credentials from files") as attempt:
            self._token(credentials)
        if publication is None or publication.number == counts.acknowledged:
            return
        # The files may lag behind: only the id in them tells of which publication they are.
        is_published = credentials.secret_id == publication.current_id
        if attempt.has_worked and is_published and self._acknowledge(publication):
            counts.acknowledged = publication.number

    def _look(self) -> Publication | None:
        if time.monotonic() < self._next_look:
            return None
        self._next_look = time.monotonic() + LOOK_SECONDS
        try:
            return self._resource.publication()
        except requests.RequestException as error:
            log("the API server did not answer", error=type(error).__name__)
            return None

    def _acknowledge(self, publication: Publication) -> bool:
        try:
            self._resource.acknowledge(publication, os.environ["CONTAINER"])
        except requests.RequestException as error:
            log("the acknowledgement failed, and is tried again", error=type(error).__name__)
            return False
        log("acknowledged", publication=publication.number, secret=publication.current_id)
        return True

    def _token(self, credentials: Credentials) -> None:
        answer = requests.post(
            credentials.token_endpoint,
            data={"grant_type": "client_credentials", "scope": self._scope},
            auth=(credentials.client_id, credentials.secret),
            timeout=ANSWER_SECONDS,
        )
        answer.raise_for_status()
        answer.json()["access_token"]


def main() -> None:
    """Sign in until the pod ends."""
    run("reader", Reader(Resource()).signs_in)


if __name__ == "__main__":
    main()
