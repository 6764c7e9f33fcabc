import inspect

from cognito_secret_operator.domain.plan import RULES

from support.pages import hold_table, line


def test_the_tables_of_rules_are_the_code() -> None:
    rows = [
        line(f"`{rule.__name__}`", " ".join((inspect.getdoc(rule) or "").split())) for rule in RULES
    ]
    hold_table("lifecycle.md", "## The rules", rows)


def test_every_rule_says_when_it_decides() -> None:
    assert all(rule.__doc__ for rule in RULES)
