"""Resources that must be refused or accepted, by the API server and by the operator's own parser.

A file of ``refused/`` says why, and which field and which remedy the error must name; one with
``before`` and ``after`` is a change that must be refused.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from cognito_secret_operator.domain.target_keys import TARGET_KEYS

HERE = Path(__file__).resolve().parents[2] / "crds"
CRD = HERE.parents[1] / "crds" / "cognitoclientsecrets.yaml"


@dataclass(frozen=True)
class Case:
    """One file of the corpus."""

    name: str
    why: str
    before: Mapping[str, Any] | None
    resource: Mapping[str, Any]
    field: str
    remedy: str
    only_api_server: bool
    """The parser sees one state and cannot refuse a change."""

    def __str__(self) -> str:
        return self.name


def cases(folder: str) -> list[Case]:
    """Read ``refused`` or ``accepted``, and add what follows from the table of target keys."""
    found = {path.stem: _case(path) for path in sorted((HERE / folder).glob("*.yaml"))}
    if "everything" in found:
        keys = {row.field: f"OAUTH_{row.field}" for row in TARGET_KEYS}
        found["everything"].resource["spec"]["target"]["keys"].update(keys)
    if "keys-equal" in found:
        pairs = zip(TARGET_KEYS, (*TARGET_KEYS[1:], TARGET_KEYS[0]), strict=True)
        equal = found["keys-equal"]
        return [*found.values(), *(_equal(equal, one.field, two.field) for one, two in pairs)]
    return [*found.values()]


def as_stored(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Add the metadata that the API server would add."""
    added = {
        "namespace": "shop",
        "uid": "8a1f",
        "generation": 1,
        "creationTimestamp": "2026-11-21T03:25:00Z",
    }
    return {**resource, "metadata": {**added, **resource["metadata"]}}


def schema() -> dict[str, Any]:
    """Read the schema of the resource."""
    document = yaml.safe_load(CRD.read_text(encoding="utf-8"))
    result: dict[str, Any] = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return result


def _equal(case: Case, one: str, two: str) -> Case:
    """Return the case with one name for two other keys."""
    resource = copy.deepcopy(case.resource)
    resource["spec"]["target"]["keys"] = {one: "same", two: "same"}
    return replace(case, name=f"{case.name}-{one}-{two}", resource=resource)


def _case(path: Path) -> Case:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Case(
        name=path.stem,
        why=document["why"],
        before=document.get("before"),
        resource=document["resource"] if "resource" in document else document["after"],
        field=document.get("field", ""),
        remedy=document.get("remedy", ""),
        only_api_server=document.get("onlyApiServer", False),
    )
