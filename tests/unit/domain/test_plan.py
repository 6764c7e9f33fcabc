"""The plan: every rule is in it, and the first one that returns a plan decides."""

from importlib import import_module
from inspect import getmembers, isfunction, signature
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

from cognito_secret_operator.domain import rules
from cognito_secret_operator.domain.actions import Plan
from cognito_secret_operator.domain.observed import Observed
from cognito_secret_operator.domain.plan import RULES, deciding_rule, plan
from cognito_secret_operator.domain.rules.overrides import EVIDENCE

from support.builders import journal, pending, said, view

TABLES = Path(__file__).parent / "rules"


def _rules_in_the_folder() -> dict[str, ModuleType]:
    """Map each public function that can be a rule to its module."""
    modules = [
        import_module(one.name) for one in iter_modules(rules.__path__, f"{rules.__name__}.")
    ]
    return {
        name: module
        for module in modules
        for name, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and list(signature(function).parameters) == ["observed"]
        and signature(function).return_annotation == (Plan | None)
    }


def test_every_rule_of_the_folder_is_in_the_plan_once() -> None:
    assert sorted(rule.__name__ for rule in RULES) == sorted(_rules_in_the_folder())


def test_every_rule_has_a_row_in_a_table_of_its_modules_test() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in TABLES.glob("test_*.py"))
    assert [rule.__name__ for rule in RULES if f"{rule.__name__}" not in texts] == []


def test_an_order_overrides_the_rules_about_evidence_and_the_overlap() -> None:
    overridden = [rule.__name__ for rule in RULES if hasattr(rule, "__wrapped__")]
    assert overridden == [*(rule.__name__ for rule in EVIDENCE), "overlap_is_running"]


def test_every_rule_says_in_a_sentence_when_it_speaks() -> None:
    assert [rule.__name__ for rule in RULES if not (rule.__doc__ or "").strip()] == []


@pytest.mark.parametrize(
    ("observed", "rule", "expected"),
    [
        pytest.param(view(None), "journal_is_missing", "Look LISTING", id="nothing is there"),
        pytest.param(view(journal()), "nothing_is_to_be_done", "Wait NotDue", id="at rest"),
        pytest.param(
            view(journal(pending=pending())),
            "claim_still_runs",
            "Wait AwaitingAnswer",
            id="another process may be adding",
        ),
        pytest.param(
            view(journal("B", "A", published=-0.5)),
            "publication_settles",
            "Wait Settling",
            id="just published",
        ),
    ],
)
def test_the_first_rule_that_speaks_wins(observed: Observed, rule: str, expected: str) -> None:
    spoke, says = deciding_rule(observed)
    assert (spoke.__name__, said(says)) == (rule, expected)
    assert plan(observed) == says
