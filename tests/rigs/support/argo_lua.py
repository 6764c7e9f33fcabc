"""Runs Lua scripts as Argo CD does: Lua 5.1, and little more than its basic functions.

Scripts of `argocd-cm` get the basic library, `table`, `package` and of `os` only `time` and `date`
(https://github.com/argoproj/argo-cd/blob/master/util/lua/lua.go, runLua and oslib_safe.go). Scripts
that are part of Argo CD get all of them; what runs here runs there.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import lupa.lua51 as lupa

from support.pages import ROOT

SCRIPTS: Final = (
    ROOT / "examples/gitops/argocd/resource_customizations/cognito-secrets.dev/CognitoClientSecret"
)

HEALTHS: Final = {"Healthy", "Progressing", "Degraded", "Suspended", "Unknown", "Missing"}

_CONFINE: Final = """
debug.getmetatable("").__index = nil
local safe = {time = os.time, date = os.date}
for _, name in ipairs({"string", "io", "math", "debug", "coroutine", "python"}) do
  _G[name] = nil
  package.loaded[name] = nil
end
os = safe
package.loaded["os"] = safe
"""


class ScriptError(RuntimeError):
    """A script gave something that Argo CD would not take."""


def run(script: str, obj: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- whatever the script gives
    """Run a script on an object, which it finds as `obj`; give what it returns.

    Raises:
        ScriptError: it returned no table.
        LuaError: it failed.

    """
    lua = lupa.LuaRuntime(register_eval=False, register_builtins=False)
    lua.execute(_CONFINE)
    lua.globals().obj = _to_lua(lua, obj)
    given = lua.execute(script)
    if lupa.lua_type(given) != "table":
        raise ScriptError(f"the script returned {given!r} and no table")
    return _to_python(given)


def health(obj: Mapping[str, Any]) -> tuple[str, str]:
    """Give status and message of an object's health.

    Raises:
        ScriptError: there is no such status.

    """
    found = run(_text("health.lua"), obj)
    if found["status"] not in HEALTHS:
        raise ScriptError(f"Argo CD knows no status {found['status']!r}")
    return found["status"], found["message"]


def enabled_actions(obj: Mapping[str, Any]) -> set[str]:
    """Give the names of the actions that a person may choose."""
    found = run(_text("actions/discovery.lua"), obj)
    return {name for name, action in found.items() if not action["disabled"]}


def act(action: str, obj: Mapping[str, Any]) -> dict[str, Any]:
    """Give the object as an action leaves it."""
    changed = run(_text(f"actions/{action}/action.lua"), obj)
    kept: dict[str, Any] = _restore_empty(changed, obj)
    return kept


@cache
def _text(path: str) -> str:
    return (SCRIPTS / path).read_text(encoding="utf-8")


def _to_lua(lua: Any, value: Any) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(value, Mapping):
        return lua.table_from({key: _to_lua(lua, one) for key, one in value.items()})
    if isinstance(value, list):
        return lua.table_from([_to_lua(lua, one) for one in value])
    return value


def _to_python(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """Read a table; an empty one is a list, as Argo CD's encoder has it."""
    if lupa.lua_type(value) != "table":
        return value
    keys = list(value)
    if keys == list(range(1, len(keys) + 1)):
        return [_to_python(value[key]) for key in keys]
    return {key: _to_python(value[key]) for key in keys}


def _restore_empty(new: Any, old: Any) -> Any:  # noqa: ANN401 -- JSON
    """Make empty lists that were empty mappings mappings again, as Argo CD does (lua.go)."""
    if new == [] and isinstance(old, Mapping):
        return dict(old)
    if isinstance(new, dict) and isinstance(old, Mapping):
        return {key: _restore_empty(one, old.get(key)) for key, one in new.items()}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_restore_empty(*pair) for pair in zip(new, old, strict=True)]
    return new
