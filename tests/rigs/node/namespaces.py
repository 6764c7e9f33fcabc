"""A machine of its own for the node: processes, mounts and network that the kernel takes away.

Run as a script, ``python namespaces.py hold …`` makes the namespaces and keeps them;
``python namespaces.py enter PID COMMAND…`` runs a command in them. A script of its own,
since code between fork and exec may deadlock in a process with threads.

The first process of a pid namespace takes all others of it along when it ends, with
the last of them go the mounts and the network. So nothing has to be cleaned up, not
even after SIGKILL: the first process dies with whoever holds it.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

# From linux/sched.h.
CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

# From linux/mount.h.
MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000
MS_SHARED: Final = 0x100000

PR_SET_PDEATHSIG: Final = 1
"""From linux/prctl.h. The setting outlives exec, not fork."""

SETTINGS: Final = {"net/ipv4/ip_forward": "1"}
"""Files below ``/proc/sys``; those of ``net`` belong to the network namespace."""

KINDS: Final = (
    ("ipc", CLONE_NEWIPC),
    ("uts", CLONE_NEWUTS),
    ("net", CLONE_NEWNET),
    ("pid", CLONE_NEWPID),
    ("mnt", CLONE_NEWNS),
)
"""Names below ``/proc/PID/ns`` and flags; the mounts last, for they change what /proc is."""

_libc = ctypes.CDLL(None, use_errno=True)


def join(pid: int, *names: str) -> None:
    """Move this thread into namespaces of a process; into those of processes, its next children.

    Args:
        pid: The process.
        names: Which, as below ``/proc/PID/ns``; all of ``KINDS`` where none is named.

    Raises:
        OSError: There is no such process, or it may not be joined.
    """
    kinds = [(name, flag) for name, flag in KINDS if not names or name in names]
    opened = [(os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), flag) for name, flag in kinds]
    for descriptor, flag in opened:
        _call("setns", descriptor, flag)
        os.close(descriptor)


def main() -> None:
    """Hold new namespaces, or enter those that are held."""
    action, *arguments = sys.argv[1:]
    if action == "hold":
        folder, *names = arguments
        _unshare()
        _stand_for(_fork(lambda: _hold(Path(folder).resolve(), *names)), signal.SIGKILL)
    elif action == "try":
        _unshare()
        _stand_for(_fork(lambda: os.execvp(arguments[0], arguments)), signal.SIGKILL)  # noqa: S606
    else:
        pid, *command = arguments
        join(int(pid))
        _stand_for(_fork(lambda: os.execv(command[0], command)), signal.SIGTERM)  # noqa: S606


def _unshare() -> None:
    flags = 0
    for _, flag in KINDS:
        flags |= flag
    _call("unshare", flags)
    # What is mounted from now on is nobody else's business.
    _mount("none", "/", "", MS_REC | MS_PRIVATE)


def _hold(folder: Path, address: str, services: str, hostname: str) -> None:
    """Furnish the namespaces, then reap what is orphaned in them, for ever.

    Args:
        folder: Where the node keeps its data; ``lib`` and ``log`` in it become
            ``/var/lib`` and ``/var/log``, and ``ready`` tells that all is in place.
        address: The node's address, on the loopback device: there is no other.
        services: The range of the Services' addresses.
        hostname: The node's name.
    """
    # The kubelet shares mounts with its containers, by the peer group that begins here.
    _mount("none", "/", "", MS_REC | MS_SHARED)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for name in ("lib", "log"):
        (folder / name).mkdir(exist_ok=True)
        _mount(str(folder / name), f"/var/{name}", "", MS_BIND)
    _mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV)
    _call("sethostname", hostname.encode(), len(hostname.encode()))
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "address", "add", f"{address}/32", "dev", "lo"],
        # Whatever way will do, before kube-proxy's rules put an end of the Service in its place.
        ["ip", "route", "add", services, "dev", "lo", "src", address],
    ):
        subprocess.run(command, check=True)
    for setting, value in SETTINGS.items():
        Path("/proc/sys", setting).write_text(value)
    (folder / "ready").touch()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        signal.sigwait({signal.SIGCHLD})
        _reap()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _fork(act: Callable[[], object]) -> int:
    """Do something in a child that the kernel ends with this process."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(reading)
        return pid
    os.close(writing)
    _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have gone before; its end of the pipe has gone with it.
    os.set_blocking(reading, False)
    try:
        if os.read(reading, 1) == b"":
            os._exit(1)
    except BlockingIOError:
        os.close(reading)
    try:
        act()
    except OSError as error:
        print(f"cannot go on: {error}", file=sys.stderr, flush=True)
    os._exit(126)


def _stand_for(pid: int, on_sigterm: signal.Signals) -> None:
    """Wait for the child and end as it ends; SIGTERM is passed on, as the given signal."""

    def pass_on(number: int, frame: FrameType | None) -> None:
        del number, frame
        os.kill(pid, on_sigterm)

    signal.signal(signal.SIGTERM, pass_on)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    _call("mount", source.encode(), target.encode(), kind.encode() or None, flags, None)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that gives -1 for an error.

    Raises:
        OSError: It gave -1.
    """
    if getattr(_libc, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
