"""Errors of outside systems, sorted by the required action.

Adapters translate every error of a client library into one of these and drop the original's text:
a 422 of the API server can contain a whole Secret, botocore's ``ParamValidationError`` the value.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from .reasons import Reason


class OutsideError(Exception):
    """A request to an outside system failed; *reason* is CamelCase, *message* is for people."""

    reason: ClassVar[Reason]

    def __init__(self, message: str, *, code: str = "", request_id: str = "") -> None:
        """Keep the parts that may be shown.

        Args:
            message: failure and remedy; never contains a secret value.
            code: the outside system's error code, for metrics and logs.
            request_id: the outside system's id of the request, if known.

        """
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id


class RetryLaterError(OutsideError):
    """No action is required: a retry may succeed (5xx, a broken connection on a read)."""

    reason = Reason.TEMPORARILY_UNAVAILABLE


class ThrottledError(RetryLaterError):
    """The outside system throttled the request and did not carry it out."""

    reason = Reason.THROTTLED


class ConflictError(RetryLaterError):
    """Another writer changed the object first; read it again before any decision."""

    reason = Reason.CONFLICT


class AnswerLostError(RetryLaterError):
    """A write may or may not have been carried out: the response was lost."""

    reason = Reason.ANSWER_LOST


class ActionNeededError(OutsideError):
    """A person must act; a retry without that fails again."""

    reason = Reason.ACTION_NEEDED


class AccessDeniedError(ActionNeededError):
    """The credentials lack a permission; the message names it."""

    reason = Reason.ACCESS_DENIED


class NotFoundError(ActionNeededError):
    """The requested object does not exist."""

    reason = Reason.NOT_FOUND


class ClientNotFoundError(NotFoundError):
    """The pool, client or secret does not exist, or not yet: one response is no proof."""

    reason = Reason.CLIENT_NOT_FOUND


class EndpointUnknownError(ActionNeededError):
    """The pool's token endpoint cannot be found; the message gives the reason."""

    reason = Reason.TOKEN_ENDPOINT_UNKNOWN


class LimitReachedError(ActionNeededError):
    """Cognito refused a third secret."""

    reason = Reason.SLOTS_BLOCKED


class RefusedError(ActionNeededError):
    """The outside system refused the request as invalid; the message names the field."""

    reason = Reason.REFUSED


class InvalidResourceError(ActionNeededError):
    """A resource's spec is invalid; the message names the field and the remedy."""

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
    """Return the error for an HTTP status of the Kubernetes API (400 to 599)."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return RetryLaterError if status >= 500 else RefusedError  # noqa: PLR2004
