"""Guards: may this process act on this resource at all?"""

from dataclasses import replace
from datetime import timedelta

import pytest

from cognito_secret_operator.domain.journal.journal import Journal, Publication, Published
from cognito_secret_operator.domain.model import ResourceKey
from cognito_secret_operator.domain.observed import Memory, Observed
from cognito_secret_operator.domain.platform_policy import Denial, PlatformPolicy
from cognito_secret_operator.domain.spec import Policy, Recovery, StatusFacts
from cognito_secret_operator.names import PUBLICATION_ANNOTATION, RESOURCE_ANNOTATION

from support.builders import (
    NOON,
    SPEC,
    at,
    consumers,
    journal,
    listing,
    problem,
    resource,
    rules_of,
    said,
    target,
    view,
)

RULES = rules_of("guards")
LOOKED = Memory(first_pass_at=NOON, listing=listing("A", minutes=-60))
NEVER_LOOKED = resource(status=StatusFacts())
SUSPENDED = resource(replace(SPEC, suspended=True))
OBSERVING = resource(replace(SPEC, policy=Policy.OBSERVE))
MANUAL = replace(SPEC, recovery=Recovery.MANUAL)
REMEMBERED = resource(MANUAL, status=StatusFacts(journal_sequence=10, listed_at=NOON))
AUTOMATIC = replace(REMEMBERED, spec=SPEC)
COPIED = replace(journal(), uid="journal-0", namespace="elsewhere")
RIVAL = ResourceKey("shop", "another")


def _marked(number: str, name: str = "orders-api") -> Observed:
    marks = {RESOURCE_ANNOTATION: name, PUBLICATION_ANNOTATION: number}
    shown = target(journal(number=7), marks=marks)
    return view(journal(number=7), target_secret=shown, of=resource(MANUAL))


DENIED = replace(
    view(journal()),
    platform=PlatformPolicy(Denial("the rules of /etc/cso/allow.yaml", '{"namespaces": ["shop"]}')),
)
FROZEN = PlatformPolicy(frozen="the platform team froze the operator")


def _published_in(name: str) -> Journal:
    record = Published("target-1", "owner-7", at(-60), target_name=name)
    return replace(journal("A"), publication=Publication(7, record))


