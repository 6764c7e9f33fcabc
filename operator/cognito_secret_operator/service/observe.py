"""Reads what a pass needs: the journal and the target first, the rest when a rule needs it."""

from dataclasses import dataclass, replace

from ..domain.consumers import Search
from ..domain.journal.journal import Journal
from ..domain.model import ClientDescription, Listing, ResourceKey, StoredSecret, Timing
from ..domain.observed import Fact, Observed, Problem
from ..domain.platform_policy import PlatformPolicy
from ..domain.projection import publication_number
from ..domain.scope import in_scope
from ..domain.spec import Resource, SecretKeyRef
from ..domain.target_keys import CURRENT, PREVIOUS
from ..domain.value import SecretValue
from ..errors import ActionNeededError, NotFoundError, OutsideError
from ..names import journal_name, pod_ack_annotation, stamp_annotation
from ..reasons import Reason
from ..wire.journal import JournalProblemError, journal_from
from .ports import (
    Clock,
    CognitoPort,
    EndpointPort,
    PlatformPort,
    RawResource,
    RosterPort,
    SecretStorePort,
    WorkloadPort,
)
from .state import ResourceState

__all__ = ["Observer", "problem_of"]


def problem_of(error: OutsideError) -> Problem:
    """Return a failed read as a value, which the rules hold on."""
    return Problem(
        reason=error.reason,
        message=error.message,
        needs_action=isinstance(error, ActionNeededError),
        missing=isinstance(error, NotFoundError),
    )


@dataclass(frozen=True, kw_only=True)
class Observer:
    """Reads through the ports and builds the pass's view; writes nothing."""

    secrets: SecretStorePort
    workloads: WorkloadPort
    cognito: CognitoPort
    endpoint: EndpointPort
    roster: RosterPort
    platform: PlatformPort
    clock: Clock
    timing: Timing
    identity: str
    """This process, as the journal's claims name it."""

    async def begin(self, raw: RawResource, resource: Resource, state: ResourceState) -> Observed:
        """Read what every pass reads: journal and target."""
        # Both clocks now, while raw.read_at is fresh: the reads below may take their time.
        began, skew = self.clock.monotonic(), self.clock.now() - raw.read_at
        stored, journal, target = await self._read_both(resource)
        if _is_overtaken(journal, target):
            # Another process may have published between the two reads.
            stored, journal, target = await self._read_both(resource)
        return Observed(
            now=raw.read_at,
            resource=resource,
            timing=self.timing,
            memory=state.memory,
            journal_secret=stored,
            journal_read=journal,
            target=target,
            began=began,
            claim_is_ours=self._is_claim_ours(state, journal),
            clock_skew_seconds=skew.total_seconds(),
            platform=self._policy_for(resource),
            duplicates=await self._duplicates(resource, journal),
        )

    async def look(self, observed: Observed, fact: Fact) -> Observed:
        """Read one more fact."""
        match fact:
            case Fact.LISTING:
                return await self._listed(observed)
            case Fact.DESCRIPTION:
                return await self._described(observed)
            case Fact.INITIAL_VALUE:
                return await self._initial_value(observed)
            case Fact.CONSUMERS:
                return await self._consumers(observed)
            case Fact.ENDPOINT:
                return await self._token_endpoint(observed)
            case _:
                return await self._probed(observed, fact)

    def refreshed(self, observed: Observed, state: ResourceState) -> Observed:
        """Return the view with what *state* remembers by now.

        The claim and the platform's policy are checked again: a read may have waited long for the
        quota.
        """
        return replace(
            observed,
            memory=state.memory,
            claim_is_ours=self._is_claim_ours(state, observed.journal_read),
            platform=self._policy_for(observed.resource),
        )

    def _policy_for(self, resource: Resource) -> PlatformPolicy:
        return self.platform.policy(resource.key.namespace, resource.spec.client)

    def _is_claim_ours(self, state: ResourceState, journal: Journal | Problem | None) -> bool:
        return (
            state.claim is not None
            and isinstance(journal, Journal)
            and state.claim.holds(journal, identity=self.identity, monotonic=self.clock.monotonic())
        )

    async def _target(self, resource: Resource) -> StoredSecret | Problem | None:
        found = await self._read(resource, resource.spec.target.name)
        return in_scope(found, resource.spec.target) if isinstance(found, StoredSecret) else found

    async def _read(self, resource: Resource, name: str) -> StoredSecret | Problem | None:
        try:
            return await self.secrets.read(resource.key.namespace, name)
        except OutsideError as error:
            return problem_of(error)

    async def _read_both(
        self, resource: Resource
    ) -> tuple[
        StoredSecret | Problem | None, Journal | Problem | None, StoredSecret | Problem | None
    ]:
        """Read the journal first, so that an older target than the journal shows was edited."""
        stored = await self._read(resource, journal_name(resource.key.name))
        journal = self._decoded(stored, resource)
        return stored, journal, await self._target(resource)

    @staticmethod
    def _decoded(
        stored: StoredSecret | Problem | None, resource: Resource
    ) -> Journal | Problem | None:
        if not isinstance(stored, StoredSecret):
            return stored
        try:
            return journal_from(stored, resource.spec.client, taken_from=resource.take_over)
        except JournalProblemError as error:
            return Problem(error.reason, error.message, needs_action=True)

    async def _duplicates(
        self, resource: Resource, journal: Journal | Problem | None
    ) -> tuple[ResourceKey, ...]:
        """Return the resources that name the same client and do not come after this one.

        A resource with a journal comes before those without; of equals, none acts. A resource
        whose namespace may not reach the pool does not count: it could block any client by naming
        it.
        """
        client = resource.spec.client
        others = tuple(
            other
            for other in self.roster.others_naming(client, resource.key)
            if self.platform.reaches(other.namespace, client.pool_id)
        )
        if journal is None:
            return others
        return tuple([other for other in others if await self._has_journal(other)])

    async def _has_journal(self, other: ResourceKey) -> bool:
        try:
            return await self.secrets.read(other.namespace, journal_name(other.name)) is not None
        except OutsideError:
            # Unknown, so it counts as existing: neither resource acts.
            return True

    async def _listed(self, observed: Observed) -> Observed:
        client = observed.resource.spec.client
        try:
            secrets = await self.cognito.list_secrets(client)
        except NotFoundError as error:
            return self._client_missing(observed, error)
        except OutsideError as error:
            return replace(observed, listing=problem_of(error))
        return replace(observed, listing=Listing(secrets, observed.now))

    @staticmethod
    def _client_missing(observed: Observed, error: NotFoundError) -> Observed:
        """Keep "not found" as a problem, which for a known client needs action when it lasts."""
        since = observed.memory.client_missing_since or observed.now
        fresh = observed.now - since < observed.timing.missing_grace
        known = isinstance(observed.journal_read, Journal) and observed.journal_read.is_adopted
        problem = replace(problem_of(error), needs_action=not (known and fresh))
        return replace(observed, listing=problem)

    async def _described(self, observed: Observed) -> Observed:
        try:
            found = await self.cognito.describe_client(observed.resource.spec.client)
        except OutsideError as error:
            return replace(observed, description=problem_of(error))
        return replace(observed, description=found)

    async def _initial_value(self, observed: Observed) -> Observed:
        ref = observed.resource.spec.rotation.initial_value_from
        if ref is None:
            raise LookupError("the resource names no initial value")
        found = await self._read(observed.resource, ref.name)
        if isinstance(found, StoredSecret):
            value = found.data.get(ref.key)
            found = None if not value else found
        if isinstance(found, Problem):
            return replace(observed, initial_value=found)
        if found is None:
            return replace(observed, initial_value=_no_initial_value(ref))
        return replace(observed, initial_value=found.data[ref.key])

    async def _consumers(self, observed: Observed) -> Observed:
        """Read the target after the pods, so that an edit during the pods' read is seen."""
        key, spec = observed.resource.key, observed.resource.spec
        search = Search(
            key.namespace,
            spec.target.name,
            stamp_annotation=stamp_annotation(key.name),
            pod_ack_annotation=pod_ack_annotation(key.name),
            chosen=spec.rollout.consumers,
        )
        try:
            found = await self.workloads.consumers(search)
        except OutsideError as error:
            return replace(observed, consumers=problem_of(error))
        target = await self._target(observed.resource)
        return replace(observed, consumers=found, target=target)

    async def _token_endpoint(self, observed: Observed) -> Observed:
        try:
            found = await self.endpoint.find(observed.resource.spec.client)
        except OutsideError as error:
            return replace(observed, token_endpoint=problem_of(error))
        return replace(observed, token_endpoint=found)

    async def _probed(self, observed: Observed, fact: Fact) -> Observed:
        spec = observed.resource.spec
        value = _value_to_probe(observed, fact)
        answer = await self.endpoint.probe(
            spec.client, value, endpoint=spec.verification.token_endpoint
        )
        return replace(observed, probes={**observed.probes, fact: answer})


