"""Everything the emulated Cognito knows: moto's pools, and the clients' secrets beside them.

moto never learns a secret: all its clients are public ones to it, so that none of its own checks,
which know one secret at most, can interfere. The laws in `laws.py` are asked instead.
"""

from collections.abc import Callable
from threading import RLock
from types import SimpleNamespace
from typing import Final

from joserfc import jwk
from moto.cognitoidp import models
from moto.cognitoidp.models import (
    CognitoIdpBackend,
    CognitoIdpUserPool,
    CognitoIdpUserPoolClient,
    cognitoidp_backends,
)
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sts.models import sts_backends

from emulator.calls import CallRecord
from emulator.errors import NotFoundError
from emulator.knobs import KnobBoard
from emulator.laws import ClientSecret, ClientSecrets
from emulator.tokens import AuthorizationCode, RefreshTokens


def region_of(pool_id: str) -> str:
    """Give the region, which is the pool id's prefix."""
    return pool_id.rsplit("_", 1)[0]


class SharedKey:
    """Stands in for `jwk.RSAKey` in moto, which gives all pools one key and reads it each time.

    Reading takes a fifth of a second: most of what a pool costs.
    """

    def __init__(self) -> None:
        self._key: jwk.RSAKey | None = None

    def import_key(self, value: dict[str, str | list[str]]) -> jwk.RSAKey:
        """Give the key, read when the first pool is made."""
        if self._key is None:
            self._key = jwk.RSAKey.import_key(value)
        return self._key


class World:
    """The state of one emulator. `lock` is held while an operation is carried out."""

    def __init__(self) -> None:
        self.lock: Final = RLock()
        self.knobs: Final = KnobBoard()
        self.calls: Final = CallRecord()
        self.refresh_tokens: Final = RefreshTokens()
        self.secrets: Final[dict[str, ClientSecrets]] = {}
        self.codes: Final[dict[str, AuthorizationCode]] = {}
        self.opened_by: str | None = None
        """Id of the secret that `accepted` found last; for the record of the call that asked."""
        # moto reads the time for its tokens through the module `time`. Give it our clock.
        vars(models)["time"] = self
        vars(models)["jwk"] = SimpleNamespace(RSAKey=SharedKey())

    def time(self) -> float:
        """Stand in for `time.time` in moto: Cognito's clock in epoch seconds."""
        return self.knobs.now().date.timestamp()

    def backend(self, region: str) -> CognitoIdpBackend | None:
        """Give moto's backend of a region, `None` if there is no such region."""
        regions = cognitoidp_backends[DEFAULT_ACCOUNT_ID]
        # Not `get`: moto makes a region's backend when it is asked for as an item.
        return regions[region] if region in regions else None  # noqa: SIM401

    def pool(self, pool_id: str) -> CognitoIdpUserPool:
        """Find a pool.

        Raises:
            NotFoundError: there is none.
        """
        backend = self.backend(region_of(pool_id))
        pool = backend.user_pools.get(pool_id) if backend else None
        if pool is None:
            raise NotFoundError(f"User pool {pool_id} does not exist.")
        return pool

    def pools(self) -> list[CognitoIdpUserPool]:
        """Give the pools of all regions."""
        backends = list(cognitoidp_backends[DEFAULT_ACCOUNT_ID].values())
        return [pool for backend in backends for pool in backend.user_pools.values()]

    def client(self, client_id: str) -> tuple[CognitoIdpUserPool, CognitoIdpUserPoolClient]:
        """Find a client and its pool by the client's id alone.

        Raises:
            NotFoundError: there is none.
        """
        for pool in self.pools():
            if client_id in pool.clients:
                return pool, pool.clients[client_id]
        raise NotFoundError(f"User pool client {client_id} does not exist.")

    def pool_id_of(self, client_id: str | None) -> str | None:
        """Give the id of the pool that a client belongs to, `None` if there is no such client."""
        if client_id is None:
            return None
        return next((pool.id for pool in self.pools() if client_id in pool.clients), None)

    def pool_id_at(self, host: str) -> str | None:
        """Give the id of the pool whose domain a host name is, `None` if it is no pool's."""
        for pool in self.pools():
            for domain in pool.backend.user_pool_domains.values():
                hosted = f"{domain.domain}.auth.{pool.region}.amazoncognito.com"
                if domain.user_pool_id == pool.id and host in {domain.domain, hosted}:
                    return str(pool.id)
        return None

    def secrets_of(self, client_id: str, pool_id: str | None = None) -> ClientSecrets:
        """Find the secrets of a client, in a given pool if one is given.

        Raises:
            NotFoundError: the pool or the client does not exist, or they do not belong together.
        """
        if pool_id is not None and client_id not in self.pool(pool_id).clients:
            raise NotFoundError(f"User pool client {client_id} does not exist.")
        self.client(client_id)
        return self.secrets[client_id]

    def accepted(self, client_id: str, fits: Callable[[str], bool]) -> ClientSecret | None:
        """Ask whether a value that fits opens a door now, lags included.

        Raises:
            NotFoundError: the client does not exist.
        """
        known = self.secrets_of(client_id)
        secret = known.accepted(fits, self.knobs.now().tick, self.knobs.lags())
        self.opened_by = secret.secret_id if secret is not None else None
        return secret

    def role_of(self, access_key: str) -> str | None:
        """Give the ARN of the role that STS lent these credentials for."""
        for account in sts_backends.values():
            for backend in account.values():
                role = backend.get_assumed_role_from_access_key(access_key)
                if role is not None:
                    return str(role.role_arn)
        return None

    def reset(self) -> None:
        """Forget everything: pools, clients, secrets, sessions, calls; put the knobs back."""
        with self.lock:
            # Account by account: resetting all of moto at once makes it load its regions anew.
            for services in (cognitoidp_backends, sts_backends):
                for account in services.values():
                    account.reset()
            self.knobs.reset()
            self.calls.reset()
            self.refresh_tokens.clear()
            self.secrets.clear()
            self.codes.clear()
