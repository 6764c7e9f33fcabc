"""The processes of the control plane: started, watched, ended one by one."""

import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .tether import tethered

TERMINATE_SECONDS: Final = 10
"""How long a process may take to end after SIGTERM, before SIGKILL."""

TAIL_LINES: Final = 15
"""Lines of a log that an error quotes."""


class ProcessEndedError(RuntimeError):
    """A process ended although nobody asked it to."""


class Port:
    """A free TCP port of the loopback address, held until it is released.

    The socket is bound with ``SO_REUSEPORT`` and never listens. So nobody else is
    given the port, while a program that sets the same option can serve on it.
    """

    def __init__(self) -> None:
        """Take a port from the kernel."""
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number: int = self._socket.getsockname()[1]
        """The port's number."""

    def release(self) -> None:
        """Give the port back."""
        self._socket.close()


class Component:
    """One running program with a log of its own."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        """Start the program.

        Args:
            name: What it is called in messages.
            command: The program, as a path, and its arguments.
            log: The file that its output is added to.
        """
        self.name = name
        self.log = log
        self._command = list(command)
        self._process = self._started()

    def restart(self) -> None:
        """Start the program again, after it was stopped, with the same command."""
        self._process = self._started()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def check(self) -> None:
        """Make sure that the program still runs.

        Raises:
            ProcessEndedError: It has ended; the end of its log is quoted.
        """
        code = self._process.poll()
        if code is not None:
            raise ProcessEndedError(
                f"{self.name} ended with code {code}, log {self.log}:\n{self._tail()}"
            )

    def _started(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            # A session of its own: Ctrl-C reaches only us, and we end the
            # programs in their order.
            return subprocess.Popen(
                tethered(self._command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])

    def stop(self) -> None:
        """End the program: SIGTERM, and SIGKILL after ten seconds."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(TERMINATE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
