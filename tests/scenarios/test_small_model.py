"""Every state of a small model is visited: the laws hold in each, and from each there is a way out.

The rules and the journal's transitions are the real ones; see `support.small_model` for the rest.
``EXPLORE=wide`` visits larger models too (minutes). The numbers are printed: pytest ``-s``.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from cognito_secret_operator.domain import evidence
from cognito_secret_operator.domain import plan as planning
from cognito_secret_operator.domain.evidence import PublicationEvidence
from cognito_secret_operator.domain.rollout import Pod
from cognito_secret_operator.domain.rules import rolling_out

from support import small_moves
from support.builders import spec
from support.small_exploration import explore
from support.small_model import RESOURCE, TIMING, State, start
from support.small_moves import LawBrokenInModelError

wide = pytest.mark.skipif(os.environ.get("EXPLORE") != "wide", reason="minutes: EXPLORE=wide")

DOUBTFUL = frozenset({"PendingUnconfirmed", "SlotsBlocked"})
PASSING = DOUBTFUL | {"CurrentRefused"}
"""What is seen for a while after somebody deleted a secret; by itself it is no end."""

ROLLED_BACK = frozenset({"RolledBack", "RolloutFailed"})

MODELS = [
    pytest.param(start(crashes=0, losses=0), frozenset(), id="one process, nothing breaks"),
    pytest.param(
        start(crashes=2, losses=2), frozenset(), id="one process, two crashes, two lost answers"
    ),
    pytest.param(
        start(crashes=1, losses=1, speaks=False),
        DOUBTFUL,
        id="one process, a crash, a lost answer, no endpoint",
    ),
    pytest.param(
        start(crashes=0, losses=1, edits=1), frozenset(), id="one process, the target is edited"
    ),
    pytest.param(
        start(crashes=0, losses=1, drains=1), frozenset(), id="one process, a node is drained"
    ),
    pytest.param(
        start(crashes=0, losses=1, edits=1, reloads=1),
        frozenset(),
        id="one process, a pod reads the Secret again, the target is edited",
    ),
    pytest.param(
        start(processes=2, crashes=0, losses=0, edits=1, reloads=2),
        frozenset(),
        marks=wide,
        id="two processes, an edit, a pod reads the Secret twice again",
    ),
    pytest.param(
        start(crashes=1, losses=1, strangers=1), DOUBTFUL, id="one process, a foreign secret"
    ),
    pytest.param(start(crashes=1, losses=1, leaks=1), frozenset(), id="one process, a leak"),
    pytest.param(
        start(crashes=1, losses=1, failures=1), ROLLED_BACK, id="one process, a roll-out fails"
    ),
    pytest.param(
        start(processes=2, crashes=0, losses=0, failures=1),
        ROLLED_BACK,
        marks=wide,
        id="two processes, a roll-out fails",
    ),
    pytest.param(
        start(crashes=0, losses=0, failures=2, leaks=1),
        ROLLED_BACK,
        marks=wide,
        id="one process, two roll-outs fail, a leak",
    ),
    pytest.param(
        start(crashes=1, losses=0, leaks=1, loud=True), frozenset(), id="one process, a loud leak"
    ),
    pytest.param(
        start(processes=2, crashes=0, losses=0, leaks=1),
        frozenset(),
        marks=wide,
        id="two processes, a leak",
    ),
    pytest.param(
        start(crashes=0, losses=0, leaks=2), frozenset(), marks=wide, id="one process, two leaks"
    ),
    pytest.param(
        start(crashes=0, losses=1, leaks=1, edits=1),
        frozenset(),
        marks=wide,
        id="one process, a leak, an edit",
    ),
    pytest.param(
        start(crashes=0, losses=0, orders=2),
        frozenset(),
        id="one process, an order is given and taken back",
    ),
    pytest.param(
        start(crashes=0, losses=0, removals=1),
        frozenset(),
        id="one process, somebody deletes a secret",
    ),
    pytest.param(
        start(crashes=0, losses=0, removals=2, strangers=1),
        DOUBTFUL,
        marks=wide,
        id="one process, somebody deletes two secrets and adds one",
    ),
    pytest.param(
        start(crashes=1, losses=1, removals=1),
        frozenset(),
        marks=wide,
        id="one process, a crash, a lost answer, somebody deletes a secret",
    ),
    pytest.param(
        start(crashes=1, losses=1, orders=2),
        frozenset(),
        marks=wide,
        id="one process, a crash, a lost answer, an order is given and taken back",
    ),
    pytest.param(
        start(processes=2, crashes=0, losses=0), frozenset(), id="two processes, nothing breaks"
    ),
    pytest.param(
        start(processes=2, crashes=0, losses=1),
        frozenset(),
        marks=wide,
        id="two processes, a lost answer",
    ),
    pytest.param(
        start(processes=2, crashes=1, losses=0),
        frozenset(),
        marks=wide,
        id="two processes, a crash",
    ),
    pytest.param(
        start(processes=2, crashes=0, losses=1, speaks=False),
        DOUBTFUL,
        marks=wide,
        id="two processes, a lost answer, no endpoint",
    ),
    pytest.param(
        start(crashes=1, losses=1, edits=1, drains=1),
        frozenset(),
        marks=wide,
        id="one process, a crash, a lost answer, an edit, a drain",
    ),
]


@pytest.mark.parametrize(("first", "may_hold"), MODELS)
def test_every_state_is_lawful_and_has_a_way_to_rest_or_to_a_named_hold(
    first: State, may_hold: frozenset[str]
) -> None:
    seen = explore(first, may_hold=may_hold)
    print(f"{seen.states} states, {seen.moves} moves, holds: {sorted(seen.holds) or 'none'}")
    assert seen.states > 300
    assert seen.holds <= may_hold | (PASSING if first.removals else frozenset())
    lost = seen.without_an_end()
    assert not lost, seen.story(min(lost))


@pytest.mark.parametrize(
    "rule",
    [
        "claim_has_lapsed",
        "pending_is_recorded",
        "publication_is_not_recorded",
        "workload_needs_the_stamp",
        "previous_is_not_marked",
        "previous_can_be_deleted",
        "marked_secret_is_gone",
    ],
)
def test_the_exploration_notices_that_a_rule_is_missing(
    monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    without = tuple(one for one in planning.RULES if one.__name__ != rule)
    monkeypatch.setattr(planning, "RULES", without)
    try:
        seen = explore(start(crashes=1, losses=1))
    except LookupError:
        return  # the next rule could not work with what it found
    assert seen.without_an_end()


def _settles_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_moves, "TIMING", replace(TIMING, settle=timedelta()))


def _forgets_terminating_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    def may_hold(pod: Pod, proof: PublicationEvidence) -> bool:
        return not (pod.terminating or pod.created_at > proof.settled_at)

    monkeypatch.setattr(evidence, "_may_hold", may_hold)
    monkeypatch.setattr(rolling_out, "unfinished", lambda _: ())


def _takes_an_edit_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    without = tuple(one for one in planning.RULES if one.__name__ != "target_was_edited")
    monkeypatch.setattr(planning, "RULES", without)


def _promotes_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = spec(RESOURCE.spec, verification={"activation_delay": timedelta()})
    monkeypatch.setattr(small_moves, "RESOURCE", replace(RESOURCE, spec=hasty))


def _believes_any_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        evidence, "_has_acknowledged", lambda pod, _: ("app", 0) not in pod.acknowledged
    )


@pytest.mark.parametrize(
    ("sabotage", "first", "law"),
    [
        pytest.param(
            _settles_at_once,
            start(crashes=0, losses=0, drains=1),
            "a live pod may hold",
            id="kubelets' caches are ignored",
        ),
        pytest.param(
            _forgets_terminating_pods,
            start(crashes=0, losses=0),
            "a live pod may hold",
            id="terminating pods count as gone",
        ),
        pytest.param(
            _takes_an_edit_for_nothing,
            start(crashes=0, losses=0, edits=1, drains=1),
            "a live pod may hold",
            id="an edited target is only written again",
        ),
        pytest.param(
            _believes_any_acknowledgement,
            start(crashes=0, losses=0, edits=1, reloads=1),
            "a live pod may hold",
            id="an acknowledgement of an older publication counts",
        ),
        pytest.param(
            _promotes_without_asking,
            start(crashes=0, losses=0, speaks=False),
            "before its activation delay",
            id="a new secret is published at once",
        ),
    ],
)
def test_the_exploration_notices_sabotage(
    monkeypatch: pytest.MonkeyPatch,
    sabotage: Callable[[pytest.MonkeyPatch], None],
    first: State,
    law: str,
) -> None:
    sabotage(monkeypatch)
    with pytest.raises(LawBrokenInModelError, match=law) as broken:
        explore(first)
    print(broken.value)
