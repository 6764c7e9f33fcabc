"""The reasons, each with its meaning and its remedy.

A new reason is a member of `Reason` and a row in the module of its kind.
"""

from collections.abc import Mapping
from typing import Final

from .explanation import Explanation
from .findings import FINDINGS
from .reason import Reason
from .stalls import STALLS
from .steps import STEPS
from .waits import WAITS

__all__ = ["EXPLANATIONS", "FINDINGS", "STALLS", "STEPS", "WAITS", "Explanation", "Reason"]

EXPLANATIONS: Final[Mapping[Reason, Explanation]] = {**STALLS, **WAITS, **FINDINGS, **STEPS}
"""Every reason but those of events that effects leave, which docs/reference/events.md explains."""
