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
OWN_WORKFLOW: Final = "./.github/workflows/ci.yml"


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
    found = re.findall(r"uses: (.+)$", text, re.MULTILINE)
    uses = [one for one in found if one.partition(" # ")[0] != OWN_WORKFLOW]
    assert uses
    assert [one for one in uses if not PINNED_ACTION.fullmatch(one)] == []
    workflow: dict[str, Any] = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"]["contents"] == "read", name
        # A job that calls a workflow may have none: the called jobs have theirs.
        assert job.get("uses") == OWN_WORKFLOW or job["timeout-minutes"] <= 90, name


def workflow(name: str) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return read


def test_nothing_is_published_before_all_tests_have_passed_at_the_tag() -> None:
    jobs = workflow("release.yml")["jobs"]
    [tests] = [name for name, job in jobs.items() if job.get("uses") == OWN_WORKFLOW]
    publishing = [job for job in jobs.values() if "write" in job["permissions"].values()]
    assert len(publishing) == 2
    assert all(tests in job["needs"] for job in publishing)
    assert not [job for job in jobs.values() if "always()" in str(job.get("if"))]
    called = workflow("ci.yml")
    assert "workflow_call" in called[True], "YAML 1.1 takes the key `on` for a truth"
    assert not [job for job in called["jobs"].values() if "continue-on-error" in str(job)]


def test_continuous_integration_skips_nothing(tmp_path: Path) -> None:
    steps = workflow("ci.yml")["jobs"]["all"]["steps"]
    assert steps[-1]["run"] == 'sudo -E env "PATH=$PATH" .ci/run --whole'
    told = tmp_path / "told"
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    make.chmod(0o755)
    played = run("env", f"PATH={tmp_path}{os.pathsep}{os.environ['PATH']}", ".ci/run", "--whole")
    assert played.returncode == 0, played.stderr
    assert "e2e-setup" in told.read_text()
    assert "--may-skip" not in told.read_text()


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
