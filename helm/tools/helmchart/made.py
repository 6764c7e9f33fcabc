"""Files that are made from others: `make chart` writes them, a test finds a drift."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from . import CHART, REPOSITORY
from .target_keys import with_keys, with_rows
from .values import SCHEMA_FILE, Value, schema, values

CRD: Final = REPOSITORY / "crds" / "cognitoclientsecrets.yaml"
CRD_TEMPLATE: Final = CHART / "templates" / "crd.yaml"
README: Final = CHART / "README.md"
RESOURCE_PAGE: Final = REPOSITORY / "docs" / "reference" / "resource.md"

BEGIN: Final = "<!-- values: made by `make chart` from values.yaml -->\n"
END: Final = "<!-- end of values -->\n"

_NAME: Final = "  name: cognitoclientsecrets.cognito-secrets.dev\n"
_METADATA: Final = """\
  labels:
    {{- include "cso.labels" (dict "root" $) | nindent 4 }}
  {{- $annotations := deepCopy .Values.crds.annotations }}
  {{- if .Values.crds.keep }}
  {{- $_ := set $annotations "helm.sh/resource-policy" "keep" }}
  {{- end }}
  {{- include "cso.annotations" (dict "root" $ "annotations" $annotations) | nindent 2 }}
"""


def made_files() -> dict[Path, str]:
    """Give every made file's path and text."""
    known, crd = values(), with_keys(CRD.read_text(encoding="utf-8"))
    return {
        CRD: crd,
        RESOURCE_PAGE: with_rows(RESOURCE_PAGE.read_text(encoding="utf-8")),
        CRD_TEMPLATE: crd_template(crd),
        SCHEMA_FILE: json.dumps(described(schema(), known), indent=2, ensure_ascii=False) + "\n",
        README: with_table(README.read_text(encoding="utf-8"), known),
    }


def crd_template(crd: str) -> str:
    """Make the template of the resource type: a template is upgraded, `crds/` never would be."""
    if "{{" in crd or crd.count(_NAME) != 1:
        raise ValueError(f"{CRD} cannot be made a template as it is")
    head, name, rest = crd.partition(_NAME)
    made = "{{- /* Made by `make chart` from crds/. */ -}}\n"
    return (
        f"{made}{{{{- if .Values.crds.enabled }}}}\n{head}{name}{_METADATA}{rest}{{{{- end }}}}\n"
    )


def described(whole: Mapping[str, Any], known: list[Value]) -> dict[str, Any]:
    """Put each value's comment and default into the schema, and which keys have to be there."""
    made = copy.deepcopy(dict(whole))
    for value in known:
        part = made
        for key in value.path:
            part = part.get("properties", {}).get(key, {})
        for key in ("description", "default", "required"):
            part.pop(key, None)
        if value.comment:
            part["description"] = value.comment
        if not value.is_section:
            part["default"] = value.default
    sections = [(), *(value.path for value in known if value.is_section)]
    for path in sections:
        part = made
        for key in path:
            part = part["properties"][key]
        part["required"] = [key for key, one in part["properties"].items() if not takes_null(one)]
    return made


def takes_null(part: Mapping[str, Any]) -> bool:
    """Tell whether null is a value; elsewhere Helm takes the key away, and nothing renders."""
    kinds = part.get("type", [])
    choices = part.get("anyOf", [])
    return "null" in ([kinds] if isinstance(kinds, str) else kinds) or {"type": "null"} in choices


def with_table(page: str, known: list[Value]) -> str:
    """Put the table of values between the page's two marks."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README} lacks the marks of the table")
    rows = [
        f"| `{value.name}` | {_default(value.default)} | {_cell(value.comment)} |"
        for value in known
        if not value.is_section
    ]
    table = "\n".join(["| value | default | meaning |", "| --- | --- | --- |", *rows])
    return f"{head}{BEGIN}{table}\n{END}{tail}"


def _default(default: Any) -> str:  # noqa: ANN401  # whatever stands in YAML
    return f"`{json.dumps(default, ensure_ascii=False)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
