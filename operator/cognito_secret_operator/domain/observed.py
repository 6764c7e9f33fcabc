"""All that one pass may look at: what was read so far, and what this process remembers."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from ..reasons import Reason
from .acknowledgement import outside_holders
from .evidence import Holder, PublicationEvidence, Remaining, pod_holders, publication_evidence
from .journal.journal import Journal, Rotation
from .model import (
    ClientDescription,
    Listing,
    Probe,
    RemoteSecret,
    ResourceKey,
    StoredSecret,
    Timing,
)
from .platform_policy import PlatformPolicy
from .rollout import Consumers
from .spec import Resource
from .value import SecretValue

__all__ = ["UNREAD", "Fact", "Memory", "Observed", "Problem", "Unread"]


class Unread(enum.Enum):
    """Marks a fact that this pass has not asked for yet; a rule that needs it plans a look."""

    UNREAD = "unread"


UNREAD: Final = Unread.UNREAD


class Fact(enum.Enum):
    """A fact that costs a request, read in the pass that needs it and never sooner."""

    LISTING = "the client's secrets at Cognito"
    DESCRIPTION = "the client's description at Cognito"
    TARGET_PROBE = "whether Cognito accepts the target's value"
    TARGET_PREVIOUS_PROBE = "whether Cognito accepts the target's previous value"
    INITIAL_VALUE = "the value that spec.rotation.initialValueFrom names"
    INITIAL_PROBE = "whether Cognito accepts the initial value"
    DESCRIBED_PROBE = "whether Cognito accepts the described value"
    CURRENT_PROBE = "whether Cognito accepts the current value"
    PREVIOUS_VALUE_PROBE = "whether Cognito still accepts the previous value"
    PENDING_PROBE = "whether Cognito accepts the pending value"
    ENDPOINT = "the address of the pool's token endpoint"
    CONSUMERS = "the namespace's workloads and pods, then the target again"


@dataclass(frozen=True, slots=True)
class Problem:
    """A read that failed: nothing follows from it but to hold and to tell."""

    reason: Reason
    message: str
    needs_action: bool
    """True where a person has to change something; False where the next try may succeed."""

    missing: bool = False
    """The outside system said "not found", which is not yet "gone"."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a process knows of a resource from its own passes; lost by a restart without harm.

    Only `domain.memory` makes a changed one.
    """

    first_pass_at: datetime
    listing: Listing | None = None
    """The last good List: it may postpone a look, never justify a write."""

    added: tuple[Rotation, RemoteSecret] | None = None
    """The answer of this process's own Add, and the rotation whose pending value it sent.

    An answer may outlive its rotation, where another process recorded it.
    """

    deleted: frozenset[str] = frozenset()
    """Ids whose Delete this process saw answered."""

    delete_requests: Mapping[str, str] = field(default_factory=dict)
    """AWS's ids of these requests, for the record."""

    add_sent: bool = False
    """An Add was sent under the present claim and may have been carried out."""

    missing: Mapping[str, datetime] = field(default_factory=dict)
    """Ids of the journal that a List lacked, and since when."""

    still_accepted: tuple[str, datetime] | None = None
    """A deleted secret that Cognito accepted nevertheless, and since when that is seen."""

    client_missing_since: datetime | None = None
    previewed_at: datetime | None = None
    """When the namespace was last read in full."""

    clear: tuple[str, datetime] | None = None
    """Stamp of the publication, and the first full read that found no holder for it."""

    remaining: Remaining | None = None
    """What the present roll-out still waits for; a restart of the operator counts from anew."""

    stamped: frozenset[tuple[str, str]] = frozenset()
    """Workloads (uid) that this process stamped, with the stamp: none is stamped twice."""


