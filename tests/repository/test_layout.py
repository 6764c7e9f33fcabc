"""The tree's own rules: where the package lives, how long a module is, what no file may name."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "operator" / "cognito_secret_operator"
LONGEST_MODULE = 400

REQUIRED = frozenset(
    {
        ".ci",
        ".editorconfig",
        ".github",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "SECURITY.md",
        "crds",
        "operator",
        "pyproject.toml",
        "requirements",
        "tests",
    }
)
ALLOWED = REQUIRED | {
    ".dockerignore",
    ".gitattributes",
    ".hadolint.yaml",
    ".pre-commit-config.yaml",
    "Dockerfile",
    "README.md",
    "docs",
    "examples",
    "findings",
    "helm",
    "renovate.json",
}

# Written in two pieces: this file is searched as well.
REGISTRY_HOSTS = [
    "files.python" + "hosted.org",
    "pypi" + ".org",
    "proxy.golang" + ".org",
    "sum.golang" + ".org",
    "registry.npm" + "js.org",
    "repo1.maven" + ".org",
    "repo.maven.apache" + ".org",
    "static.crates" + ".io",
    "index.crates" + ".io",
    "deb.debian" + ".org",
]
HOSTS = re.compile("|".join(map(re.escape, REGISTRY_HOSTS)), re.IGNORECASE)
# An absolute path of one machine; a longer word or a URL's path before the slash is none.
MACHINE_PATHS = re.compile(r"(?<![\w.~$})*-])/(?:root|work|home/[a-z]+|Users/\w+)/")


def _files() -> list[Path]:
    """Every file of the tree that git tracks or would add."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def _text(path: Path) -> str:
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {match.group()}"
        for path in _files()
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if (match := pattern.search(line))
    ]


@pytest.mark.parametrize("name", ["operator/__init__.py", "operator.py", "tests/operator"])
def test_nothing_shadows_the_operator_module_of_the_standard_library(name: str) -> None:
    assert not (ROOT / name).exists()


def test_import_operator_from_the_root_is_the_standard_library() -> None:
    code = "import operator; operator.eq; print(operator.__file__)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert ROOT not in Path(run.stdout.strip()).parents


def test_no_module_of_the_package_is_longer_than_a_reader_bears() -> None:
    lengths = {
        str(path.relative_to(PACKAGE)): len(_text(path).splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert {str(folder) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_no_file_names_a_package_registry() -> None:
    assert _found(HOSTS) == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    assert _found(MACHINE_PATHS) == []


def test_the_top_level_is_what_a_newcomer_expects() -> None:
    present = {path.relative_to(ROOT).parts[0] for path in _files()}
    assert sorted(present - ALLOWED) == []
    assert sorted(REQUIRED - present) == []


FINDINGS = sorted((ROOT / "findings").glob("*.sh"))
LONGEST_HEADER = 15


@pytest.mark.parametrize("script", FINDINGS, ids=lambda script: script.stem)
def test_a_finding_can_be_run_and_tells_what_surprised(script: Path) -> None:
    assert os.access(script, os.X_OK)
    first, *lines = _text(script).splitlines()
    assert first == "#!/usr/bin/env bash"
    header = list(itertools.takewhile(lambda line: line.startswith("# "), lines))
    assert len(header) <= LONGEST_HEADER
    for word in ("Versions:", "Expected:", "What happens:", "Seen", "Why here:", "Source:"):
        assert [line for line in header if line.startswith(f"# {word}")], word
    assert lines[len(header)] == "set -euo pipefail"
    assert [match.group() for match in HOSTS.finditer(_text(script))] == []


def test_the_table_of_findings_has_a_row_for_each_script() -> None:
    rows = re.findall(
        r"^\| \[([\w-]+)\]\(([\w-]+)\.sh\) \|", _text(ROOT / "findings/README.md"), re.MULTILINE
    )
    assert rows == [(script.stem, script.stem) for script in FINDINGS]
    assert rows


def test_every_dependency_is_locked_with_a_hash() -> None:
    for lock in ("runtime.txt", "dev.txt", "uv.txt"):
        entries = re.split(r"\n(?=[A-Za-z0-9])", _text(ROOT / "requirements" / lock))
        assert [entry for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


def test_the_locked_boto3_has_the_operations_on_client_secrets() -> None:
    # A resolver once "solved" our dependencies with a boto3 that has none of them.
    code = (
        "import boto3; client = boto3.client('cognito-idp', region_name='eu-west-1',"
        " aws_access_key_id='none', aws_secret_access_key='none');"
        " client.add_user_pool_client_secret; client.list_user_pool_client_secrets;"
        " client.delete_user_pool_client_secret"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
