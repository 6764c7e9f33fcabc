"""Dockerfile, workflows and bill of materials: linted, pinned, and telling the truth."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cognito_secret_operator import __version__

from cluster.build import TOOLS, build
from helmchart import CHART
from helmchart.helm import Helm, container

ROOT: Final = Path(__file__).parents[2]
PROGRAMS: Final = Path(sys.executable).parent
DOCKERFILE: Final = ROOT / "Dockerfile"
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").iterdir())
PINNED_ACTION: Final = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def bases() -> dict[str, str]:
    found = re.findall(r"^ARG (\w+_BASE)=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE)
    return dict(found)


def test_the_dockerfile_is_clean() -> None:
    linted = run(str(PROGRAMS / "hadolint"), str(DOCKERFILE))
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_bases_are_pinned_by_digest_and_of_one_python() -> None:
    assert set(bases()) == {"BUILD_BASE", "RUN_BASE"}
    for base in bases().values():
        assert re.fullmatch(r"[a-z.]+/[a-z0-9/-]+:[\w.-]+@sha256:[0-9a-f]{64}", base)
    # Distroless on Debian 13 is Python 3.13; its tag does not say so.
    assert "/python:3.13-slim-trixie@" in bases()["BUILD_BASE"]
    assert "/python3-debian13:nonroot@" in bases()["RUN_BASE"]


def test_every_base_is_one_that_renovate_moves() -> None:
    settings = json.loads((ROOT / "renovate.json").read_text())
    pattern = settings["customManagers"][0]["matchStrings"][0].replace("(?<", "(?P<")
    found = [match["depName"] for match in re.finditer(pattern, DOCKERFILE.read_text())]
    assert found == [base.partition(":")[0] for base in bases().values()]


def test_the_image_ends_as_a_user_without_rights_and_without_a_shell() -> None:
    lines = [line for line in DOCKERFILE.read_text().splitlines() if re.match(r"[A-Z]+ ", line)]
    assert [line for line in lines if line.startswith("USER")][-1] == "USER 65532:65532"
    (entrypoint,) = [line for line in lines if line.startswith("ENTRYPOINT")]
    assert json.loads(entrypoint.removeprefix("ENTRYPOINT ")) == [
        "python3",
        "-m",
        "cognito_secret_operator",
    ]


def test_the_operator_is_told_the_commit_that_the_label_names() -> None:
    final_stage = DOCKERFILE.read_text().rpartition("\nFROM ")[2]
    _, given, told = final_stage.partition("ARG REVISION=unknown\n")
    assert given
    assert "\nENV CSO_REVISION=${REVISION}\n" in told
    assert 'image.revision="${REVISION}"' in told


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_pins_its_actions_asks_for_little_and_says_that_it_has_not_run(
    path: Path,
) -> None:
    text = path.read_text()
    assert "has not run" in text.splitlines()[0]
    uses = re.findall(r"uses: (.+)$", text, re.MULTILINE)
    assert uses
    assert [one for one in uses if not PINNED_ACTION.fullmatch(one)] == []
    workflow: dict[str, Any] = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"]["contents"] == "read", name
        assert job["timeout-minutes"] <= 90, name


def test_an_action_has_one_hash_everywhere() -> None:
    uses = re.findall(r"uses: (\S+)@(\S+)", "".join(path.read_text() for path in WORKFLOWS))
    assert len({action for action, _ in uses}) == len(set(uses))


def test_zizmor_finds_nothing_in_the_workflows() -> None:
    audit = run(str(PROGRAMS / "zizmor"), "--offline", "--no-progress", ".github/workflows")
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.integration
def test_actionlint_finds_nothing_in_the_workflows() -> None:
    linted = run(str(build(TOOLS) / "actionlint"), "-no-color", *map(str, WORKFLOWS))
    assert (linted.returncode, linted.stdout) == (0, "")


IMAGE: Final = "ghcr.io/somebody/rotator"
DIGEST: Final = f"sha256:{'0123456789abcdef' * 4}"


def package(folder: Path, digest: str) -> subprocess.CompletedProcess[str]:
    """Run the release's own step that packages the chart, in a copy of the chart."""
    shutil.copytree(CHART, folder / "helm" / CHART.name)
    release = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    [step] = [one for one in release["jobs"]["chart"]["steps"] if one.get("name") == "package"]
    path = f"{build(TOOLS)}{os.pathsep}{os.environ['PATH']}"
    given = {"CHART": CHART.name, "VERSION": __version__, "IMAGE": IMAGE, "DIGEST": digest}
    return subprocess.run(
        # As GitHub does: https://docs.github.com/actions/reference/workflow-syntax-for-github-actions
        ["bash", "-e", "-c", step["run"]],
        cwd=folder,
        env={**given, "PATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.integration
def test_the_released_chart_names_the_image_by_the_digest_of_the_build(tmp_path: Path) -> None:
    done = package(tmp_path, DIGEST)
    assert done.returncode == 0, done.stdout + done.stderr
    chart = tmp_path / "dist" / f"{CHART.name}-{__version__}.tgz"
    assert container(Helm().render({}, chart=chart))["image"] == f"{IMAGE}@{DIGEST}"


@pytest.mark.integration
def test_no_chart_is_released_without_a_digest(tmp_path: Path) -> None:
    done = package(tmp_path, "")
    assert done.returncode != 0
    assert "'/image/digest': got null" in done.stderr


def test_the_bill_of_materials_lists_every_locked_package(tmp_path: Path) -> None:
    # As the release does it, but elsewhere, and with the interpreter's own .venv as it stands.
    bill = tmp_path / "dist" / "sbom.cdx.json"
    own = (f"DIST={bill.parent}", f"VENV={PROGRAMS.parent}", "STAMP=")
    made = run("make", "sbom", *own)
    assert made.returncode == 0, made.stderr
    document = json.loads(bill.read_text())
    listed = {(one["name"], one["version"]) for one in document["components"]}
    lock = (ROOT / "requirements" / "runtime.txt").read_text()
    assert listed == set(re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE))
    assert all(one["externalReferences"][0]["hashes"] for one in document["components"])
