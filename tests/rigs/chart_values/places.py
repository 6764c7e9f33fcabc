"""Rows: a value, the place of the render where it has its effect, and what is expected there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import yaml

from helmchart.helm import HOME, of_kind

OBJECT: Final = "cognito-secret-operator"
CLUSTER_NAME: Final = f"{HOME}-{OBJECT}"
"""Name of what lives outside the release's namespace."""

Place = tuple[str | int, ...]
"""Kind, name of the object, and the way into it.

A text finds the item of a list by its name; what stands in a text as YAML or JSON is read.
"""

DEPLOYMENT: Final[Place] = ("Deployment", OBJECT)
POD: Final[Place] = (*DEPLOYMENT, "spec", "template", "spec")
CONTAINER: Final[Place] = (*POD, "containers", "operator")
ENV: Final[Place] = (*CONTAINER, "env")


@dataclass(frozen=True)
class Row:
    """One value and one of its effects."""

    name: str
    """By its dotted name."""

    value: Any
    place: Place
    expected: Any
    """None: nothing is there."""

    beside: Mapping[str, Any] = field(default_factory=dict)
    """Other values that it needs, by their dotted names."""

    @property
    def given(self) -> dict[str, Any]:
        """Give the values as a file of values has them."""
        made: dict[str, Any] = {}
        for name, value in {**self.beside, self.name: self.value}.items():
            *sections, last = name.split(".")
            part = made
            for section in sections:
                part = part.setdefault(section, {})
            part[last] = value
        return made


def same(name: str, value: Any, *place: str | int) -> Row:  # noqa: ANN401  # any value of YAML
    """Make the row of a value that stands at its place as it was given."""
    return Row(name, value, place, value)


def with_values(beside: Mapping[str, Any], rows: Iterable[Row]) -> Iterator[Row]:
    """Give each row values that it needs."""
    return (replace(row, beside={**beside, **row.beside}) for row in rows)


def in_one_render(rows: Iterable[Row]) -> Iterator[Row]:
    """Set the values of all rows together: each name has one value, and one render does."""
    some = list(rows)
    together = {row.name: row.value for row in some}
    assert all(together[row.name] == row.value for row in some), "a name with two values"
    return with_values(together, some)


def found_at(documents: list[dict[str, Any]], place: Place) -> Any:  # noqa: ANN401  # whatever
    """Give what is at a place; None where there is nothing."""
    kind, *way = place
    part: Any = of_kind(documents, str(kind))
    for step in way:
        whole = yaml.safe_load(part) if isinstance(part, str) else part
        if isinstance(step, int):
            part = whole[step] if -len(whole) <= step < len(whole) else None
        elif isinstance(whole, list):
            part = {_name(one): one for one in whole}.get(step)
        else:
            part = whole.get(step)
        if part is None:
            return None
    return part


def _name(one: Mapping[str, Any]) -> str:
    """Name an item of a list: an object, a container, a variable, a rule."""
    names = (one.get("name"), one.get("alert"), one.get("metadata", {}).get("name"))
    return next(str(name) for name in names if name)