@dataclass(frozen=True)
class Observed:
    """One pass's view. *now* is the API server's time, so that two processes agree on it.

    What follows from one read is computed once, when it is first asked for.
    """

    now: datetime
    resource: Resource
    timing: Timing
    memory: Memory
    journal_secret: StoredSecret | Problem | None
    journal_read: Journal | Problem | None
    """None where there is no journal Secret; an empty Secret is a journal of sequence 0."""

    target: StoredSecret | Problem | None
    began: float = 0.0
    """This process's monotonic clock at *now*; only deadlines of its own count from it."""

    claim_is_ours: bool = False
    """This process wrote the journal's claim and the deadline on its own clock is ahead."""

    settling: Mapping[str, datetime] = field(default_factory=dict)
    """Targets of other resources in the namespace -> when their publications settle."""

    clock_skew_seconds: float = 0.0
    """Our clock less the API server's."""

    platform: PlatformPolicy = field(default_factory=PlatformPolicy)
    """What the platform team says of this resource."""

    duplicates: tuple[ResourceKey, ...] = ()
    """Other resources that name the same client and come before this one."""

    listing: Listing | Problem | Unread = UNREAD
    description: ClientDescription | Problem | Unread = UNREAD
    initial_value: SecretValue | Problem | Unread = UNREAD
    probes: Mapping[Fact, Probe] = field(default_factory=dict)
    consumers: Consumers | Problem | Unread = UNREAD
    token_endpoint: str | Problem | Unread = UNREAD

    @property
    def journal(self) -> Journal:
        """The journal, for rules behind the guards.

        Raises:
            LookupError: it was not read or does not exist.

        """
        if isinstance(self.journal_read, Journal):
            return self.journal_read
        raise LookupError("no journal was read: a guard must come before this rule")

    @property
    def known_journal(self) -> Journal | None:
        """The journal; None where it was not read or does not exist."""
        return self.journal_read if isinstance(self.journal_read, Journal) else None

    @cached_property
    def evidence(self) -> PublicationEvidence | None:
        """What pods are measured against; None where no publication is recorded."""
        return publication_evidence(self.journal, self.timing.settle)

    @property
    def rolling(self) -> PublicationEvidence | None:
        """The same while a previous secret is to be retired, else None."""
        return self.evidence if self.journal.previous is not None else None

    @cached_property
    def pod_holders(self) -> tuple[Holder, ...]:
        """The pods that may hold an older secret than the published one, oldest first.

        Raises:
            LookupError: the namespace was not read in this pass, or no publication is recorded.

        """
        if self.evidence is None or not isinstance(self.consumers, Consumers):
            raise LookupError("no pods were read: a rule asks for them first")
        return pod_holders(self.consumers, self.evidence)

    @cached_property
    def outside_holders(self) -> tuple[Holder, ...]:
        """The declared consumers that may hold an older secret, in the order of the spec."""
        return outside_holders(self.resource, self.journal, self.now)

    @property
    def holders(self) -> tuple[Holder, ...]:
        """All that may hold an older secret: pods, then declared consumers.

        Raises:
            LookupError: as for `pod_holders`.

        """
        return (*self.pod_holders, *self.outside_holders)

    @property
    def foreign(self) -> tuple[RemoteSecret, ...]:
        """The secrets that Cognito had at the last look and the journal does not account for.

        Until this process has looked itself they are those that status shows.
        """
        if isinstance(self.listing, Listing):
            last = self.listing.secrets
        elif self.memory.listing is not None:
            last = self.memory.listing.secrets
        else:
            last = self.resource.status.foreign
        known = (
            self.journal_read.ids if isinstance(self.journal_read, Journal) else frozenset[str]()
        )
        return tuple(one for one in last if one.id not in known | self.memory.deleted)

    @property
    def last_look(self) -> datetime | None:
        """When Cognito was last looked at; None where it never was.

        A restart counts as a look for a resource that was looked at before, so that it asks
        nothing at once.
        """
        if isinstance(self.listing, Listing):
            return self.listing.at
        if self.memory.listing is not None:
            return self.memory.listing.at
        return self.memory.first_pass_at if self.resource.status.listed_at else None

    @property
    def next_look(self) -> datetime:
        """When Cognito is to be looked at again: sooner where the current secret was not listed."""
        periodic = (self.last_look or self.now) + self.timing.list_period
        current = self.journal_read.current if isinstance(self.journal_read, Journal) else None
        since = self.memory.missing.get(current.id) if current is not None else None
        if current is None or since is None or self.is_surely_missing(current.id):
            return periodic
        return min(periodic, since + self.timing.missing_grace)

    def is_deleted(self, secret_id: str) -> bool:
        """Return whether our Delete of a marked secret is known to be done, by answer or by List.

        A List that shows the newer current secret and lacks the older one is no stale one. Where
        the older one is current again, only a List counts that could show the newer one by then.
        """
        if secret_id in self.memory.deleted:
            return True
        last = self.listing if isinstance(self.listing, Listing) else self.memory.listing
        current = self.journal.current
        if last is None or current is None or self.journal.marked_id != secret_id:
            return False
        if last.at < self.shows_from(secret_id):
            return False
        return last.get(secret_id) is None and last.get(current.id) is not None

    def shows_from(self, secret_id: str) -> datetime:
        """Return from when on a List without the previous secret proves that it is gone."""
        current, previous = self.journal.current, self.journal.previous
        if current is None or previous is None or previous.id != secret_id:
            return self.now
        if previous.created_at < current.created_at:
            return previous.created_at
        return previous.created_at + self.timing.list_distrust

    def is_surely_missing(self, secret_id: str) -> bool:
        """Return whether two Lists, far enough apart, lacked the secret: one List may lag."""
        since, last = self.memory.missing.get(secret_id), self.memory.listing
        if since is None or last is None:
            return False
        return last.at - since >= self.timing.missing_grace
