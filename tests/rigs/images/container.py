"""Start a built image by runc as restricted as the chart does, and more so: without a network."""

import json
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from .archive import Archive

_NAMESPACES: Final = ("pid", "ipc", "uts", "mount")

_MOUNTS: Final[tuple[dict[str, Any], ...]] = (
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {
        "destination": "/dev",
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "strictatime", "mode=755", "size=64k"],
    },
)
"""Nothing that a process without rights can write to: no /tmp, no /dev/shm."""


class Image:
    """A built image, unpacked to be started; a context manager that takes it away again."""

    def __init__(self, path: Path) -> None:
        """Unpack an archive.

        Args:
            path: The OCI archive.
        """
        self.archive = Archive(path)
        self.folder = Path(tempfile.mkdtemp(prefix="image-"))
        self.root = self.folder / "root"
        self.root.mkdir(mode=0o755)
        self.archive.unpack(self.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Start the image's entrypoint with these arguments, and wait for its end."""
        return self.execute([*self.archive.config["Entrypoint"], *arguments])

    def execute(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Start a command in the image in place of its entrypoint, and wait for its end."""
        with Container(self, command) as container:
            return subprocess.run(container.command, capture_output=True, text=True, check=False)

    def python(self, code: str) -> subprocess.CompletedProcess[str]:
        """Run lines of Python in the image."""
        return self.execute(["python3", "-c", code])


class Container:
    """One container of an image: 65532 or whom the image names, a read-only root, no capability."""

    def __init__(
        self,
        image: Image,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        mounts: Sequence[Path] = (),
        writable: Sequence[Path] = (),
        host_network: bool = False,
    ) -> None:
        """Write the container's configuration; `command` starts it.

        Args:
            image: Unpacked.
            command: What runs in it as process 1.
            environment: Added to the image's own.
            mounts: Files and folders of this machine that it sees, read-only, at the same place.
            writable: The same, but writable.
            host_network: Whether it shares this machine's network; otherwise it has none.
        """
        self.name = f"cso-{secrets.token_hex(6)}"
        self.folder = Path(tempfile.mkdtemp(prefix="container-", dir=image.folder))
        document = _configuration(image, command, environment or {}, host_network=host_network)
        document["mounts"] += [_bind(path, "ro") for path in mounts]
        document["mounts"] += [_bind(path, "rw") for path in writable]
        (self.folder / "config.json").write_text(json.dumps(document))

    @property
    def command(self) -> list[str]:
        """The command line that starts it and lasts as long as it does."""
        runc = shutil.which("runc") or "runc"
        return [runc, "run", "--bundle", str(self.folder), self.name]

    def signal(self, name: str) -> None:
        """Send a signal to its process 1."""
        subprocess.run(["runc", "kill", self.name, name], check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # It fails where the container has ended by itself, which is the rule.
        subprocess.run(["runc", "delete", "--force", self.name], capture_output=True, check=False)


def _configuration(
    image: Image, command: Sequence[str], environment: Mapping[str, str], *, host_network: bool
) -> dict[str, Any]:
    config = image.archive.config
    user, _, group = config["User"].partition(":")
    namespaces = _NAMESPACES if host_network else (*_NAMESPACES, "network")
    added = [f"{name}={value}" for name, value in environment.items()]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": int(user), "gid": int(group)},
            "args": list(command),
            "env": [*config["Env"], *added],
            "cwd": config["WorkingDir"],
            "capabilities": {},
            "noNewPrivileges": True,
        },
        "root": {"path": str(image.root), "readonly": True},
        "hostname": "test",
        "mounts": list(_MOUNTS),
        "linux": {"namespaces": [{"type": kind} for kind in namespaces]},
    }


def _bind(path: Path, mode: str) -> dict[str, Any]:
    place = str(path.resolve())
    return {
        "destination": place,
        "type": "bind",
        "source": place,
        "options": ["bind", mode, "nosuid", "nodev"],
    }
