"""One resource's passes: observe, plan, execute, look again; then report."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..domain.actions import Delete, Effect, Hold, Look, Plan, Wait
from ..domain.journal.journal import Journal, Rotation
from ..domain.memory import remembered
from ..domain.model import ClientRef, ResourceKey
from ..domain.observed import Memory, Observed
from ..domain.plan import plan as plan_for
from ..domain.reporting import build_report, invalid_report
from ..domain.spec import Resource
from ..domain.steps import exposure_of
from ..errors import ActionNeededError, ConflictError, InvalidResourceError, OutsideError
from ..reasons import Reason
from ..wire.resource.parse import parse
from ..wire.status import invalid_status, status_of, status_patch
from .announcements import (
    drift_of,
    event_of_effect,
    events_of_conditions,
    events_of_schedule,
)
from .execute import Executor, OwnClaim
from .missed import missed_since
from .observe import Observer
from .ports import EventPort, KubernetesEvent, RawResource, ResourcePort, Telemetry
from .steps import StepWatch

__all__ = ["Pauses", "Reconciler"]

_LOG = logging.getLogger(__name__)

_MOST_EFFECTS = 40
"""Effects in a row before a resource goes back into the queue, for the others' sake."""

_AFTER_CONFLICT = 0.5
"""Seconds until the next look after somebody else wrote first."""

_SHORTEST_WAIT = 0.5
"""Seconds; the API server's clock, which dates are compared with, shows whole seconds."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Between two looks at something that no event announces: from *shortest*, doubling."""

    shortest: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(seconds=60)


@dataclass
class _Mind:
    """What this process keeps of one resource between its passes."""

    uid: str
    memory: Memory
    claim: OwnClaim | None = None
    rotations: tuple[Rotation, ...] | None = None
    """The journal's finished rotations that need no counting any more."""

    steps: StepWatch = field(default_factory=StepWatch)
    missed_since: datetime | None = None
    last_said: tuple[str, str] = ("", "")
    repeats: int = 0


