"""The guarantees as a checker of worlds: what must hold after each call, whoever made it."""

from datetime import timedelta
from typing import TYPE_CHECKING

from cognito_secret_operator.domain.journal.journal import Journal, Origin
from cognito_secret_operator.domain.model import ResourceKey
from cognito_secret_operator.names import OVERRIDE_ANNOTATION
from cognito_secret_operator.wire.resource.sections import span

from .fakes.faults import Call

if TYPE_CHECKING:
    from .fakes.workloads import LivePod
    from .world import World

__all__ = ["LawBrokenError", "Laws"]

KEY = ResourceKey("shop", "orders-api")

CACHES = timedelta(seconds=60)
"""How old the data may be that a starting pod reads through kubelet's caches."""

PROPAGATION = timedelta(seconds=60)
"""After so long an added secret counts as active where nothing can be asked."""


class LawBrokenError(AssertionError):
    """A guarantee does not hold."""


class Laws:
    """Checks G1 to G3 after each call, from what the world knows and the operator does not."""

    def __init__(self, world: "World") -> None:
        """Watch *world*."""
        self._world = world
        self._deleted = 0
        self._gone: set[str] = set()
        self.published: str | None = None
        """What the target shows; set by a test that puts an older target back."""

        self.journal_may_be_lost = False
        """Set by a test that takes the journal away."""

        self.may_be_pulled_away: set[str] = set()
        """Ids that a person ordered to be deleted under the pods that hold them."""

        self.current_key = "client-secret"

    def check(self, call: Call) -> None:
        """Check every law.

        Raises:
            LawBrokenError: the message names the guarantee and the call.

        """
        if not call.is_write:
            return
        try:
            journal = None if self.journal_may_be_lost else self._world.journal()
            self._never_only_in_memory(journal)
            self._ids_belong_to_values(journal)
            self._usable(call)
            self._not_pulled_away(journal)
        except LawBrokenError as broken:
            message = f"{broken} (after call {call})"
            raise LawBrokenError(message) from None

    def may_hold(self, pod: "LivePod") -> set[str]:
        """Name the secrets that a pod may hold as its current one."""
        writes = [
            write
            for (namespace, name), written in self._world.secrets.past.items()
            if (namespace, name) == ("shop", "orders-api")
            for write in written
        ]
        read_at = pod.reloaded_at or pod.created_at
        older = [write for write in writes if write.at <= read_at - CACHES]
        recent = [write for write in writes if read_at - CACHES < write.at <= read_at]
        seen = older[-1:] + recent or writes[:1]
        names = self._world.cognito.names
        values = [write.data.get(self.current_key) for write in seen if write.data is not None]
        return {names[value] for value in values if value in names}

    def _never_only_in_memory(self, journal: Journal | None) -> None:
        """G3: every value that the operator added is in the journal."""
        if journal is None:
            return
        slots = (journal.current, journal.previous, journal.pending, journal.retired)
        kept = {slot.value.reveal() for slot in slots if slot is not None and slot.value}
        for held in self._world.cognito.held:
            _demand(
                not held.by_operator or held.value in kept,
                f"G3: the value of {held.id} is nowhere but at Cognito",
            )

    def _ids_belong_to_values(self, journal: Journal | None) -> None:
        """A value that was added or accepted, and the id beside it, are one secret."""
        if journal is None:
            return
        pairs = [
            (secret.id, secret.value)
            for secret in (journal.current, journal.previous)
            if secret is not None
            and (secret.verified or secret.origin in {Origin.OPERATOR, Origin.INITIAL})
        ]
        if journal.pending is not None and journal.pending.secret is not None:
            pairs.append((journal.pending.secret.id, journal.pending.value))
        for secret_id, value in pairs:
            held = self._world.cognito.get(secret_id)
            _demand(
                held is None or value is None or held.value == value.reveal(),
                f"G2: the journal's value of {secret_id} is another secret's",
            )

    def _usable(self, call: Call) -> None:
        """G1: what is published was accepted by Cognito, or had its propagation time."""
        target = self._world.target()
        if call.name != "secrets.replace target" or target is None:
            return
        value = target.data[self.current_key].reveal()
        if value == self.published:
            return
        self.published = value
        held = next((one for one in self._world.cognito.held if one.value == value), None)
        _demand(held is not None, "G1: a value was published that Cognito does not have")
        if held is not None and held.by_operator:
            age = self._world.clock.now() - held.created_at
            _demand(
                self._world.cognito.accepts(value) or age >= PROPAGATION,
                f"G1: {held.id} was published before Cognito accepted it",
            )

    def _not_pulled_away(self, journal: Journal | None) -> None:
        """G2: a deleted secret was marked, is not current anywhere, and no live pod holds it."""
        cognito = self._world.cognito
        if len(cognito.deletes) == self._deleted:
            return
        self._deleted = len(cognito.deletes)
        gone = cognito.deletes[-1]
        _demand(bool(cognito.held), f"G2: {gone} was deleted, the last one")
        if journal is not None:
            _demand(journal.marked_id == gone, f"G2: {gone} was deleted without a mark")
            _demand(
                journal.current is None or journal.current.id != gone,
                f"G2: {gone} was deleted, the journal's current secret",
            )
        _demand(self._world.target_current() != gone, f"G2: {gone} is the target's current one")
        if self._is_ordered(gone):
            return
        holders = [pod.name for pod in self._world.workloads.pods if gone in self._held_by(pod)]
        if gone in self.may_be_pulled_away:
            return
        _demand(not holders, f"G2: {gone} was deleted under {holders}")

    def _is_ordered(self, secret_id: str) -> bool:
        """Tell whether the resource orders the deletion whoever holds the secret."""
        body = self._world.resources.bodies[KEY]
        if body["metadata"]["annotations"].get(OVERRIDE_ANNOTATION) == secret_id:
            return True
        retirement, journal = body["spec"].get("retirement", {}), self._world.journal()
        published = journal.published if journal else None
        if retirement.get("onMaxOverlap") != "Delete" or published is None:
            return False
        return self._world.clock.now() > published.at + span(retirement["maxOverlap"])

    def _held_by(self, pod: "LivePod") -> set[str]:
        return set() if pod.finished else self.may_hold(pod)


def _demand(holds: bool, law: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise LawBrokenError(law)
