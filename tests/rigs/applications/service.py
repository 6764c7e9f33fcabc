"""What every long-running service does: a steady pace, readiness, a gentle end, its counts."""

import json
import os
import signal
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Final

import requests

from applications.counting import Counts, log

REPORT_SECONDS: Final = 1.0
"""How often the counts are handed to the store."""

FAREWELL_SECONDS: Final = 10.0
"""How long the last report is tried; within the usual grace of a pod."""

Round = Callable[[Counts], None]
"""Signs in once or a few times, and counts each."""


def run(name: str, signs_in: Round) -> None:
    """Sign in until SIGTERM, finish the round, hand over the counts, and end.

    Args:
        name: of the application; with the pod's name it is the key of its counts.
        signs_in: one round.

    """
    counts, stopping = Counts(), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    pause = 1 / float(os.environ.get("ROUNDS_A_SECOND", "4"))
    report = _Report(f"{name}.{os.environ['POD_NAME']}")
    _listen(counts)
    log("started", application=name)
    while not stopping.wait(pause):
        signs_in(counts)
        report.if_due(counts)
    report.farewell(counts)
    log("ended", **counts.document())


class _Report:
    """Hands the counts to the store, so that they outlive the pod."""

    def __init__(self, key: str) -> None:
        self._url = f"{os.environ['STORE_URL']}/counts/{key}"
        self._due = 0.0

    def if_due(self, counts: Counts) -> None:
        if time.monotonic() >= self._due:
            self._try(counts)
            self._due = time.monotonic() + REPORT_SECONDS

    def farewell(self, counts: Counts) -> None:
        deadline = time.monotonic() + FAREWELL_SECONDS
        while not self._try(counts) and time.monotonic() < deadline:
            time.sleep(REPORT_SECONDS)

    def _try(self, counts: Counts) -> bool:
        try:
            return requests.put(self._url, json=counts.document(), timeout=5).ok
        except requests.RequestException as error:
            log("the store did not answer", error=type(error).__name__)
            return False


class _Server(ThreadingHTTPServer):
    def __init__(self, counts: Counts) -> None:
        super().__init__(("0.0.0.0", int(os.environ.get("PORT", "8080"))), _Handler)  # noqa: S104
        self.counts: Final = counts


class _Handler(BaseHTTPRequestHandler):
    """`/readyz` once a sign-in has succeeded, and `/counts`."""

    server: _Server

    def do_GET(self) -> None:
        if self.path == "/counts":
            self._answer(HTTPStatus.OK, json.dumps(self.server.counts.document()))
        elif self.path == "/readyz" and self.server.counts.has_signed_in:
            self._answer(HTTPStatus.OK, "ready")
        else:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "not yet")

    def _answer(self, status: HTTPStatus, text: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: object) -> None:
        """Log nothing: a kubelet asks once a second."""


def _listen(counts: Counts) -> None:
    Thread(target=_Server(counts).serve_forever, daemon=True).start()
