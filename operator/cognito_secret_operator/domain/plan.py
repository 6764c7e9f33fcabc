"""The specification of a pass: every rule, in order; the first rule that returns a plan decides."""

from typing import Final

from .actions import Plan
from .observed import Observed
from .rules import (
    Rule,
    adoption,
    emergency,
    endpoint,
    foreign,
    guards,
    outside,
    publishing,
    rebuilding,
    recovering,
    resting,
    retiring,
    rolling_out,
)
from .rules import adding as new_secret
from .rules.needs import outcome
from .rules.overrides import overridable

__all__ = ["RULES", "deciding_rule", "plan"]

RULES: Final[tuple[Rule, ...]] = (
    # --- What forbids every write: the platform team, the clock, an unreadable journal, the user.
    guards.resource_is_not_allowed,
    guards.operator_is_frozen,
    guards.clock_disagrees,
    guards.journal_cannot_be_read,
    guards.client_is_claimed_twice,
    guards.target_cannot_be_read,
    guards.list_is_due,
    guards.writes_are_suspended,
    guards.policy_is_observe,
    guards.journal_was_copied,
    guards.journal_is_lost,
    guards.journal_is_older_than_status,
    guards.target_was_renamed,
    guards.target_belongs_to_another,
    guards.target_is_newer_than_journal,
    # --- A lost journal is rebuilt from what is left.
    rebuilding.journal_must_be_rebuilt,
    # --- Secrets that are not the operator's.
    foreign.foreign_secret_is_marked,
    foreign.foreign_secret_can_be_deleted,
    # --- First contact with a client.
    adoption.journal_is_missing,
    adoption.nothing_is_adopted,
    # --- What only this process knows, and a leak, are written down first.
    new_secret.add_was_answered,
    emergency.emergency_is_declared,
    # --- A current secret that was deleted elsewhere gives way to the previous one.
    recovering.current_is_missing_in_the_overlap,
    # --- Publish: the target follows the journal before anything else goes on.
    endpoint.token_endpoint_is_not_noted,
    publishing.target_is_missing,
    publishing.leaked_value_is_shown,
    publishing.redaction_is_not_recorded,
    publishing.target_was_edited,
    publishing.target_lacks_metadata,
    publishing.target_is_not_yet_written,
    publishing.publication_is_not_recorded,
    emergency.emergency_names_an_unknown_secret,
    # --- Add the pending secret and verify it.
    new_secret.own_claim_sends_the_add,
    new_secret.claim_still_runs,
    new_secret.claim_has_lapsed,
    new_secret.refused_secret_is_marked,
    new_secret.pending_is_recorded,
    # --- The previous secret is gone, or goes at once.
    retiring.marked_secret_is_gone,
    emergency.leaked_secret_is_deleted_at_once,
    # --- Roll out, and wait while the previous secret may still be held: an order overrides these.
    overridable(rolling_out.publication_settles),
    overridable(rolling_out.previous_was_deleted_elsewhere),
    overridable(rolling_out.no_consumer_is_found),
    overridable(rolling_out.workload_needs_the_stamp),
    overridable(rolling_out.listed_workload_is_missing),
    overridable(rolling_out.pod_is_not_covered),
    overridable(rolling_out.failed_rollout_is_rolled_back),
    overridable(rolling_out.previous_secret_is_still_held),
    overridable(rolling_out.rollout_is_unfinished),
    overridable(outside.target_is_replicated),
    # --- Retire the previous secret.
    emergency.leaked_is_gone_and_pods_have_moved,
    retiring.origin_is_unknown,
    retiring.deletion_awaits_approval,
    overridable(retiring.overlap_is_running),
    retiring.deletion_window_is_closed,
    retiring.previous_is_not_marked,
    retiring.previous_can_be_deleted,
    # --- At rest: begin a rotation, or wait for its date.
    emergency.emergency_needs_a_new_secret,
    resting.initial_value_is_wanted,
    resting.rotation_is_requested,
    resting.current_is_missing,
    resting.value_is_unknown,
    resting.rollback_waits_for_a_person,
    resting.rotation_is_due,
    resting.first_rotation_is_previewed,
    resting.slot_is_taken,
    resting.rotation_waits_for_its_window,
    endpoint.token_endpoint_is_unknown,
    resting.nothing_is_to_be_done,
)
"""Where a rule lacks a fact, its plan is to read that fact; where the read failed, to hold."""


def deciding_rule(observed: Observed) -> tuple[Rule, Plan]:
    """Return the first rule that has a plan, and this plan."""
    for rule in RULES:
        found = outcome(rule, observed)
        if found is not None:
            return rule, found
    raise AssertionError("the last rule always returns a plan")


def plan(observed: Observed) -> Plan:
    """Decide what to do next; the same view always gives the same plan."""
    return deciding_rule(observed)[1]
