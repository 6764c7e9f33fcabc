"""What is in the operator's image, and what a container of it may do."""

import re
from pathlib import Path
from typing import Final

import pytest

from images.container import Image

pytestmark = pytest.mark.e2e

ROOT: Final = Path(__file__).resolve().parents[3]
LIBRARIES: Final = "opt/cognito-secret-operator/lib"

LARGEST: Final = 50 * 1024 * 1024
"""Bytes to pull, at most; 42.3 MB were measured, 23.4 MB of them Python itself."""


def version() -> str:
    text = (ROOT / "operator" / "cognito_secret_operator" / "__init__.py").read_text()
    found = re.search(r'__version__ = "(.+)"', text)
    assert found is not None
    return found[1]


def test_it_tells_its_version_and_its_commands(image: Image) -> None:
    told = image.run("version")
    assert (told.returncode, told.stdout.strip()) == (0, version())
    helped = image.run("--help")
    assert helped.returncode == 0
    assert "{run,plan,selftest,version}" in helped.stdout


def test_without_a_command_it_serves_and_says_what_is_missing(image: Image) -> None:
    config = image.archive.config
    assert config["Cmd"] == ["run"]
    ended = image.run(*config["Cmd"])
    assert ended.returncode == 1
    assert "the kubeconfig" in ended.stdout + ended.stderr


def test_it_runs_as_65532_without_a_capability_and_as_process_1(image: Image) -> None:
    assert image.archive.config["User"] == "65532:65532"
    code = (
        "import os; print(os.getuid(), os.getgid(), os.getpid());"
        " print(open('/proc/self/status').read())"
    )
    shown = image.python(code).stdout
    assert shown.splitlines()[0] == "65532 65532 1"
    assert re.search(r"^CapEff:\s+0+$", shown, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", shown, re.MULTILINE)


@pytest.mark.parametrize("place", ["/", "/tmp", "/home/nonroot", f"/{LIBRARIES}", "/var", "/run"])
def test_nothing_can_be_written(image: Image, place: str) -> None:
    written = image.python(f"open({place!r} + '/written', 'w')")
    assert written.returncode == 1
    assert "Read-only file system" in written.stderr


def test_nothing_of_it_belongs_to_who_runs_it(image: Image) -> None:
    code = (
        "import os\n"
        "for folder, _, files in os.walk('/opt'):\n"
        "    for path in [folder, *(os.path.join(folder, one) for one in files)]:\n"
        "        found = os.lstat(path)\n"
        "        assert found.st_uid == found.st_gid == 0, path\n"
        "        assert not found.st_mode & 0o022, path\n"
        "print('looked')"
    )
    assert image.python(code).stdout.strip() == "looked"


def test_there_is_no_shell_no_compiler_and_no_pip(image: Image) -> None:
    paths = image.archive.paths()
    programs = {path for path in paths if re.match(r"(usr/)?(local/)?s?bin/|opt/.*/bin/", path)}
    assert {Path(path).name for path in programs} == {"python3", "python3.13"}
    packages = {Path(path).name for path in paths}
    assert packages.isdisjoint({"pip", "setuptools", "wheel", "ensurepip", "gcc", "cc1", "sh"})


def test_botocore_knows_the_two_services_that_are_called(image: Image) -> None:
    data = image.root / LIBRARIES / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == {"cognito-idp", "sts"}


def test_time_zones_and_certificates_are_there(image: Image) -> None:
    code = (
        "import ssl, zoneinfo; print(zoneinfo.ZoneInfo('Europe/Berlin'));"
        " print(len(ssl.create_default_context().get_ca_certs()))"
    )
    zone, certificates = image.python(code).stdout.split()
    assert zone == "Europe/Berlin"
    assert int(certificates) > 100


def test_bytecode_is_there_and_needs_no_source(image: Image) -> None:
    code = (
        "import cognito_secret_operator.wiring, os, sys\n"
        "from importlib.util import cache_from_source as cached\n"
        "files = [getattr(one, '__file__', None) or '' for one in sys.modules.values()]\n"
        "sources = [path for path in files if path.endswith('.py')]\n"
        "print(len(sources), *(path for path in sources if not os.path.exists(cached(path))))"
    )
    count, *without = image.python(code).stdout.split()
    assert int(count) > 500
    # Of the generated half of the Kubernetes client, kopf takes small models, and no calls.
    assert [path for path in without if "/kubernetes/client/models/v1_" not in path] == []
    assert len(without) <= 3


def test_its_labels_say_what_it_is(image: Image) -> None:
    prefix = "org.opencontainers.image."
    labels = {
        name.removeprefix(prefix): value
        for name, value in image.archive.config["Labels"].items()
        if name.startswith(prefix)
    }
    assert labels["title"] == "cognito-secret-operator"
    assert labels["version"] == version()
    assert labels["licenses"] == "Apache-2.0"
    assert re.fullmatch(r"[0-9a-f]{40}|unknown", labels["revision"])
    assert f"CSO_REVISION={labels['revision']}" in image.archive.config["Env"]
    assert labels["description"]
    assert (image.root / "licenses" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_it_is_small(image: Image) -> None:
    assert sum(layer.compressed for layer in image.archive.layers()) < LARGEST
