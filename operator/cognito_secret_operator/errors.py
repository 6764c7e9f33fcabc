"""What can go wrong outside, sorted by who has to act.

Adapters translate every error of a client library into one of these and drop the original's text:
a 422 of the API server can carry a whole Secret, botocore's ``ParamValidationError`` the value.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from .reasons import Reason


class OutsideError(Exception):
    """An outside system did not do what was asked; *reason* is CamelCase, *message* for people."""

    reason: ClassVar[Reason]

    def __init__(self, message: str, *, code: str = "", request_id: str = "") -> None:
        """Keep what may be told.

        Args:
            message: what failed and what to do about it; never contains a secret value.
            code: the outside system's own error code, for metrics and logs.
            request_id: the outside system's id of the request, where it gave one.

        """
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id


class RetryLaterError(OutsideError):
    """Nobody has to act: the next try may succeed (5xx, a broken connection on a read)."""

    reason = Reason.TEMPORARILY_UNAVAILABLE


class ThrottledError(RetryLaterError):
    """The outside system asked us to slow down; the request was not carried out."""

    reason = Reason.THROTTLED


class ConflictError(RetryLaterError):
    """Somebody else wrote the object first; look again before deciding anything."""

    reason = Reason.CONFLICT


class AnswerLostError(RetryLaterError):
    """A write may or may not have been carried out: its answer never came."""

    reason = Reason.ANSWER_LOST


class ActionNeededError(OutsideError):
    """A person has to change something; trying again soon does not help."""

    reason = Reason.ACTION_NEEDED


class AccessDeniedError(ActionNeededError):
    """The credentials lack a permission; the message names it."""

    reason = Reason.ACCESS_DENIED


class NotFoundError(ActionNeededError):
    """What was asked for is not there."""

    reason = Reason.NOT_FOUND


class ClientNotFoundError(NotFoundError):
    """The pool, the client or the secret is not there (or not yet: one answer proves nothing)."""

    reason = Reason.CLIENT_NOT_FOUND


class EndpointUnknownError(ActionNeededError):
    """The pool's token endpoint cannot be found; the message says why."""

    reason = Reason.TOKEN_ENDPOINT_UNKNOWN


class LimitReachedError(ActionNeededError):
    """Cognito refused a third secret."""

    reason = Reason.SLOTS_BLOCKED


class RefusedError(ActionNeededError):
    """The outside system refused the request as invalid; the message names the field."""

    reason = Reason.REFUSED


class InvalidResourceError(ActionNeededError):
    """A resource's spec cannot be understood; the message names the field and the remedy."""

    reason = Reason.INVALID_SPEC


_BY_STATUS: Final[Mapping[int, type[OutsideError]]] = {
    401: AccessDeniedError,
    403: AccessDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: RefusedError,
    429: ThrottledError,
}


def error_for_status(status: int) -> type[OutsideError]:
    """Choose the error for an HTTP status of the Kubernetes API (400 to 599)."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return RetryLaterError if status >= 500 else RefusedError  # noqa: PLR2004
