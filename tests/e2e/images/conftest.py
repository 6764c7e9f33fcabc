from collections.abc import Iterator
from pathlib import Path

import pytest

from images import build_operator_image, why_not
from images.container import Image


@pytest.fixture(scope="session", autouse=True)
def can_build() -> None:
    """Skips, loudly, where this machine cannot build images."""
    reason = why_not()
    if reason is not None:
        pytest.skip(f"no image can be built here: {reason}")


@pytest.fixture(scope="session")
def archive() -> Path:
    """The archive of the operator's image, built from the Dockerfile."""
    return build_operator_image()


@pytest.fixture(scope="session")
def image(archive: Path) -> Iterator[Image]:
    """The operator's image, unpacked."""
    with Image(archive) as unpacked:
        yield unpacked


@pytest.fixture
def mounted_image(archive: Path) -> Iterator[Image]:
    """One for containers with mounts, for which a runtime makes places in the root."""
    with Image(archive) as unpacked:
        yield unpacked
