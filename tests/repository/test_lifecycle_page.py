import inspect
from pathlib import Path

from cognito_secret_operator.domain.plan import RULES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lifecycle.md"


def test_the_table_of_rules_is_the_code() -> None:
    """To remake the table, paste what this test prints when it fails."""
    rows = [
        f"| `{rule.__name__}` | {' '.join((inspect.getdoc(rule) or '').split())} |"
        for rule in RULES
    ]
    shown = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert shown == rows, "\n".join(rows)


def test_every_rule_says_when_it_speaks() -> None:
    assert all(rule.__doc__ for rule in RULES)
