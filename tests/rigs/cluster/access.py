"""How a cluster is reached."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Access:
    """The ways into one cluster."""

    url: str
    """The API server's URL."""
    ca_file: Path
    """The certificate authority to trust."""
    admin_token: str
    """A bearer token that may do all."""
    kubeconfig: Path
    """The administrator's kubeconfig."""
    kubectl: Path
    """A kubectl of about the server's version."""
