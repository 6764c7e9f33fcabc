"""What the schema and the code declare, found by reading them: fields, annotations, reasons."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cognito_secret_operator import names

ROOT: Final = Path(__file__).resolve().parents[3]
PACKAGE: Final = ROOT / "operator" / "cognito_secret_operator"

REASON_AT: Final = {
    "hold": 0,
    "wait": 0,
    "Problem": 0,
    "Plan": 1,
    "KubernetesEvent": 1,
    "Condition": 2,
}
"""Who takes a reason, and as which argument; by name it is always ``reason``."""


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


def reasons() -> dict[str, set[str]]:
    """Map every reason that is written in the code to the files that write it."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for reason in (*_passed_on(node, place), *_declared(node)):
                found.setdefault(reason, set()).add(place)
    return found


def _passed_on(node: ast.AST, place: str) -> Iterator[str]:
    """Yield the reasons of a call; fail on one that this test cannot read."""
    if not isinstance(node, ast.Call):
        return
    # A method that is called `wait` is another one.
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in REASON_AT:
        return
    by_name = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
    argument = (by_name or node.args[REASON_AT[name] :])[0]
    for part in [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
            continue
        handed_on = getattr(part, "attr", getattr(part, "id", ""))
        assert handed_on == "reason", (
            f"{place}:{node.lineno}: write the reason of {name}(…) as a string, so that this test "
            "can find it"
        )


def _declared(node: ast.AST) -> Iterator[str]:
    """Yield the reason that a class declares for itself."""
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        value = statement.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from [value.value for one in targets if getattr(one, "id", "") == "reason"]


def shown_reasons() -> set[str]:
    """Give the reasons that a rule waits or holds with, and those of conditions themselves."""
    nodes = [
        node
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]
    return {reason for node in nodes if _rests(node) for reason in _passed_on(node, "")}


def _rests(call: ast.Call) -> bool:
    """Tell whether a call makes something that a pass ends with."""
    name = getattr(call.func, "id", "")
    if name == "Plan" and call.args and isinstance(call.args[0], ast.Call):
        return getattr(call.args[0].func, "id", "") in {"Hold", "Wait"}
    return name in {"hold", "wait", "Problem", "Condition"}
