"""What the run needs of the machine, and how Debian gives it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import images
import node

PACKAGES: Final[dict[str, str | tuple[Path, ...]]] = {
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": tuple(folder / "ptp" for folder in node.PLUGIN_FOLDERS),
    "conntrack": "conntrack",
    "nftables": "nft",
    "iproute2": "ip",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "debian-archive-keyring": (images.KEYRING,),
    "prometheus": "promtool",
}
"""Of Debian: what a node and the building of images take, and promtool for the alerts' tests.

Each with a program, or files, any of which shows that the machine has it, from wherever: docker's
own package of containerd, which GitHub's runners have, and Debian's exclude each other.
"""


def lacks() -> tuple[str, ...]:
    """Tell why this machine cannot do the run; empty where it can."""
    image = images.why_not()
    return (*node.why_not(), *((image,) if image else ()))


def missing() -> tuple[str, ...]:
    """Name the packages that `install` would bring, for the run or for other tests."""
    return tuple(name for name, proof in PACKAGES.items() if not _is_there(proof))


def can_install() -> bool:
    """Tell whether `install` would do anything here: root, and Debian's apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and _is_debian()


def install() -> None:
    """Install the missing packages as apt does, which may start containerd's service.

    Nothing is removed, and nothing but these and what they depend on is installed.

    Raises:
        subprocess.CalledProcessError: apt-get failed; it has said why.

    """
    packages = missing()
    print(f"[e2e] installing from Debian, as root: {' '.join(packages)}", flush=True)
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
            *packages,
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _is_there(proof: str | tuple[Path, ...]) -> bool:
    if isinstance(proof, str):
        return shutil.which(proof) is not None
    return any(path.exists() for path in proof)


def _is_debian() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and "debian" in release.read_text(encoding="utf-8").lower()