def _is_overtaken(journal: Journal | Problem | None, target: StoredSecret | Problem | None) -> bool:
    if not isinstance(journal, Journal) or not isinstance(target, StoredSecret):
        return False
    known = journal.publication_number
    return publication_number(target.annotations) > known


def _no_initial_value(ref: SecretKeyRef) -> Problem:
    return Problem(
        Reason.INITIAL_VALUE_MISSING,
        f"there is no value under key {ref.key} of Secret {ref.name} "
        "(spec.rotation.initialValueFrom.secretRef): create the Secret in the resource's "
        "namespace, or correct its name or key",
        needs_action=True,
    )


def _value_to_probe(observed: Observed, fact: Fact) -> SecretValue:
    value: SecretValue | None = None
    match fact:
        case Fact.PENDING_PROBE:
            value = observed.journal.pending.value if observed.journal.pending else None
        case Fact.PREVIOUS_VALUE_PROBE:
            value = observed.journal.previous.value if observed.journal.previous else None
        case Fact.CURRENT_PROBE:
            value = observed.journal.current.value if observed.journal.current else None
        case Fact.TARGET_PROBE if isinstance(observed.target, StoredSecret):
            value = observed.target.data.get(observed.resource.spec.target.keys[CURRENT])
        case Fact.TARGET_PREVIOUS_PROBE if isinstance(observed.target, StoredSecret):
            value = observed.target.data.get(observed.resource.spec.target.keys[PREVIOUS])
        case Fact.DESCRIBED_PROBE if isinstance(observed.description, ClientDescription):
            value = observed.description.original
        case Fact.INITIAL_PROBE if isinstance(observed.initial_value, SecretValue):
            value = observed.initial_value
        case _:
            pass
    if value is None:
        raise LookupError(f"there is no value to probe: {fact.name}")
    return value
