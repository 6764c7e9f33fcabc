"""The HTTP front: control, token endpoint, then the AWS API with its faults, then moto."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from emulator import control, operations, sign_in, token_endpoint
from emulator.aws_calls import TARGET, AwsCall, access_key, parse
from emulator.calls import RecordedCall
from emulator.errors import AwsError, OAuthError
from emulator.moto_bridge import Moto
from emulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN: Final = "Token"
"""What the token endpoint is called in knobs and in the record of calls."""

OAUTH_PATH: Final = re.compile(r"(?:/(?P<pool>[^/]+))?/oauth2/(?P<endpoint>token|authorize)")
HANDLERS: Final = operations.HANDLERS | sign_in.HANDLERS
T = TypeVar("T")


class AnswerLostError(ConnectionError):
    """The answer is lost on purpose: werkzeug drops a connection on which this is raised."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that is to meet the knobs and to be recorded."""

    request: Request
    operation: str
    pool: str | None = None
    client: str | None = None
    flow: str | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Emulator:
    """The WSGI application."""

    def __init__(self) -> None:
        self._world: Final = World()
        self._moto: Final = Moto(self._world)
        self._control: Final = control.Control(self._world)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        request = Request(environ, populate_request=False)
        # Read once and kept, because it is read again: as a form, as JSON, by moto.
        request.get_data(cache=True)
        return self._respond(request)(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith(f"{control.PREFIX}/"):
            return self._control.respond(request)
        oauth = OAUTH_PATH.fullmatch(request.path)
        if oauth is not None and oauth["endpoint"] == "authorize":
            return self._authorize(request)
        if oauth is not None:
            return self._token(request, oauth["pool"])
        if request.headers.get("X-Amz-Target", "").startswith(TARGET):
            return self._aws(parse(request))
        return self._other_service(request)

    def _aws(self, call: AwsCall) -> Response:
        handler = HANDLERS.get(call.operation)

        def do() -> dict[str, object]:
            return handler(self._world, self._moto, call) if handler else self._moto.answer(call)

        flow = call.text("AuthFlow") or None
        arrival = Arrival(call.request, call.operation, call.pool_id, call.client_id, flow)
        try:
            response = _json(200, self._carry_out(arrival, do))
        except AwsError as error:
            response = _json(error.status, {"__type": error.code, "message": error.message})
            response.headers["x-amzn-ErrorType"] = error.code
        response.headers["x-amzn-RequestId"] = arrival.request_id
        return response

    def _token(self, request: Request, pool_id: str | None) -> Response:
        if pool_id is None:
            with self._world.lock:
                pool_id = self._world.pool_id_at(request.host)
        try:
            client_id: str | None = token_endpoint.read_credentials(request).client_id
        except OAuthError:
            client_id = None  # a badly formed request is refused below
        flow = request.form.get("grant_type")
        try:
            answer = self._carry_out(
                Arrival(request, TOKEN, pool_id, client_id, flow),
                lambda: token_endpoint.exchange(self._world, request, pool_id),
            )
            response = _json(200, answer)
        except OAuthError as error:
            response = _json(error.status, {"error": error.code})
        except AwsError as error:  # set by a knob
            status = 429 if error.code == "TooManyRequestsException" else error.status
            response = _json(status, {"error": error.code})
        response.headers["Cache-Control"] = "no-store"  # RFC 6749, section 5.1
        return response

    def _authorize(self, request: Request) -> Response:
        try:
            with self._world.lock:
                address = token_endpoint.authorize(self._world, request)
        except OAuthError as error:
            return _json(error.status, {"error": error.code})
        return Response(status=302, headers={"Location": address})

    def _other_service(self, request: Request) -> Response:
        """Pass STS, which meets the knobs too, and the key sets on to moto."""

        def do() -> Response:
            return self._moto.forward(request, request.get_data(), None)

        action = request.form.get("Action")
        if action is None:
            with self._world.lock:
                return do()
        try:
            return self._carry_out(Arrival(request, action), do)
        except AwsError as error:
            text = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
            body = f"<ErrorResponse>{text}</ErrorResponse>"
            return Response(body, error.status, content_type="text/xml")

    def _carry_out(self, arrival: Arrival, do: Callable[[], T]) -> T:
        """Do one call under the lock, unless a knob decides otherwise, and record it.

        Raises:
            AwsError: by a knob or by the operation; `OAuthError` likewise. Recorded.
            AnswerLostError: it was done, but nobody shall hear of it.
        """
        time.sleep(self._world.knobs.delay(arrival.operation))
        with self._world.lock:
            pool = arrival.pool or self._world.pool_id_of(arrival.client)
            self._world.opened_by = None
            try:
                self._world.knobs.check(arrival.operation, pool, arrival.client)
                answer = do()
            except (AwsError, OAuthError) as error:
                self._record(arrival, pool, error.code, is_lost=False)
                raise
            is_lost = self._world.knobs.loses_answer(arrival.operation)
            self._record(arrival, pool, "OK", is_lost=is_lost)
        if is_lost:
            raise AnswerLostError
        return answer

    def _record(self, arrival: Arrival, pool: str | None, outcome: str, *, is_lost: bool) -> None:
        key = access_key(arrival.request)
        self._world.calls.add(
            RecordedCall(
                sequence=0,
                at=time.time(),
                operation=arrival.operation,
                flow=arrival.flow,
                pool=pool,
                client=arrival.client,
                secret=self._world.opened_by,
                outcome=outcome,
                lost=is_lost,
                request_id=arrival.request_id,
                user_agent=arrival.request.headers.get("User-Agent", ""),
                role=self._world.role_of(key) if key else None,
            )
        )


class QuietRequestHandler(MotoRequestHandler):
    """Logs nothing: `/_emulator/calls` knows the calls."""

    def connection_dropped(
        self, error: BaseException, environ: "WSGIEnvironment | None" = None
    ) -> None:
        """Close the connection for good: werkzeug would wait on it for the next request."""
        super().connection_dropped(error, environ)
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 -- werkzeug's name
        """Log nothing."""


def listen(host: str, port: int) -> BaseWSGIServer:
    """Bind a threaded server; port 0 takes a free one. Call `serve_forever` on it."""
    return make_server(host, port, Emulator(), threaded=True, request_handler=QuietRequestHandler)


def _json(status: int, answer: object) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json")
