"""What the schema and the code declare: fields and annotations."""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cognito_secret_operator import names

ROOT: Final = Path(__file__).resolve().parents[3]


def version() -> dict[str, Any]:
    """Give the resource's one version."""
    crd = yaml.safe_load((ROOT / "crds" / "cognitoclientsecrets.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = crd["spec"]["versions"][0]
    return found


def fields(part: str) -> dict[str, str]:
    """Map each field's path in the schema to its type, as the pages write it."""
    schema = version()["schema"]["openAPIV3Schema"]["properties"][part]
    return {path: kind for path, kind in _leaves(part, schema) if path != part}


def _leaves(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    properties = schema.get("properties")
    if properties is not None:
        for key, inner in properties.items():
            yield from _leaves(f"{path}.{key}", inner)
    elif schema["type"] == "array" and "properties" in schema["items"]:
        yield from _leaves(f"{path}[]", schema["items"])
    else:
        yield path, _type_of(schema)


def _type_of(schema: Mapping[str, Any]) -> str:
    if schema["type"] == "array":
        return f"list of {_type_of(schema['items'])}"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    return "time" if schema.get("format") == "date-time" else str(schema["type"])


def annotations() -> set[str]:
    """Return every annotation of ours; one that a name is part of is written with ``<name>``."""
    return {row.key for row in names.ANNOTATIONS}


def named_annotations() -> set[str]:
    """Return every annotation that `names` has a constant or a function for."""
    constants = {value for value in vars(names).values() if isinstance(value, str)}
    made = {
        make("<name>")
        for name, make in inspect.getmembers(names, inspect.isfunction)
        if name.endswith("_annotation")
    }
    return {key for key in constants | made if key.startswith(f"{names.GROUP}/")}
