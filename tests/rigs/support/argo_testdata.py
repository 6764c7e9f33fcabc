"""What the folder of Argo CD's customisation holds beside its scripts, and how it is made.

The layout is upstream's, so that the folder can be sent there as it is:
https://github.com/argoproj/argo-cd/tree/master/resource_customizations
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from support.argo_lua import SCRIPTS, act, health, run

ACTIONS: Final = SCRIPTS / "actions"
CONFIG_MAP: Final = SCRIPTS.parents[2] / "argocd-cm.yaml"
GROUP_KIND: Final = "cognito-secrets.dev_CognitoClientSecret"
ROTATE: Final = "cognito-secrets.dev/rotate"
SOME_TIME: Final = "2026-01-01T00:00:00Z"
"""In the place of the moment at which a rotation was asked for."""

ACTED_ON: Final = {
    "rotate": "at-rest",
    "approve": "awaits-approval",
    "replace-leaked": "at-rest",
    "suspend": "at-rest",
    "resume": "suspended",
}
"""Action -> the state whose object shows what it does."""


def steady(obj: dict[str, Any]) -> dict[str, Any]:
    """Put a fixed time in the place of the one at which a rotation was asked for."""
    annotations = obj["metadata"].get("annotations", {})
    asked_at = annotations.get(ROTATE, "")
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", asked_at):
        annotations[ROTATE] = SOME_TIME
    return obj


def write(objects: Mapping[str, Mapping[str, Any]]) -> None:
    """Write objects, by the state that they are in, and what the scripts make of them."""
    folder = SCRIPTS / "testdata"
    folder.mkdir(exist_ok=True)
    tests = []
    for name, obj in sorted(objects.items()):
        status, message = health(obj)
        path = folder / file_name(status, name)
        path.write_text(_yaml(obj), encoding="utf-8")
        found = {"status": status, "message": message}
        tests.append({"healthStatus": found, "inputPath": f"testdata/{path.name}"})
    (SCRIPTS / "health_test.yaml").write_text(_yaml({"tests": tests}), encoding="utf-8")
    _write_actions(objects)
    CONFIG_MAP.write_text(config_map(), encoding="utf-8")


def file_name(status: str, state: str) -> str:
    """Name an object's file as upstream does: by its health first."""
    return f"{status.lower()}_{state.replace('-', '_')}.yaml"


def _write_actions(objects: Mapping[str, Mapping[str, Any]]) -> None:
    (ACTIONS / "testdata").mkdir(exist_ok=True)
    acted, discovered = [], []
    for action, state in ACTED_ON.items():
        changed = ACTIONS / "testdata" / f"{action.replace('-', '_')}.yaml"
        changed.write_text(_yaml(steady(act(action, objects[state]))), encoding="utf-8")
        acted.append(
            {
                "action": action,
                "inputPath": _input(objects, state),
                "expectedOutputPath": f"testdata/{changed.name}",
            }
        )
    for state, obj in sorted(objects.items()):
        found = run((ACTIONS / "discovery.lua").read_text(encoding="utf-8"), obj)
        result = [{"name": name, **action} for name, action in sorted(found.items())]
        discovered.append({"inputPath": _input(objects, state), "result": result})
    text = _yaml({"discoveryTests": discovered, "actionTests": acted})
    (ACTIONS / "action_test.yaml").write_text(text, encoding="utf-8")


def _input(objects: Mapping[str, Mapping[str, Any]], state: str) -> str:
    return f"../testdata/{file_name(health(objects[state])[0], state)}"


def config_map() -> str:
    """Write the scripts as Argo CD reads them from its own configuration."""
    definitions = "".join(
        f"  - name: {action}\n    action.lua: |\n{_indented(ACTIONS / action / 'action.lua', 6)}"
        for action in ACTED_ON
    )
    actions = (
        f"discovery.lua: |\n{_indented(ACTIONS / 'discovery.lua', 2)}definitions:\n{definitions}"
    )
    health_script = _indented(SCRIPTS / "health.lua", 4)
    indented = "".join(f"    {line}\n" if line else "\n" for line in actions.splitlines())
    return (
        "# Add these two keys to Argo CD's own ConfigMap. A test holds them equal to the scripts\n"
        "# below resource_customizations/.\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: argocd-cm\n  namespace: argocd\n"
        "data:\n"
        f"  resource.customizations.health.{GROUP_KIND}: |\n{health_script}"
        f"  resource.customizations.actions.{GROUP_KIND}: |\n{indented}"
    )


def _indented(path: Path, spaces: int) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "".join(f"{' ' * spaces}{line}\n" if line else "\n" for line in lines)


def _yaml(document: object) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, width=100, allow_unicode=True)
    return text
