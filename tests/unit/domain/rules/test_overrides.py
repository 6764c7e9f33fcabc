"""Orders, approvals, acknowledgements and copies: who has a say in a deletion besides the pods."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from cognito_secret_operator.domain.actions import Delete, MarkForDeletion
from cognito_secret_operator.domain.journal.journal import Emergency, Journal, Origin, RetiredBy
from cognito_secret_operator.domain.memory import after_read
from cognito_secret_operator.domain.observed import Fact, Memory, Observed
from cognito_secret_operator.domain.plan import RULES, plan
from cognito_secret_operator.domain.report import ConditionType
from cognito_secret_operator.domain.reporting import build_report
from cognito_secret_operator.domain.rollout import Progress
from cognito_secret_operator.domain.rules.overrides import order_in_force
from cognito_secret_operator.domain.spec import (
    Acknowledgement,
    Approval,
    OnMaxOverlap,
    Resource,
    RetireOriginal,
)
from cognito_secret_operator.domain.windows import Window

from support.builders import (
    NOON,
    at,
    consumers,
    deployment,
    journal,
    pod,
    probe,
    problem,
    resource,
    said,
    secret,
    spec,
    target,
    view,
)

STAMP = "B.7"
HOURS = 60
LATE, EARLY = -73 * HOURS, -10
"""Minutes of a publication that is older than maxOverlap (72h), and of one that is not."""

MOVED = consumers(deployment(stamp=STAMP), pod("new", born=-5))
HELD = consumers(deployment(stamp=STAMP), pod("lost", born=-99999), pod("new", born=-5))
FAILED = consumers(deployment(stamp=STAMP, progress=Progress.FAILED), pod("new", born=-5))
NOBODY = consumers()
ACCEPTED = {Fact.CURRENT_PROBE: probe("Accepted")}


def _wish(**changes: Any) -> Resource:
    changes.setdefault("retirement", {})
    return resource(spec(**changes))


DELETES = _wish(retirement={"on_max_overlap": OnMaxOverlap.DELETE})
OVERRIDDEN = replace(resource(), override_id="A")
MANUAL = _wish(retirement={"approval": Approval.MANUAL})
BILLING = Acknowledgement("billing")
BALANCER = Acknowledgement("balancer", delay=timedelta(minutes=30))


def _outside(*declared: Acknowledgement, **said_so: str) -> Resource:
    return replace(_wish(acknowledgements=declared), acknowledged=said_so)


def _seen(
    of: Resource = DELETES,
    *,
    published: float = LATE,
    book: Journal | None = None,
    clear: float | None = None,
    **parts: Any,
) -> Observed:
    parts = {"seen": HELD, "listed": "A B", "probes": ACCEPTED, **parts}
    memory = Memory(NOON, clear=None if clear is None else (STAMP, at(clear)))
    found = book or journal("B", "A", published=published)
    return view(found, of=of, memory=memory, **parts)


def _marked(order: RetiredBy | None = None, *, published: float = LATE, **changes: Any) -> Journal:
    book = replace(journal("B", "A", published=published, marked_id="A"), marked_by=order)
    return replace(book, **changes)


BY_TIME, BY_HAND = _marked(RetiredBy.MAX_OVERLAP), _marked(RetiredBy.OVERRIDE)
ADOPTED = secret("A", origin=Origin.TARGET)
FOREIGN = secret("A", origin=Origin.UNKNOWN, has_value=False)
MAPPED = {"reflector.v1.k8s.emberstack.com/reflection-allowed": "true"}


def _with_marks(marks: dict[str, str], of: Resource, *, published: float = EARLY) -> Observed:
    book = journal("B", "A", published=published)
    shown = target(book)
    shown = replace(shown, annotations={**shown.annotations, **marks})
    return _seen(of, book=book, target_secret=shown, seen=MOVED, clear=-60)


TABLE = [
    # onMaxOverlap
    (_seen(resource()), "Wait PodsNotRolled", "Hold: after maxOverlap a pod still holds it"),
    (
        _seen(),
        "MarkForDeletion Retiring",
        "Delete: after maxOverlap it is doomed although a pod holds it",
    ),
    (_seen(published=EARLY), "Wait PodsNotRolled", "Delete: before maxOverlap a pod holds it"),
    (_seen(published=-72 * HOURS), "Wait PodsNotRolled", "Delete: at maxOverlap, not after it"),
    (_seen(seen=NOBODY), "MarkForDeletion Retiring", "Delete: nobody is found to use the target"),
    (_seen(seen=FAILED), "MarkForDeletion Retiring", "Delete: the new pods do not work"),
    (_seen(seen=MOVED), "MarkForDeletion Retiring", "Delete: the overlap of a new process runs"),
    (_seen(seen=problem()), "Hold TemporarilyUnavailable", "Delete: pods could not be read"),
    (
        _seen(seen=consumers(deployment(), pod("old", born=-99999))),
        "Stamp RollingOut",
        "Delete: a workload that was never restarted is restarted first",
    ),
    (_seen(book=BY_TIME), "Delete Retiring", "Delete: doomed by the order"),
    (_seen(resource(), book=BY_TIME), "Wait PodsNotRolled", "doomed, and the order was withdrawn"),
    (
        _seen(book=_marked()),
        "MarkForDeletion Retiring",
        "doomed on evidence, and a pod is back: mark it anew",
    ),
    (
        _seen(book=BY_TIME, seen=MOVED, clear=-60),
        "MarkForDeletion Retiring",
        "doomed by order, and by now nobody holds it: mark it anew",
    ),
    (_seen(book=BY_TIME, listed="A"), "Wait Retiring", "an order never deletes the last one"),
    (_seen(book=BY_TIME, listed="A X"), "Wait Retiring", "List shows a secret that is not ours"),
    (
        _seen(book=BY_TIME, probes={Fact.CURRENT_PROBE: probe("Refused")}),
        "Hold CurrentRefused",
        "an order, and the current secret is refused",
    ),
    (
        _seen(book=journal("B", ADOPTED, published=LATE)),
        "Wait AwaitingApproval",
        "an order does not approve the deletion of an adopted secret",
    ),
    (
        _seen(book=journal("B", FOREIGN, published=LATE)),
        "Hold ForeignSecret",
        "an order never deletes a foreign secret",
    ),
    (
        _seen(target_secret=target(BY_TIME, data={"client-secret": "nonsense"}), book=BY_TIME),
        "Republish TargetRestored",
        "an order, and the target is not what the journal says",
    ),
    # retire-without-evidence
    (_seen(OVERRIDDEN, published=EARLY), "MarkForDeletion Retiring", "overridden: a pod holds it"),
    (
        _seen(OVERRIDDEN, published=EARLY, seen=NOBODY),
        "MarkForDeletion Retiring",
        "overridden: no consumer",
    ),
    (
        _seen(OVERRIDDEN, published=EARLY, seen=FAILED),
        "MarkForDeletion Retiring",
        "overridden: they fail",
    ),
    (_seen(OVERRIDDEN, published=-0.5), "Wait Settling", "overridden: caches settle all the same"),
    (_seen(OVERRIDDEN, book=BY_HAND), "Delete Retiring", "overridden and doomed by that"),
    (_seen(resource(), book=BY_HAND), "Wait PodsNotRolled", "the override was taken back"),
    (
        _seen(OVERRIDDEN, book=BY_TIME),
        "MarkForDeletion Retiring",
        "overridden, and the mark names another order",
    ),
    (
        _seen(replace(resource(), override_id="B"), published=EARLY),
        "Wait PodsNotRolled",
        "an override of the current secret orders nothing",
    ),
    (
        _seen(OVERRIDDEN, book=journal("B", FOREIGN, published=EARLY)),
        "Hold ForeignSecret",
        "an override of a foreign secret orders nothing",
    ),
    (
        _seen(OVERRIDDEN, book=journal("B", ADOPTED, published=EARLY)),
        "Wait AwaitingApproval",
        "an override is no approval",
    ),
    # approval
    (_seen(MANUAL, seen=MOVED, clear=-60), "Wait AwaitingApproval", "Manual: nobody approved"),
    (
        _seen(replace(MANUAL, approved_id="A"), seen=MOVED, clear=-60),
        "MarkForDeletion Retiring",
        "Manual: approved",
    ),
    (
        _seen(replace(MANUAL, approved_id="B"), seen=MOVED, clear=-60),
        "Wait AwaitingApproval",
        "Manual: another secret was approved",
    ),
    (
        _seen(replace(MANUAL, approved_id="A"), published=EARLY),
        "Wait PodsNotRolled",
        "Manual: approved early, while a pod holds it",
    ),
    (
        _seen(MANUAL, book=_marked(published=EARLY), seen=MOVED, clear=-60),
        "Wait AwaitingApproval",
        "Manual: the approval was taken back after the mark",
    ),
    (
        _seen(
            _wish(
                retirement={"approval": Approval.MANUAL},
                adoption={"retire_original": RetireOriginal.AUTOMATIC},
            ),
            book=journal("B", ADOPTED, published=EARLY),
            seen=MOVED,
            clear=-60,
        ),
        "Wait AwaitingApproval",
        "Manual asks for an adopted secret too, whatever retireOriginal says",
    ),
    # acknowledgements
    (
        _seen(_outside(BILLING), published=EARLY, seen=MOVED, clear=-60),
        "Wait AwaitingAcknowledgement",
        "a declared consumer is silent",
    ),
    (
        _seen(_outside(BILLING, billing="A"), published=EARLY, seen=MOVED, clear=-60),
        "Wait AwaitingAcknowledgement",
        "a declared consumer uses the previous secret",
    ),
    (
        _seen(_outside(BILLING, billing="B"), published=EARLY, seen=MOVED, clear=-60),
        "MarkForDeletion Retiring",
        "a declared consumer has moved",
    ),
    (
        _seen(_outside(BILLING, billing="B"), published=EARLY, seen=NOBODY, clear=-60),
        "MarkForDeletion Retiring",
        "the only consumer is outside, and has moved",
    ),
    (
        _seen(_outside(BILLING), published=EARLY, seen=NOBODY, clear=-60),
        "Wait AwaitingAcknowledgement",
        "the only consumer is outside, and silent",
    ),
    (
        _seen(_outside(BILLING), published=EARLY),
        "Wait PodsNotRolled",
        "a pod and a declared consumer hold it",
    ),
    (
        _seen(_outside(BALANCER), published=-30, seen=MOVED, clear=-60),
        "Wait AwaitingAcknowledgement",
        "its delay is not quite over",
    ),
    (
        _seen(_outside(BALANCER), published=-31, seen=MOVED, clear=-60),
        "MarkForDeletion Retiring",
        "its delay has passed",
    ),
    (
        _seen(_outside(BALANCER, balancer="B"), published=EARLY, seen=MOVED, clear=-60),
        "MarkForDeletion Retiring",
        "it spoke before its delay was over",
    ),
    (
        _seen(_outside(BILLING), book=_marked(published=EARLY), seen=MOVED, clear=-60),
        "Wait AwaitingAcknowledgement",
        "doomed, and the acknowledgement was taken back",
    ),
    (
        _seen(replace(_outside(BILLING), override_id="A"), published=EARLY, seen=MOVED, clear=-60),
        "MarkForDeletion Retiring",
        "overridden: a declared consumer is silent",
    ),
    # copies
    (_with_marks(MAPPED, resource()), "Hold ReplicatedTarget", "Reflector may copy the target"),
    (
        _with_marks({"replicator.v1.mittwald.de/replicate-to": "other"}, resource()),
        "Hold ReplicatedTarget",
        "kubernetes-replicator copies the target",
    ),
    (
        _with_marks({"kubed.appscode.com/sync": ""}, resource()),
        "Hold ReplicatedTarget",
        "kubed copies the target to every namespace",
    ),
    (
        _with_marks({next(iter(MAPPED)): "false"}, resource()),
        "MarkForDeletion Retiring",
        "Reflector may not copy the target",
    ),
    (
        _with_marks(MAPPED, _outside(BILLING, billing="B")),
        "MarkForDeletion Retiring",
        "who uses the copies is declared, and has moved",
    ),
    (
        _with_marks(MAPPED, OVERRIDDEN),
        "MarkForDeletion Retiring",
        "overridden: the target is copied",
    ),
]


NIGHT = (Window("0 2 * * *", timedelta(hours=2), UTC),)


def _leaked(**changes: Any) -> Observed:
    """Look at a leaked previous secret that no pod holds any more."""
    emergency = Emergency(("A",), now=changes.pop("now", False), at=NOON, renews=False)
    book = replace(journal("B", "A", published=EARLY), emergency=emergency)
    return _seen(_wish(**changes), book=book, seen=MOVED)


LEAKS = [
    (_leaked(), "MarkForDeletion Retiring", "a leaked secret goes without overlap"),
    (
        _leaked(retirement={"approval": Approval.MANUAL}),
        "MarkForDeletion Retiring",
        "a leaked secret goes without approval",
    ),
    (
        _leaked(retirement={"windows": NIGHT}),
        "MarkForDeletion Retiring",
        "a leaked secret waits for no window",
    ),
    (
        _leaked(acknowledgements=(BILLING,)),
        "Wait AwaitingAcknowledgement",
        "a declared consumer needs a working secret: a leaked one waits for it",
    ),
    (
        _leaked(acknowledgements=(BILLING,), now=True),
        "MarkForDeletion Emergency",
        "a leaked secret that goes at once waits for no declared consumer",
    ),
]


@pytest.mark.parametrize(
    ("observed", "expected"), [pytest.param(*row[:2], id=row[2]) for row in [*TABLE, *LEAKS]]
)
def test_who_has_a_say(observed: Observed, expected: str) -> None:
    assert said(plan(observed)) == expected


def test_every_rule_keeps_its_name_and_its_words_where_it_gives_way() -> None:
    assert all(rule.__doc__ for rule in RULES)
    assert "unless_ordered" not in {rule.__name__ for rule in RULES}


@pytest.mark.parametrize(
    ("observed", "order"),
    [
        pytest.param(_seen(), RetiredBy.MAX_OVERLAP, id="by time"),
        pytest.param(_seen(OVERRIDDEN), RetiredBy.OVERRIDE, id="by hand"),
        pytest.param(
            _seen(replace(DELETES, override_id="A")),
            RetiredBy.OVERRIDE,
            id="by both: a person's word",
        ),
        pytest.param(_seen(seen=MOVED, clear=-60), None, id="by neither: nobody holds it"),
    ],
)
def test_an_order_is_named_only_where_it_was_needed(
    observed: Observed, order: RetiredBy | None
) -> None:
    assert order_in_force(observed) is not None
    assert plan(observed).action == MarkForDeletion("A", order)
    book = _marked(order)
    deleting = replace(observed, journal_read=book, target=target(book))
    assert plan(deleting).action == Delete("A", order)


@pytest.mark.parametrize(
    ("observed", "parts"),
    [
        pytest.param(_seen(), ["onMaxOverlap: Delete", "Pod/lost"], id="a pod"),
        pytest.param(
            _seen(OVERRIDDEN), ["cognito-secrets.dev/retire-without-evidence"], id="by hand"
        ),
        pytest.param(_seen(seen=NOBODY), ["although", "no workload or pod"], id="nobody is found"),
        pytest.param(
            _seen(
                _wish(
                    retirement={"on_max_overlap": OnMaxOverlap.DELETE}, acknowledgements=(BILLING,)
                ),
                seen=MOVED,
            ),
            ["Acknowledgement/billing"],
            id="a declared consumer",
        ),
        pytest.param(
            _seen(_outside(BILLING), published=EARLY, seen=MOVED),
            ["Acknowledgement/billing", "set cognito-secrets.dev/ack.billing: B"],
            id="how a declared consumer is to speak",
        ),
        pytest.param(
            _seen(_outside(BALANCER), published=EARLY, seen=MOVED),
            ["balancer counts as moved at 2030-01-01 12:20:00 UTC, an accepted risk"],
            id="when a delay speaks for it",
        ),
        pytest.param(
            _seen(
                _outside(BALANCER),
                book=_marked(published=-60),
                seen=MOVED,
                clear=-60,
            ),
            ["every pod and declared consumer", "an accepted risk: Acknowledgement/balancer"],
            id="whose delay spoke for it",
        ),
        pytest.param(
            _with_marks(MAPPED, resource()),
            [next(iter(MAPPED)), "spec.acknowledgements"],
            id="what copies the target",
        ),
        pytest.param(
            _seen(MANUAL, seen=MOVED, clear=-60),
            ["retirement.approval is Manual", "cognito-secrets.dev/approve: A"],
            id="how to approve",
        ),
    ],
)
def test_what_is_told(observed: Observed, parts: list[str]) -> None:
    message = plan(observed).message
    assert [part for part in parts if part not in message] == []


def test_a_declared_consumer_is_a_holder_like_a_pod() -> None:
    observed = _seen(_outside(BILLING, BALANCER), published=EARLY)
    told = build_report(observed, plan(observed))
    assert told.holders == ("Pod/lost", "Acknowledgement/billing", "Acknowledgement/balancer")
    assert told.outside_holders == 2
    assert told.missing_acknowledgements == 1, "while its delay runs, nobody has to speak"
    assert told.condition(ConditionType.ROLLED_OVER).reason == "PodsNotRolled"


def test_without_pods_the_declared_consumer_is_what_is_waited_for() -> None:
    observed = _seen(_outside(BILLING), published=EARLY, seen=MOVED)
    rolled = build_report(observed, plan(observed)).condition(ConditionType.ROLLED_OVER)
    assert (rolled.status.value, rolled.reason) == ("False", "AwaitingAcknowledgement")


def test_the_overlap_begins_when_the_last_declared_consumer_has_spoken() -> None:
    silent = _seen(_outside(BILLING), published=EARLY, seen=MOVED, clear=-60)
    assert after_read(silent).clear is None
    spoken = replace(silent, resource=_outside(BILLING, billing="B"))
    assert after_read(replace(spoken, memory=Memory(NOON))).clear == (STAMP, NOON)
