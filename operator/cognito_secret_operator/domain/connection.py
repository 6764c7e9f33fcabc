"""Where clients of a pool sign in: what a target can show besides the secrets."""

from collections.abc import Mapping
from typing import Final

from .journal.journal import Journal
from .model import ClientRef
from .spec import Spec

__all__ = ["issuer_of", "shown_endpoint"]

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
    """Give the issuer (``iss``) of the pool's tokens, without a slash at the end."""
    region = client.region
    found = (suffix for prefix, suffix in _SUFFIXES.items() if region.startswith(prefix))
    return f"https://cognito-idp.{region}.{next(found, _COMMERCIAL)}/{client.pool_id}"


def shown_endpoint(journal: Journal, spec: Spec) -> str | None:
    """Give the token endpoint that the target shows: as the spec has it, else as it was found."""
    return spec.verification.token_endpoint or journal.token_endpoint
