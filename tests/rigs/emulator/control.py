"""The control endpoints below `/_emulator/`, in JSON."""

import json
from datetime import timedelta
from typing import Any, Final

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from emulator.errors import NotFoundError
from emulator.laws import ClientSecret
from emulator.world import World

PREFIX: Final = "/_emulator"
Body = dict[str, Any]


class Control:
    """Answers the tests; nothing here is recorded as a call."""

    def __init__(self, world: World) -> None:
        self._world: Final = world
        self._rules: Final = Map(
            [
                Rule(f"{PREFIX}/knobs", methods=["GET"], endpoint=self._show_knobs),
                Rule(f"{PREFIX}/knobs", methods=["PUT"], endpoint=self._set_knobs),
                Rule(f"{PREFIX}/calls", methods=["GET"], endpoint=self._calls),
                Rule(f"{PREFIX}/calls", methods=["DELETE"], endpoint=self._forget_calls),
                Rule(f"{PREFIX}/tally", methods=["GET"], endpoint=self._tally),
                Rule(f"{PREFIX}/reset", methods=["POST"], endpoint=self._reset),
                Rule(f"{PREFIX}/accepts", methods=["POST"], endpoint=self._accepts),
                Rule(f"{PREFIX}/clients/<client>/secrets", methods=["GET"], endpoint=self._secrets),
                Rule(f"{PREFIX}/clients/<client>/age", methods=["POST"], endpoint=self._age),
            ]
        )

    def respond(self, request: Request) -> Response:
        """Answer a control request; a mistake in it gives 4xx with a sentence."""
        try:
            endpoint, arguments = self._rules.bind_to_environ(request.environ).match()
            body = json.loads(request.get_data() or b"{}")
            return _json(200, endpoint(body, **arguments))
        except HTTPException as error:
            return _json(error.code or 400, {"error": error.description})
        except NotFoundError as error:
            return _json(404, {"error": error.message})
        except (KeyError, TypeError, ValueError) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    def _show_knobs(self, _body: Body) -> object:
        return self._world.knobs.snapshot()

    def _set_knobs(self, body: Body) -> object:
        self._world.knobs.change(**body)
        return self._world.knobs.snapshot()

    def _calls(self, _body: Body) -> object:
        return {"calls": self._world.calls.all()}

    def _tally(self, _body: Body) -> object:
        return {"tally": self._world.calls.tally(), "pauses": self._world.calls.pauses()}

    def _forget_calls(self, _body: Body) -> object:
        self._world.calls.clear()
        return {}

    def _reset(self, _body: Body) -> object:
        self._world.reset()
        return {}

    def _accepts(self, body: Body) -> object:
        """Tell, as the token endpoint would, whether a client's value is accepted now."""
        with self._world.lock:
            secret = self._world.accepted(body["client_id"], lambda value: value == body["value"])
        return {
            "accepted": secret is not None,
            "secret_id": secret.secret_id if secret is not None else None,
        }

    def _secrets(self, _body: Body, client: str) -> object:
        with self._world.lock:
            return {"secrets": self._show(client)}

    def _age(self, body: Body, client: str) -> object:
        """Let one secret of a client, or each of them, be older than it is."""
        age = timedelta(seconds=body["secret_age_seconds"])
        with self._world.lock:
            known = self._world.secrets_of(client)
            ids = [secret.secret_id for secret in known.ever()]
            for secret_id in [body["secret_id"]] if body.get("secret_id") else ids:
                known.backdate(secret_id, age, self._world.knobs.now())
            return {"secrets": self._show(client)}

    def _show(self, client: str) -> list[dict[str, object]]:
        tick = self._world.knobs.now().tick
        secrets = self._world.secrets_of(client).ever()
        return [_describe(secret, is_active=secret.is_active(tick)) for secret in secrets]


def _describe(secret: ClientSecret, *, is_active: bool) -> dict[str, object]:
    return {
        "secret_id": secret.secret_id,
        "created": secret.created.isoformat(),
        "active": is_active,
        "original": secret.is_original,
    }


def _json(status: int, answer: object) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json")
