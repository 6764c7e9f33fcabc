"""The target follows the journal."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.journal.journal import (
    Emergency,
    Journal,
    Publication,
    Published,
)
from cognito_secret_operator.domain.observed import Observed
from cognito_secret_operator.domain.ownership import Owner, owners_text
from cognito_secret_operator.domain.spec import CreationPolicy
from cognito_secret_operator.names import FIELD_MANAGER

from support.builders import (
    NOON,
    at,
    consumers,
    deployment,
    journal,
    pod,
    problem,
    resource,
    rules_of,
    said,
    secret,
    spec,
    target,
    view,
)

RULES = rules_of("publishing")
RECORDED = journal("B", "A", published=-1)
UNRECORDED = journal("B", "A", published=None)
VALUELESS = journal(secret("A", has_value=False), published=None)
AT_REST = journal("B")
EDITED_AT_REST = replace(
    target(AT_REST, data={"client-secret": "nonsense"}, owner="somebody@1"), data_written_at=at(-5)
)
OLD = target(journal("A", number=6))
EDITED = target(RECORDED, data={"client-secret": "nonsense"})
TOUCHED = target(RECORDED, owner="somebody@1")
REMADE = target(RECORDED, uid="target-2")


def _owned(manager: str, time: str) -> str:
    return owners_text([Owner(manager, "Update", "", time, frozenset({"client-secret"}))])


def _recorded_by_us() -> Journal:
    publication = Publication(
        7, Published("target-1", _owned(FIELD_MANAGER, "1"), at(-40), "orders-api")
    )
    return replace(RECORDED, publication=publication)


ROLLING = _recorded_by_us()
LEAKED = replace(ROLLING, emergency=Emergency(("A",), now=False, at=NOON, renews=False))
AS_RECORDED = target(LEAKED, owner=_owned(FIELD_MANAGER, "1"))
SHOWING = target(ROLLING, owner=_owned(FIELD_MANAGER, "1"))
REDACTED = target(LEAKED, owner=_owned(FIELD_MANAGER, "2"))
WRITTEN_BY_OTHERS = target(LEAKED, owner=_owned("somebody", "2"))
EMPTY = target(UNRECORDED, data={}, owner="")
MERGING = resource(spec(target={"creation_policy": CreationPolicy.MERGE}))
OWNING = resource(spec(target={"creation_policy": CreationPolicy.OWNER}))
OWNERS = frozenset({"resource-1"})
LABELLING = resource(spec(target={"labels": {"team": "shop"}}))
LABELLED = replace(target(RECORDED), labels={"team": "shop"}, decorated=frozenset({"label team"}))

TABLE = [
    ("target_is_missing", view(RECORDED), "", "the target is there"),
    (
        "target_is_missing",
        view(UNRECORDED, has_target=False),
        "CreateTarget Publishing",
        "there never was a target",
    ),
    (
        "target_is_missing",
        view(RECORDED, has_target=False),
        "Republish TargetRestored",
        "the target was deleted after its publication",
    ),
    (
        "target_is_missing",
        view(VALUELESS, has_target=False),
        "",
        "no value is known that could be published",
    ),
    (
        "target_is_missing",
        view(RECORDED, of=MERGING, has_target=False),
        "Hold TargetMissing",
        "the target was deleted, and somebody else makes it",
    ),
    (
        "target_is_missing",
        view(UNRECORDED, of=MERGING, has_target=False),
        "Hold TargetMissing",
        "there never was a target, and somebody else makes it",
    ),
    ("target_lacks_metadata", view(RECORDED), "", "nothing is wanted besides data"),
    (
        "target_lacks_metadata",
        view(RECORDED, of=LABELLING),
        "ApplyMetadata Publishing",
        "a label is wanted",
    ),
    (
        "target_lacks_metadata",
        view(RECORDED, of=LABELLING, target_secret=replace(LABELLED, labels={"team": "x"})),
        "ApplyMetadata Publishing",
        "somebody changed the label",
    ),
    (
        "target_lacks_metadata",
        view(RECORDED, of=LABELLING, target_secret=LABELLED),
        "",
        "the label is there",
    ),
    (
        "target_lacks_metadata",
        view(RECORDED, target_secret=LABELLED),
        "ApplyMetadata Publishing",
        "the label is no longer wanted",
    ),
    (
        "target_lacks_metadata",
        view(RECORDED, target_secret=replace(LABELLED, decorated=frozenset())),
        "",
        "a label that is not wanted is somebody else's",
    ),
    (
        "target_lacks_metadata",
        view(RECORDED, of=OWNING),
        "ApplyMetadata Publishing",
        "the resource is to own it",
    ),
    (
        "target_lacks_metadata",
        view(RECORDED, of=OWNING, target_secret=replace(target(RECORDED), owners=OWNERS)),
        "",
        "the resource owns it",
    ),
    (
        "target_lacks_metadata",
        view(VALUELESS, of=LABELLING, target_secret=EMPTY),
        "",
        "nothing is published yet",
    ),
    ("target_was_edited", view(RECORDED), "", "the target is as it was recorded"),
    (
        "target_was_edited",
        view(RECORDED, target_secret=EDITED),
        "Republish TargetRestored",
        "its data were edited",
    ),
    (
        "target_was_edited",
        view(RECORDED, target_secret=TOUCHED),
        "Republish TargetRestored",
        "its data were edited and edited back",
    ),
    (
        "target_was_edited",
        view(RECORDED, target_secret=REMADE),
        "Republish TargetRestored",
        "it was deleted and made anew with the same data",
    ),
    (
        "target_was_edited",
        view(AT_REST, target_secret=EDITED_AT_REST),
        "Look CONSUMERS",
        "its data were edited at rest: which pods may have read that?",
    ),
    (
        "target_was_edited",
        view(AT_REST, target_secret=EDITED_AT_REST, seen=problem()),
        "Republish TargetRestored",
        "its data were edited at rest, and nobody can tell which pods started since",
    ),
    (
        "target_was_edited",
        view(UNRECORDED, target_secret=OLD),
        "",
        "the publication is not recorded: what is there now does not count",
    ),
    (
        "leaked_value_is_shown",
        view(LEAKED, target_secret=SHOWING),
        "Publish Emergency",
        "the previous one leaked",
    ),
    ("leaked_value_is_shown", view(ROLLING), "", "nothing leaked"),
    ("leaked_value_is_shown", view(LEAKED, target_secret=AS_RECORDED), "", "it is out already"),
    (
        "leaked_value_is_shown",
        view(LEAKED, target_secret=EDITED),
        "",
        "somebody edited the target: that is another rule's",
    ),
    (
        "redaction_is_not_recorded",
        view(LEAKED, target_secret=REDACTED),
        "RecordRedaction Emergency",
        "we wrote last",
    ),
    ("redaction_is_not_recorded", view(LEAKED, target_secret=AS_RECORDED), "", "it is recorded"),
    ("redaction_is_not_recorded", view(ROLLING), "", "nothing leaked"),
    (
        "redaction_is_not_recorded",
        view(LEAKED, target_secret=WRITTEN_BY_OTHERS),
        "",
        "somebody else wrote last: pods may have read anything",
    ),
    (
        "target_is_not_yet_written",
        view(UNRECORDED, target_secret=OLD),
        "Publish Publishing",
        "the target holds the publication before",
    ),
    (
        "target_is_not_yet_written",
        view(UNRECORDED, target_secret=EMPTY),
        "Publish Publishing",
        "the target is empty",
    ),
    ("target_is_not_yet_written", view(UNRECORDED), "", "the target is written"),
    (
        "publication_is_not_recorded",
        view(UNRECORDED),
        "RecordPublication Publishing",
        "the target is written and not recorded",
    ),
    ("publication_is_not_recorded", view(RECORDED), "", "it is recorded"),
    ("publication_is_not_recorded", view(VALUELESS), "", "nothing can be published"),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_publishing(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


def test_pods_that_started_since_an_edit_at_rest_are_named() -> None:
    pods = [pod(f"late-{number:02}", born=-4) for number in range(12)]
    found = consumers(deployment(), pod("early", born=-6), pod("same", born=-5), *pods)
    plan = RULES["target_was_edited"](view(AT_REST, target_secret=EDITED_AT_REST, seen=found))
    assert plan is not None
    assert "Pod/late-00, Pod/late-01" in plan.message
    assert "and 3 more" in plan.message
    assert "early" not in plan.message


def test_where_no_pod_started_since_nothing_is_asked_for() -> None:
    found = consumers(deployment(), pod("early", born=-6))
    plan = RULES["target_was_edited"](view(AT_REST, target_secret=EDITED_AT_REST, seen=found))
    assert plan is not None
    assert "no pod started meanwhile" in plan.message
