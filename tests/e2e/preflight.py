"""What the run needs of the machine, and how Debian gives it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import images
import node

PACKAGES: Final = (
    "containerd",
    "runc",
    "containernetworking-plugins",
    "conntrack",
    "nftables",
    "iproute2",
    "buildah",
    "mmdebstrap",
    "debian-archive-keyring",
    "prometheus",
)
"""Of Debian: what a node and the building of images take, and promtool for the alerts' tests."""


def lacks() -> tuple[str, ...]:
    """Tell why this machine cannot do the run; empty where it can."""
    image = images.why_not()
    return (*node.why_not(), *((image,) if image else ()))


def lacks_packages() -> bool:
    """Tell whether `install` would bring anything, for the run or for other tests."""
    return bool(lacks()) or shutil.which("promtool") is None


def can_install() -> bool:
    """Tell whether `install` would do anything here: root, and Debian's apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and _is_debian()


def install() -> None:
    """Install the packages as apt does, which starts containerd's service where there is systemd.

    Nothing is removed, and nothing but these and what they depend on is installed.

    Raises:
        subprocess.CalledProcessError: apt-get failed; it has said why.

    """
    print(f"[e2e] installing from Debian, as root: {' '.join(PACKAGES)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet=2"], env=environment, check=True)
    subprocess.run(
        [
            "apt-get",
            "install",
            "--quiet=2",
            "--yes",
            "--no-remove",
            "--no-install-recommends",
            *PACKAGES,
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _is_debian() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and "debian" in release.read_text(encoding="utf-8").lower()
