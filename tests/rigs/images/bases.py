"""The two base images of this machine, made of Debian's packages.

The published image is built on an official Python and runs on a distroless one, which is made of
Debian packages too. No registry is needed for their likes: the build base has pip and a shell,
the run base Python with the libraries it links to, certificates, time zones, and nothing else.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .store import BuildError, Store, say

SUITE: Final = "trixie"
"""Debian 13, as the published bases: Python 3.13."""

PYTHON: Final = "python3.13"

_PROGRAMS: Final = ("mmdebstrap", "buildah", "runc")
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_STRIP: Final = f"""
cd "$1"
cat usr/share/ca-certificates/mozilla/*.crt > etc/ssl/certs/ca-certificates.crt
find usr/bin usr/sbin -mindepth 1 ! -name {PYTHON} -delete
ln -s {PYTHON} usr/bin/python3
rm -rf etc/apt etc/debconf.conf etc/dpkg etc/fstab etc/hostname etc/resolv.conf etc/skel \\
    etc/update-motd.d usr/lib/{PYTHON}/__pycache__ usr/share/bash-completion usr/share/bug \\
    usr/share/ca-certificates usr/share/debconf usr/share/doc usr/share/info usr/share/lintian \\
    usr/share/man usr/share/perl5 usr/share/pixmaps var/cache/* var/lib/apt var/lib/dpkg var/log/*
printf 'root:x:0:0:root:/root:/sbin/nologin\\n' > etc/passwd
printf 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\\n' >> etc/passwd
printf 'root:x:0:\\nnonroot:x:65532:\\n' > etc/group
mkdir -p home/nonroot tmp
chmod 1777 tmp
"""
"""Takes away what distroless images do not have either: shells, package managers, manuals."""


@dataclass(frozen=True)
class Base:
    """A recipe of a base image."""

    name: str
    variant: str
    """What mmdebstrap calls the kind: `extract` unpacks packages and runs none of their scripts."""
    packages: tuple[str, ...]
    strip: str = ""
    """A shell script that is run on what was unpacked; ``$1`` is the root of the new system."""

    @property
    def reference(self) -> str:
        """The image's name in our store: another recipe is another name."""
        recipe = repr((self.variant, SUITE, self.packages, self.strip))
        digest = hashlib.sha256(recipe.encode()).hexdigest()
        return f"localhost/cognito-secret-operator-{self.name}:{digest[:16]}"


BUILD: Final = Base("build-base", "apt", ("python3", "python3-pip", "ca-certificates"))

RUN: Final = Base(
    "run-base",
    "extract",
    (
        "base-files",
        "ca-certificates",
        "libc6",
        "libexpat1",
        "libffi8",
        "libgcc-s1",
        "libssl3t64",
        "netbase",
        f"lib{PYTHON}-minimal",
        f"lib{PYTHON}-stdlib",
        f"{PYTHON}-minimal",
        "tzdata",
        "zlib1g",
    ),
    _STRIP,
)


def why_not() -> str | None:
    """Say why images cannot be built on this machine; None where they can."""
    if platform.system() != "Linux":
        return "images are built on Linux only"
    if os.geteuid() != 0:
        return "building images without a registry needs root"
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"these programs are missing: {', '.join(missing)}"
    if not KEYRING.exists():
        return f"{KEYRING} is missing (on Debian: debian-archive-keyring)"
    return None


def make_base(store: Store, base: Base) -> str:
    """Make a base image where the store has none yet.

    Returns:
        Its name.

    Raises:
        BuildError: A package could not be had, or the image not be made.
    """
    if store.has(base.reference):
        return base.reference
    say(f"{base.name}: {SUITE} by mmdebstrap")
    with tempfile.TemporaryDirectory(prefix="base-", dir=store.folder) as folder:
        archive = Path(folder) / "root.tar"
        _bootstrap(base, archive)
        container = store.run("from", "scratch").strip()
        try:
            store.run("add", container, str(archive), "/")
            _strip(base, store.run("mount", container).strip())
            store.run("config", "--env", "LANG=C.UTF-8", container)
            store.run("commit", "--timestamp", "0", container, base.reference)
        finally:
            store.run("rm", container)
    say(f"{base.name}: made")
    return base.reference


def _bootstrap(base: Base, archive: Path) -> None:
    command = ["mmdebstrap", f"--variant={base.variant}", f"--include={','.join(base.packages)}"]
    run = subprocess.run(
        [*command, SUITE, str(archive)], capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise BuildError(f"mmdebstrap could not make {base.name}:\n{run.stderr[-4000:]}")


def _strip(base: Base, root: str) -> None:
    run = subprocess.run(
        ["sh", "-eu", "-c", base.strip, "strip", root], capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise BuildError(f"{base.name} could not be stripped:\n{run.stderr[-4000:]}")
