"""The pool's token endpoint, for a target that is to show it: found, noted, or missed."""

from ...reasons import Reason
from ..actions import Hold, NoteEndpoint, Plan
from ..observed import UNREAD, Fact, Observed, Problem
from ..projection import shown_endpoint
from ..target_keys import TOKEN_ENDPOINT
from .needs import look


def token_endpoint_is_not_noted(observed: Observed) -> Plan | None:
    """The target is to show the token endpoint: look it up before the target is written."""
    publication, noted = observed.journal.publication, observed.journal.token_endpoint
    if publication is None or not _is_to_be_found(observed):
        return None
    if noted is not None and publication.published is not None:
        return None
    found = observed.token_endpoint
    if found is UNREAD:
        return look(Fact.ENDPOINT)
    if isinstance(found, Problem) or found == noted:
        return None
    return Plan(NoteEndpoint(found), Reason.PUBLISHING, f"the pool's token endpoint is {found}")


def token_endpoint_is_unknown(observed: Observed) -> Plan | None:
    """The target lacks its token endpoint, which cannot be looked up: rotations go on."""
    if not _is_to_be_found(observed) or shown_endpoint(observed.journal, observed.resource.spec):
        return None
    found, key = observed.token_endpoint, observed.resource.spec.target.keys.get(TOKEN_ENDPOINT)
    why = found.message if isinstance(found, Problem) else "it was not looked for"
    return Plan(
        Hold(stalled=True, until=observed.next_look),
        Reason.TOKEN_ENDPOINT_UNKNOWN,
        f"the target lacks its key {key} (target.keys.tokenEndpoint), since the pool's token "
        f"endpoint cannot be found: {why}; set verification.tokenEndpoint, give the pool a domain "
        "and allow cognito-idp:DescribeUserPool, or remove target.keys.tokenEndpoint",
    )


def _is_to_be_found(observed: Observed) -> bool:
    spec = observed.resource.spec
    return spec.target.keys.get(TOKEN_ENDPOINT) is not None and not spec.verification.token_endpoint
