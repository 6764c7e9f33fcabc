"""One resource's passes: observe, plan, execute, and again; then report."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from ..domain.actions import Effect, Hold, Look, Plan, Wait
from ..domain.model import ResourceKey
from ..domain.observed import Memory, Observed
from ..domain.plan import plan as plan_for
from ..domain.spec import Resource
from ..errors import ActionNeededError, ConflictError, InvalidResourceError, OutsideError
from ..reasons import Reason
from ..wire.resource.parse import parse
from .execute import Executor
from .observe import Observer
from .ports import RawResource, ResourcePort, RosterPort
from .reporter import Reporter
from .settling import SettlingTargets
from .state import ResourceState

__all__ = ["Pauses", "Reconciler"]

_LOG = logging.getLogger(__name__)

_MOST_EFFECTS = 40
"""Effects in a row before a resource goes back into the queue, for the others' sake."""

_AFTER_CONFLICT = 0.5
"""Seconds until the next pass after another writer was first."""

_SHORTEST_WAIT = 0.5
"""Seconds; the API server's clock, which dates are compared with, shows whole seconds."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Between two reads of something that no event announces: from *shortest*, doubling."""

    shortest: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(seconds=60)

    def until_next_pass(self, observed: Observed, plan: Plan, repeats: int) -> float:
        """Return the seconds until the next pass: to a known time, else a pause that doubles."""
        until = plan.action.until if isinstance(plan.action, Wait | Hold) else None
        to_next_look = (observed.next_look - observed.now).total_seconds()
        if until is not None:
            seconds = (until - observed.now).total_seconds()
            if to_next_look <= 0:
                # Cognito was to be read by now, but a rule decided before that.
                to_next_look = seconds
        else:
            doubled = self.shortest * 2 ** min(repeats, 16)
            seconds = min(doubled, self.longest).total_seconds()
            to_next_look = max(to_next_look, seconds)
        return max(_SHORTEST_WAIT, min(seconds, to_next_look))


class Reconciler:
    """Runs the passes of all resources; the queue never lets two of one resource overlap."""

    def __init__(
        self,
        *,
        resources: ResourcePort,
        roster: RosterPort,
        observer: Observer,
        executor: Executor,
        reporter: Reporter,
        pauses: Pauses,
    ) -> None:
        """Keep the collaborators; nothing is read yet."""
        self._resources = resources
        self._roster = roster
        self._observer = observer
        self._executor = executor
        self._reporter = reporter
        self._pauses = pauses
        self._states: dict[ResourceKey, ResourceState] = {}
        self._settling = SettlingTargets()

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
            return await self._reconcile(key)
        except Exception:
            self._reporter.count_failure()
            raise

    async def _reconcile(self, key: ResourceKey) -> float | None:
        for _ in range(_MOST_EFFECTS):
            raw = await self._resources.read(key)
            if raw is None:
                self._forget(key)
                return None
            try:
                resource = parse(raw.body)
            except InvalidResourceError as error:
                # Only a change of the spec helps, which is an event.
                await self._reporter.report_invalid(key, raw, error)
                return None
            state = self._state_of(resource, raw)
            observed, plan = await self._plan(raw, resource, state)
            self._reporter.count_progress(observed, state)
            if isinstance(plan.action, Wait | Hold | Look):
                result = "hold" if isinstance(plan.action, Hold) else "wait"
                return await self._rest(raw, observed, plan, state, result)
            try:
                await self._execute(observed, plan, plan.action, state)
            except ConflictError as error:
                _LOG.info("%s", error.message, extra={"key": key, "reason": Reason.CONFLICT})
                return _AFTER_CONFLICT
            except OutsideError as error:
                stalled = isinstance(error, ActionNeededError)
                plan = Plan(Hold(stalled=stalled), error.reason, error.message)
                return await self._rest(raw, observed, plan, state, "error")
        return 0

    async def explain(self, key: ResourceKey) -> Plan | None:
        """Return what would be done next, without doing it; None where the resource is missing."""
        raw = await self._resources.read(key)
        if raw is None:
            return None
        resource = parse(raw.body)
        return (await self._plan(raw, resource, self._state_of(resource, raw)))[1]

    async def _plan(
        self, raw: RawResource, resource: Resource, state: ResourceState
    ) -> tuple[Observed, Plan]:
        """Plan, and read what a rule asks for, until the plan is more than a read."""
        observed = await self._observer.begin(raw, resource, state)
        self._settling.update(observed)
        observed = replace(observed, settling=self._settling.others(observed))
        plan = plan_for(observed)
        while isinstance(plan.action, Look):
            observed = await self._observer.look(observed, plan.action.fact)
            state.read(observed)
            observed = self._observer.refreshed(observed, state)
            plan = plan_for(observed)
        return observed, plan

    async def _execute(
        self, observed: Observed, plan: Plan, effect: Effect, state: ResourceState
    ) -> None:
        is_answered = await self._executor.execute(observed, effect, state)
        await self._reporter.report_effect(observed, plan, effect, is_answered=is_answered)

    async def _rest(
        self, raw: RawResource, observed: Observed, plan: Plan, state: ResourceState, result: str
    ) -> float:
        await self._reporter.report_rest(raw, observed, plan, state, result)
        return self._pauses.until_next_pass(observed, plan, state.repeats)

    def _forget(self, key: ResourceKey) -> None:
        """Stop managing: journal, target and both secrets stay as they are."""
        was_known = self._states.pop(key, None) is not None
        self._reporter.report_gone(key, was_known=was_known)
        self._roster.forget(key)

    def _state_of(self, resource: Resource, raw: RawResource) -> ResourceState:
        state = self._states.get(resource.key)
        if state is None or state.uid != resource.uid:
            state = ResourceState(uid=resource.uid, memory=Memory(first_pass_at=raw.read_at))
            self._states[resource.key] = state
        return state
