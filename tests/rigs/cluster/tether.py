"""Replace this process by a command that the kernel ends with its parent.

Run as a script: ``python tether.py PARENT_PID COMMAND ARGUMENT...``. A script of
its own, since code between fork and exec (``preexec_fn``) may deadlock in a
process with threads. Linux only; elsewhere the command runs without a tether.
"""

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""From ``linux/prctl.h``. The setting outlives exec."""


def tethered(command: list[str]) -> list[str]:
    """Give the command line that runs a command tethered to this process.

    The kernel watches the *thread* that starts it: start it in one that lasts.

    Args:
        command: The program, as a path, and its arguments.

    Returns:
        The command line for ``subprocess``.
    """
    return [sys.executable, "-I", __file__, str(os.getpid()), *command]


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(f"the parent {parent} has gone")
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main()
