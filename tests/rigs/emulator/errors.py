"""What the emulator answers when it refuses: AWS's exceptions and OAuth's error codes.

Messages follow the ones AWS gives where they are known; a caller must go by the code.
"""

from typing import Final


class AwsError(Exception):
    """An answer of the AWS API other than success.

    Attributes:
        code: the exception's name in the service model, such as `LimitExceededException`.
        message: the sentence that goes with it; never holds a secret.
        status: the HTTP status, 400 or 500.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code: Final = code
        self.message: Final = message
        self.status: Final = status


class InvalidParameterError(AwsError):
    """`InvalidParameterException`: the request can never succeed as it stands."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidParameterException", message)


class LimitExceededError(AwsError):
    """`LimitExceededException`: a third secret."""

    def __init__(self, message: str) -> None:
        super().__init__("LimitExceededException", message)


class NotFoundError(AwsError):
    """`ResourceNotFoundException`: no such pool, client or secret."""

    def __init__(self, message: str) -> None:
        super().__init__("ResourceNotFoundException", message)


class NotAuthorizedError(AwsError):
    """`NotAuthorizedException`: a secret hash, a secret, a token or a password is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__("NotAuthorizedException", message)


class ThrottledError(AwsError):
    """`TooManyRequestsException`: over the quota."""

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate exceeded")


class UnknownOperationError(AwsError):
    """`UnknownOperationException`: an action that neither moto nor this package has."""

    def __init__(self, operation: str) -> None:
        super().__init__("UnknownOperationException", f"{operation} is not emulated")


class OAuthError(Exception):
    """An error answer of the token endpoint (RFC 6749, section 5.2).

    Attributes:
        code: such as `invalid_client`.
        status: the HTTP status. Cognito's developer guide shows 400 for every code, also for
            `invalid_client`, where the RFC would have 401.
    """

    def __init__(self, code: str, status: int = 400) -> None:
        super().__init__(code)
        self.code: Final = code
        self.status: Final = status
