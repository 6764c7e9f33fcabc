"""The tables of reasons in docs/reference/conditions.md, made from `EXPLANATIONS`."""

import re
from collections.abc import Mapping
from typing import Final

from cognito_secret_operator.reasons import FINDINGS, STALLS, STEPS, WAITS, Explanation, Reason

TABLES: Final[Mapping[str, Mapping[Reason, Explanation]]] = {
    "### A person has to act": STALLS,
    "### Wait, or a try that failed": WAITS,
    "### Findings": FINDINGS,
    "### In the log and in events only": STEPS,
}
"""Heading of a section -> the reasons of its table."""

_TABLE: Final = re.compile(r"^\| reason \|.*\n(?:\|.*\n)*", re.MULTILINE)


def with_tables(page: str) -> str:
    """Replace the table of each section by one made from the code; everything else stays."""
    for heading, reasons in TABLES.items():
        old = _TABLE.search(page, page.find(f"{heading}\n"))
        assert old is not None, f"docs/reference/conditions.md has no table below {heading!r}"
        page = page[: old.start()] + _table(reasons) + page[old.end() :]
    return page


def _table(reasons: Mapping[Reason, Explanation]) -> str:
    rows = (
        f"| `{one}` | {reasons[one].meaning} | {reasons[one].remedy} |" for one in sorted(reasons)
    )
    head = ("| reason | what it means | what to do |", "| --- | --- | --- |")
    return "".join(f"{row.replace('|  |', '| |')}\n" for row in (*head, *rows))
