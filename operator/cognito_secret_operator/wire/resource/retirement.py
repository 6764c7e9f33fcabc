"""``spec.retirement``: when the previous secret is deleted."""

from datetime import timedelta
from typing import Final

from ...domain.spec import Approval, OnMaxOverlap, RetirementSpec, RotationSpec
from .sections import Section
from .windows import windows_spec

__all__ = ["DEFAULT_MIN_OVERLAP", "LONGEST_DEFAULT_MAX_OVERLAP", "retirement_spec"]

DEFAULT_MIN_OVERLAP: Final = timedelta(hours=1)
LONGEST_DEFAULT_MAX_OVERLAP: Final = timedelta(hours=72)
"""Limit of the default of ``retirement.maxOverlap``, which is half of the interval."""


def retirement_spec(retirement: Section, rotation: RotationSpec) -> RetirementSpec:
    """Read the section. A default that contradicts a field of the spec is refused, not adjusted.

    With windows alone there is no interval to compare with: the time between openings varies.
    """
    interval = timedelta.max if rotation.is_by_windows else rotation.interval
    given_min = retirement.span("minOverlap")
    given_max = retirement.span("maxOverlap")
    min_overlap = DEFAULT_MIN_OVERLAP if given_min is None else given_min
    max_overlap = given_max
    if max_overlap is None:
        max_overlap = min(LONGEST_DEFAULT_MAX_OVERLAP, interval / 2)
    min_text = retirement.text("minOverlap") or "1h (the default)"
    if min_overlap > max_overlap and given_max is None:
        raise retirement.invalid(
            "minOverlap",
            f"minOverlap {min_text} is longer than maxOverlap, by default half of interval and at "
            "most 72h: shorten retirement.minOverlap, or set retirement.maxOverlap",
        )
    max_text = retirement.text("maxOverlap")
    if min_overlap > max_overlap:
        raise retirement.invalid(
            "minOverlap",
            f"minOverlap {min_text} is longer than maxOverlap {max_text}: shorten "
            "retirement.minOverlap, or raise retirement.maxOverlap",
        )
    if max_overlap >= interval:
        raise retirement.invalid(
            "maxOverlap",
            f"maxOverlap {max_text} is not shorter than interval, so that the next rotation would "
            "find no free slot: shorten retirement.maxOverlap, or raise rotation.interval",
        )
    spec = RetirementSpec(
        min_overlap,
        max_overlap,
        on_max_overlap=retirement.choice("onMaxOverlap", OnMaxOverlap.HOLD),
        approval=retirement.choice("approval", Approval.AUTOMATIC),
        windows=windows_spec(retirement),
    )
    retirement.refuse_the_rest()
    return spec