class Reconciler:
    """Runs the passes of all resources; one resource's passes never overlap (the queue's part)."""

    def __init__(
        self,
        *,
        resources: ResourcePort,
        observer: Observer,
        executor: Executor,
        events: EventPort,
        telemetry: Telemetry,
        pauses: Pauses,
    ) -> None:
        """Keep the collaborators; nothing is read yet."""
        self._resources = resources
        self._observer = observer
        self._executor = executor
        self._events = events
        self._telemetry = telemetry
        self._pauses = pauses
        self._minds: dict[ResourceKey, _Mind] = {}
        self.on_gone: Callable[[ResourceKey], None] | None = None
        """Told each key that a read no longer finds."""

    async def reconcile(self, key: ResourceKey) -> float | None:
        """Run passes until there is nothing to do but wait.

        Args:
            key: the resource; it is read afresh.

        Returns:
            Seconds until the next pass is wanted, or None: not before an event.

        Raises:
            OutsideError: the resource itself could not be read.

        """
        try:
            return await self._passes(key)
        except Exception:
            # The queue logs it and comes back later; no report tells of it.
            self._telemetry.reconciled("error")
            raise

    async def _passes(self, key: ResourceKey) -> float | None:
        for _ in range(_MOST_EFFECTS):
            raw = await self._resources.read(key)
            if raw is None:
                self._forget(key)
                return None
            try:
                resource = parse(raw.body)
            except InvalidResourceError as error:
                await self._invalid(key, raw, error)
                return None
            mind = self._mind_of(resource, raw)
            observed, plan = await self._look(raw, resource, mind)
            self._count_rotations(observed, mind)
            if (ended := mind.steps.follow(observed)) is not None:
                self._telemetry.step_took(*ended)
            if isinstance(plan.action, Wait | Hold | Look):
                return await self._rest(raw, observed, plan, mind)
            try:
                await self._effect(observed, plan, plan.action, mind)
            except ConflictError as error:
                _LOG.info("%s", error.message, extra={"key": key, "reason": Reason.CONFLICT})
                return _AFTER_CONFLICT
            except OutsideError as error:
                return await self._failed(raw, observed, error, mind)
        return 0

    async def explain(self, key: ResourceKey) -> Plan | None:
        """Tell what would be done next, without doing it; None where there is no such resource."""
        raw = await self._resources.read(key)
        if raw is None:
            return None
        resource = parse(raw.body)
        return (await self._look(raw, resource, self._mind_of(resource, raw)))[1]

    async def _look(
        self, raw: RawResource, resource: Resource, mind: _Mind
    ) -> tuple[Observed, Plan]:
        observed = await self._observer.begin(raw, resource, mind.memory, mind.claim)
        plan = plan_for(observed)
        while isinstance(plan.action, Look):
            observed = await self._observer.look(observed, plan.action.fact)
            mind.memory = remembered(observed)
            observed = self._observer.refreshed(observed, mind.memory, mind.claim)
            plan = plan_for(observed)
        return observed, plan

    async def _effect(self, observed: Observed, plan: Plan, effect: Effect, mind: _Mind) -> None:
        key = observed.resource.key
        done = await self._executor.execute(observed, effect, mind.claim)
        mind.memory, mind.claim = done.memory, done.claim
        self._telemetry.reconciled("effect")
        if isinstance(effect, Delete) and effect.foreign:
            self._telemetry.foreign_deleted()
        if (drift := drift_of(effect, observed)) is not None:
            self._telemetry.drifted(drift)
        fields = {"key": key, "reason": plan.reason, "effect": type(effect).__name__}
        _LOG.info("%s", plan.message, extra=fields)
        event = event_of_effect(effect, plan)
        if event is not None and done.answered:
            await self._events.record(key, observed.resource.uid, event)

    def _count_rotations(self, observed: Observed, mind: _Mind) -> None:
        """Count what the journal shows to be finished since this process's first look.

        Counted from reads: the answer of the write that finishes a rotation may be lost.
        """
        if not isinstance(observed.journal_read, Journal):
            return
        rotations = observed.journal_read.rotations
        counted = rotations if mind.rotations is None else mind.rotations
        for rotation in rotations:
            if rotation not in counted and rotation.outcome is not None:
                self._telemetry.rotation_finished(rotation.trigger, rotation.outcome)
                if rotation.finished_at is not None:
                    span = rotation.finished_at - rotation.started_at
                    self._telemetry.rotation_took(
                        span, exposure_of(observed.journal_read, rotation)
                    )
                if rotation.retired_by is not None:
                    self._telemetry.retired_by_order(rotation.retired_by)
        mind.rotations = rotations

    async def _failed(
        self, raw: RawResource, observed: Observed, error: OutsideError, mind: _Mind
    ) -> float:
        stalled = isinstance(error, ActionNeededError)
        plan = Plan(Hold(stalled=stalled), error.reason, error.message)
        return await self._rest(raw, observed, plan, mind, result="error")

    async def _rest(
        self, raw: RawResource, observed: Observed, plan: Plan, mind: _Mind, result: str = ""
    ) -> float:
        """Report, and give the seconds until the next pass."""
        key, report = observed.resource.key, build_report(observed, plan)
        mind.missed_since = missed_since(mind.missed_since, observed, report)
        step, since = mind.steps.told(observed)
        report = replace(report, step=step, step_started_at=since, missed_since=mind.missed_since)
        said = (plan.reason, plan.message)
        hurries = (
            isinstance(observed.journal_read, Journal)
            and observed.journal_read.emergency is not None
        )
        mind.repeats = mind.repeats + 1 if said == mind.last_said and not hurries else 0
        if said != mind.last_said:
            level = logging.WARNING if isinstance(plan.action, Hold) else logging.INFO
            _LOG.log(level, "%s", plan.message, extra={"key": key, "reason": plan.reason})
        mind.last_said = said
        self._telemetry.publish(key, report)
        self._telemetry.reconciled(result or ("hold" if isinstance(plan.action, Hold) else "wait"))
        old = raw.body.get("status") or {}
        status = status_of(report, old, raw.read_at)
        await self._write_status(key, raw, status)
        told = events_of_conditions(report, old.get("conditions") or ())
        for event in (*told, *events_of_schedule(report)):
            await self._events.record(key, observed.resource.uid, event)
        return self._pause(observed, plan, mind)

    async def _write_status(
        self, key: ResourceKey, raw: RawResource, status: Mapping[str, Any]
    ) -> None:
        patch = status_patch(raw.body.get("status") or {}, status)
        if patch is None:
            return
        metadata = raw.body["metadata"]
        try:
            await self._resources.write_status(
                key,
                uid=metadata["uid"],
                resource_version=metadata["resourceVersion"],
                status=patch,
            )
        except OutsideError as error:
            # A report only: the next pass reports again.
            _LOG.info("status not written: %s", error.message, extra={"key": key})

    def _pause(self, observed: Observed, plan: Plan, mind: _Mind) -> float:
        """Give the seconds until the next pass: a known time, else a pause that doubles."""
        until = plan.action.until if isinstance(plan.action, Wait | Hold) else None
        to_next_look = (observed.next_look - observed.now).total_seconds()
        if until is not None:
            seconds = (until - observed.now).total_seconds()
            if to_next_look <= 0:
                # This pass was not to look, although it was time for it.
                to_next_look = seconds
        else:
            doubled = self._pauses.shortest * 2 ** min(mind.repeats, 16)
            seconds = min(doubled, self._pauses.longest).total_seconds()
            to_next_look = max(to_next_look, seconds)
        return max(_SHORTEST_WAIT, min(seconds, to_next_look))

    async def _invalid(
        self, key: ResourceKey, raw: RawResource, error: InvalidResourceError
    ) -> None:
        """Report a spec that cannot be understood; only a change of it helps, which is an event."""
        spec, metadata = raw.body.get("spec") or {}, raw.body["metadata"]
        client = ClientRef(str(spec.get("userPoolId", "")), str(spec.get("clientId", "")))
        generation = int(metadata.get("generation", 0))
        report = invalid_report(client, generation, error.reason, error.message)
        self._telemetry.publish(key, report)
        self._telemetry.reconciled("hold")
        old = raw.body.get("status") or {}
        status = invalid_status(report, old, raw.read_at)
        if status_patch(old, status) is not None:
            _LOG.warning("%s", error.message, extra={"key": key, "reason": error.reason})
            event = KubernetesEvent("Warning", error.reason, error.message)
            await self._events.record(key, str(metadata["uid"]), event)
        await self._write_status(key, raw, status)

    def _forget(self, key: ResourceKey) -> None:
        """Stop managing: journal, target and both secrets stay as they are."""
        if self._minds.pop(key, None) is not None:
            _LOG.info("the resource is gone; its secrets stay as they are", extra={"key": key})
        self._telemetry.forget(key)
        self._telemetry.reconciled("gone")
        if self.on_gone is not None:
            self.on_gone(key)

    def _mind_of(self, resource: Resource, raw: RawResource) -> _Mind:
        mind = self._minds.get(resource.key)
        if mind is None or mind.uid != resource.uid:
            mind = _Mind(uid=resource.uid, memory=Memory(first_pass_at=raw.read_at))
            self._minds[resource.key] = mind
        return mind
