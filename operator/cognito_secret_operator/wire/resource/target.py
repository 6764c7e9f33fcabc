"""``spec.target``: the Secret that applications read."""

import re
from collections.abc import Mapping
from typing import Final

from ...domain.spec import CreationPolicy, TargetSpec
from ...domain.target_keys import TARGET_KEYS, TargetKeys
from ...names import GROUP, JOURNAL_SUFFIX
from .sections import DATA_KEY, LABEL_KEY, LABEL_VALUE, OBJECT_NAME, Section

__all__ = ["target_spec"]

_ANY_TEXT: Final = re.compile(r"[\s\S]{0,4096}")
_MOST_MARKS: Final = 32

_BAD_KEY: Final = (
    "must have keys like team or example.com/team, of at most 63 letters, digits, '-', '_' and '.' "
    "after the prefix: correct the key"
)
_BAD_LABEL: Final = (
    "must have values of at most 63 letters, digits, '-', '_' and '.', that begin and end with a "
    "letter or digit: shorten it, or use an annotation"
)
_BAD_ANNOTATION: Final = "must have values of at most 4096 characters: shorten it"


def target_spec(target: Section, resource_name: str) -> TargetSpec:
    """Read the section; the Secret is called like the resource where it is given no name."""
    spec = TargetSpec(
        name=_target_name(target, resource_name),
        keys=_target_keys(target.section("keys")),
        labels=_marks(target, "labels", LABEL_VALUE, _BAD_LABEL),
        annotations=_marks(target, "annotations", _ANY_TEXT, _BAD_ANNOTATION),
        creation_policy=target.choice("creationPolicy", CreationPolicy.ORPHAN),
    )
    target.refuse_the_rest()
    return spec


def _marks(
    target: Section, field: str, value: re.Pattern[str], otherwise: str
) -> Mapping[str, str]:
    """Read labels or annotations; the error does not quote a value."""
    marks = target.strings(field, most=_MOST_MARKS)
    for key, text in marks.items():
        if key.startswith(f"{GROUP}/"):
            raise target.invalid(
                field,
                f"must not have a key with the prefix {GROUP}/, which is the operator's: remove "
                "the key",
            )
        if not LABEL_KEY.fullmatch(key):
            raise target.invalid(field, _BAD_KEY)
        if not value.fullmatch(text):
            raise target.invalid(field, otherwise)
    return marks


def _target_name(target: Section, name: str) -> str:
    given = target.matching(
        "name",
        OBJECT_NAME,
        "must be a valid name of a Secret: write lower-case letters, digits, '-' and '.'",
    )
    target_name = name if given is None else given
    if target_name.endswith(JOURNAL_SUFFIX):
        raise target.invalid(
            "name",
            f"must not end with {JOURNAL_SUFFIX}, which is how the operator calls its own "
            "Secrets: choose another target.name (the resource's name is its default)",
        )
    return target_name


def _target_keys(keys: Section) -> TargetKeys:
    def read(field: str) -> str | None:
        return keys.matching(
            field,
            DATA_KEY,
            "must be a valid key of a Secret: write letters, digits, '-', '_' and '.'",
        )

    chosen = {row.field: read(row.field) for row in TARGET_KEYS}
    keys.refuse_the_rest()
    return TargetKeys(**chosen)
