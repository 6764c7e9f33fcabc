"""First contact: make a journal, and take over the secret that the client already has."""

from ...reasons import Reason
from ..actions import Adopt, CreateJournal, Plan
from ..journal.journal import JournaledSecret, Origin
from ..model import (
    Listing,
    RemoteSecret,
    StoredSecret,
    Verdict,
)
from ..observed import Fact, Observed
from ..projection import publication_number
from ..target_keys import CURRENT
from ..value import SecretValue
from .foreign import the_one_that_may_go
from .needs import description, hold, initial_value, listing, probe, target_marks, unverified


def client_is_public(observed: Observed, listed: Listing) -> Plan | None:
    """The client has no secret: a public client can be given none."""
    if listed.secrets:
        return None
    return hold(
        Reason.PUBLIC_CLIENT,
        f"app client {observed.resource.spec.client.client_id} is public: it has no secret",
        "name a confidential client (made with a secret) in spec.clientId",
    )


def slots_are_blocked(observed: Observed, listed: Listing) -> Plan | None:
    """Both slots are taken, and one of them by a secret that the journal does not know."""
    shown = [secret_id for secret_id in listed.ids if not was_deleted_lately(observed, secret_id)]
    if len(shown) < 2:  # noqa: PLR2004
        return None
    known = observed.journal.ids if observed.journal_read is not None else frozenset[str]()
    foreign = [secret_id for secret_id in shown if secret_id not in known]
    return hold(
        Reason.SLOTS_BLOCKED,
        "the client has two secrets, and the operator did not make "
        + " and ".join(foreign or shown),
        "find out who uses it and delete it at Cognito (delete-user-pool-client-secret), or name "
        "it in spec.adoption.retireSecretIds",
    )


def was_deleted_lately(observed: Observed, secret_id: str) -> bool:
    """Return whether we deleted a secret so lately that a List may still show it."""
    if secret_id in observed.memory.deleted:
        return True
    if observed.journal_read is None or secret_id in observed.journal.ids:
        return False
    since = observed.now - observed.timing.list_distrust
    return any(
        rotation.finished_at is not None
        and rotation.finished_at > since
        and secret_id in {rotation.retired_id, rotation.secret_id}
        for rotation in observed.journal.rotations
    )


def journal_is_missing(observed: Observed) -> Plan | None:
    """There is no journal yet: create one, once Cognito shows a client that can be managed."""
    if observed.journal_read is not None:
        return None
    listed = listing(observed)
    refusal = client_is_public(observed, listed)
    if target_marks(observed) is None and the_one_that_may_go(observed, listed) is None:
        refusal = refusal or slots_are_blocked(observed, listed)
    return refusal or Plan(CreateJournal(), Reason.ADOPTING, "creating the journal")


def nothing_is_adopted(observed: Observed) -> Plan | None:
    """The journal is empty: adopt the client's secret from the target, else from Describe."""
    if observed.journal.is_adopted:
        return None
    listed = listing(observed)
    refusal = client_is_public(observed, listed) or slots_are_blocked(observed, listed)
    if refusal is not None:
        return refusal
    if observed.resource.spec.rotation.initial_value_from is not None:
        return _with_initial(observed, listed.secrets[0])
    return _from_target(observed, listed.secrets[0])


def adopted_anew(observed: Observed, listed: Listing) -> Plan:
    """Take over the client's only secret after a loss, or say that there are two."""
    return slots_are_blocked(observed, listed) or _from_target(observed, listed.secrets[0])


def _with_initial(observed: Observed, remote: RemoteSecret) -> Plan:
    """Find out whether the client was made with the user's own value or still has to get it."""
    value = initial_value(observed)
    asked = probe(observed, Fact.INITIAL_PROBE)
    if asked.verdict is Verdict.ACCEPTED:
        return _adopt(observed, remote, value, Origin.INITIAL, confirmed=True)
    if asked.verdict is Verdict.REFUSED:
        return _from_target(observed, remote)
    described = description(observed)
    if described.original is None:
        return hold(
            Reason.INITIAL_VALUE_UNCONFIRMED,
            f"nothing tells whether secret {remote.id} has the value of "
            f"spec.rotation.initialValueFrom ({asked.detail})",
            "set spec.verification.tokenEndpoint, so that Cognito can be asked",
        )
    if described.original == value:
        return _adopt(observed, remote, value, Origin.INITIAL, confirmed=False)
    return _from_target(observed, remote)


def _from_target(observed: Observed, remote: RemoteSecret) -> Plan:
    value = _value_in_target(observed)
    if value is None:
        return _from_description(observed, remote, fallback=None)
    asked = probe(observed, Fact.TARGET_PROBE)
    if asked.verdict is Verdict.ACCEPTED:
        return _adopt(observed, remote, value, Origin.TARGET, confirmed=True)
    marks = target_marks(observed)
    is_another = marks is not None and marks.current_id != remote.id
    refused = asked.verdict is Verdict.REFUSED or is_another
    return _from_description(observed, remote, fallback=None if refused else value)


def _from_description(
    observed: Observed, remote: RemoteSecret, *, fallback: SecretValue | None
) -> Plan:
    described = description(observed)
    if described.original is not None:
        asked = probe(observed, Fact.DESCRIBED_PROBE)
        if asked.verdict is not Verdict.REFUSED:
            confirmed = asked.verdict is Verdict.ACCEPTED
            return _adopt(
                observed, remote, described.original, Origin.DESCRIBE, confirmed=confirmed
            )
    if fallback is not None:
        return _adopt(observed, remote, fallback, Origin.TARGET, confirmed=False)
    return _adopt(observed, remote, None, Origin.UNKNOWN, confirmed=False)


def _adopt(
    observed: Observed,
    remote: RemoteSecret,
    value: SecretValue | None,
    origin: Origin,
    *,
    confirmed: bool,
) -> Plan:
    secret = JournaledSecret(
        id=remote.id,
        created_at=remote.created_at,
        value=value,
        origin=origin,
        verified=confirmed,
    )
    if value is not None and not confirmed:
        held = unverified(observed, remote.id, "the value is one that the client had before")
        if held is not None:
            return held
    target, last = observed.target, observed.journal.publication
    shown = publication_number(target.annotations) if isinstance(target, StoredSecret) else 0
    if last is not None:
        shown = max(shown, last.number)
    source = {
        Origin.TARGET: "its value is taken from the target Secret",
        Origin.DESCRIBE: "its value is taken from DescribeUserPoolClient",
        Origin.UNKNOWN: "its value cannot be read from Cognito; keeping it and adding a new secret",
        Origin.INITIAL: "it has the value of spec.rotation.initialValueFrom",
        Origin.OPERATOR: "",
    }[origin]
    begins = observed.resource.spec.rotation.initial_value_from is not None
    return Plan(
        Adopt(
            secret,
            publication_number=shown + 1,
            wants_initial=begins and origin is not Origin.INITIAL,
        ),
        Reason.ADOPTING,
        f"taking over secret {remote.id}: {source}",
    )


def _value_in_target(observed: Observed) -> SecretValue | None:
    if not isinstance(observed.target, StoredSecret):
        return None
    return observed.target.data.get(observed.resource.spec.target.keys[CURRENT]) or None
