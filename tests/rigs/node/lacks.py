"""What a machine must have to run a real node."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from . import namespaces
from .leftovers import hierarchies

PROGRAMS: Final = ("containerd", "containerd-shim-runc-v2", "ctr", "runc", "nft", "ip", "mount")
"""On PATH; on Debian of containerd, runc, nftables, iproute2 and mount."""

PLUGINS: Final = ("ptp", "host-local", "loopback")
"""Of CNI; on Debian of containernetworking-plugins."""

PLUGIN_FOLDERS: Final = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))

CONTROLLERS: Final = frozenset({"cpu", "cpuset", "memory", "pids"})

_TRIALS: Final = (
    ("a pair of virtual network cards", "ip link add one type veth peer name two"),
    ("tables of nftables", "nft add table ip one"),
    ("a file system in memory", "mount -t tmpfs tmpfs /run"),
    (
        "layered file systems",
        "cd /run && mkdir a b c d && mount -t overlay -o lowerdir=a,upperdir=b,workdir=c overlay d",
    ),
)
"""What the kernel must allow in namespaces of our own, where it leaves nothing."""


def why_not() -> tuple[str, ...]:
    """Tell why this machine cannot run a real node.

    Returns:
        A sentence for each thing that it lacks; empty where nothing is missing.
    """
    if sys.platform != "linux":
        return ("A real node takes Linux.",)
    if os.geteuid() != 0:
        return ("A real node takes root.",)
    lacks = [f"There is no program {name} on PATH." for name in PROGRAMS if not shutil.which(name)]
    if plugins_folder() is None:
        lacks.append(f"There are no CNI plugins ({', '.join(PLUGINS)}) in {PLUGIN_FOLDERS[0]}.")
    lacks += _controllers()
    # Each trial takes programs of the first list.
    return tuple(lacks or _kernel())


def plugins_folder() -> Path | None:
    """Give the folder of the CNI plugins, or None where one of them is missing."""
    for folder in PLUGIN_FOLDERS:
        if all((folder / name).exists() for name in PLUGINS):
            return folder
    return None


def _controllers() -> list[str]:
    found: set[str] = set()
    for root in hierarchies():
        listing = root / "cgroup.controllers"
        found |= set(listing.read_text().split() if listing.exists() else root.name.split(","))
        if not os.access(root, os.W_OK):
            return [f"The cgroups in {root} cannot be written."]
    missing = sorted(CONTROLLERS - found)
    return [f"There are no cgroups for {', '.join(missing)}."] if missing else []


def _kernel() -> list[str]:
    """Try in namespaces of our own what the node will do in its."""
    script = "\n".join(
        f"{{ {command}; }} >/dev/null 2>&1 || echo {what}" for what, command in _TRIALS
    )
    command = [sys.executable, "-I", namespaces.__file__, "try", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [f"The kernel refuses namespaces of our own: {done.stderr.strip()}."]
    return [f"The kernel refuses {what}." for what in done.stdout.splitlines()]
