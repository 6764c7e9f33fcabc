"""The command line and the configuration of each program of the node.

All of it stands in the node's own mounts and network, so paths and ports are the
programs' usual ones.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from cluster.components import POD_RANGE

ADDRESS: Final = "192.0.2.1"
"""The node's; reserved for documentation, so that it is nobody's in earnest."""

CONTAINERD_SOCKET: Final = "/run/containerd/containerd.sock"

SYNC_SECONDS: Final = 10
"""How often the kubelet looks at a pod that nothing happened to, which is when a changed
Secret gets into a mounted file. The kubelet's default is 60."""

POD_NETWORK: Final = {
    "cniVersion": "0.4.0",
    "name": "pods",
    "plugins": [
        {
            # One wire a pod, none shared: traffic between pods passes the node's rules, and a
            # Service works between neighbours without the module br_netfilter.
            "type": "ptp",
            "ipam": {
                "type": "host-local",
                "dataDir": "/run/cni/addresses",
                "ranges": [[{"subnet": POD_RANGE}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        },
    ],
}


@dataclass(frozen=True)
class Files:
    """Where the node's programs find what they need."""

    folder: Path
    """Of the node's data; gone with the node."""

    @property
    def containerd(self) -> Path:
        """The configuration of containerd."""
        return self.folder / "containerd.toml"

    @property
    def kubelet(self) -> Path:
        """The kubelet's configuration."""
        return self.folder / "kubelet.yaml"

    @property
    def network(self) -> Path:
        """The folder with the one network of the pods."""
        return self.folder / "cni"

    @property
    def resolver(self) -> Path:
        """The pods' resolv.conf: names no server, so look-ups fail at once."""
        return self.folder / "resolv.conf"

    def write(self, sandbox_image: str, plugins: Path, cgroup: str) -> None:
        """Write all of them.

        Args:
            sandbox_image: What holds the namespaces of a pod.
            plugins: The folder of the CNI plugins.
            cgroup: The cgroup, from the root, of all pods.
        """
        self.network.mkdir()
        (self.network / "10-pods.conflist").write_text(json.dumps(POD_NETWORK))
        self.resolver.write_text("options timeout:1 attempts:1\n")
        self.containerd.write_text(_containerd(sandbox_image, plugins, self.network))
        self.kubelet.write_text(yaml.safe_dump(_kubelet(self.resolver, cgroup)))


def containerd(files: Files) -> list[str]:
    """Give the command of containerd."""
    return ["/usr/bin/env", "containerd", f"--config={files.containerd}"]


def kubelet(files: Files, binaries: Path, kubeconfig: Path, name: str) -> list[str]:
    """Give the command of the kubelet."""
    return [
        str(binaries / "kubelet"),
        f"--config={files.kubelet}",
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={name}",
        f"--node-ip={ADDRESS}",
    ]


def kube_proxy(binaries: Path, kubeconfig: Path, name: str) -> list[str]:
    """Give the command of kube-proxy."""
    return [
        str(binaries / "kube-proxy"),
        f"--kubeconfig={kubeconfig}",
        f"--hostname-override={name}",
        "--proxy-mode=nftables",
        f"--cluster-cidr={POD_RANGE}",
        # These settings are the machine's; 0 leaves them as they are.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]


def api_endpoint(port: int) -> dict[str, Any]:
    """Give the EndpointSlice that leads the Service ``kubernetes`` to the API server.

    Args:
        port: The API server's, which the relay takes at the node's address too.
    """
    return {
        "metadata": {
            "name": "kubernetes",
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    }


def _containerd(sandbox_image: str, plugins: Path, network: Path) -> str:
    return f"""version = 2

# Else it makes a folder in the machine's /opt.
[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{sandbox_image}"
# runc may not lower the score without CAP_SYS_RESOURCE, and dies trying.
restrict_oom_score_adj = true
# A profile would be loaded into the machine's kernel, and stay.
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{plugins}"
conf_dir = "{network}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"""


def _kubelet(resolver: Path, cgroup: str) -> Mapping[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "resolvConf": str(resolver),
        "syncFrequency": f"{SYNC_SECONDS}s",
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        # Only the API server and the node itself are in this network, and the pods.
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        # The machine is others' too: nobody is evicted for what they use of it.
        "enforceNodeAllocatable": [],
        "evictionHard": {},
        "imageGCHighThresholdPercent": 100,
        "localStorageCapacityIsolation": False,
    }
