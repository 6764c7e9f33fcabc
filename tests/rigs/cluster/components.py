"""The command line of each program of the control plane."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .build import HERE

SERVICE_RANGE: Final = "10.96.0.0/16"
POD_RANGE: Final = "10.244.0.0/16"
NODE_ADDRESS: Final = "192.0.2.1"
"""Of all nodes; reserved for documentation, so nothing answers there."""


@dataclass(frozen=True)
class Layout:
    """Where the programs find what they need."""

    binaries: Path
    workdir: Path

    @property
    def audit_log(self) -> Path:
        """The API server's audit log, one JSON object a line."""
        return self.workdir / "audit.log"

    @property
    def certificates(self) -> Path:
        """The folder of the API server's self-signed certificate."""
        return self.workdir / "certificates"

    @property
    def ca_file(self) -> Path:
        """The certificate that clients trust."""
        return self.certificates / "apiserver.crt"

    @property
    def etcd_data(self) -> Path:
        """Where etcd keeps everything."""
        return self.workdir / "etcd"

    @property
    def token_file(self) -> Path:
        """The tokens that the API server knows."""
        return self.workdir / "tokens.csv"

    @property
    def signing_key(self) -> Path:
        """The private key for tokens of ServiceAccounts."""
        return self.workdir / "service-account.key"

    @property
    def egress_config(self) -> Path:
        """Tells the API server its way to real nodes and their pods."""
        return self.workdir / "egress.yaml"

    @property
    def egress_socket(self) -> Path:
        """The Unix socket of that way, which a real node serves by HTTP CONNECT."""
        return self.workdir / "egress.sock"

    def kubeconfig(self, who: str) -> Path:
        """The kubeconfig of a program or person."""
        return self.workdir / f"{who}.kubeconfig"


def etcd(layout: Layout, port: int) -> list[str]:
    """Give the command of etcd, a member of its own without durability."""
    url = f"http://127.0.0.1:{port}"
    return [
        str(layout.binaries / "etcd"),
        "--name=test",
        f"--data-dir={layout.etcd_data}",
        f"--listen-client-urls={url}",
        f"--advertise-client-urls={url}",
        # Nobody ever joins: any free port will do, and none is announced.
        "--listen-peer-urls=http://127.0.0.1:0",
        "--socket-reuse-port",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(layout: Layout, port: int, etcd_port: int) -> list[str]:
    """Give the command of the kube-apiserver."""
    return [
        str(layout.binaries / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        # The Endpoints of the Service `kubernetes` may not be loopback addresses.
        "--endpoint-reconciler-type=none",
        f"--secure-port={port}",
        "--permit-port-sharing",
        f"--cert-dir={layout.certificates}",
        f"--token-auth-file={layout.token_file}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={layout.signing_key}",
        f"--service-account-signing-key-file={layout.signing_key}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        f"--audit-policy-file={HERE / 'audit-policy.yaml'}",
        f"--audit-log-path={layout.audit_log}",
        # Each line is written before the answer is sent: who has the answer can
        # read the line.
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=0",
    ]


def for_real_nodes(layout: Layout) -> list[str]:
    """Give what the command of the kube-apiserver needs beside, to have real nodes."""
    return [
        f"--egress-selector-config-file={layout.egress_config}",
        "--kubelet-preferred-address-types=InternalIP",
        # A kubelet reads the Secrets of its own pods only.
        "--enable-admission-plugins=NodeRestriction",
    ]


def egress(layout: Layout) -> dict[str, Any]:
    """Give the API server's configuration of the way to nodes, pods and Services."""
    transport = {"uds": {"udsName": str(layout.egress_socket)}}
    connection = {"proxyProtocol": "HTTPConnect", "transport": transport}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }


def controller_manager(layout: Layout) -> list[str]:
    """Give the command of the kube-controller-manager."""
    return [
        str(layout.binaries / "kube-controller-manager"),
        f"--kubeconfig={layout.kubeconfig('kube-controller-manager')}",
        "--leader-elect=false",
        "--secure-port=0",
        # Without these two pods get neither a token nor a certificate authority.
        f"--service-account-private-key-file={layout.signing_key}",
        f"--root-ca-file={layout.ca_file}",
        "--use-service-account-credentials",
    ]


def scheduler(layout: Layout) -> list[str]:
    """Give the command of the kube-scheduler."""
    return [
        str(layout.binaries / "kube-scheduler"),
        f"--kubeconfig={layout.kubeconfig('kube-scheduler')}",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def kwok(layout: Layout, stages: Iterable[Path]) -> list[str]:
    """Give the command of kwok, which plays the nodes that carry its annotation."""
    return [
        str(layout.binaries / "kwok"),
        f"--kubeconfig={layout.kubeconfig('kwok')}",
        *(f"--config={stage}" for stage in stages),
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        "--node-lease-duration-seconds=40",
        f"--node-ip={NODE_ADDRESS}",
        f"--cidr={POD_RANGE}",
    ]
