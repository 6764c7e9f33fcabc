"""Carries out one effect: the only module besides the adapters that opens a secret value."""

from dataclasses import dataclass
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
from ..domain.entries import next_journal
from ..domain.journal import journal as journals
from ..domain.journal.journal import Journal, Origin
from ..domain.model import StoredSecret
from ..domain.observed import Observed
from ..domain.projection import target_annotations, target_data
from ..errors import AnswerLostError
from ..names import RESOURCE_ANNOTATION, journal_name, stamp_annotation
from ..wire.journal import journal_data
from .ports import Clock, CognitoPort, SecretStorePort, ValueGenerator, WorkloadPort
from .state import OwnClaim, ResourceState

__all__ = ["Executor"]


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

    async def execute(self, observed: Observed, effect: Effect, state: ResourceState) -> bool:
        """Carry *effect* out, once, and update *state* with what it changed.

        Returns:
            False for an Add whose response was lost: it may or may not have been carried out.

        Raises:
            OutsideError: any other effect was not carried out, or its response was lost
                (`AnswerLostError`); *state* is unchanged, and the next pass reads again.

        """
        match effect:
            case Stage() | Claim():
                await self._take_claim(observed, effect, state)
            case Add():
                return await self._add(observed, state)
            case Delete(secret_id, _):
                client = observed.resource.spec.client
                state.deleted(secret_id, await self.cognito.delete_secret(client, secret_id))
            case Stamp(workload, stamp):
                key = observed.resource.key
                await self.workloads.stamp(
                    key.namespace, workload, key=stamp_annotation(key.name), value=stamp
                )
                state.stamped(workload, stamp)
            case CreateJournal() | CreateTarget() | ApplyMetadata() | Publish():
                await self._write_secret(observed, effect)
                state.written()
            case _:
                await self._write_journal(observed, next_journal(observed, effect))
                if isinstance(effect, Record):
                    state.recorded()
                else:
                    state.written()
        return True

    async def _take_claim(
        self, observed: Observed, effect: Stage | Claim, state: ResourceState
    ) -> None:
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
        await self._write_journal(observed, following)
        state.claimed(OwnClaim(following.sequence, send_before))

    async def _add(self, observed: Observed, state: ResourceState) -> bool:
        pending, claim = observed.journal.pending, state.claim
        if pending is None or claim is None:
            raise LookupError("an Add needs a pending value and a claim of this process")
        try:
            secret = await self.cognito.add_secret(
                observed.resource.spec.client,
                pending.value,
                may_send=lambda: self.clock.monotonic() < claim.send_before,
            )
        except AnswerLostError:
            state.add_unanswered()
            return False
        state.added(pending.rotation, secret)
        return True

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

    async def _create(self, observed: Observed, name: str) -> None:
        key = observed.resource.key
        await self.secrets.create_empty(
            key.namespace, name, annotations={RESOURCE_ANNOTATION: key.name}
        )

    async def _publish(self, observed: Observed, target: StoredSecret) -> None:
        data = target_data(observed.journal, observed.resource)
        if data is None:
            raise LookupError("a publication needs a current value")
        annotations = target_annotations(observed.journal, observed.resource)
        await self.secrets.replace(target, data=data, annotations=annotations)

    async def _write_journal(self, observed: Observed, following: Journal) -> None:
        if not isinstance(observed.journal_secret, StoredSecret):
            raise TypeError("there is no journal to write")
        await self.secrets.replace(
            observed.journal_secret,
            data=journal_data(following),
            annotations={RESOURCE_ANNOTATION: observed.resource.key.name},
        )
