"""boto3's clients and credentials: with `cognito`, the only modules that know boto3 and botocore.

One client for each region serves every resource and role, since a client costs megabytes: whose
role signs a request, and whose name its user agent shows, is decided call by call.
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

if TYPE_CHECKING:  # the stubs are no dependency of the operator
    from types_boto3_cognito_idp import CognitoIdentityProviderClient
    from types_boto3_sts import STSClient

__all__ = ["THREADS", "AwsClients", "NotSentError", "Sending", "session_name"]

THREADS: Final = 8
"""How many calls are made at the same time."""

_LONGEST_SESSION_NAME: Final = 64
_MOST_ROLES: Final = 10_000
"""Role sessions kept, one for each resource that has a role: the oldest one goes first."""

_CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=THREADS,
    # A hidden second Add would answer LimitExceeded for our own first.
    retries={"total_max_attempts": 1},
    user_agent_extra=f"{FIELD_MANAGER}/{__version__}",
)


class NotSentError(Exception):
    """*may_send* said no."""


class Sending(threading.local):
    """What belongs to the one call that a thread is making."""

    caller: Caller = Caller()
    region: str = ""
    may_send: Callable[[], bool] | None = None
    is_sent: bool = False
    request_id: str = ""

    def begin(self, client: ClientRef, may_send: Callable[[], bool] | None) -> None:
        """Forget the last call."""
        self.caller, self.region = client.caller, client.region
        self.may_send, self.is_sent, self.request_id = may_send, False, ""


def session_name(key: ResourceKey | None) -> str:
    """Name a resource in CloudTrail: ``<namespace>.<name>``, cut to what STS takes.

    Neither part can hold a dot: a trust policy can match one namespace by ``<namespace>.*``.
    """
    text = f"{key.namespace}.{key.name}" if key else FIELD_MANAGER
    return text[:_LONGEST_SESSION_NAME]


class AwsClients:
    """Makes clients and has roles assumed; credentials come from boto3's own environment."""

    def __init__(self) -> None:
        """Make nothing yet."""
        # Sessions are not thread-safe and cost 12 MiB: one, used only under the lock.
        self._session = boto3.Session()
        self._lock = threading.Lock()
        self._cognito: dict[str, CognitoIdentityProviderClient] = {}
        self._sts: dict[str, STSClient] = {}
        self._roles: dict[tuple[str, str, str], DeferredRefreshableCredentials] = {}
        self.sending = Sending()

    def cognito(self, region: str) -> "CognitoIdentityProviderClient":
        """Give the region's client."""
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
        """Give a role's credentials: assumed when a request is signed, anew before they expire.

        STS of the pool's own region is asked: it is there when the pool is, in any partition.
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
            # Here, since botocore writes the header anew until now; it is not signed.
            agent = request.headers["User-Agent"]
            text = agent.decode() if isinstance(agent, bytes) else agent
            request.headers["User-Agent"] = f"{text} resource/{key.namespace}.{key.name}"
        if self.sending.may_send is not None and not self.sending.may_send():
            raise NotSentError
        self.sending.is_sent = True

    def _after_call(self, *, parsed: Mapping[str, Any], **_: object) -> None:
        self.sending.request_id = request_id_of(parsed)
