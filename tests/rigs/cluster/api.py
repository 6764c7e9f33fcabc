"""The few requests to the API server that starting and checking it takes."""

from pathlib import Path
from typing import Any, Final, Self

import requests

TIMEOUT_SECONDS: Final = 30
MERGE_PATCH: Final = "application/merge-patch+json"


class ApiError(RuntimeError):
    """The API server refused a request."""


class AdminApi:
    """A JSON client of one API server, as its administrator."""

    def __init__(self, url: str, ca_file: Path, token: str) -> None:
        self._url = url
        self._session = requests.Session()
        # REQUESTS_CA_BUNDLE and proxies of the environment are not for loopback.
        self._session.trust_env = False
        self._session.verify = str(ca_file)
        self._session.headers["Authorization"] = f"Bearer {token}"

    def is_ready(self) -> bool:
        """Ask whether the API server serves and all its checks pass."""
        try:
            return self._session.get(f"{self._url}/readyz", timeout=TIMEOUT_SECONDS).ok
        except requests.ConnectionError:
            return False

    def get(self, path: str) -> dict[str, Any]:
        """Read an object or a list.

        Args:
            path: The path below the server's URL, with its query.

        Raises:
            ApiError: The answer was no success.
        """
        return self._request("GET", path)

    def find(self, path: str) -> dict[str, Any] | None:
        """Read an object that may not be there."""
        answer = self._session.get(self._url + path, timeout=TIMEOUT_SECONDS)
        return None if answer.status_code == requests.codes.not_found else _json(answer)

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object in the collection at the path.

        Raises:
            ApiError: The answer was no success.
        """
        return self._request("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change an object by a merge patch.

        Raises:
            ApiError: The answer was no success.
        """
        return self._request("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Delete an object, and its dependents in the background.

        Raises:
            ApiError: The answer was no success.
        """
        self._request("DELETE", path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._session.close()

    def _request(self, verb: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Content-Type": MERGE_PATCH} if verb == "PATCH" else {}
        answer = self._session.request(
            verb, self._url + path, json=body, headers=headers, timeout=TIMEOUT_SECONDS
        )
        return _json(answer)


def _json(answer: requests.Response) -> dict[str, Any]:
    if not answer.ok:
        raise ApiError(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
    document: dict[str, Any] = answer.json()
    return document
