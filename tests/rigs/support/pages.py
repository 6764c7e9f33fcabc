"""The tables of the pages below docs, and how a test says which row is to be added."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
DOCS: Final = ROOT / "docs"

_TABLE: Final = re.compile(r"^\|.*\n\| ---.*\n(?:\|.*\n)*", re.MULTILINE)
_FENCED: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Row = tuple[str, ...]


def rows(page: str, heading: str) -> list[Row]:
    """Give the cells of all table rows below a heading, sub-headings included; no header rows."""
    text = (DOCS / page).read_text(encoding="utf-8")
    level = heading.partition(" ")[0]
    found = re.search(
        rf"^{re.escape(heading)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"docs/{page} has no heading {heading!r}"
    lines = [line for line in found[1].splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def keys(page: str, heading: str) -> list[str]:
    """Give the first cells, without backticks."""
    return [row[0].strip("`") for row in rows(page, heading)]


def blocks(path: Path, language: str) -> list[str]:
    """Give the fenced blocks of a language."""
    text = path.read_text(encoding="utf-8")
    return [block for kind, block in _FENCED.findall(text) if kind == language]


def line(*cells: str) -> str:
    """Write a row."""
    return f"| {' | '.join(cells)} |"


def hold_table(page: str, heading: str, expected: Iterable[str]) -> None:
    """Fail where the rows of the first table below a heading differ; REMAKE_PAGES=1 writes them.

    Args:
        page: its path below docs.
        heading: the line above the table.
        expected: the rows.

    """
    path = DOCS / page
    text = path.read_text(encoding="utf-8")
    table = _TABLE.search(text, text.index(f"{heading}\n"))
    assert table is not None, f"docs/{page} has no table below {heading!r}"
    head = table[0].splitlines()[:2]
    made = "\n".join([*head, *expected, ""])
    if os.environ.get("REMAKE_PAGES"):
        path.write_text(text[: table.start()] + made + text[table.end() :], encoding="utf-8")
        return
    assert table[0] == made, (
        f"docs/{page}: remake it: REMAKE_PAGES=1 make test-fast ARGS='-k tables'"
    )


def compare(page: str, shown: Iterable[str], expected: Mapping[str, str]) -> None:
    """Fail where a row lacks, is too many, or is there twice; say which line to add.

    Args:
        page: its path below docs.
        shown: what the rows are about.
        expected: what they should be about -> the line to add.

    """
    found = list(shown)
    missing = [line for key, line in expected.items() if key not in found]
    unknown = [key for key in found if key not in expected]
    twice = sorted({key for key in found if found.count(key) > 1})
    problems = [
        *(["add:", *missing] if missing else []),
        *(["remove, the code does not know it:", *unknown] if unknown else []),
        *(["is there twice:", *twice] if twice else []),
    ]
    assert not problems, "\n".join([f"docs/{page}:", *problems])
