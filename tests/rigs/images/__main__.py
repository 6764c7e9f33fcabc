"""Build the operator's image and tell what came out: ``python -m images``."""

import sys
import time
from typing import Final

from .archive import Archive
from .bases import why_not
from .build import build_operator_image, reference
from .container import Image

_MIB: Final = 1024 * 1024
_STARTS: Final = 5


def main() -> int:
    """Build, and print; 1 where this machine cannot build images or the image is not as told."""
    reason = why_not()
    if reason is not None:
        print(f"SKIPPED: no image was built: {reason}", file=sys.stderr)
        return 1
    path = build_operator_image()
    with Image(path) as image:
        _tell_size(image.archive)
        _tell("archive", f"{path} ({reference()})")
        _tell("user", image.archive.config["User"])
        for name, value in sorted(image.archive.config["Labels"].items()):
            _tell("label", f"{name}={value}")
        written = image.python("open('/written', 'w')")
        _tell(
            "a write", written.stderr.strip().splitlines()[-1] if written.returncode else "PASSED"
        )
        _tell("start-up", _start_up(image))
    return 0 if written.returncode else 1


def _tell_size(archive: Archive) -> None:
    layers = archive.layers()
    compressed = sum(layer.compressed for layer in layers)
    unpacked = sum(layer.unpacked for layer in layers)
    _tell("size", f"{compressed} bytes compressed, {unpacked} bytes of files unpacked")
    for layer in layers:
        size = (
            f"{layer.compressed / _MIB:6.1f} MiB compressed, {layer.unpacked / _MIB:6.1f} unpacked"
        )
        _tell("layer", f"{layer.digest[:19]}  {size}")


def _start_up(image: Image) -> str:
    """Time the whole command line up to its end: the container and all imports."""
    spans = []
    for _ in range(_STARTS):
        start = time.monotonic()
        image.run("version")
        spans.append(time.monotonic() - start)
    spans.sort()
    return f"`version` ends after {spans[0]:.2f} to {spans[-1]:.2f} s ({_STARTS} containers)"


def _tell(what: str, text: str) -> None:
    print(f"{what:>9}  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
