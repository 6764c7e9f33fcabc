"""Reports what passes did: status, events, metrics and log lines. Nothing is decided on them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..domain.actions import Delete, Effect, Hold, Plan
from ..domain.journal.journal import Journal
from ..domain.model import ClientRef, ResourceKey
from ..domain.observed import Observed
from ..domain.report import Report
from ..domain.reporting import build_report, invalid_report
from ..domain.steps import exposure_of
from ..errors import InvalidResourceError, OutsideError
from ..wire.status import invalid_status, status_of, status_patch
from .announcements import (
    drift_of,
    event_of_effect,
    events_of_conditions,
    events_of_schedule,
)
from .ports import EventPort, KubernetesEvent, RawResource, ResourcePort, Telemetry
from .state import ResourceState

__all__ = ["Reporter"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """Writes status, posts events, updates metrics and logs."""

    resources: ResourcePort
    events: EventPort
    telemetry: Telemetry

    def count_progress(self, observed: Observed, state: ResourceState) -> None:
        """Count the rotations that are finished and time the step that ended."""
        if isinstance(observed.journal_read, Journal):
            self._count_rotations(observed.journal_read, state)
        if (ended := state.follow_step(observed)) is not None:
            self.telemetry.step_took(*ended)

    def _count_rotations(self, journal: Journal, state: ResourceState) -> None:
        for rotation in state.newly_finished(journal):
            if rotation.outcome is not None:
                self.telemetry.rotation_finished(rotation.trigger, rotation.outcome)
            if rotation.finished_at is not None:
                span = rotation.finished_at - rotation.started_at
                self.telemetry.rotation_took(span, exposure_of(journal, rotation))
            if rotation.retired_by is not None:
                self.telemetry.retired_by_order(rotation.retired_by)

    async def report_effect(
        self, observed: Observed, plan: Plan, effect: Effect, *, is_answered: bool
    ) -> None:
        """Report an effect; no event is posted for one that may not have been carried out."""
        key = observed.resource.key
        self.telemetry.reconciled("effect")
        if isinstance(effect, Delete) and effect.foreign:
            self.telemetry.foreign_deleted()
        if (drift := drift_of(effect, observed)) is not None:
            self.telemetry.drifted(drift)
        fields = {"key": key, "reason": plan.reason, "effect": type(effect).__name__}
        _LOG.info("%s", plan.message, extra=fields)
        event = event_of_effect(effect, plan)
        if event is not None and is_answered:
            await self.events.record(key, observed.resource.uid, event)

    async def report_rest(
        self, raw: RawResource, observed: Observed, plan: Plan, state: ResourceState, result: str
    ) -> None:
        """Report a pass that ends with *plan*, which has no effect.

        Args:
            raw: the resource as it was read, with the status of the last report.
            observed: what the pass saw.
            plan: why nothing is done.
            state: is updated.
            result: of the pass, as the metrics name it.

        """
        key, report = observed.resource.key, _report(observed, plan, state)
        if state.follow_reason(observed, plan):
            level = logging.WARNING if isinstance(plan.action, Hold) else logging.INFO
            _LOG.log(level, "%s", plan.message, extra={"key": key, "reason": plan.reason})
        self.telemetry.publish(key, report)
        self.telemetry.reconciled(result)
        old = raw.body.get("status") or {}
        await self._write_status(key, raw, status_of(report, old, raw.read_at))
        events = events_of_conditions(report, old.get("conditions") or ())
        for event in (*events, *events_of_schedule(report)):
            await self.events.record(key, observed.resource.uid, event)

    async def report_invalid(
        self, key: ResourceKey, raw: RawResource, error: InvalidResourceError
    ) -> None:
        """Report a spec that cannot be parsed."""
        spec, metadata = raw.body.get("spec") or {}, raw.body["metadata"]
        client = ClientRef(str(spec.get("userPoolId", "")), str(spec.get("clientId", "")))
        generation = int(metadata.get("generation", 0))
        report = invalid_report(client, generation, error.reason, error.message)
        self.telemetry.publish(key, report)
        self.telemetry.reconciled("hold")
        old = raw.body.get("status") or {}
        status = invalid_status(report, old, raw.read_at)
        if status_patch(old, status) is not None:
            _LOG.warning("%s", error.message, extra={"key": key, "reason": error.reason})
            event = KubernetesEvent("Warning", error.reason, error.message)
            await self.events.record(key, str(metadata["uid"]), event)
        await self._write_status(key, raw, status)

    def report_gone(self, key: ResourceKey, *, was_known: bool) -> None:
        """Report a resource that does not exist any more, and drop its series."""
        if was_known:
            _LOG.info("the resource is gone; its secrets stay as they are", extra={"key": key})
        self.telemetry.forget(key)
        self.telemetry.reconciled("gone")

    def count_failure(self) -> None:
        """Count a pass that raised; the queue logs the exception and tries again."""
        self.telemetry.reconciled("error")

    async def _write_status(
        self, key: ResourceKey, raw: RawResource, status: Mapping[str, Any]
    ) -> None:
        patch = status_patch(raw.body.get("status") or {}, status)
        if patch is None:
            return
        metadata = raw.body["metadata"]
        try:
            await self.resources.write_status(
                key,
                uid=metadata["uid"],
                resource_version=metadata["resourceVersion"],
                status=patch,
            )
        except OutsideError as error:
            # A report only: the next pass reports again.
            _LOG.info("status not written: %s", error.message, extra={"key": key})


def _report(observed: Observed, plan: Plan, state: ResourceState) -> Report:
    """Build the report, with what only this process's earlier passes know."""
    report = build_report(observed, plan)
    missed_since = state.follow_schedule(observed, report)
    step, since = state.step_of(observed)
    return replace(report, step=step, step_started_at=since, missed_since=missed_since)
