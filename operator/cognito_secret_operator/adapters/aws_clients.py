"""boto3's clients and credentials; only this module and `cognito` import boto3 and botocore.

One client per region serves every resource and role, since a client costs megabytes. The role that
signs a request and the resource in its user agent are set for each call.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials, create_assume_role_refresher

from .. import __version__
from ..domain.model import Caller, ClientRef, ResourceKey
from ..names import FIELD_MANAGER
from .cognito_answers import request_id_of

if TYPE_CHECKING:  # the operator does not depend on the stubs
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_sts import STSClient

__all__ = ["THREADS", "AwsClients", "NotSentError", "Sending", "session_name"]

THREADS: Final = 8
"""Number of calls at the same time."""

_LONGEST_SESSION_NAME: Final = 64
_MOST_ROLES: Final = 10_000
"""Number of cached role sessions, one per resource with a role; the oldest is dropped first."""

_CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=THREADS,
    # A hidden retry of an Add would fail with LimitExceeded because the first Add succeeded.
    retries={"total_max_attempts": 1},
    user_agent_extra=f"{FIELD_MANAGER}/{__version__}",
)


class NotSentError(Exception):
    """*may_send* returned False."""


class Sending(threading.local):
    """State of the call that a thread is making."""

    caller: Caller = Caller()
    region: str = ""
    may_send: Callable[[], bool] | None = None
    is_sent: bool = False
    request_id: str = ""

    def begin(self, client: ClientRef, may_send: Callable[[], bool] | None) -> None:
        """Reset the state for a new call."""
        self.caller, self.region = client.caller, client.region
        self.may_send, self.is_sent, self.request_id = may_send, False, ""


def session_name(key: ResourceKey | None) -> str:
    """Return a resource's session name for CloudTrail: ``<namespace>.<name>``, cut to STS's limit.

    Neither part can contain a dot: a trust policy can match one namespace by ``<namespace>.*``.
    """
    text = f"{key.namespace}.{key.name}" if key else FIELD_MANAGER
    return text[:_LONGEST_SESSION_NAME]


class AwsClients:
    """Factory of clients and role credentials; base credentials come from boto3's environment."""

    def __init__(self) -> None:
        """Prepare, without creating a client yet."""
        # Sessions are not thread-safe and cost 12 MiB: one, used only under the lock.
        self._session = boto3.Session()
        self._lock = threading.Lock()
        self._cognito: dict[str, CognitoIdentityProviderClient] = {}
        self._sts: dict[str, STSClient] = {}
        self._roles: dict[tuple[str, str, str], DeferredRefreshableCredentials] = {}
        self.sending = Sending()

    def cognito(self, region: str) -> "CognitoIdentityProviderClient":
        """Return the region's client."""
        with self._lock:
            if region not in self._cognito:
                api = self._session.client("cognito-idp", region_name=region, config=_CONFIG)
                service = "cognito-identity-provider"
                api.meta.events.register(f"before-call.{service}", self._before_call)
                api.meta.events.register(f"before-send.{service}", self._before_send)
                api.meta.events.register(f"after-call.{service}", self._after_call)
                self._cognito[region] = api
            return self._cognito[region]

    def close(self) -> None:
        """Close the clients' connections."""
        with self._lock:
            for api in (*self._cognito.values(), *self._sts.values()):
                api.close()

    def _before_call(self, *, context: dict[str, Any], **_: object) -> None:
        caller = self.sending.caller
        if caller.role_arn is not None:
            role = self._role(caller.role_arn, session_name(caller.key), self.sending.region)
            context.setdefault("signing", {})["request_credentials"] = role

    def _role(self, arn: str, session: str, region: str) -> DeferredRefreshableCredentials:
        """Return a role's credentials: assumed when a request is signed, renewed before expiry.

        STS of the pool's own region is used: it exists wherever the pool does, in any partition.
        """
        key = (arn, session, region)
        with self._lock:
            if key not in self._roles:
                if region not in self._sts:
                    made = self._session.client("sts", region_name=region, config=_CONFIG)
                    self._sts[region] = made
                if len(self._roles) >= _MOST_ROLES:
                    del self._roles[next(iter(self._roles))]
                parameters = {"RoleArn": arn, "RoleSessionName": session}
                refresh = create_assume_role_refresher(self._sts[region], parameters)
                self._roles[key] = DeferredRefreshableCredentials(refresh, "assume-role")
            return self._roles[key]

    def _before_send(self, *, request: AWSPreparedRequest, **_: object) -> None:
        key = self.sending.caller.key
        if key is not None:
            # Set as late as here since botocore rewrites the header before; it is not signed.
            agent = request.headers["User-Agent"]
            text = agent.decode() if isinstance(agent, bytes) else agent
            request.headers["User-Agent"] = f"{text} resource/{key.namespace}.{key.name}"
        if self.sending.may_send is not None and not self.sending.may_send():
            raise NotSentError
        self.sending.is_sent = True

    def _after_call(self, *, parsed: Mapping[str, Any], **_: object) -> None:
        self.sending.request_id = request_id_of(parsed)
