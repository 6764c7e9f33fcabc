"""The laws of an app client's secrets, free of HTTP, moto, clocks and chance.

Sources: `AddUserPoolClientSecret`, `ListUserPoolClientSecrets`, `DeleteUserPoolClientSecret` and
`DescribeUserPoolClient` in the API reference, and their shapes in botocore's service model.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from emulator.errors import InvalidParameterError, LimitExceededError, NotFoundError

MAX_SECRETS: Final = 2
MIN_LENGTH: Final = 24
MAX_LENGTH: Final = 64
PATTERN: Final = re.compile(r"[\w+]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment, on two clocks."""

    date: datetime
    """What Cognito writes into creation dates; aware."""
    tick: float
    """Monotonic seconds, which the lags run on: shifting the date leaves them alone."""


@dataclass(frozen=True, slots=True)
class Lags:
    """How long, in seconds from 0 on, a change takes to reach those who check secrets."""

    activation: float = 0.0
    deactivation: float = 0.0


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """One secret of a client, kept after its deletion."""

    secret_id: str
    value: str = field(repr=False)
    created: datetime
    added_at: float
    """Tick of its addition; minus infinity for the original."""
    deleted_at: float = math.inf
    is_original: bool = False

    def is_active(self, tick: float) -> bool:
        """Tell whether it counts, at that tick, for the limits and for List."""
        return self.added_at <= tick < self.deleted_at

    def is_accepted(self, tick: float, lags: Lags) -> bool:
        """Tell whether it opens a door at that tick, lags included."""
        return self.added_at + lags.activation <= tick < self.deleted_at + lags.deactivation


class ClientSecrets:
    """All secrets of one app client.

    - A client made without a secret is public: it has none and can be given none.
    - A confidential client has one secret at least and two at most.
    - A value has 24 to 64 characters of `[A-Za-z0-9_+]`.
    - A secret cannot be changed; a deletion is final.
    - An id is `<client id>--<epoch seconds>`, never used twice, not even within one second.
    - The original's value can be read for as long as the original lives; no other's ever.
    """

    def __init__(self, client_id: str, original: str | None, now: Instant) -> None:
        """Start with the secret that the client is created with, or `None` for a public one.

        Raises:
            InvalidParameterError: the value is malformed.
        """
        self.client_id: Final = client_id
        self.is_public: Final = original is None
        self._secrets: list[ClientSecret] = []
        if original is not None:
            check_format(original)
            # It was there before anybody could look, so no lag ever hides it.
            secret = ClientSecret(
                self._free_id(now.date), original, now.date, added_at=-math.inf, is_original=True
            )
            self._secrets.append(secret)

    def add(self, value: str, now: Instant) -> ClientSecret:
        """Add a second secret.

        Raises:
            InvalidParameterError: the value is malformed or the client is public.
            LimitExceededError: there are two already.
        """
        check_format(value)
        if self.is_public:
            raise InvalidParameterError(f"Client {self.client_id} is not configured with a secret.")
        if len(self.active(now.tick)) >= MAX_SECRETS:
            raise LimitExceededError(
                f"Client {self.client_id} already has the maximum of {MAX_SECRETS} client secrets."
            )
        secret = ClientSecret(self._free_id(now.date), value, now.date, added_at=now.tick)
        self._secrets.append(secret)
        return secret

    def delete(self, secret_id: str, now: Instant) -> None:
        """Delete one of two secrets.

        Raises:
            NotFoundError: no active secret has that id.
            InvalidParameterError: it is the last one.
        """
        active = self.active(now.tick)
        if secret_id not in {secret.secret_id for secret in active}:
            raise NotFoundError(f"Client secret {secret_id} does not exist.")
        if len(active) == 1:
            raise InvalidParameterError("The last client secret of a client cannot be deleted.")
        self._replace(secret_id, lambda secret: replace(secret, deleted_at=now.tick))

    def active(self, tick: float) -> tuple[ClientSecret, ...]:
        """Give the secrets active at that tick, in the order of their addition."""
        return tuple(secret for secret in self._secrets if secret.is_active(tick))

    def original_value(self, tick: float) -> str | None:
        """Give what Describe shows: the original's value while the original lives."""
        return next((s.value for s in self.active(tick) if s.is_original), None)

    def accepted(self, fits: Callable[[str], bool], tick: float, lags: Lags) -> ClientSecret | None:
        """Give the first secret accepted at that tick whose value fits, or `None`."""
        candidates = (secret for secret in self._secrets if secret.is_accepted(tick, lags))
        return next((secret for secret in candidates if fits(secret.value)), None)

    def ever(self) -> tuple[ClientSecret, ...]:
        """Give all secrets, the deleted ones too, in the order of their addition."""
        return tuple(self._secrets)

    def backdate(self, secret_id: str, age: timedelta, now: Instant) -> None:
        """Let a secret have been created `age` ago. Not in AWS: the test's time machine.

        The id stays, for whoever noted it already; so its epoch no longer tells the date.

        Raises:
            NotFoundError: the client never had a secret of that id.
        """
        self._replace(secret_id, lambda secret: replace(secret, created=now.date - age))

    def _replace(self, secret_id: str, change: Callable[[ClientSecret], ClientSecret]) -> None:
        for index, secret in enumerate(self._secrets):
            if secret.secret_id == secret_id:
                self._secrets[index] = change(secret)
                return
        raise NotFoundError(f"Client secret {secret_id} does not exist.")

    def _free_id(self, date: datetime) -> str:
        taken = {secret.secret_id for secret in self._secrets}
        epoch = int(date.timestamp())
        while f"{self.client_id}--{epoch}" in taken:
            epoch += 1
        return f"{self.client_id}--{epoch}"


def check_format(value: str) -> None:
    """Check a secret's value against the shape `ClientSecretType`.

    Raises:
        InvalidParameterError: its length or its characters are outside. The message does not
            repeat the value.
    """
    if not MIN_LENGTH <= len(value) <= MAX_LENGTH:
        raise InvalidParameterError(
            "1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: "
            f"Member must have a length between {MIN_LENGTH} and {MAX_LENGTH}"
        )
    if not PATTERN.fullmatch(value):
        raise InvalidParameterError(
            "1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {PATTERN.pattern}"
        )
