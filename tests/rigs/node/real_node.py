"""One real node: containerd, kubelet and kube-proxy in namespaces of their own."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from . import components, namespaces
from .components import ADDRESS, CONTAINERD_SOCKET, Files
from .images import PROBE_IMAGE, write_probe_image
from .lacks import plugins_folder, why_not
from .leftovers import Mark, sweep
from .rehearsal import rehearse
from cluster import ControlPlane, build, wait_for
from cluster.api import AdminApi
from cluster.build import NODE
from cluster.components import SERVICE_RANGE
from cluster.credentials import REAL_NODE
from cluster.processes import Component

READY_SECONDS: Final = 180
"""Deadline of each single condition; generous, since the machine may be busy."""

RIGS: Final = Path(__file__).resolve().parents[1]


class NodeError(RuntimeError):
    """The node cannot be had here, or something asked of it did not work."""


class RealNode:
    """A node that runs what its pods say, beside a control plane without played nodes.

    It is a machine of its own as far as the kernel goes: processes, mounts and network
    are its own and end with it, however this process ends. Its cgroups and its data are
    removed at the end, or by the next start after a crash.

    As a context manager it starts at the beginning and stops at the end.
    """

    def __init__(self, plane: ControlPlane, workdir: Path) -> None:
        """Prepare, and start nothing yet.

        Args:
            plane: Started, without played nodes, on this machine.
            workdir: A folder for the node's logs, which stay, and its data, which go.
        """
        self.name: Final = REAL_NODE
        """The node's name in the cluster."""
        self.address: Final = ADDRESS
        """Its address in the network of the pods."""
        self.workdir: Final = workdir.resolve()
        """Its folder on this machine."""
        self._plane = plane
        self._components: list[Component] = []
        self._mark: Mark | None = None
        self._pid = 0

    @property
    def logs(self) -> Path:
        """The folder of the programs' logs, one a program; it stays."""
        return self.workdir / "node-logs"

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of containerd, kubelet and kube-proxy on this machine."""
        return {
            component.name: _child(component.pid)
            for component in self._components
            if component.name not in {"machine", "relay"}
        }

    def start(self) -> None:
        """Start the node and wait until a pod on it has reached the API server.

        The kernel ends the node when the *thread* that calls this ends.

        Raises:
            NodeError: This machine lacks something.
            BuildError: A program could not be built.
            ProcessEndedError: A program ended early; the error quotes its log.
            DeadlineError: Something did not become ready.
        """
        if lacks := why_not():
            raise NodeError(" ".join(lacks))
        sweep()
        binaries = build(NODE)
        self.logs.mkdir(parents=True, exist_ok=True)
        folder = self.workdir / "node"
        folder.mkdir()
        try:
            self._mark = Mark.make(folder)
            self._start(binaries, Files(folder), self._mark)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the node with all that runs on it; only logs stay. A second call does nothing."""
        while self._components:
            self._components.pop().stop()
        if self._mark is not None:
            self._mark.remove()
            self._mark = None

    def check(self) -> None:
        """Make sure that all programs of node and control plane still run.

        Raises:
            ProcessEndedError: One has ended; the error quotes its log.
        """
        self._plane.check()
        for component in self._components:
            component.check()

    def inside(self, command: Sequence[str]) -> list[str]:
        """Give the command line that runs a command on the node.

        It sees the pods' and the Services' addresses, and this machine's files apart from
        ``/run``, ``/var/lib`` and ``/var/log``.

        Args:
            command: The program, as a path or on PATH, and its arguments.
        """
        enter = [sys.executable, "-I", namespaces.__file__, "enter", str(self._pid)]
        return [*enter, "/usr/bin/env", *command]

    def import_image(self, archive: Path, name: str) -> None:
        """Import an image from an archive; pods use it with ``imagePullPolicy: Never``.

        Args:
            archive: Of Docker's or OCI's form; it tells the image's tag, or its name and tag.
            name: The image's full name with its tag, such as ``docker.io/local/app:1``.

        Raises:
            NodeError: The archive is none, or has no image of that name.
        """
        base, _, _ = name.rpartition(":")
        self._ctr("images", "import", "--base-name", base, str(archive.resolve()))

        def taken() -> bool:
            # The label is set when pods can use it.
            return any(
                line.split()[0] == name and "io.cri-containerd.image=managed" in line
                for line in self._ctr("images", "list").splitlines()
            )

        if name not in self._ctr("images", "list", "--quiet").split():
            raise NodeError(f"{archive} has no image {name}")
        self._wait(f"image {name} is known", taken)

    def images(self) -> list[str]:
        """Give the names of the images on the node."""
        names = self._ctr("images", "list", "--quiet").split()
        return sorted(name for name in names if not name.startswith("sha256:"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, binaries: Path, files: Files, mark: Mark) -> None:
        layout = self._plane.layout
        port = urlsplit(self._plane.url).port or 443
        mark.make_cgroups()
        self._start_machine(files.folder)
        self._start_relay(port)
        files.write(PROBE_IMAGE, _plugins(), mark.cgroup)
        self._run("containerd", self.inside(components.containerd(files)))
        self._wait("containerd answers", self._containerd_answers)
        self.import_image(write_probe_image(files.folder / "probe.tar"), PROBE_IMAGE)
        kubeconfig = layout.kubeconfig("kubelet")
        command = components.kubelet(files, binaries, kubeconfig, self.name)
        self._run("kubelet", self.inside(command))
        command = components.kube_proxy(binaries, layout.kubeconfig("kube-proxy"), self.name)
        self._run("kube-proxy", self.inside(command))
        plane = self._plane
        with AdminApi(plane.url, plane.ca_file, plane.admin_token) as api:
            slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
            api.create(slices, components.api_endpoint(port))
            rehearse(api, self._wait, self.name)

    def _start_machine(self, folder: Path) -> None:
        arguments = ["hold", str(folder), ADDRESS, SERVICE_RANGE, self.name]
        self._run("machine", [sys.executable, "-I", namespaces.__file__, *arguments])
        self._wait("the node's namespaces", (folder / "ready").exists)
        self._pid = _child(self._components[-1].pid)

    def _start_relay(self, port: int) -> None:
        arguments = [str(self._pid), str(port), str(self._plane.layout.egress_socket)]
        path = f"PYTHONPATH={RIGS}"
        command = ["/usr/bin/env", path, sys.executable, "-m", "node.relay", *arguments]
        self._run("relay", command)
        log = self._components[-1].log
        self._wait("the relay listens", lambda: "relaying" in log.read_text())

    def _containerd_answers(self) -> bool:
        command = self.inside(["ctr", "-a", CONTAINERD_SOCKET, "version"])
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _ctr(self, *arguments: str) -> str:
        command = self.inside(["ctr", "-a", CONTAINERD_SOCKET, "-n", "k8s.io", *arguments])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NodeError(f"ctr {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def _run(self, name: str, command: list[str]) -> None:
        self._components.append(Component(name, command, self.logs / f"{name}.log"))

    def _wait(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for a condition, as long as all programs run."""

        def look() -> object:
            self.check()
            return condition()

        wait_for(what, look, READY_SECONDS)


def _plugins() -> Path:
    folder = plugins_folder()
    if folder is None:
        raise NodeError("the CNI plugins have gone")
    return folder


def _child(pid: int) -> int:
    """Give the only child of a process."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)
