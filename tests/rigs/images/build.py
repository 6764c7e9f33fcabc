"""Build an image from its Dockerfile, on the bases of this machine, into an OCI archive."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from .bases import BUILD, RUN, make_base
from .store import BuildError, Store
from cluster.build import locked

__all__ = ["BuildError", "build_image", "build_operator_image", "reference"]

ROOT: Final = Path(__file__).resolve().parents[3]

NAME: Final = "cognito-secret-operator"
"""What the operator's image is called here."""

_KEPT_ARCHIVES: Final = 3
"""Of each image; the oldest goes first."""

_PIP_SETTINGS: Final = ("index-url", "extra-index-url", "trusted-host", "proxy")
_CERTIFICATES: Final = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_CERTIFICATES_INSIDE: Final = "/run/secrets/certificates"


def reference(name: str = NAME) -> str:
    """Give the reference under which an archive's image is imported: no registry has it."""
    return f"docker.io/local/{name}:test"


def build_operator_image() -> Path:
    """Build the operator's image from the Dockerfile at the top.

    Returns:
        The OCI archive.

    Raises:
        BuildError: It could not be built.
    """
    arguments = {"VERSION": _version(), "REVISION": _revision(), "SOURCE": "a test build"}
    return build_image(ROOT / "Dockerfile", ROOT, NAME, arguments)


def build_image(
    dockerfile: Path, context: Path, name: str, build_args: Mapping[str, str] | None = None
) -> Path:
    """Build an image; a second build of the same files takes its layers from the cache.

    A file beside the Dockerfile, called like it and ``.dockerignore``, takes the place of the
    context's own.

    Args:
        dockerfile: Its arguments ``BUILD_BASE`` and ``RUN_BASE`` are given the local bases.
        context: The folder that it copies from.
        name: A word that names the image; `reference` makes a reference of it.
        build_args: Further arguments.

    Returns:
        An OCI archive, whose image has the reference that `reference` gives.

    Raises:
        BuildError: It could not be built.
    """
    store = Store()
    with locked(store.lock):
        bases = {"BUILD_BASE": make_base(store, BUILD), "RUN_BASE": make_base(store, RUN)}
        arguments = {**bases, **(build_args or {})}
        with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=store.folder) as folder:
            return _build(store, dockerfile, context, name, arguments, Path(folder))


def _build(
    store: Store,
    dockerfile: Path,
    context: Path,
    name: str,
    arguments: Mapping[str, str],
    folder: Path,
) -> Path:
    id_file = folder / "id"
    command = ["bud", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers"]
    command += ["--format", "oci", "--timestamp", "0", "--iidfile", str(id_file)]
    command += ["--file", str(dockerfile), "--tag", f"localhost/{name}:test"]
    command += [word for pair in arguments.items() for word in ("--build-arg", "=".join(pair))]
    own_ignore = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    if own_ignore.exists():
        command += ["--ignorefile", str(own_ignore)]
    store.watch(name, folder / "log", *command, *_secrets(folder), str(context))
    return _archive(store, name, id_file.read_text().strip().removeprefix("sha256:"), folder)


def _archive(store: Store, name: str, image: str, folder: Path) -> Path:
    """Write the archive, unless there is one of this very image."""
    finished = store.folder / f"{name}-{image[:16]}.tar"
    if finished.exists():
        finished.touch()
        return finished
    unfinished = folder / "image.tar"
    store.run("push", "--quiet", image, f"oci-archive:{unfinished}:{reference(name)}")
    shutil.move(unfinished, finished)
    archives = [path for path in store.folder.glob(f"{name}-*.tar") if _is_of(path, name)]
    for old in sorted(archives, key=lambda path: path.stat().st_mtime)[:-_KEPT_ARCHIVES]:
        old.unlink()
    return finished


def _is_of(archive: Path, name: str) -> bool:
    return re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{16}}\.tar", archive.name) is not None


def _secrets(folder: Path) -> Sequence[str]:
    """Hand this machine's settings of pip to the build, which keeps nothing of them."""
    lines = ["[global]"]
    bundle = certificates()
    if bundle is not None:
        lines.append(f"cert = {_CERTIFICATES_INSIDE}")
    lines += [f"{key} = {value}" for key, value in pip_settings().items()]
    settings = folder / "pip.conf"
    settings.touch(mode=0o600)
    settings.write_text("\n".join(lines) + "\n")
    secrets = ["--secret", f"id=pip,src={settings}"]
    if bundle is not None:
        secrets += ["--secret", f"id=certificates,src={bundle}"]
    return secrets


def pip_settings() -> dict[str, str]:
    """Give this machine's settings of pip that a build needs as well."""
    return {key: value for key in _PIP_SETTINGS if (value := _pip_setting(key))}


def certificates() -> Path | None:
    """Give the file of certificates that pip trusts on this machine; None for its own."""
    named = next((value for name in _CERTIFICATES if (value := os.environ.get(name))), None)
    found = named or _pip_setting("cert")
    return Path(found).resolve() if found and Path(found).is_file() else None


def _pip_setting(key: str) -> str | None:
    """Read a setting as pip would: its environment first, then its files."""
    variable = os.environ.get(f"PIP_{key.replace('-', '_').upper()}")
    if variable:
        return " ".join(variable.split())
    for python in (sys.executable, shutil.which("python3") or "python3"):
        run = subprocess.run(
            [python, "-m", "pip", "config", "get", f"global.{key}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode == 0:
            return " ".join(run.stdout.split())
    return None


def _version() -> str:
    text = (ROOT / "operator" / "cognito_secret_operator" / "__init__.py").read_text()
    match = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if match is None:
        raise BuildError("the package has no version")
    return match[1]


def _revision() -> str:
    run = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return run.stdout.strip() or "unknown"
