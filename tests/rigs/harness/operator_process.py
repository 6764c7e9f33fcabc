"""The operator as a user runs it: a process of its own, told everything by its environment."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import requests

from cluster.tether import tethered
from cluster.waiting import wait_for

SOURCE: Final = Path(__file__).resolve().parents[3] / "operator"

QUICK: Final[Mapping[str, str]] = {
    "CSO_SETTLE_SECONDS": "1",
    "CSO_ADD_DEADLINE_SECONDS": "3",
    "CSO_LIST_LAG_SECONDS": "2",
    "CSO_LIST_PERIOD_SECONDS": "600",
    "CSO_POLL_MIN_SECONDS": "0.5",
    "CSO_POLL_MAX_SECONDS": "1",
    "CSO_QUOTA_SHARE": "1",
}
"""Spans for a cluster without a kubelet and a Cognito without lag: the protocol, in seconds."""

READY_SECONDS: Final = 60


class OperatorProcess:
    """One process of the operator; a context manager that starts and ends it.

    A process that is still needed after its end can be started again: its log goes on.
    """

    def __init__(
        self,
        *,
        kubeconfig: Path,
        namespaces: tuple[str, ...],
        environment: Mapping[str, str],
        workdir: Path,
        name: str = "operator",
    ) -> None:
        """Prepare a process.

        Args:
            kubeconfig: whose rights it has.
            namespaces: which it serves; none means the whole cluster.
            environment: AWS's variables and settings of ours, on top of `QUICK`.
            workdir: where its log and port file go.
            name: of these files.

        """
        self.log = workdir / f"{name}.log"
        self._port_file = workdir / f"{name}.port"
        inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        self._environment = {
            **inherited,
            **QUICK,
            **environment,
            "PYTHONPATH": str(SOURCE),
            "CSO_KUBECONFIG": str(kubeconfig),
            "CSO_NAMESPACES": ",".join(namespaces),
            "CSO_LISTEN_ADDRESS": "127.0.0.1",
            "CSO_PORT": "0",
            "CSO_PORT_FILE": str(self._port_file),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> None:
        """Start the process, and wait until it is ready unless told otherwise."""
        self._port_file.unlink(missing_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                tethered(self._command()),
                env=self._process_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if wait:
            wait_for("the operator is ready", self._is_ready, READY_SECONDS)

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Stop its clock: SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._signal(signal.SIGCONT)

    def stop(self) -> int:
        """End it as Kubernetes would, and give its exit status."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(timeout=60)

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port_file.read_text().strip()}"

    def metrics(self) -> str:
        """Scrape it."""
        return requests.get(f"{self.url}/metrics", timeout=30).text

    def log_lines(self) -> list[dict[str, Any]]:
        """Give its log so far, a mapping a line; what is no JSON is under ``message``."""
        return [_line(text) for text in self.log.read_text(errors="replace").splitlines()]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "cognito_secret_operator", "run"]

    def _process_environment(self) -> dict[str, str]:
        return self._environment

    def _is_ready(self) -> bool:
        if not self.is_running:
            raise RuntimeError(f"the operator ended early:\n{self.log.read_text()[-3000:]}")
        if not self._port_file.exists():
            return False
        return requests.get(f"{self.url}/readyz", timeout=30).ok

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def _line(text: str) -> dict[str, Any]:
    try:
        line: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        return {"message": text}
    return line
