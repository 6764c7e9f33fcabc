"""Read an OCI archive: its configuration, its layers, and the files that a container would see."""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

WHITEOUT: Final = ".wh."
"""Begins the name of a file that takes one of a lower layer away (OCI image specification)."""


@dataclass(frozen=True)
class Layer:
    """One layer of an image."""

    digest: str
    compressed: int
    """Bytes, as they are pulled."""
    unpacked: int
    """Bytes of its files."""


class Archive:
    """An OCI archive with one image for one platform."""

    def __init__(self, path: Path) -> None:
        """Read manifest and configuration.

        Args:
            path: The archive.
        """
        self.path = path
        with tarfile.open(path) as tar:
            self.index: dict[str, Any] = json.load(_member(tar, "index.json"))
            self.manifest = _blob(tar, self.index["manifests"][0]["digest"])
            self.document = _blob(tar, self.manifest["config"]["digest"])

    @property
    def config(self) -> dict[str, Any]:
        """What a container is started with: user, environment, entrypoint, labels."""
        config: dict[str, Any] = self.document["config"]
        return config

    def layers(self) -> list[Layer]:
        """Give the layers, the lowest first."""
        sizes: dict[str, int] = {}
        for digest, tar in self._open_layers():
            sizes[digest] = sum(member.size for member in tar)
        return [
            Layer(layer["digest"], layer["size"], sizes[layer["digest"]])
            for layer in self.manifest["layers"]
        ]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Give each regular file of each layer: its path and its content."""
        for _, tar in self._open_layers():
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None:
                    yield member.name.removeprefix("./"), content.read()

    def paths(self) -> set[str]:
        """Give the paths of whatever the layers hold, folders and links included."""
        return {
            member.name.removeprefix("./").rstrip("/")
            for _, tar in self._open_layers()
            for member in tar
        }

    def unpack(self, folder: Path) -> None:
        """Unpack the layers one over another, as a container runtime does.

        Args:
            folder: An empty folder, which becomes the root of a container.

        Raises:
            ValueError: A layer takes files of a lower one away, which this does not do.
        """
        for _, tar in self._open_layers():
            for member in tar:
                if Path(member.name).name.startswith(WHITEOUT):
                    raise ValueError(f"{self.path.name}: a whiteout: {member.name}")
                tar.extract(member, folder, filter="fully_trusted")

    def _open_layers(self) -> Iterator[tuple[str, tarfile.TarFile]]:
        with tarfile.open(self.path) as tar:
            for layer in self.manifest["layers"]:
                digest = str(layer["digest"])
                with tarfile.open(fileobj=_member(tar, _path(digest)), mode="r:gz") as unpacked:
                    yield digest, unpacked


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _blob(tar: tarfile.TarFile, digest: str) -> dict[str, Any]:
    document: dict[str, Any] = json.load(_member(tar, _path(digest)))
    return document


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    content = tar.extractfile(name)
    if content is None:
        raise ValueError(f"{name} is no file")
    return content
