"""Resource types of other projects, from the Go module proxy: downloaded when a test asks, kept."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from .build import CONTROL_PLANE_MODULE, KWOK_MODULE, cache_folder
from .toolchain import find_go, go_environment

ARGO_ROLLOUTS: Final = "github.com/argoproj/argo-rollouts@v1.8.3"
ARGO_ROLLOUTS_SUM: Final = "h1:blbtQva4IK9r6gFh+dWkCrLnFdPOWiv9ubQYu36qeaA="
"""Of the module's files, as ``go.sum`` would have it."""

PROMETHEUS_OPERATOR: Final = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
PROMETHEUS_OPERATOR_SUM: Final = "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s="

DOWNLOAD_SECONDS: Final = 300


class DownloadError(RuntimeError):
    """A module could not be downloaded, or is not the one that was expected."""


def argo_rollouts_crd() -> Path:
    """Give the file of the CustomResourceDefinition of Argo Rollouts.

    Raises:
        DownloadError: it could not be downloaded.
        ToolchainError: there is no Go to download with.

    """
    file = Path("manifests", "crds", "rollout-crd.yaml")
    return _kept(ARGO_ROLLOUTS, ARGO_ROLLOUTS_SUM, file)


def monitoring_crds() -> list[Path]:
    """Give the files of three types of the Prometheus Operator: both monitors, and rules.

    Raises:
        DownloadError: they could not be downloaded.
        ToolchainError: there is no Go to download with.

    """
    folder = Path("example", "prometheus-operator-crd")
    return [
        _kept(
            PROMETHEUS_OPERATOR,
            PROMETHEUS_OPERATOR_SUM,
            folder / f"monitoring.coreos.com_{plural}.yaml",
        )
        for plural in ("servicemonitors", "podmonitors", "prometheusrules")
    ]


def _kept(module: str, checksum: str, file: Path) -> Path:
    """Give a module's file from the cache, after a download where it is not there."""
    cache = cache_folder()
    kept = cache / f"{module.rpartition('/')[2]}-{file.name}"
    if not kept.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        folder = _downloaded(module, checksum, cache)
        unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
        shutil.copyfile(folder / file, unfinished)
        unfinished.rename(kept)
    return kept


def _downloaded(module: str, checksum: str, cache: Path) -> Path:
    """Download a module by the go tool, with the user's proxy and settings."""
    go = find_go((CONTROL_PLANE_MODULE, KWOK_MODULE), cache)
    done = subprocess.run(
        [go, "mod", "download", "-json", module],
        cwd="/",  # away from any go.mod
        env=go_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=DOWNLOAD_SECONDS,
    )
    if done.returncode != 0:
        raise DownloadError(f"go could not download {module}:\n{done.stderr}{done.stdout}")
    told = json.loads(done.stdout)
    if told["Sum"] != checksum:
        raise DownloadError(f"{module} is not the one that was expected: {told['Sum']}")
    return Path(told["Dir"])
