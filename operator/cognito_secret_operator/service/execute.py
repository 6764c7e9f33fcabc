"""Carries one effect out: the only place besides the adapters that opens a secret value."""

from dataclasses import dataclass, replace
from datetime import timedelta

from ..domain.actions import (
    Add,
    ApplyMetadata,
    Claim,
    CreateJournal,
    CreateTarget,
    Delete,
    Effect,
    Publish,
    Record,
    Stage,
    Stamp,
)
from ..domain.entries import Entry, next_journal
from ..domain.journal import journal as journals
from ..domain.journal.journal import Journal, Origin
from ..domain.model import StoredSecret
from ..domain.observed import Memory, Observed
from ..domain.projection import target_annotations, target_data
from ..errors import AnswerLostError
from ..names import RESOURCE_ANNOTATION, journal_name, stamp_annotation
from ..wire.journal import journal_data
from .ports import Clock, CognitoPort, SecretStorePort, ValueGenerator, WorkloadPort

__all__ = ["Executor", "OwnClaim"]


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """The right to send one Add, as this process wrote it into the journal.

    It holds while the journal is still the one that this process wrote, and only until a deadline
    on this process's monotonic clock: a process that was frozen meanwhile must not send.
    """

    sequence: int
    send_before: float


@dataclass(frozen=True, slots=True)
class Done:
    """What an effect changed in this process's mind."""

    memory: Memory
    claim: OwnClaim | None = None
    answered: bool = True
    """False where nobody knows whether an Add was carried out."""


@dataclass(frozen=True, kw_only=True)
class Executor:
    """Turns an effect into one write to one outside system."""

    secrets: SecretStorePort
    workloads: WorkloadPort
    cognito: CognitoPort
    clock: Clock
    value_generator: ValueGenerator
    identity: str
    """This process, as the journal's claims name it."""

    add_deadline: timedelta

    async def execute(self, observed: Observed, effect: Effect, claim: OwnClaim | None) -> Done:
        """Carry *effect* out, once.

        Raises:
            OutsideError: it was not carried out, or nobody knows (`AnswerLostError`); the next
                pass looks again.

        """
        memory = observed.memory
        match effect:
            case Stage() | Claim():
                return await self._take_claim(observed, effect)
            case Add():
                return await self._add(observed, claim)
            case Delete(secret_id, _):
                return Done(await self._delete(observed, secret_id))
            case Stamp(workload, stamp):
                key = observed.resource.key
                await self.workloads.stamp(
                    key.namespace, workload, key=stamp_annotation(key.name), value=stamp
                )
                return Done(replace(memory, stamped=memory.stamped | {(workload.uid, stamp)}))
            case CreateJournal() | CreateTarget() | ApplyMetadata() | Publish():
                await self._write_secret(observed, effect)
                return Done(memory)
            case _:
                return await self._note(observed, effect)

    async def _note(
        self,
        observed: Observed,
        effect: Entry,
    ) -> Done:
        """Write the effects that change nothing but the journal."""
        await self._write_journal(observed, next_journal(observed, effect))
        memory = observed.memory
        if isinstance(effect, Record):
            memory = replace(memory, added=None, add_sent=False)
        return Done(memory)

    async def _take_claim(self, observed: Observed, effect: Stage | Claim) -> Done:
        # The deadline runs from the pass's beginning, as the claim's date does: a List may have
        # waited long for the quota meanwhile.
        send_before = observed.began + self.add_deadline.total_seconds()
        claim = journals.Claim(owner=self.identity, at=observed.now)
        if isinstance(effect, Stage):
            following = journals.staged(
                observed.journal,
                value=effect.value or self.value_generator.draw_value(),
                origin=Origin.OPERATOR if effect.value is None else Origin.INITIAL,
                before=effect.before,
                claim=claim,
                trigger=effect.trigger,
                rotate_token=effect.rotate_token,
            )
        else:
            following = journals.claimed(observed.journal, claim=claim, before=effect.before)
        written = await self._write_journal(observed, following)
        memory = replace(observed.memory, added=None, add_sent=False)
        return Done(memory, OwnClaim(written.sequence, send_before))

    async def _add(self, observed: Observed, claim: OwnClaim | None) -> Done:
        pending = observed.journal.pending
        if pending is None or claim is None:
            raise LookupError("an Add needs a pending value and a claim of this process")
        try:
            added = await self.cognito.add_secret(
                observed.resource.spec.client,
                pending.value,
                may_send=lambda: self.clock.monotonic() < claim.send_before,
            )
        except AnswerLostError:
            return Done(replace(observed.memory, add_sent=True), claim, answered=False)
        answer = (pending.rotation, added)
        return Done(replace(observed.memory, added=answer, add_sent=True), claim)

    async def _write_secret(
        self, observed: Observed, effect: CreateJournal | CreateTarget | ApplyMetadata | Publish
    ) -> None:
        target = observed.target
        match effect:
            case CreateJournal():
                await self._create(observed, journal_name(observed.resource.key.name))
            case CreateTarget():
                await self._create(observed, observed.resource.spec.target.name)
            case ApplyMetadata(target_metadata) if isinstance(target, StoredSecret):
                await self.secrets.decorate(target, target_metadata)
            case Publish() if isinstance(target, StoredSecret):
                await self._publish(observed, target)
            case _:
                raise LookupError("a publication or decoration needs a target")

    async def _delete(self, observed: Observed, secret_id: str) -> Memory:
        memory = observed.memory
        request_id = await self.cognito.delete_secret(observed.resource.spec.client, secret_id)
        return replace(
            memory,
            deleted=memory.deleted | {secret_id},
            delete_requests={**memory.delete_requests, secret_id: request_id},
        )

    async def _create(self, observed: Observed, name: str) -> None:
        key = observed.resource.key
        await self.secrets.create_empty(
            key.namespace, name, annotations={RESOURCE_ANNOTATION: key.name}
        )

    async def _publish(self, observed: Observed, target: StoredSecret) -> None:
        data = target_data(observed.journal, observed.resource)
        if data is None:
            raise LookupError("a publication needs a current value")
        marks = target_annotations(observed.journal, observed.resource)
        await self.secrets.replace(target, data=data, annotations=marks)

    async def _write_journal(self, observed: Observed, following: Journal) -> Journal:
        if not isinstance(observed.journal_secret, StoredSecret):
            raise TypeError("there is no journal to write")
        await self.secrets.replace(
            observed.journal_secret,
            data=journal_data(following),
            annotations={RESOURCE_ANNOTATION: observed.resource.key.name},
        )
        return following
