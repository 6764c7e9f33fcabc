"""``spec.acknowledgements``: consumers outside this namespace's pods."""

import re
from typing import Final

from ...domain.spec import Acknowledgement
from ...names import consumer_ack_annotation
from .sections import LABEL, Section

__all__ = ["LONGEST_NAME", "MOST", "acknowledgements_spec"]

MOST: Final = 20
"""Consumers that a resource can declare."""

LONGEST_NAME: Final = 59
"""Of a consumer: an annotation's name has at most 63 characters, and begins with ``ack.``."""

_NAME: Final = re.compile(rf"(?=.{{1,{LONGEST_NAME}}}\Z){LABEL.pattern}")


def acknowledgements_spec(spec: Section) -> tuple[Acknowledgement, ...]:
    """Read the list; no two consumers may have one name."""
    found = tuple(_acknowledgement(one) for one in spec.sections("acknowledgements", most=MOST))
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise spec.invalid(
            "acknowledgements", "Duplicate value: give each consumer a name of its own"
        )
    return found


def _acknowledgement(one: Section) -> Acknowledgement:
    one.required("name")
    name = one.matching(
        "name",
        _NAME,
        f"must be lower-case letters, digits and '-', at most {LONGEST_NAME} of them, since it "
        f"becomes part of the annotation {consumer_ack_annotation('<name>')}: write it like "
        "billing-eu",
    )
    acknowledgement = Acknowledgement(name or "", one.span("delay", allow_zero=False))
    one.refuse_the_rest()
    return acknowledgement
