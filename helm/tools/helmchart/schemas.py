"""Schemas for kubeconform, made from what the API server publishes (OpenAPI), and closed."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .helm import ENVIRONMENT
from cluster.build import TOOLS, build

_REFERENCE: Final = re.compile(r'"#/definitions/([^"]+)"')
_KUBERNETES: Final = "x-kubernetes-"
_INT_OR_STRING: Final = {"anyOf": [{"type": "integer"}, {"type": "string"}]}


def write_schemas(published: Mapping[str, Any], folder: Path) -> None:
    """Write a file for each kind, with all that it refers to.

    Args:
        published: the API server's ``/openapi/v2``.
        folder: an empty one.

    """
    definitions = {name: _closed(schema) for name, schema in published["definitions"].items()}
    uses = {
        name: set(_REFERENCE.findall(json.dumps(schema))) for name, schema in definitions.items()
    }
    for name, schema in published["definitions"].items():
        for kind in schema.get(f"{_KUBERNETES}group-version-kind", ()):
            # kubeconform takes the version for the group where there is no group.
            group = kind["group"] or kind["version"]
            used = {one: definitions[one] for one in _reachable(name, uses)}
            file = folder / f"{kind['kind'].lower()}-{group}-{kind['version']}.json"
            file.write_text(json.dumps({"$ref": f"#/definitions/{name}", "definitions": used}))


def _reachable(name: str, uses: Mapping[str, set[str]]) -> set[str]:
    found, todo = {name}, [name]
    while todo:
        new = uses[todo.pop()] - found
        found |= new
        todo += new
    return found


def _closed(schema: Any) -> Any:  # noqa: ANN401  # JSON as it comes
    """Refuse unknown fields wherever fields are declared, and take numbers where text is meant."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    # Compared whole: a schema of schemas has properties of these names.
    if schema.get("format") == "int-or-string" or schema.get(f"{_KUBERNETES}int-or-string") is True:
        return _INT_OR_STRING
    made = {key: _closed(value) for key, value in schema.items()}
    is_open = schema.get(f"{_KUBERNETES}preserve-unknown-fields") is True
    if schema.get("type") == "object" and "properties" in schema and not is_open:
        made.setdefault("additionalProperties", False)
    return made


def kubeconform(documents: str, schemas: Path) -> str:
    """Check a stream of objects against the schemas; give the summary.

    Raises:
        AssertionError: something does not fit, or a kind has no schema.

    """
    location = f"{schemas}/{{{{.ResourceKind}}}}-{{{{.Group}}}}-{{{{.ResourceAPIVersion}}}}.json"
    done = subprocess.run(
        [
            str(build(TOOLS) / "kubeconform"),
            "-strict",
            "-summary",
            f"-schema-location={location}",
        ],
        input=documents,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
