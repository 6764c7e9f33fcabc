"""A real node for the control plane of the tests: kubelet, containerd and kube-proxy."""

from .images import PROBE_IMAGE
from .lacks import PLUGIN_FOLDERS, why_not
from .real_node import NodeError, RealNode

__all__ = ["PLUGIN_FOLDERS", "PROBE_IMAGE", "NodeError", "RealNode", "why_not"]
