"""The emulator as a process of its own.

A process, not a thread: moto's state is global to its process, the operator under test is another
process anyway, and neither can hide behind the other's interpreter lock.
"""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from emulator.remote import Client, RemoteEmulator, SecretState

__all__ = ["Client", "CognitoEmulator", "EmulatorStartError", "SecretState"]


class EmulatorStartError(RuntimeError):
    """The emulator's process ended before it listened; its standard error says why."""


class CognitoEmulator(RemoteEmulator):
    """One emulated Cognito; a context manager that starts and ends it.

    Attributes:
        url: where it listens, without a slash at the end. A restart takes another port.
    """

    def __init__(self, *, port: int = 0) -> None:
        """Prepare an emulator on a port of the loopback interface; 0 takes a free one."""
        super().__init__("")
        self._port = port
        self._process: subprocess.Popen[str] | None = None

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

    def start(self) -> None:
        """Start the process and wait until it listens.

        Raises:
            EmulatorStartError: it ended instead.
        """
        folder = str(Path(__file__).resolve().parent.parent)
        paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--port", str(self._port), "--while-stdin"],
            # It ends when this pipe closes: with the tests, however they end.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        stdout = self._process.stdout
        self._clients.clear()
        self.url = stdout.readline().strip() if stdout is not None else ""
        if not self.url:
            self.stop()
            raise EmulatorStartError("the emulator ended before it listened")

    def stop(self) -> None:
        """End the process; everything it knows is lost."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()
