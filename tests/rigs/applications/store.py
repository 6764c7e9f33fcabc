"""A store of small JSON documents in memory, for what has to outlive the applications' pods.

It stands in for the Redis of a web application's sessions and for the gateway that counts are
pushed to. `PUT /<collection>/<name>`, `GET /<collection>/<name>`, `GET /<collection>`.
"""

import json
import os
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Final


class Store(ThreadingHTTPServer):
    """The store, listening."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on *port*; 0 takes a free one."""
        super().__init__((host, port), _Handler)
        self._lock: Final = Lock()
        self._documents: dict[tuple[str, str], Any] = {}

    def put(self, collection: str, name: str, document: object) -> None:
        """Keep a document in place of the one of the same name."""
        with self._lock:
            self._documents[collection, name] = document

    def find(self, collection: str, name: str) -> object | None:
        """Give a document; None where there is none."""
        with self._lock:
            return self._documents.get((collection, name))

    def all(self, collection: str) -> dict[str, object]:
        """Give the documents of a collection by their names."""
        with self._lock:
            return {
                name: one for (where, name), one in self._documents.items() if where == collection
            }


class _Handler(BaseHTTPRequestHandler):
    server: Store

    def do_PUT(self) -> None:
        collection, _, name = self.path.strip("/").partition("/")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.put(collection, name, json.loads(body))
        self._answer(HTTPStatus.OK, {})

    def do_GET(self) -> None:
        collection, _, name = self.path.strip("/").partition("/")
        if not name:
            self._answer(HTTPStatus.OK, self.server.all(collection))
        elif (document := self.server.find(collection, name)) is not None:
            self._answer(HTTPStatus.OK, document)
        else:
            self._answer(HTTPStatus.NOT_FOUND, {})

    def _answer(self, status: HTTPStatus, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


def main() -> None:
    """Listen until the pod ends."""
    port = int(os.environ.get("PORT", "8080"))
    Store("0.0.0.0", port).serve_forever()  # noqa: S104 -- inside a pod


if __name__ == "__main__":
    main()
