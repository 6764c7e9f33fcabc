"""The way to moto: its own server, called in-process, with the region set from the pool's id."""

import json
from io import BytesIO
from typing import Any, Final

from moto.cognitoidp.responses import CognitoIdpResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import camelcase_to_underscores
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from emulator.aws_calls import AwsCall
from emulator.errors import AwsError, NotFoundError, UnknownOperationError
from emulator.world import World, region_of

Answer = dict[str, Any]
"""The JSON object that answers a call."""


class Moto:
    """moto's server behind ours."""

    def __init__(self, world: World) -> None:
        self._world: Final = world
        self._application: Final = DomainDispatcherApplication(create_backend_app)

    def answer(self, call: AwsCall, parameters: dict[str, Any] | None = None) -> Answer:
        """Let moto carry a call out, with other parameters than the caller's if given.

        Raises:
            UnknownOperationError: moto has no such operation.
            AwsError: moto refuses.
        """
        if not hasattr(CognitoIdpResponse, camelcase_to_underscores(call.operation)):
            raise UnknownOperationError(call.operation)
        body = json.dumps(call.parameters if parameters is None else parameters).encode()
        response = self.forward(call.request, body, self._region(call))
        answer: Answer = json.loads(response.get_data() or b"{}")
        if response.status_code != 200:
            code = str(answer.get("__type", "InternalErrorException"))
            raise AwsError(code, str(answer.get("message", "")), response.status_code)
        return answer

    def forward(self, request: Request, body: bytes, region: str | None) -> Response:
        """Pass a request on, as one to that region, and give moto's response."""
        environ = dict(request.environ)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        # All pools live in one account, whatever role the caller has put on.
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = DEFAULT_ACCOUNT_ID
        if "HTTP_X_AMZ_TARGET" in environ:
            # moto answers 500 to any other; AWS and a person with curl are not so strict.
            environ["CONTENT_TYPE"] = "application/x-amz-json-1.1"
        if region is not None:
            # moto takes the region from the credential's scope, unless the user agent names one.
            scope = f"emulator/20260226/{region}/cognito-idp/aws4_request"
            environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}, Signature=none"
            environ["HTTP_USER_AGENT"] = "emulator"
        return Response.from_app(self._application, environ, buffered=True)

    def _region(self, call: AwsCall) -> str | None:
        if call.pool_id is not None:
            if self._world.backend(region_of(call.pool_id)) is None:
                raise NotFoundError(f"User pool {call.pool_id} does not exist.")
            return region_of(call.pool_id)
        if call.client_id is not None:
            return self._world.client(call.client_id)[0].region
        return None
