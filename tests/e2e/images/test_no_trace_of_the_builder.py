"""Nothing of the machine that builds an image gets into it: settings, credentials, paths."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import botocore
import certifi
import pytest

from images import build_image
from images.archive import Archive
from images.build import certificates, pip_settings
from images.container import Image

pytestmark = pytest.mark.e2e

ROOT: Final = Path(__file__).resolve().parents[3]
PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
OWN: Final = "opt/cognito-secret-operator"

INDEX: Final = "https://builder:not-for-others@index.invalid/simple"
READS: Final = """\
ARG BUILD_BASE
FROM ${BUILD_BASE}
RUN --mount=type=secret,id=pip,target=/etc/pip.conf test -s /etc/pip.conf
"""
KEEPS: Final = """\
ARG BUILD_BASE
FROM ${BUILD_BASE}
RUN --mount=type=secret,id=pip,target=/etc/pip.conf cp /etc/pip.conf /kept
"""


def traces(archive: Archive, words: Iterable[bytes]) -> list[tuple[str, bytes]]:
    """Where in an image's files, configuration or manifest one of these words stands."""
    documents = {
        "configuration": archive.document,
        "manifest": archive.manifest,
        "index": archive.index,
    }
    texts = [(name, json.dumps(document).encode()) for name, document in documents.items()]
    wanted = list(words)
    return [
        (name, word)
        for name, content in [*texts, *archive.files()]
        for word in wanted
        if word in content
    ]


def test_no_setting_of_pip_and_no_path_of_the_builder_is_in_the_image(image: Image) -> None:
    settings = [value.encode() for value in pip_settings().values()]
    places = [
        str(ROOT).encode(),
        str(Path.home() / ".cache").encode(),
        b"/run/secrets/certificates",
    ]
    assert traces(image.archive, [*settings, *places]) == []


def test_no_certificate_of_the_builder_is_in_the_image(image: Image) -> None:
    debian = image.root / "etc/ssl/certs/ca-certificates.crt"
    packages = [Path(certifi.where()), Path(botocore.__file__).with_name("cacert.pem")]
    published = set().union(*(PEM.findall(path.read_bytes()) for path in [debian, *packages]))
    assert len(published) > 100
    bundle = certificates()
    if bundle is None:
        pytest.skip("this machine has no certificates of its own for pip")
    own = set(PEM.findall(bundle.read_bytes())) - published
    assert traces(image.archive, own) == []


def test_bytecode_names_the_files_of_the_image(image: Image) -> None:
    code = [
        (name, content)
        for name, content in image.archive.files()
        if name.startswith(OWN) and name.endswith(".pyc")
    ]
    assert len(code) > 500
    assert [
        name for name, content in code if b"/build/lib" in content or b"/build/own" in content
    ] == []


def test_only_what_the_dockerfile_names_gets_into_the_image(image: Image) -> None:
    package = ROOT / "operator" / "cognito_secret_operator"
    sources = {str(path.relative_to(package)) for path in package.rglob("*.py")}
    folder = image.root / OWN / "own"
    assert [path.name for path in folder.iterdir() if path.name != "__pycache__"] == [package.name]
    copied = folder / package.name
    assert {str(path.relative_to(copied)) for path in copied.rglob("*.py")} == sources


@pytest.mark.parametrize(("dockerfile", "is_kept"), [(READS, False), (KEEPS, True)])
def test_a_build_reads_pips_settings_and_only_a_bad_one_keeps_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dockerfile: str,
    is_kept: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", INDEX)
    (tmp_path / "Dockerfile").write_text(dockerfile)
    archive = Archive(build_image(tmp_path / "Dockerfile", tmp_path, "trace"))
    assert bool(traces(archive, [b"not-for-others"])) is is_kept
