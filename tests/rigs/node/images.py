"""The image of the probe, made without a registry or a builder of images."""

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path
from typing import Any, Final

from cluster.build import Group, Target, build

PROBE_IMAGE: Final = "docker.io/local/probe:1"
"""Runs ``/probe``, a static program; the entrypoint pauses."""

PROBE: Final = Group(
    "probe", (Target("probe", "cluster.test/probe", Path(__file__).parent / "probe"),)
)
"""The program of the image."""

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}


def write_probe_image(archive: Path) -> Path:
    """Build the probe and pack it into an archive of Docker's form.

    Args:
        archive: The file to write.

    Returns:
        The same path.

    Raises:
        BuildError: The program could not be built.
        ToolchainError: There is no Go to build with.
    """
    layer = _tar({"probe": ((build(PROBE) / "probe").read_bytes(), 0o755)})
    machine = platform.machine()
    config = {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"Entrypoint": ["/probe", "pause"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [PROBE_IMAGE], "Layers": ["layer.tar"]}]
    members = {
        "layer.tar": (layer, 0o644),
        "config.json": (_json(config), 0o644),
        "manifest.json": (_json(manifest), 0o644),
    }
    archive.write_bytes(_tar(members))
    return archive


def _tar(members: dict[str, tuple[bytes, int]]) -> bytes:
    """Pack files, given as content and mode, into a tar archive."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, (content, mode) in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            archive.addfile(member, io.BytesIO(content))
    return output.getvalue()


def _json(document: Any) -> bytes:  # noqa: ANN401 -- whatever JSON can say
    return json.dumps(document).encode()
