"""One call of the AWS API, as it arrived."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.wrappers import Request

TARGET: Final = "AWSCognitoIdentityProviderService."
_ACCESS_KEY: Final = re.compile(r"Credential=([^/,\s]+)/")


@dataclass(frozen=True, slots=True)
class AwsCall:
    """A call of one operation."""

    operation: str
    parameters: dict[str, Any]
    request: Request

    @property
    def pool_id(self) -> str | None:
        """The pool that it names."""
        return _text(self.parameters.get("UserPoolId"))

    @property
    def client_id(self) -> str | None:
        """The client that it names."""
        return _text(self.parameters.get("ClientId"))

    def text(self, name: str) -> str:
        """Give a parameter that is text; botocore has made sure that required ones are there."""
        return str(self.parameters.get(name, ""))


def access_key(request: Request) -> str | None:
    """Give the access key in a request's `Authorization` header; no signature is checked."""
    found = _ACCESS_KEY.search(request.headers.get("Authorization", ""))
    return found.group(1) if found else None


def parse(request: Request) -> AwsCall:
    """Read a call off its request; a body which is no JSON object counts as no parameters."""
    operation = request.headers["X-Amz-Target"].removeprefix(TARGET)
    try:
        parameters = json.loads(request.get_data() or b"{}")
    except ValueError:
        parameters = {}
    return AwsCall(operation, parameters if isinstance(parameters, dict) else {}, request)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
