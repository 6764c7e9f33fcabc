"""docs/reference/states.md: what kubectl shows in each state, from a real API server.

The page holds what kubectl printed. The test brings every state about again and compares what does
not depend on the day: the table but for ages and dates, and type, status and reason of each
condition. After a change that was meant to be, remake the page and read the difference::

    REMAKE_STATES=1 .venv/bin/python -m pytest -m integration tests/integration/test_states.py
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop
from harness.states import STATES, bring_all_about, wait_for_all

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
Row = tuple[str, str, str]

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "states.md"
INTRODUCTION: Final = """\
Every state below was brought about on a real API server, in one namespace, and printed by kubectl.
`tests/integration/test_states.py` does it again and compares.
"""


@pytest.fixture
def all_states(shop: Shop, start_operator: StartOperator) -> Shop:
    """Every state at once, in one namespace."""
    bring_all_about(shop)
    start_operator(CSO_PORT="0")
    wait_for_all(shop)
    return shop


def test_the_page_shows_what_kubectl_prints(all_states: Shop) -> None:
    printed = blocks(all_states)
    if os.environ.get("REMAKE_STATES"):
        PAGE.write_text(page(printed), encoding="utf-8")
    shown = dict(blocks_of(PAGE.read_text(encoding="utf-8")))
    assert list(shown) == list(printed)
    assert steady(shown["kubectl get ccs"]) == steady(printed["kubectl get ccs"])
    for state in STATES:
        command = f"kubectl describe ccs {state.name}"
        assert conditions(shown[command]) == conditions(printed[command]), state.name
        assert conditions(printed[command]), state.name


def blocks(shop: Shop) -> dict[str, str]:
    """Run every command of the page."""
    where = ("-n", shop.namespace)
    printed = {"kubectl get ccs": shop.kubectl("get", "ccs", *where)}
    wide = shop.kubectl(
        "get",
        "ccs",
        "-o",
        "custom-columns=NAME:.metadata.name,REASON:"
        ".status.waitsFor.reason,MESSAGE:.status.waitsFor.message",
        *where,
    )
    printed[
        "kubectl get ccs -o custom-columns=NAME:.metadata.name,REASON:.status.waitsFor.reason,"
        "MESSAGE:.status.waitsFor.message"
    ] = wide
    for state in STATES:
        described = shop.kubectl("describe", "ccs", state.name, *where)
        printed[f"kubectl describe ccs {state.name}"] = described
    return {
        command: text.replace(shop.namespace, "shop").rstrip() for command, text in printed.items()
    }


def page(printed: dict[str, str]) -> str:
    """Write the page anew."""
    first, second, *_ = printed
    parts = [
        "# States, as kubectl shows them\n",
        INTRODUCTION,
        "| resource | what it shows |\n| --- | --- |\n"
        + "\n".join(f"| [`{one.name}`](#{one.name}) | {one.means} |" for one in STATES)
        + "\n",
        f"```console\n$ {first}\n{printed[first]}\n```\n",
        "What it is waiting for (`-o wide` has the same columns beside all others):\n",
        f"```console\n$ {second}\n{printed[second]}\n```\n",
    ]
    for state in STATES:
        command = f"kubectl describe ccs {state.name}"
        parts.append(f"## {state.name}\n\n{state.means}\n")
        parts.append(f"```console\n$ {command}\n{printed[command]}\n```\n")
    return "\n".join(parts)


def blocks_of(text: str) -> Iterator[tuple[str, str]]:
    """Read the page's blocks: command and what it printed."""
    for block in re.findall(r"```console\n\$ (.*?)```", text, re.DOTALL):
        command, _, printed = block.partition("\n")
        yield command, printed.rstrip()


def steady(table: str) -> list[list[str]]:
    """Split a table into cells, with ages and dates made equal."""
    cells = [re.split(r" {2,}", line.strip()) for line in table.splitlines()]
    return [[_without_time(cell) for cell in row] for row in cells]


def _without_time(cell: str) -> str:
    if re.fullmatch(r"(\d+[smhdy])+", cell):
        return "<age>"
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<date>", cell)


def conditions(described: str) -> list[Row]:
    """Read type, status and reason of each condition out of a description."""
    found = re.findall(r"Reason:\s+(\w+)\n\s+Status:\s+(\w+)\n\s+Type:\s+(\w+)", described)
    return [(kind, status, reason) for reason, status, kind in found]