TABLE = [
    ("resource_is_not_allowed", view(journal()), "", "the platform team's list allows it"),
    (
        "resource_is_not_allowed",
        DENIED,
        "Hold NotAllowed",
        "no rule of the list allows it",
    ),
    ("operator_is_frozen", view(journal()), "", "the freeze switch is off"),
    (
        "operator_is_frozen",
        replace(view(journal()), platform=FROZEN),
        "Hold Frozen",
        "the freeze switch is on",
    ),
    (
        "operator_is_frozen",
        replace(view(journal(), memory=LOOKED), platform=FROZEN),
        "Look LISTING",
        "the freeze switch is on and a look at Cognito is due",
    ),
    (
        "operator_is_frozen",
        replace(view(journal(), memory=LOOKED, listed=problem("Throttled")), platform=FROZEN),
        "Hold Frozen",
        "the freeze switch is on and Cognito cannot be listed",
    ),
    ("clock_disagrees", view(journal()), "", "our clock agrees"),
    (
        "clock_disagrees",
        replace(view(journal()), clock_skew_seconds=60),
        "",
        "our clock is a minute ahead, which is allowed",
    ),
    (
        "clock_disagrees",
        replace(view(journal()), clock_skew_seconds=61),
        "Hold ClockSkew",
        "our clock is more than a minute ahead",
    ),
    (
        "clock_disagrees",
        replace(view(journal()), clock_skew_seconds=-61),
        "Hold ClockSkew",
        "our clock is more than a minute behind",
    ),
    ("journal_cannot_be_read", view(journal()), "", "the journal was read"),
    ("journal_cannot_be_read", view(None), "", "there is no journal"),
    (
        "journal_cannot_be_read",
        view(problem("JournalForeign", needs_action=True)),
        "Hold JournalForeign",
        "the journal was copied from elsewhere",
    ),
    ("journal_was_copied", view(None), "", "there is no journal"),
    ("journal_was_copied", view(journal()), "", "the journal was written here"),
    (
        "journal_was_copied",
        view(COPIED),
        "TakeOver TakingOver",
        "the journal was written elsewhere, and could be read: the user says take over",
    ),
    ("journal_is_lost", view(None, of=resource(MANUAL)), "", "there never was a journal"),
    ("journal_is_lost", view(journal(), of=REMEMBERED), "", "the journal is there"),
    ("journal_is_lost", view(None, of=AUTOMATIC), "", "it is gone, and is rebuilt by itself"),
    (
        "journal_is_lost",
        view(journal(None, sequence=0), of=REMEMBERED),
        "Hold JournalLost",
        "somebody emptied the journal",
    ),
    (
        "journal_is_lost",
        view(None, of=REMEMBERED),
        "Hold JournalLost",
        "status remembers a journal that is gone",
    ),
    (
        "journal_is_older_than_status",
        view(journal(sequence=10), of=REMEMBERED),
        "",
        "the journal is the one that status saw",
    ),
    (
        "journal_is_older_than_status",
        view(journal(sequence=11), of=REMEMBERED),
        "",
        "the journal is newer than status",
    ),
    (
        "journal_is_older_than_status",
        view(journal(sequence=9), of=REMEMBERED),
        "Hold JournalRolledBack",
        "the journal is older than status",
    ),
    (
        "journal_is_older_than_status",
        view(journal(sequence=9), of=AUTOMATIC),
        "",
        "the journal is older than status, and is rebuilt by itself",
    ),
    ("client_is_claimed_twice", view(journal()), "", "nobody else names the client"),
    (
        "client_is_claimed_twice",
        replace(view(journal()), duplicates=(RIVAL,)),
        "Hold DuplicateClient",
        "another resource names the client",
    ),
    (
        "target_cannot_be_read",
        view(journal(), target_secret=problem()),
        "Hold TemporarilyUnavailable",
        "the target could not be read",
    ),
    ("target_cannot_be_read", view(journal(), has_target=False), "", "there is no target"),
    ("target_was_renamed", view(_published_in("orders-api")), "", "it has the same name"),
    (
        "target_was_renamed",
        view(_published_in("orders-oauth"), has_target=False),
        "Hold TargetRenamed",
        "the resource was made anew with another name",
    ),
    ("target_belongs_to_another", _marked("7"), "", "the target is ours"),
    (
        "target_belongs_to_another",
        view(journal(), target_secret=target(journal(), marks={})),
        "Hold TargetConflict",
        "the target has no mark",
    ),
    (
        "target_belongs_to_another",
        _marked("7", name="another"),
        "Hold TargetConflict",
        "the target has another resource's mark",
    ),
    ("target_is_newer_than_journal", _marked("7"), "", "the target shows our publication"),
    ("target_is_newer_than_journal", _marked("6"), "", "the target shows an older publication"),
    (
        "target_is_newer_than_journal",
        _marked("8"),
        "Hold JournalRolledBack",
        "the target shows a newer publication",
    ),
    ("target_is_newer_than_journal", _marked("eight"), "", "the target's number is no number"),
    (
        "list_is_due",
        view(journal(), of=NEVER_LOOKED),
        "Look LISTING",
        "Cognito was never looked at",
    ),
    ("list_is_due", view(journal()), "", "a restart counts as a look"),
    (
        "list_is_due",
        view(journal(), memory=LOOKED),
        "Look LISTING",
        "the last look was an hour ago",
    ),
    (
        "list_is_due",
        view(journal(), memory=LOOKED, listed="A"),
        "",
        "this pass has looked already",
    ),
    (
        "list_is_due",
        view(journal(), listed=problem("Throttled")),
        "Hold Throttled",
        "Cognito asks us to slow down",
    ),
    ("writes_are_suspended", view(journal()), "", "nothing is suspended"),
    ("writes_are_suspended", view(journal(), of=SUSPENDED), "Hold Suspended", "it is suspended"),
    ("policy_is_observe", view(journal()), "", "the policy is Rotate"),
    ("policy_is_observe", view(None, of=OBSERVING), "Wait Observing", "the policy is Observe"),
    (
        "policy_is_observe",
        view(None, of=OBSERVING, memory=LOOKED),
        "Look CONSUMERS",
        "the policy is Observe and nobody has read who would be restarted",
    ),
    (
        "policy_is_observe",
        view(None, of=OBSERVING, memory=LOOKED, seen=consumers()),
        "Wait Observing",
        "the policy is Observe and who would be restarted was read",
    ),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_guards(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_guard_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


def test_a_hold_names_its_remedy_and_asks_for_a_person() -> None:
    plan = RULES["journal_is_lost"](view(None, of=REMEMBERED))
    assert plan is not None
    assert getattr(plan.action, "stalled", False)
    assert plan.message.endswith(getattr(plan.action, "remedy", ""))


def test_a_suspended_resource_is_no_stall_and_is_looked_at_again() -> None:
    plan = RULES["writes_are_suspended"](view(journal(), of=SUSPENDED, memory=LOOKED))
    assert plan is not None
    assert getattr(plan.action, "stalled", True) is False
    assert getattr(plan.action, "until", None) == at(-60) + timedelta(minutes=10)


def test_a_denial_names_the_fields_the_file_and_the_rule_to_paste() -> None:
    plan = RULES["resource_is_not_allowed"](DENIED)
    assert plan is not None
    for part in ("namespace shop", "spec.userPoolId", "/etc/cso/allow.yaml", '["shop"]'):
        assert part in plan.message


def test_a_freeze_is_no_stall_and_waits_for_no_date_that_a_failed_look_left_behind() -> None:
    frozen = replace(view(journal(), memory=LOOKED, listed=problem()), platform=FROZEN)
    plan = RULES["operator_is_frozen"](frozen)
    assert plan is not None
    assert getattr(plan.action, "stalled", True) is False
    assert getattr(plan.action, "until", NOON) is None
