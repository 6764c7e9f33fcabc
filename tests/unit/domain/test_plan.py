"""The order of the rules, which is the specification of a pass."""

import pytest

from cognito_secret_operator.domain.observed import Observed
from cognito_secret_operator.domain.plan import RULES, deciding_rule, plan

from support.builders import journal, pending, said, view


def test_the_rules_and_their_order() -> None:
    assert [rule.__name__ for rule in RULES] == [
        # what cannot be trusted; who may act; what the user forbids; whose the target is
        "resource_is_not_allowed",
        "operator_is_frozen",
        "clock_disagrees",
        "journal_cannot_be_read",
        "client_is_claimed_twice",
        "target_cannot_be_read",
        "look_is_due",
        "writes_are_suspended",
        "policy_is_observe",
        "journal_was_copied",
        "journal_is_lost",
        "journal_is_older_than_status",
        "target_was_renamed",
        "target_belongs_to_somebody_else",
        "target_is_newer_than_journal",
        # what is left of a lost journal
        "journal_must_be_rebuilt",
        # secrets that are not ours
        "foreign_secret_is_marked",
        "foreign_may_go",
        # first contact
        "journal_is_missing",
        "nothing_is_adopted",
        # what only this process knows is made durable
        "add_was_answered",
        # a leak is written down first
        "emergency_is_declared",
        # what was lost is made good before anything is published
        "current_is_missing_in_the_overlap",
        # the target follows the journal
        "token_endpoint_is_not_noted",
        "target_is_missing",
        "leaked_value_is_shown",
        "redaction_is_not_recorded",
        "target_was_edited",
        "target_is_not_decorated",
        "target_is_not_yet_written",
        "publication_is_not_recorded",
        "emergency_names_no_secret_of_ours",
        # a new secret
        "claim_is_ours",
        "claim_still_runs",
        "claim_has_lapsed",
        "refused_secret_is_marked",
        "pending_is_recorded",
        # the end of the previous one
        "marked_secret_is_gone",
        "leaked_goes_at_once",
        "publication_settles",
        "previous_was_deleted_elsewhere",
        "no_consumer_is_found",
        "workload_needs_the_stamp",
        "listed_workload_is_missing",
        "pod_is_not_covered",
        "failed_rollout_is_rolled_back",
        "somebody_holds_the_previous_secret",
        "rollout_is_unfinished",
        "target_is_replicated",
        "leaked_is_gone_and_pods_have_moved",
        "origin_is_unknown",
        "deletion_awaits_approval",
        "overlap_runs",
        "deletion_window_is_closed",
        "previous_is_not_marked",
        "previous_can_go",
        # rest
        "emergency_needs_a_new_secret",
        "initial_value_is_wanted",
        "rotation_is_requested",
        "current_is_missing",
        "value_is_unknown",
        "rollback_awaits_a_person",
        "rotation_is_due",
        "first_rotation_is_previewed",
        "slot_is_taken",
        "rotation_awaits_its_window",
        "token_endpoint_is_unknown",
        "nothing_is_to_be_done",
    ]


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
