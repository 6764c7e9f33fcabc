"""The chart as installed on a cluster, and the operator's process as that installation's account.

Where nodes are played no container runs: the process here stands in for the pod. It has the token
of the installed ServiceAccount, the variables of the installed Deployment, and the files of the
installed ConfigMap.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from cluster.control_plane import ControlPlane
from harness.operator_process import SOURCE, OperatorProcess
from harness.shop import ENVIRONMENT, Kubectl
from helmchart import CHART
from helmchart.helm import RELEASE, Helm, Values

QUICK: Final[Values] = {
    "timing": {
        "settleSeconds": 1,
        "addDeadlineSeconds": 3,
        "listLagSeconds": 2,
        "pollMinSeconds": 0.5,
        "pollMaxSeconds": 1,
    },
    "quotaShare": 1,
    "crds": {"enabled": False},
}
"""For a cluster without a kubelet, whose resource type is there already."""

WAIT: Final = ("--wait", "--timeout", "180s")


class Release:
    """One release of the chart."""

    def __init__(self, cluster: ControlPlane, namespace: str, name: str = RELEASE) -> None:
        """Prepare a release; nothing is installed yet."""
        self.namespace = namespace
        self.name = name
        self._cluster = cluster
        self._helm = Helm(cluster.kubeconfig)
        self._kubectl = Kubectl(cluster)

    @property
    def account(self) -> str:
        """The name that the API server knows the operator's account by."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    def helm(self, *arguments: str, values: Values | None = None) -> str:
        """Run a command of helm about this release's namespace."""
        return self._helm(*arguments, "--namespace", self.namespace, values=values)

    def install(self, values: Values, *options: str) -> str:
        """Install the chart and wait as a user would; the namespace has to be there."""
        chart = (self.name, str(CHART))
        return self.helm("install", *chart, *WAIT, *options, values=values)

    def upgrade(self, values: Values, *options: str) -> str:
        """Upgrade to these values, and wait."""
        chart = (self.name, str(CHART))
        return self.helm("upgrade", *chart, *WAIT, *options, values=values)

    def kubeconfig(self) -> Path:
        """Write a kubeconfig with a token of the installed ServiceAccount."""
        token = self._kubectl(
            *("create", "token", self.name, "-n", self.namespace, "--duration", "2h")
        ).strip()
        return self._cluster.kubeconfig_for(token, self.namespace)

    def environment(self, folder: Path) -> dict[str, str]:
        """Give the container's variables as they are installed.

        Args:
            folder: where the mounted files are written to.

        """
        container = self._installed("deployment")["spec"]["template"]["spec"]["containers"][0]
        plain = [one for one in container["env"] if "valueFrom" not in one]
        variables = {one["name"]: one.get("value", "") for one in plain}  # empty is not stored
        [mount] = [one for one in container["volumeMounts"] if one["name"] == "platform"]
        self.write_files(folder)
        return {
            name: value.replace(mount["mountPath"], str(folder))
            for name, value in variables.items()
        }

    def write_files(self, folder: Path) -> None:
        """Write the ConfigMap's keys as files, as a kubelet does on every change."""
        data = self._installed("configmap").get("data") or {}
        folder.mkdir(exist_ok=True)
        for key, text in data.items():
            (folder / key).write_text(text, encoding="utf-8")

    def process(
        self, workdir: Path, environment: Mapping[str, str], name: str = "operator"
    ) -> OperatorProcess:
        """Prepare the process of a pod of this release.

        Args:
            workdir: where its files go.
            environment: on top of what is installed, such as AWS's variables.
            name: of its log.

        """
        variables = self.environment(workdir / "platform") | dict(environment)
        served = tuple(one for one in variables["CSO_NAMESPACES"].split(",") if one)
        return OperatorProcess(
            kubeconfig=self.kubeconfig(),
            namespaces=served,
            environment=variables,
            workdir=workdir,
            name=name,
        )

    def self_test(self, workdir: Path, url: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command of `helm test`'s pod with the pod's variables, as the pod's account.

        Args:
            workdir: where files go.
            url: where the process answers, in place of the Service.

        """
        manifest = self.helm("get", "hooks", self.name)
        arguments = _arguments(manifest)
        if url:
            arguments = [f"--url={url}" if one.startswith("--url=") else one for one in arguments]
        return subprocess.run(
            [sys.executable, "-m", "cognito_secret_operator", *arguments],
            env={
                **ENVIRONMENT,
                **self.environment(workdir / "platform"),
                "PYTHONPATH": str(SOURCE),
                "CSO_KUBECONFIG": str(self.kubeconfig()),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def _installed(self, kind: str) -> dict[str, Any]:
        text = self._kubectl("get", kind, self.name, "-n", self.namespace, "-o", "yaml")
        found: dict[str, Any] = yaml.safe_load(text)
        return found


def _arguments(manifest: str) -> Sequence[str]:
    [pod] = [one for one in yaml.safe_load_all(manifest) if one and one["kind"] == "Pod"]
    arguments: list[str] = pod["spec"]["containers"][0]["args"]
    return arguments
