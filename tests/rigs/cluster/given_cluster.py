"""Use a cluster that is already there, kind's or a real one."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from .access import Access
from .credentials import write_kubeconfig

VARIABLE: Final = "CLUSTER_KUBECONFIG"
"""The environment variable that names the kubeconfig of a given cluster."""

_ADMIN: Final = "cluster-test-admin"


class GivenClusterError(RuntimeError):
    """The given kubeconfig cannot be used."""


def given_kubeconfig() -> Path | None:
    """Give the kubeconfig of the given cluster, or None where none is given."""
    value = os.environ.get(VARIABLE)
    return Path(value) if value else None


def adopt(kubeconfig: Path, workdir: Path) -> Access:
    """Make an administrator with a token in a given cluster.

    People often come with a client certificate, while tests want a token. So a
    ServiceAccount is made in kube-system, which stays.

    Args:
        kubeconfig: The way in, with the rights of a cluster's administrator.
        workdir: The folder for the files made from it.

    Raises:
        GivenClusterError: kubectl is missing or failed.
    """
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise GivenClusterError(f"{VARIABLE} is set, which takes a kubectl on PATH")
    command = [kubectl, f"--kubeconfig={kubeconfig}"]
    view = json.loads(
        _output([*command, "config", "view", "--raw", "--flatten", "--minify", "-o", "json"])
    )
    cluster = view["clusters"][0]["cluster"]
    ca_file = workdir / "ca.crt"
    ca_file.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    _output([*command, "apply", "-f", "-"], yaml.safe_dump_all(_administrator()))
    token = _output([*command, "-n", "kube-system", "create", "token", _ADMIN, "--duration=24h"])
    admin = workdir / "admin.kubeconfig"
    write_kubeconfig(admin, cluster["server"], ca_file, token.strip())
    return Access(cluster["server"], ca_file, token.strip(), admin, Path(kubectl))


def _output(command: list[str], text: str | None = None) -> str:
    """Run a command and give what it prints, never what it was given."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise GivenClusterError(f"kubectl failed: {done.stderr}")
    return done.stdout


def _administrator() -> list[dict[str, Any]]:
    account = {"kind": "ServiceAccount", "name": _ADMIN, "namespace": "kube-system"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": _ADMIN, "namespace": "kube-system"},
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": _ADMIN},
            "roleRef": role,
            "subjects": [account],
        },
    ]
