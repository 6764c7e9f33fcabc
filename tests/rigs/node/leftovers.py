"""What outlives the node's namespaces: its cgroups and its data. Taken away at its end, or later.

A mark in the cache folder names both from before the start until they are gone. So a
start after a crash finds what the crash left.
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from cluster.build import cache_folder
from cluster.waiting import wait_for

CGROUPS: Final = Path("/sys/fs/cgroup")

EMPTY_SECONDS: Final = 60
"""How long the kernel may take to bury the processes of a cgroup."""


@dataclass(frozen=True)
class Mark:
    """The names of what a node has outside its namespaces."""

    cgroup: str
    """The cgroup of its pods, from the root, in each hierarchy."""
    folder: Path
    """The folder of its data."""
    owner: str
    """The process that runs it: its id and its start, for ids come back."""

    @classmethod
    def make(cls, folder: Path) -> Self:
        """Make the mark of a node that this process runs.

        Args:
            folder: For its data; there, and empty.
        """
        owner = _life(os.getpid())
        mark = cls(f"/cognito-node-{owner}-{folder.stat().st_ino}", folder, owner)
        marks_folder().mkdir(parents=True, exist_ok=True)
        text = json.dumps({"cgroup": mark.cgroup, "folder": str(folder), "owner": owner})
        unfinished = mark.file.with_suffix(".unfinished")
        unfinished.write_text(text)
        unfinished.rename(mark.file)
        return mark

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a mark."""
        document = json.loads(file.read_text())
        return cls(document["cgroup"], Path(document["folder"]), document["owner"])

    @property
    def file(self) -> Path:
        """The mark's own file."""
        return marks_folder() / f"{self.cgroup.strip('/')}.json"

    @property
    def is_alive(self) -> bool:
        """Whether the process that runs the node does so still."""
        return _life(int(self.owner.partition("-")[0])) == self.owner

    def make_cgroups(self) -> None:
        """Make the cgroup, which the kubelet wants to find, in each hierarchy."""
        for root in hierarchies():
            made = root / self.cgroup.strip("/")
            made.mkdir()
            if root.name == "cpuset":  # of version 1: a new one is empty, and useless
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (made / name).write_text((root / name).read_text())

    def remove(self) -> None:
        """Remove the cgroups, the data and, with nothing left, the mark.

        Raises:
            DeadlineError: Processes are still alive in a cgroup.
        """
        for root in hierarchies():
            _remove_cgroup(root / self.cgroup.strip("/"))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.file.unlink(missing_ok=True)


def sweep() -> list[Mark]:
    """Remove what nodes have left whose process has gone.

    Returns:
        The marks of what was removed.
    """
    left: list[Mark] = []
    for file in sorted(marks_folder().glob("*.json")):
        with suppress(FileNotFoundError):  # its own process, or another sweep, was first
            left.append(Mark.read(file))
    left = [mark for mark in left if not mark.is_alive]
    for mark in left:
        print(f"[node] removing what {mark.cgroup.strip('/')} has left", flush=True)
        mark.remove()
    return left


def marks_folder() -> Path:
    """Give the folder of the marks."""
    return cache_folder() / "nodes"


def hierarchies() -> list[Path]:
    """Give the roots of the cgroup hierarchies: one of version 2, or several of version 1."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return sorted(
        root
        for root in CGROUPS.glob("*")
        if not root.is_symlink() and (root / "cgroup.procs").exists()
    )


def _remove_cgroup(top: Path) -> None:
    """Remove a cgroup with those in it, the innermost first, once they are empty."""

    def gone() -> bool:
        for folder, _, _ in os.walk(top, topdown=False):
            try:
                Path(folder).rmdir()
            except FileNotFoundError:
                continue
            except OSError:  # busy: somebody is still being buried
                return False
        return not top.exists()

    wait_for(f"no process is left in {top}", gone, EMPTY_SECONDS)


def _life(pid: int) -> str:
    """Name one life of a process id; empty where there is no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return ""
    return f"{pid}-{fields[19]}"  # starttime, proc_pid_stat(5)
