"""``spec.adoption``: what becomes of the secrets that the client had before."""

from ..domain.spec import AdoptionSpec, RetireOriginal
from .sections import Section

__all__ = ["adoption_spec"]


def adoption_spec(adoption: Section) -> AdoptionSpec:
    """Read the section."""
    spec = AdoptionSpec(adoption.choice("retireOriginal", RetireOriginal.APPROVE))
    adoption.refuse_the_rest()
    return spec
