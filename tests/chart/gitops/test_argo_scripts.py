"""examples/gitops/argocd: the scripts on real objects, by upstream's own format of tests.

The objects were read from a real API server while a real operator ran. Remake them, with what the
scripts say of them, and read the difference::

    REMAKE_GITOPS=1 .venv/bin/python -m pytest -m integration tests/integration/test_gitops.py
"""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from support.argo_lua import SCRIPTS, ScriptError, act, health, run
from support.argo_testdata import ACTED_ON, ACTIONS, CONFIG_MAP, GROUP_KIND, config_map, steady

HEALTH_TESTS: Final = SCRIPTS / "health_test.yaml"
ACTION_TESTS: Final = ACTIONS / "action_test.yaml"


def read(path: Path) -> Any:  # noqa: ANN401 -- YAML
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def ids(one: dict[str, Any]) -> str:
    return "-".join(filter(None, (one.get("action"), Path(one["inputPath"]).stem)))


@pytest.mark.parametrize("one", read(HEALTH_TESTS)["tests"], ids=ids)
def test_an_object_has_the_health_that_its_test_says(one: dict[str, Any]) -> None:
    found = health(read(SCRIPTS / one["inputPath"]))
    assert found == (one["healthStatus"]["status"], one["healthStatus"]["message"])


def test_every_object_has_a_test_and_is_called_by_its_health() -> None:
    tests = {one["inputPath"]: one["healthStatus"]["status"] for one in read(HEALTH_TESTS)["tests"]}
    files = {f"testdata/{path.name}" for path in (SCRIPTS / "testdata").iterdir()}
    assert set(tests) == files
    wrong = [path for path, status in tests.items() if f"/{status.lower()}_" not in path]
    assert wrong == []
    assert set(tests.values()) == {"Healthy", "Progressing", "Degraded", "Suspended", "Unknown"}


def test_an_object_that_is_being_deleted_is_progressing() -> None:
    obj = read(SCRIPTS / "testdata" / "healthy_at_rest.yaml")
    obj["metadata"]["deletionTimestamp"] = "2026-11-21T10:00:00Z"
    assert health(obj)[0] == "Progressing"


@pytest.mark.parametrize("one", read(ACTION_TESTS)["discoveryTests"], ids=ids)
def test_an_object_offers_the_actions_that_its_test_says(one: dict[str, Any]) -> None:
    found = run(
        (ACTIONS / "discovery.lua").read_text(encoding="utf-8"), read(ACTIONS / one["inputPath"])
    )
    assert [{"name": name, **found[name]} for name in sorted(found)] == one["result"]


@pytest.mark.parametrize("one", read(ACTION_TESTS)["actionTests"], ids=ids)
def test_an_action_changes_what_its_test_says_and_nothing_else(one: dict[str, Any]) -> None:
    before = read(ACTIONS / one["inputPath"])
    changed = steady(act(one["action"], before))
    assert changed == read(ACTIONS / one["expectedOutputPath"])
    assert changed != before


def test_every_action_is_offered_defined_and_tested() -> None:
    defined = {path.parent.name for path in ACTIONS.glob("*/action.lua")}
    tests = read(ACTION_TESTS)
    assert {one["action"] for one in tests["actionTests"]} == defined == set(ACTED_ON)
    assert {one["name"] for one in tests["discoveryTests"][0]["result"]} == defined


def test_the_config_map_has_the_very_scripts() -> None:
    assert CONFIG_MAP.read_text(encoding="utf-8") == config_map()
    data = read(CONFIG_MAP)["data"]
    script = data[f"resource.customizations.health.{GROUP_KIND}"]
    assert script == (SCRIPTS / "health.lua").read_text(encoding="utf-8")
    actions = yaml.safe_load(data[f"resource.customizations.actions.{GROUP_KIND}"])
    assert actions["discovery.lua"] == (ACTIONS / "discovery.lua").read_text(encoding="utf-8")
    for one in actions["definitions"]:
        path = ACTIONS / one["name"] / "action.lua"
        assert one["action.lua"] == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("return ('a'):upper()", id="methods of strings"),
        pytest.param("return string.upper('a')", id="the library of strings"),
        pytest.param("return {os.getenv('HOME')}", id="the environment"),
        pytest.param("return {io.open('x')}", id="files"),
    ],
)
def test_what_argo_cd_does_not_offer_a_script_is_not_there(script: str) -> None:
    with pytest.raises(Exception, match="attempt to"):
        run(script, {})


def test_a_script_that_returns_no_table_is_refused() -> None:
    with pytest.raises(ScriptError, match="no table"):
        run("return 'Healthy'", {})
