"""Keys, tokens and kubeconfig files of a control plane."""

import base64
import secrets
import textwrap
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Self

import yaml

REAL_NODE: Final = "node-1"
"""The name of the real node, of which its kubelet's rights speak."""

# An EC private key after SEC 1 (RFC 5915) without its optional public part:
# version 1, the 32 octets of the scalar, and the curve's name, prime256v1.
_EC_KEY_HEAD: Final = bytes.fromhex("30310201010420")
_EC_KEY_CURVE: Final = bytes.fromhex("a00a06082a8648ce3d030107")


@dataclass(frozen=True)
class Tokens:
    """The bearer tokens that the API server knows from a file."""

    admin: str
    """A member of system:masters, who may do all."""
    scheduler: str
    """The kube-scheduler."""
    controller_manager: str
    """The kube-controller-manager."""
    kwok: str
    """kwok, as another member of system:masters."""
    kubelet: str
    """The kubelet of the real node."""
    kube_proxy: str
    """The kube-proxy of the real node."""

    @classmethod
    def draw(cls) -> Self:
        """Draw new tokens."""
        return cls(*(secrets.token_hex(16) for _ in fields(cls)))

    def write(self, path: Path) -> None:
        """Write the file for the API server's ``--token-auth-file``."""
        rows = (
            (self.admin, "cluster.test:admin", "system:masters"),
            (self.scheduler, "system:kube-scheduler", ""),
            (self.controller_manager, "system:kube-controller-manager", ""),
            (self.kwok, "cluster.test:kwok", "system:masters"),
            (self.kubelet, f"system:node:{REAL_NODE}", "system:nodes"),
            (self.kube_proxy, "system:kube-proxy", ""),
        )
        write_private(
            path, "".join(f"{token},{user},{user},{group}\n" for token, user, group in rows)
        )


def write_signing_key(path: Path) -> None:
    """Write a new private key that signs the tokens of ServiceAccounts.

    Written by hand, since the standard library makes no keys and openssl may be
    missing. Any 32 octets below the order of the curve are a key of P-256; the
    cleared first bit keeps them below it.

    Args:
        path: The PEM file.
    """
    scalar = bytearray(secrets.token_bytes(32))
    scalar[0] &= 0x7F
    body = base64.b64encode(_EC_KEY_HEAD + bytes(scalar) + _EC_KEY_CURVE).decode()
    lines = "\n".join(textwrap.wrap(body, 64))
    write_private(path, f"-----BEGIN EC PRIVATE KEY-----\n{lines}\n-----END EC PRIVATE KEY-----\n")


def write_kubeconfig(
    path: Path, url: str, ca_file: Path, token: str, namespace: str = "default"
) -> Path:
    """Write a kubeconfig for a bearer token.

    Args:
        path: The file to write.
        url: The API server's URL.
        ca_file: Its certificate authority.
        token: The bearer token.
        namespace: The namespace where none is named.

    Returns:
        The same path.
    """
    name = "test"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": url, "certificate-authority": str(ca_file)}},
        ],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}},
        ],
        "current-context": name,
    }
    write_private(path, yaml.safe_dump(document, sort_keys=False))
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_text(text)
