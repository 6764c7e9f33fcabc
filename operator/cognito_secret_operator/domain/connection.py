"""Where clients of a pool sign in: what a target can show besides the secrets."""

from collections.abc import Mapping
from typing import Final

from .model import ClientRef

__all__ = ["issuer_of"]

_COMMERCIAL: Final = "amazonaws.com"
_SUFFIXES: Final[Mapping[str, str]] = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}
"""Prefix of a region's name -> the domain of its AWS partition; all others are commercial's."""


def issuer_of(client: ClientRef) -> str:
    """Return the issuer (``iss``) of the pool's tokens, without a slash at the end."""
    region = client.region
    found = (suffix for prefix, suffix in _SUFFIXES.items() if region.startswith(prefix))
    return f"https://cognito-idp.{region}.{next(found, _COMMERCIAL)}/{client.pool_id}"
