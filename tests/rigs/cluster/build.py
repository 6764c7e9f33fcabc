"""Build programs in Go (control plane, node, tools) into a cache outside the tree."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .tether import tethered
from .toolchain import find_go, go_environment

HERE: Final = Path(__file__).resolve().parent
CONTROL_PLANE_MODULE: Final = HERE / "go"
KWOK_MODULE: Final = HERE / "kwok"
TOOLS_MODULE: Final = HERE / "tools"

PROGRESS_SECONDS: Final = 10
"""A build says at least this often that it is alive."""


@dataclass(frozen=True)
class Target:
    """One program to build."""

    name: str
    """The file's name."""
    package: str
    """The Go package of its main function."""
    module: Path
    """The folder of the Go module that pins its version."""


@dataclass(frozen=True)
class Group:
    """Programs that are built together, and kept in one folder of the cache."""

    name: str
    """The beginning of the folder's name."""
    targets: tuple[Target, ...]

    @property
    def modules(self) -> tuple[Path, ...]:
        """The folders of the Go modules that pin the versions, each once."""
        return tuple(dict.fromkeys(target.module for target in self.targets))


def _kubernetes(*names: str) -> tuple[Target, ...]:
    return tuple(
        Target(name, f"k8s.io/kubernetes/cmd/{name}", CONTROL_PLANE_MODULE) for name in names
    )


CLUSTER: Final = Group(
    "cluster",
    (
        Target("etcd", "go.etcd.io/etcd/server/v3", CONTROL_PLANE_MODULE),
        *_kubernetes("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"),
        Target("kwok", "sigs.k8s.io/kwok/cmd/kwok", KWOK_MODULE),
    ),
)
"""The control plane, and nodes that are played."""

NODE: Final = Group("node", _kubernetes("kubelet", "kube-proxy"))
"""What a real node runs beside its container runtime."""

TOOLS: Final = Group(
    "tools",
    (
        Target("helm", "helm.sh/helm/v3/cmd/helm", TOOLS_MODULE),
        Target("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", TOOLS_MODULE),
        Target("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", TOOLS_MODULE),
    ),
)
"""What installs the chart, and checks it and the workflows."""


class BuildError(RuntimeError):
    """A program could not be built."""


def cache_folder() -> Path:
    """Give the folder of everything that is kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cognito-secret-operator"


def binaries_folder(group: Group = CLUSTER) -> Path:
    """Give the folder of a group's finished binaries, whether it is there or not.

    It is named after the contents of the Go modules, sources of their own included:
    another version is another folder.
    """
    digest = hashlib.sha256()
    for module in group.modules:
        for file in (module / "go.mod", module / "go.sum", *sorted(module.glob("*.go"))):
            # A module that needs no other has no sums.
            digest.update(file.read_bytes() if file.exists() else b"")
    return cache_folder() / f"{group.name}-{digest.hexdigest()[:16]}"


def build(group: Group = CLUSTER) -> Path:
    """Build what is not there yet, and say how it goes on standard output.

    Builders wait for one another. The folder appears when all of it is built, so an
    interrupted build leaves nothing that looks finished.

    Args:
        group: The programs to build.

    Returns:
        The folder of the binaries.

    Raises:
        BuildError: A program could not be built.
        ToolchainError: There is no Go to build with.
    """
    finished = binaries_folder(group)
    if finished.is_dir():
        return finished
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "cluster.lock"):
        if finished.is_dir():
            return finished
        go = find_go(group.modules, cache)
        unfinished = finished.with_name(f"{finished.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for target in group.targets:
            _build_one(go, target, unfinished)
        unfinished.rename(finished)
    return finished


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file lock, which the kernel lifts when this process ends.

    Args:
        path: The lock's file, made where it is missing.
    """
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("[cluster] waiting for another build", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_one(go: Path, target: Target, folder: Path) -> None:
    command = [str(go), "build", "-mod=readonly", "-trimpath", "-buildvcs=false"]
    command += ["-ldflags", _link_flags(), "-o", str(folder / target.name), target.package]
    log = folder / f"{target.name}.log"
    start = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            tethered(command),
            cwd=target.module,
            env=go_environment(os.environ),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while not _ended(process):
                _say(target, start, "building")
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise BuildError(f"go could not build {target.name}:\n{log.read_text()[-4000:]}")
    _say(target, start, "built")


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(PROGRESS_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _say(target: Target, start: float, state: str) -> None:
    print(f"[cluster] {target.name}: {state}, {time.monotonic() - start:.0f} s", flush=True)


def _link_flags() -> str:
    """Strip symbols and set the version, without which clients refuse the server's."""
    go_mod = (CONTROL_PLANE_MODULE / "go.mod").read_text()
    match = re.search(r"^\s*k8s\.io/kubernetes (v[\d.]+)", go_mod, re.MULTILINE)
    if match is None:
        raise BuildError("go.mod names no version of Kubernetes")
    variables = (
        "k8s.io/component-base/version.gitVersion",
        "k8s.io/client-go/pkg/version.gitVersion",
    )
    return " ".join(["-s -w", *(f"-X {variable}={match[1]}" for variable in variables)])
