"""``spec.adoption``: what happens to secrets that the client already has."""

import re
from typing import Final

from ...domain.spec import AdoptionSpec, RetireOriginal
from .sections import Section

_SECRET_ID: Final = re.compile(r"[!-~]{1,256}")
_MOST_IDS: Final = 10

__all__ = ["adoption_spec"]


def adoption_spec(adoption: Section) -> AdoptionSpec:
    """Read the section."""
    spec = AdoptionSpec(
        retire_original=adoption.choice("retireOriginal", RetireOriginal.APPROVE),
        retire_secret_ids=frozenset(
            adoption.texts(
                "retireSecretIds",
                _SECRET_ID,
                most=_MOST_IDS,
                otherwise="must be a secret's id as status.secrets shows it: copy it from there",
            )
        ),
    )
    adoption.refuse_the_rest()
    return spec
