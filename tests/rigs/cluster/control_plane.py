"""A real Kubernetes control plane for tests, with played nodes."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import yaml

from . import components
from .access import Access
from .api import AdminApi
from .build import HERE, build
from .components import Layout
from .credentials import Tokens, write_kubeconfig, write_private, write_signing_key
from .given_cluster import adopt, given_kubeconfig
from .processes import Component, Port
from .rehearsal import add_nodes, rehearse, stage_files
from .waiting import wait_for

STAGES: Final = HERE / "stages"
"""kwok's rules for nodes and pods."""

READY_SECONDS: Final = 120
"""Deadline of each single condition; generous, since the machine may be busy."""


class NotStartedError(RuntimeError):
    """The control plane was asked for something before its start."""


class ControlPlane:
    """etcd, kube-apiserver, controller-manager, scheduler and kwok on loopback.

    Without played nodes kwok is left out, there is no node, and the API server reaches
    nodes and pods by ``layout.egress_socket``, which ``node.RealNode`` serves.

    As a context manager it starts in a temporary folder, if it was not started
    before, and stops at the end; the folder is kept after an exception.

    With ``CLUSTER_KUBECONFIG`` in the environment it stands for that cluster instead:
    nothing is started or stopped, and there is no audit log.
    """

    def __init__(self, *, played_nodes: bool = True, restored_from: Path | None = None) -> None:
        """Prepare, and start nothing yet.

        Args:
            played_nodes: Whether kwok plays nodes and pods.
            restored_from: A folder that `back_up` made: the new cluster is a copy of
                the one that it was made of, nodes, uids and all.
        """
        self._played_nodes = played_nodes
        self._restored_from = restored_from
        self._layout: Layout | None = None
        self._access: Access | None = None
        self._components: list[Component] = []
        self._ports: list[Port] = []
        self._workdir: Path | None = None
        self._temporary: Path | None = None
        self.audit_log: Path | None = None
        """The API server's audit log: one JSON object a line, written before
        the answer is sent. None for a given cluster."""

    @property
    def url(self) -> str:
        """The API server's URL."""
        return self._started().url

    @property
    def ca_file(self) -> Path:
        """The certificate authority that clients trust."""
        return self._started().ca_file

    @property
    def admin_token(self) -> str:
        """A bearer token that may do all."""
        return self._started().admin_token

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self._started().kubeconfig

    @property
    def kubectl(self) -> Path:
        """The kubectl of the same release."""
        return self._started().kubectl

    @property
    def layout(self) -> Layout:
        """Where the files of the started programs are.

        Raises:
            NotStartedError: It was not started here, or has nodes that are played.
        """
        if self._layout is None or self._played_nodes:
            raise NotStartedError("start a control plane without played nodes first")
        return self._layout

    @property
    def pids(self) -> dict[str, int]:
        """The process ids, by program; empty before, after, and for a given cluster."""
        return {component.name: component.pid for component in self._components}

    def start(self, workdir: Path) -> None:
        """Start everything, and wait until a Deployment has rolled over in it.

        Builds the binaries first where the cache has none, which takes minutes. The
        kernel ends the programs when the *thread* that calls this ends.

        Args:
            workdir: A folder for data, logs (``logs/``), certificates and
                kubeconfigs. Made if missing; never removed. A new one for each start.

        Raises:
            BuildError: A program could not be built.
            ProcessEndedError: A program ended early; the error quotes its log.
            DeadlineError: Something did not become ready.
        """
        workdir = workdir.resolve()
        workdir.mkdir(parents=True, exist_ok=True)
        self._workdir = workdir
        given = given_kubeconfig()
        if given is not None:
            self._access = adopt(given, workdir)
            return
        try:
            self._start(Layout(build(), workdir))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything. Data and logs stay; a second call does nothing."""
        while self._components:
            self._components.pop().stop()
        while self._ports:
            self._ports.pop().release()
        self._access = None
        self._layout = None

    def kubeconfig_for(self, token: str, namespace: str = "default", name: str = "") -> Path:
        """Write a kubeconfig for another token, such as a ServiceAccount's.

        Args:
            token: The bearer token.
            namespace: The namespace where a command names none.
            name: Of the file, in the workdir; a random one where it is empty.
        """
        access = self._started()
        if self._workdir is None:
            raise NotStartedError("start the control plane first")
        folder = self._workdir / "kubeconfigs"
        folder.mkdir(exist_ok=True)
        path = folder / name if name else Path(tempfile.mkstemp(dir=folder)[1])
        return write_kubeconfig(path, access.url, access.ca_file, token, namespace)

    def back_up(self, folder: Path) -> None:
        """Copy etcd's data, and the key that signs tokens. All programs pause meanwhile.

        Args:
            folder: Made by this; it must not exist.

        Raises:
            NotStartedError: There is no cluster, or a given one.
        """
        with self._paused() as layout:
            folder.mkdir(parents=True)
            shutil.copytree(layout.etcd_data, folder / layout.etcd_data.name)
            shutil.copy2(layout.signing_key, folder)

    def restore(self, folder: Path) -> None:
        """Put back what `back_up` copied, and start all programs again on the same ports.

        Raises:
            NotStartedError: There is no cluster, or a given one.
            DeadlineError: The API server did not become ready.
        """
        with self._paused() as layout:
            shutil.rmtree(layout.etcd_data)
            shutil.copytree(folder / layout.etcd_data.name, layout.etcd_data)

    @contextmanager
    def _paused(self) -> Iterator[Layout]:
        """Stop all programs in the order of `stop`, and start them again in their order."""
        access, layout = self._started(), self._layout
        if layout is None:
            raise NotStartedError("a given cluster is not ours to stop")
        for component in reversed(self._components):
            component.stop()
        yield layout
        etcd, api_server, *others = self._components
        etcd.restart()
        api_server.restart()
        with AdminApi(access.url, access.ca_file, access.admin_token) as api:
            wait_for("the API server is ready again", api.is_ready, READY_SECONDS)
        for component in others:
            component.restart()
        self.check()

    def audit_events(self) -> list[dict[str, Any]]:
        """Read the audit log as it is now, oldest first; empty for a given cluster.

        Requests for no object (discovery, ``/version``) have no ``objectRef``.
        """
        if self.audit_log is None:
            return []
        # The last line may be half written; whoever waits for it has no answer yet.
        lines = self.audit_log.read_text().split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def check(self) -> None:
        """Make sure that all programs still run.

        Raises:
            ProcessEndedError: One has ended; the error quotes its log.
        """
        for component in self._components:
            component.check()

    def __enter__(self) -> Self:
        if self._access is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="cluster-"))
            self.start(self._temporary)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        if self._temporary is not None and error is None:
            shutil.rmtree(self._temporary)

    def _started(self) -> Access:
        if self._access is None:
            raise NotStartedError("start the control plane first")
        return self._access

    def _start(self, layout: Layout) -> None:
        (layout.workdir / "logs").mkdir(exist_ok=True)
        tokens = Tokens.draw()
        tokens.write(layout.token_file)
        if self._restored_from is None:
            write_signing_key(layout.signing_key)
        else:
            shutil.copytree(self._restored_from, layout.workdir, dirs_exist_ok=True)
        url = self._start_api_server(layout, tokens)
        for who, token in (
            ("kube-controller-manager", tokens.controller_manager),
            ("kube-scheduler", tokens.scheduler),
            ("kwok", tokens.kwok),
            ("kubelet", tokens.kubelet),
            ("kube-proxy", tokens.kube_proxy),
            ("admin", tokens.admin),
        ):
            write_kubeconfig(layout.kubeconfig(who), url, layout.ca_file, token)
        self._run("kube-controller-manager", components.controller_manager(layout), layout)
        self._run("kube-scheduler", components.scheduler(layout), layout)
        if self._played_nodes:
            self._run("kwok", components.kwok(layout, stage_files(STAGES)), layout)
        if self._played_nodes and self._restored_from is None:
            with AdminApi(url, layout.ca_file, tokens.admin) as api:
                add_nodes(api, self._wait)
                rehearse(api, self._wait)
        self.check()
        self._layout = layout
        self.audit_log = layout.audit_log
        self._access = Access(
            url=url,
            ca_file=layout.ca_file,
            admin_token=tokens.admin,
            kubeconfig=layout.kubeconfig("admin"),
            kubectl=layout.binaries / "kubectl",
        )

    def _start_api_server(self, layout: Layout, tokens: Tokens) -> str:
        """Start etcd and the API server, and give the URL when it serves."""
        etcd_port, port = Port(), Port()
        self._ports += [etcd_port, port]
        self._run("etcd", components.etcd(layout, etcd_port.number), layout)
        command = components.api_server(layout, port.number, etcd_port.number)
        if not self._played_nodes:
            write_private(layout.egress_config, yaml.safe_dump(components.egress(layout)))
            command += components.for_real_nodes(layout)
        self._run("kube-apiserver", command, layout)
        ca_file = layout.ca_file
        # It appears empty, and is then filled by one write.
        self._wait(
            "the API server's certificate", lambda: ca_file.exists() and ca_file.stat().st_size
        )
        url = f"https://127.0.0.1:{port.number}"
        with AdminApi(url, layout.ca_file, tokens.admin) as api:
            self._wait("the API server is ready", api.is_ready)
        return url

    def _run(self, name: str, command: list[str], layout: Layout) -> None:
        log = layout.workdir / "logs" / f"{name}.log"
        self._components.append(Component(name, command, log))

    def _wait(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for a condition, as long as all programs run."""

        def look() -> object:
            self.check()
            return condition()

        wait_for(what, look, READY_SECONDS)
