"""Images built from their Dockerfiles without any registry: the operator's, and those of tests."""

from .bases import KEYRING, why_not
from .build import BuildError, build_image, build_operator_image, reference

__all__ = [
    "KEYRING",
    "BuildError",
    "build_image",
    "build_operator_image",
    "reference",
    "why_not",
]
