"""docs/reference/states.md: what kubectl shows in each state, from a real API server.

The page holds what kubectl printed. The test brings every state about again and compares what does
not depend on the day: the table but for ages and dates, and type, status and reason of each
condition. After a change that was meant to be, remake the page and read the difference::

    REMAKE_STATES=1 .venv/bin/python -m pytest -m integration tests/integration/test_states.py
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from rig.operator_process import OperatorProcess
from rig.shop import Shop, application

from emulator.process import Client

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
Row = tuple[str, str, str]

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "states.md"
UNREACHABLE: Final = "http://localhost:9/oauth2/token"
DUE: Final = timedelta(days=91)
INTRODUCTION: Final = """\
Every state below was brought about on a real API server, in one namespace, and printed by kubectl.
`tests/integration/test_states.py` does it again and compares.
"""


@dataclass(frozen=True)
class State:
    """One state: a resource of this name, and how it gets there."""

    name: str
    reason: str
    """Of `status.waitsFor`, by which the state is recognised."""

    means: str
    spec: dict[str, Any] = field(default_factory=dict)
    age: timedelta = timedelta()
    is_public: bool = False
    workload: dict[str, Any] | None = field(default_factory=dict)
    """Changes of the Deployment that uses the Secret; None: there is none."""

    requests: str = ""
    """Annotation to set once it is adopted."""


STATES: Final = (
    State("at-rest", "NotDue", "Nothing to do before the date under `NEXT`."),
    State(
        "awaits-approval",
        "AwaitingApproval",
        "Every pod has moved. The first secret was adopted, and a person has to permit its end.",
        {"adoption": {"retireOriginal": "Approve"}},
        age=DUE,
    ),
    State(
        "held-by-nobody",
        "NoConsumers",
        "Nothing uses the Secret, so nothing can be proved about the previous secret.",
        age=DUE,
        workload=None,
    ),
    State(
        "observed",
        "Observing",
        "Only looked at.",
        {"policy": "Observe"},
    ),
    State(
        "overlaps",
        "OverlapRuns",
        "Every pod has moved; both secrets stay valid for `retirement.minOverlap`.",
        {"retirement": {"minOverlap": "12h", "maxOverlap": "24h"}},
        age=DUE,
    ),
    State(
        "paused",
        "RolloutPaused",
        "A workload does not move its pods, and a person has to see to it.",
        workload={"paused": True},
        requests="cognito-secrets.dev/rotate=now",
    ),
    State(
        "public",
        "PublicClient",
        "The app client can have no secret.",
        is_public=True,
        workload=None,
    ),
    State(
        "rolls-out",
        "PodsNotRolled",
        "A pod takes its time to end, and may hold the previous secret until then.",
        age=DUE,
        workload={"grace": 3600},
    ),
    State("suspended", "Suspended", "Frozen by `spec.suspend`.", {"suspend": True}),
    State(
        "verifies",
        "Verifying",
        "Nobody can be asked whether Cognito accepts the new secret: the activation delay runs.",
        {"verification": {"tokenEndpoint": UNREACHABLE, "activationDelay": "12h"}},
        age=DUE,
    ),
    State(
        "unknown-leak",
        "EmergencyUnknown",
        "Somebody reported a leak of an id that the client does not have.",
        requests="cognito-secrets.dev/emergency=not-an-id",
    ),
)


def bring_about(shop: Shop, state: State) -> Client:
    """Apply what makes a state."""
    client = shop.cognito.create_client(shop.pool_id, age=state.age, generate=not state.is_public)
    documents = [shop.resource(client, state.name, **state.spec)]
    if state.workload is not None:
        deployment = application(
            state.name, replicas=1, secret=state.name, grace_seconds=state.workload.get("grace", 1)
        )
        documents.append(deployment)
    shop.apply(*documents)
    return client


@pytest.fixture
def all_states(shop: Shop, start_operator: StartOperator) -> Shop:
    """Every state at once, in one namespace."""
    for state in STATES:
        bring_about(shop, state)
    start_operator(CSO_PORT="0")
    for state in STATES:
        if state.requests:
            make_request(shop, state)
    for state in STATES:
        shop.wait(f"{state.name} waits", partial(is_there, shop, state))
    return shop


def make_request(shop: Shop, state: State) -> None:
    """Wait until a resource is adopted and its pods run, then pause them on wish, and ask."""
    shop.wait("it is adopted", lambda: shop.condition("Ready", state.name).get("status") == "True")
    shop.wait("its pods run", lambda: len(pods_of(shop, state)) == 1)
    if state.workload and state.workload.get("paused"):
        shop.kubectl("rollout", "pause", "-n", shop.namespace, f"deployment/{state.name}")
    shop.kubectl("annotate", "-n", shop.namespace, "ccs", state.name, state.requests)


def pods_of(shop: Shop, state: State) -> list[dict[str, Any]]:
    return [pod for pod in shop.pods() if pod["metadata"]["labels"]["app"] == state.name]


def is_there(shop: Shop, state: State) -> bool:
    return waits_for(shop, state.name) == state.reason


def waits_for(shop: Shop, name: str) -> str:
    return str(shop.status(name).get("waitsFor", {}).get("reason", ""))


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
        "Who holds it up, in a sentence (`-o wide` has the same columns beside all others):\n",
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
