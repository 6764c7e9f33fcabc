"""The values of the chart: keys, comments and defaults of values.yaml, and the schema's keys."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from . import CHART

VALUES_FILE: Final = CHART / "values.yaml"
SCHEMA_FILE: Final = CHART / "values.schema.json"

Path = tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """One key that a user may set."""

    path: Path
    default: Any
    comment: str
    """The comment above it, in one line; empty where there is none."""

    is_section: bool
    """Whether it only holds other keys of ours."""

    @property
    def name(self) -> str:
        """Write it as ``--set`` takes it."""
        return ".".join(self.path)


def schema() -> dict[str, Any]:
    """Read the schema."""
    document: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return document


def values() -> list[Value]:
    """Read values.yaml in its order.

    What the schema leaves open, such as ``resources``, is one value, whatever is in it.
    """
    text = VALUES_FILE.read_text(encoding="utf-8")
    root = yaml.compose(text)
    assert isinstance(root, yaml.MappingNode)
    return list(_values(root, yaml.safe_load(text), schema(), (), text.splitlines()))


def schema_paths(part: Mapping[str, Any], leaves: Collection[Path], prefix: Path = ()) -> set[Path]:
    """Give the path of every key that the schema declares, sections included.

    Args:
        part: of the schema.
        leaves: values, below which it is not looked.
        prefix: where *part* is.

    """
    found: set[Path] = set()
    for key, inner in part.get("properties", {}).items():
        path = (*prefix, key)
        found.add(path)
        if path not in leaves:
            found |= schema_paths(inner, leaves, path)
    return found


def _values(
    node: yaml.MappingNode,
    part: Mapping[str, Any],
    schema: Mapping[str, Any],
    prefix: Path,
    lines: list[str],
) -> Iterator[Value]:
    for key_node, value_node in node.value:
        key = key_node.value
        inner = schema.get("properties", {}).get(key, {})
        path = (*prefix, key)
        # What is empty by default is one value, whatever the schema says about its insides.
        is_section = "properties" in inner and bool(part[key])
        comment = _comment_above(lines, key_node.start_mark.line)
        yield Value(path, part[key], comment, is_section)
        if is_section:
            yield from _values(value_node, part[key], inner, path, lines)


def _comment_above(lines: list[str], at: int) -> str:
    """Join the comment lines right above a line; a headline with dashes is none."""
    found: list[str] = []
    for line in reversed(lines[:at]):
        text = line.strip()
        if not text.startswith("# ") or text.startswith("# ---"):
            break
        found.append(text.removeprefix("# "))
    return " ".join(reversed(found))
