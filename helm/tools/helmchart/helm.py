"""The program helm, as a user runs it."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from . import CHART
from cluster.build import TOOLS, build

ENVIRONMENT: Final = dict(os.environ)
"""Handed to each command: pytest writes into the process's own between fork and exec."""

KUBERNETES: Final = "1.36.3"
"""Release of the test cluster, for renders without one."""

RELEASE: Final = "cognito-secret-operator"
HOME: Final = "cognito-system"

REFUSED: Final = re.compile(r"\[INFO\] (Fail|Missing required value)")
"""How lint notes what `fail` and `required` of a template would end a render with."""

Values = Mapping[str, Any]


class HelmError(RuntimeError):
    """helm failed; the text is what it said."""


class Helm:
    """Runs helm with one kubeconfig, or with none for what needs no cluster."""

    def __init__(self, kubeconfig: Path | None = None) -> None:
        """Build helm if there is none; with *kubeconfig* for commands to a cluster."""
        self._command = [str(build(TOOLS) / "helm")]
        if kubeconfig is not None:
            self._command += ["--kubeconfig", str(kubeconfig)]

    def __call__(self, *arguments: str, values: Values | None = None) -> str:
        """Run a command and give what it printed.

        Args:
            arguments: of the command.
            values: handed over on standard input, as a file of values.

        Raises:
            HelmError: it failed.

        """
        return self._run(arguments, values).stdout

    def _run(
        self, arguments: Sequence[str], values: Values | None
    ) -> subprocess.CompletedProcess[str]:
        given = [] if values is None else ["--values", "-"]
        done = subprocess.run(
            [*self._command, *arguments, *given],
            input=None if values is None else yaml.safe_dump(dict(values)),
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise HelmError(done.stderr + done.stdout)
        return done

    def lint(self, values: Values) -> str:
        """Run ``helm lint --strict``; give all that it printed.

        Raises:
            HelmError: it found something, or a template refused the values: lint itself only
                notes that on standard error, and calls the chart good.

        """
        command = ("lint", "--strict", str(CHART), "--kube-version", KUBERNETES)
        done = self._run(command, values)
        refused = [line for line in done.stderr.splitlines() if REFUSED.search(line)]
        if refused:
            raise HelmError("\n".join(refused))
        return done.stderr + done.stdout

    def render(
        self,
        values: Values,
        *,
        namespace: str = HOME,
        release: str = RELEASE,
        api_versions: Sequence[str] = (),
        chart: Path = CHART,
    ) -> list[dict[str, Any]]:
        """Render the chart without a cluster."""
        known = [f"--api-versions={one}" for one in api_versions]
        text = self(
            *("template", release, str(chart), "--namespace", namespace),
            *("--kube-version", KUBERNETES, *known),
            values=values,
        )
        return [one for one in yaml.safe_load_all(text) if one]


def of_kind(documents: Sequence[Mapping[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    """Pick the objects of some kinds."""
    return [dict(one) for one in documents if one["kind"] in kinds]


def container(documents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the operator's container."""
    [deployment] = of_kind(documents, "Deployment")
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def variables(documents: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Give the plain variables of the operator's container."""
    return {one["name"]: one["value"] for one in container(documents)["env"] if "value" in one}
