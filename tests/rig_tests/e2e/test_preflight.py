"""What the end-to-end run does on a machine that cannot do it."""

import shutil
import subprocess

import pytest

from e2e import __main__ as command
from e2e import preflight

LACKS = ("There is no program containerd on PATH.",)


@pytest.fixture(autouse=True)
def poor_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "missing", lambda: ("containerd",))
    monkeypatch.setattr(preflight, "lacks", lambda: LACKS)
    monkeypatch.setattr(preflight, "can_install", lambda: False)


def test_it_ends_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["e2e", "run"])
    assert command.main() == 2
    said = capsys.readouterr().out
    assert "CANNOT RUN" in said
    assert LACKS[0] in said


def test_a_skip_is_loud_and_only_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["e2e", "run", "--may-skip"])
    assert command.main() == 0
    said = capsys.readouterr().out
    assert "SKIPPED" in said
    assert LACKS[0] in said


def test_the_set_up_ends_with_what_no_package_mends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "missing", lambda: ())
    monkeypatch.setattr("sys.argv", ["e2e", "setup"])
    assert command.main() == 2
    assert LACKS[0] in capsys.readouterr().out


def test_what_the_machine_has_from_elsewhere_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    there = {"containerd", "runc", "buildah"}
    monkeypatch.setattr(shutil, "which", lambda name: name if name in there else None)
    ran: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda words, **_: ran.append(words))
    preflight.install()
    assert "prometheus" in ran[-1]
    assert there.isdisjoint(ran[-1])
