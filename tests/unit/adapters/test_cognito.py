"""The adapter against a real HTTP server on the loopback that answers by a script."""

import asyncio
import json
import logging
import threading
import traceback
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.config import Config

from cognito_secret_operator import __version__
from cognito_secret_operator.adapters import aws_clients as module
from cognito_secret_operator.adapters import cognito as cognito_module
from cognito_secret_operator.adapters.cognito import Cognito
from cognito_secret_operator.domain.model import (
    Caller,
    ClientRef,
    RemoteSecret,
    ResourceKey,
    Verdict,
)
from cognito_secret_operator.domain.value import SecretValue
from cognito_secret_operator.errors import (
    AccessDeniedError,
    AnswerLostError,
    ClientNotFoundError,
    LimitReachedError,
    OutsideError,
    RefusedError,
    RetryLaterError,
    ThrottledError,
)

CLIENT = ClientRef("eu-west-1_AbCdEfGhI", "1example23456789")
MARKER = "MarkerMarkerMarkerMarkerMarker32"
VALUE = SecretValue(MARKER)
ADD = "AddUserPoolClientSecret"
LIST = "ListUserPoolClientSecrets"
DELETE = "DeleteUserPoolClientSecret"
DESCRIBE = "DescribeUserPoolClient"
NO_CLIENT = (400, "ResourceNotFoundException", "no such thing")


def descriptor(secret_id: str, epoch: float) -> dict[str, object]:
    return {"ClientSecretId": secret_id, "ClientSecretCreateDate": epoch}


@dataclass
class ScriptedAws:
    """Answers from the front of `answers`: a document, an error, or a function of the request."""

    url: str = ""
    answers: deque[Any] = field(default_factory=deque)
    operations: list[str] = field(default_factory=list)
    bodies: list[Mapping[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.operations.append(request.headers.get("X-Amz-Target", "?").rpartition(".")[2])
        self.bodies.append(json.loads(body) if body.startswith("{") else {"form": body})
        self.headers.append(dict(request.headers))
        answer = self.answers.popleft()
        if callable(answer):
            response: web.StreamResponse = await answer(request)
            return response
        if isinstance(answer, tuple):
            status, code, text = answer
            document: object = {"__type": code, "message": text}
        else:
            status, document = 200, answer
        return web.json_response(document, status=status, headers={"x-amzn-RequestId": "req-1"})


@dataclass
class RecordingQuota:
    acquired: list[str] = field(default_factory=list)
    throttles: list[str] = field(default_factory=list)

    async def acquire(self, operation: str, client: ClientRef) -> None:
        assert client == CLIENT or client.pool_id != CLIENT.pool_id
        self.acquired.append(operation)

    def throttled(self, operation: str, client: ClientRef) -> None:
        del client
        self.throttles.append(operation)


@dataclass
class Rig:
    aws: ScriptedAws
    cognito: Cognito
    quota: RecordingQuota
    calls: list[tuple[str, str]]
    clock: list[float]


async def drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


async def hang(request: web.Request) -> web.StreamResponse:
    del request
    await asyncio.sleep(1)
    return web.Response()


async def garbage(request: web.Request) -> web.StreamResponse:
    del request
    return web.Response(text="<html>a proxy</html>")


@pytest.fixture
async def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[ScriptedAws]:
    scripted = ScriptedAws()
    app = web.Application()
    app.router.add_post("/", scripted.answer)
    server = TestServer(app)
    await server.start_server()
    scripted.url = str(server.make_url("")).rstrip("/")
    environment = {
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": scripted.url,
        "AWS_ENDPOINT_URL_STS": scripted.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    for name in ("AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    quick = module._CONFIG.merge(Config(connect_timeout=0.5, read_timeout=0.3))
    monkeypatch.setattr(module, "_CONFIG", quick)
    yield scripted
    await server.close()


@pytest.fixture
async def rig(aws: ScriptedAws) -> AsyncIterator[Rig]:
    quota, calls, clock = RecordingQuota(), list[tuple[str, str]](), [0.0]
    cognito = Cognito(
        quota=quota,
        on_call=lambda operation, code, _: calls.append((operation, code)),
        monotonic=lambda: clock[0],
    )
    yield Rig(aws, cognito, quota, calls, clock)
    cognito.close()


async def add(cognito: Cognito, may_send: Callable[[], bool] = lambda: True) -> RemoteSecret:
    return await cognito.add_secret(CLIENT, VALUE, may_send=may_send)


CALLS: dict[str, Callable[[Cognito], Any]] = {
    ADD: add,
    LIST: lambda cognito: cognito.list_secrets(CLIENT),
    DELETE: lambda cognito: cognito.delete_secret(CLIENT, "id-1"),
    DESCRIBE: lambda cognito: cognito.describe_client(CLIENT),
}


async def test_the_endpoint_comes_from_botocores_own_variable_and_we_name_ourselves(
    rig: Rig,
) -> None:
    rig.aws.answers.append({"ClientSecrets": []})
    assert await rig.cognito.list_secrets(CLIENT) == ()
    assert rig.aws.operations == [LIST]
    assert f"cognito-secret-operator/{__version__}" in rig.aws.headers[0]["User-Agent"]
    assert rig.quota.acquired == [LIST]
    assert rig.calls == [(LIST, "OK")]


async def test_list_follows_its_pages_and_sorts_by_age_in_utc(rig: Rig) -> None:
    rig.aws.answers += [
        {"ClientSecrets": [descriptor("new", 2000)], "NextToken": "t"},
        {"ClientSecrets": [descriptor("old", 1000)]},
    ]
    assert await rig.cognito.list_secrets(CLIENT) == (
        RemoteSecret("old", datetime.fromtimestamp(1000, UTC)),
        RemoteSecret("new", datetime.fromtimestamp(2000, UTC)),
    )
    assert rig.aws.bodies[1]["NextToken"] == "t"
    assert rig.quota.acquired == [LIST, LIST]


async def test_an_endless_list_ends(rig: Rig) -> None:
    rig.aws.answers += [{"ClientSecrets": [], "NextToken": "t"}] * 10
    with pytest.raises(RetryLaterError):
        await rig.cognito.list_secrets(CLIENT)
    assert len(rig.aws.operations) == 5


async def test_describe_gives_the_original_or_nothing(rig: Rig) -> None:
    rig.aws.answers += [{"UserPoolClient": {"ClientSecret": MARKER}}, {"UserPoolClient": {}}]
    assert (await rig.cognito.describe_client(CLIENT)).original == VALUE
    assert (await rig.cognito.describe_client(CLIENT)).original is None


async def test_add_sends_the_value_once_and_logs_ids_only(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rig.aws.answers.append({"ClientSecretDescriptor": descriptor("id-2", 1000)})
    assert (await add(rig.cognito)).id == "id-2"
    assert [body["ClientSecret"] for body in rig.aws.bodies] == [MARKER]
    [record] = [record for record in caplog.records if record.name == cognito_module.__name__]
    fields = vars(record)
    assert fields["operation"] == ADD
    assert fields["secret_id"] == "id-2"
    assert fields["user_pool_id"] == CLIENT.pool_id
    assert fields["client_id"] == CLIENT.client_id
    assert fields["request_id"] == "req-1"
    assert MARKER not in "".join(str(vars(record)) for record in caplog.records)


async def test_may_send_is_asked_in_the_worker_after_the_quota_and_before_the_request(
    rig: Rig,
) -> None:
    seen: list[object] = []

    def may_send() -> bool:
        seen.extend([threading.current_thread().name, *rig.quota.acquired, *rig.aws.operations])
        return False

    with pytest.raises(RetryLaterError) as caught:
        await add(rig.cognito, may_send)
    assert type(caught.value) is RetryLaterError
    assert str(seen[0]).startswith("aws")
    assert seen[1:] == [ADD]
    assert rig.aws.operations == []


async def test_a_refused_send_does_not_stick_to_the_next_call(rig: Rig) -> None:
    rig.aws.answers.append({"ClientSecrets": []})
    with pytest.raises(RetryLaterError):
        await add(rig.cognito, lambda: False)
    assert await rig.cognito.list_secrets(CLIENT) == ()


@pytest.mark.parametrize(
    ("operation", "status", "code", "expected"),
    [
        (ADD, 400, "TooManyRequestsException", ThrottledError),
        (LIST, 400, "ThrottlingException", ThrottledError),
        (ADD, 400, "AccessDeniedException", AccessDeniedError),
        (DESCRIBE, 400, "NotAuthorizedException", AccessDeniedError),
        (LIST, 400, "UnrecognizedClientException", AccessDeniedError),
        (LIST, 400, "ExpiredTokenException", AccessDeniedError),
        (LIST, 403, "InvalidClientTokenId", AccessDeniedError),
        (ADD, 400, "ResourceNotFoundException", ClientNotFoundError),
        (ADD, 400, "LimitExceededException", LimitReachedError),
        (ADD, 400, "InvalidParameterException", RefusedError),
        (DELETE, 400, "InvalidParameterException", RefusedError),
        (ADD, 500, "InternalServerException", AnswerLostError),
        (DELETE, 503, "ServiceUnavailable", AnswerLostError),
        (LIST, 500, "InternalServerException", RetryLaterError),
        (DESCRIBE, 500, "InternalErrorException", RetryLaterError),
    ],
)
async def test_each_answer_becomes_the_error_of_its_remedy_and_is_not_retried(
    rig: Rig, operation: str, status: int, code: str, expected: type[OutsideError]
) -> None:
    text = f"Value '{MARKER}' at 'clientSecret' failed to satisfy constraint"
    rig.aws.answers.append((status, code, text))
    with pytest.raises(OutsideError) as caught:
        await CALLS[operation](rig.cognito)
    error = caught.value
    assert type(error) is expected
    assert error.code == code
    assert error.request_id == "req-1"
    assert rig.aws.operations == [operation]
    assert rig.calls == [(operation, code)]
    assert (rig.quota.throttles == [operation]) == (expected is ThrottledError)
    assert_silent(error)


def assert_silent(error: BaseException) -> None:
    assert error.__context__ is None
    assert error.__cause__ is None
    told = "".join(traceback.format_exception(error)) + repr(error) + str(vars(error))
    assert MARKER not in told


async def test_a_denial_names_the_action_the_pool_and_who_lacks_it(rig: Rig) -> None:
    who = "arn:aws:sts::123456789012:assumed-role/rotator/pod"
    rig.aws.answers.append((400, "AccessDeniedException", f"User: {who} is not authorized to"))
    with pytest.raises(AccessDeniedError) as caught:
        await rig.cognito.list_secrets(CLIENT)
    for part in (f"cognito-idp:{LIST}", CLIENT.pool_id, who):
        assert part in caught.value.message


async def test_a_refusal_names_the_field_and_never_the_value(rig: Rig) -> None:
    text = f"1 validation error detected: Value '{MARKER}' at 'clientSecret' failed to satisfy"
    rig.aws.answers.append((400, "InvalidParameterException", text))
    with pytest.raises(RefusedError, match="clientSecret"):
        await add(rig.cognito)


async def test_botocores_own_refusal_of_a_value_does_not_repeat_it(rig: Rig) -> None:
    short = "MarkerMarker"
    with pytest.raises(RefusedError) as caught:
        await rig.cognito.add_secret(CLIENT, SecretValue(short), may_send=lambda: True)
    assert_silent(caught.value)
    assert short not in "".join(traceback.format_exception(caught.value))
    assert rig.aws.operations == []


@pytest.mark.parametrize("trouble", [drop, hang, garbage])
@pytest.mark.parametrize(
    ("operation", "expected"),
    [(ADD, AnswerLostError), (LIST, RetryLaterError), (DESCRIBE, RetryLaterError)],
)
async def test_without_a_readable_answer_a_write_is_lost_and_a_read_is_not(
    rig: Rig, trouble: object, operation: str, expected: type[OutsideError]
) -> None:
    rig.aws.answers.append(trouble)
    with pytest.raises(OutsideError) as caught:
        await CALLS[operation](rig.cognito)
    assert type(caught.value) is expected
    assert rig.aws.operations == [operation]
    assert_silent(caught.value)


async def test_where_nobody_listens_nothing_was_carried_out(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://127.0.0.1:9")
    with pytest.raises(RetryLaterError) as caught:
        await add(rig.cognito)
    assert type(caught.value) is RetryLaterError


async def test_without_credentials_nothing_is_sent_and_the_action_is_named(
    aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    cognito = Cognito(quota=RecordingQuota(), on_call=lambda *_: None)
    with pytest.raises(AccessDeniedError, match=f"cognito-idp:{ADD}"):
        await add(cognito)
    cognito.close()
    assert aws.operations == []


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(403, "AccessDenied", AccessDeniedError), (400, "InvalidIdentityToken", AccessDeniedError)],
)
async def test_a_refusal_by_sts_is_no_lost_answer(
    aws: ScriptedAws,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    status: int,
    code: str,
    expected: type[OutsideError],
) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        del request
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error>"
        return web.Response(text=f"{text}</ErrorResponse>", status=status, content_type="text/xml")

    token = tmp_path / "token"
    token.write_text("token")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/rotator")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    aws.answers += [refuse] * 5
    cognito = Cognito(quota=RecordingQuota(), on_call=lambda *_: None)
    with pytest.raises(OutsideError, match="sts:AssumeRoleWithWebIdentity") as caught:
        await add(cognito)
    cognito.close()
    assert type(caught.value) is expected


async def test_a_pool_id_without_a_region_is_refused(rig: Rig) -> None:
    with pytest.raises(RefusedError):
        await rig.cognito.list_secrets(ClientRef("no region!_x", "1"))


async def test_deleting_what_is_gone_already_counts_as_deleted(rig: Rig) -> None:
    rig.aws.answers += [NO_CLIENT, {"ClientSecrets": [descriptor("other", 1000)]}]
    await rig.cognito.delete_secret(CLIENT, "id-1")
    assert rig.aws.operations == [DELETE, LIST]


@pytest.mark.parametrize("list_answer", [NO_CLIENT, {"ClientSecrets": [descriptor("id-1", 1)]}])
async def test_a_client_that_is_gone_or_a_list_that_contradicts_is_no_deletion(
    rig: Rig, list_answer: object
) -> None:
    rig.aws.answers += [NO_CLIENT, list_answer]
    with pytest.raises(ClientNotFoundError):
        await rig.cognito.delete_secret(CLIENT, "id-1")


async def test_each_region_has_one_client(rig: Rig) -> None:
    rig.aws.answers += [{"ClientSecrets": []}] * 12
    await asyncio.gather(*(rig.cognito.list_secrets(CLIENT) for _ in range(11)))
    await rig.cognito.list_secrets(ClientRef("us-east-1_x", "1"))
    assert set(rig.cognito._clients._cognito) == {"eu-west-1", "us-east-1"}
    assert "/us-east-1/cognito-idp/" in rig.aws.headers[-1]["Authorization"]


@pytest.mark.parametrize(
    ("pool_id", "pool", "url"),
    [
        (
            "eu-west-1_a",
            {"CustomDomain": "auth.example.com", "Domain": "shop"},
            "https://auth.example.com/oauth2/token",
        ),
        (
            "eu-west-1_a",
            {"Domain": "shop"},
            "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token",
        ),
        (
            "us-gov-west-1_a",
            {"Domain": "shop"},
            "https://shop.auth-fips.us-gov-west-1.amazoncognito.com/oauth2/token",
        ),
        ("cn-north-1_a", {"Domain": "shop"}, None),
        ("eu-west-1_a", {}, None),
    ],
)
async def test_the_pools_domain_depends_on_its_partition(
    rig: Rig, pool_id: str, pool: dict[str, str], url: str | None
) -> None:
    rig.aws.answers.append({"UserPool": pool})
    domain = await rig.cognito.pool_domain(ClientRef(pool_id, "1"))
    assert domain.url == url
    assert bool(domain.reason) == (url is None)


@pytest.mark.parametrize(
    "answer", [{"UserPool": {"Domain": "shop"}}, (400, "AccessDeniedException", "no")]
)
async def test_a_domain_and_a_denial_are_remembered_for_an_hour(rig: Rig, answer: object) -> None:
    rig.aws.answers += [answer, answer]
    first, second = await asyncio.gather(*(rig.cognito.pool_domain(CLIENT) for _ in range(2)))
    rig.clock[0] = 3599
    assert await rig.cognito.pool_domain(CLIENT) == first == second
    assert len(rig.aws.operations) == 1
    rig.clock[0] = 3601
    await rig.cognito.pool_domain(CLIENT)
    assert len(rig.aws.operations) == 2


async def test_a_domain_that_could_not_be_asked_for_is_asked_for_again(rig: Rig) -> None:
    rig.aws.answers += [(500, "InternalErrorException", ""), {"UserPool": {"Domain": "shop"}}]
    with pytest.raises(RetryLaterError):
        await rig.cognito.pool_domain(CLIENT)
    assert (await rig.cognito.pool_domain(CLIENT)).url is not None


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ((400, "NotAuthorizedException", "Invalid Refresh Token"), Verdict.ACCEPTED),
        ((400, "NotAuthorizedException", "Client secret does not match"), Verdict.REFUSED),
        (
            (400, "NotAuthorizedException", "Unable to verify secret hash for client x"),
            Verdict.REFUSED,
        ),
        ((400, "NotAuthorizedException", f"no idea about {MARKER}"), Verdict.UNKNOWN),
        ((400, "InvalidParameterException", "flow is not enabled"), Verdict.UNKNOWN),
        ((400, "ResourceNotFoundException", "Invalid Refresh Token"), Verdict.UNKNOWN),
        ((400, "TooManyRequestsException", "Invalid Refresh Token"), Verdict.UNKNOWN),
        ((500, "InternalErrorException", "Invalid Refresh Token"), Verdict.UNKNOWN),
        ({"AuthenticationResult": {}}, Verdict.UNKNOWN),
        (drop, Verdict.UNKNOWN),
    ],
)
async def test_a_made_up_refresh_token_tells_whether_the_secret_is_accepted(
    rig: Rig, answer: object, verdict: Verdict
) -> None:
    rig.aws.answers.append(answer)
    probe = await rig.cognito.probe_by_refresh(CLIENT, VALUE)
    assert probe.verdict is verdict
    assert MARKER not in probe.detail
    assert rig.aws.bodies[0]["ClientSecret"] == MARKER
    assert "Authorization" not in rig.aws.headers[0]


async def test_probing_needs_no_credentials(
    aws: ScriptedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    aws.answers.append((400, "NotAuthorizedException", "Invalid Refresh Token"))
    cognito = Cognito(quota=RecordingQuota(), on_call=lambda *_: None)
    assert (await cognito.probe_by_refresh(CLIENT, VALUE)).verdict is Verdict.ACCEPTED
    cognito.close()


# --- on whose behalf ----------------------------------------------------------------------------

ROLE = "arn:aws:iam::111122223333:role/cognito-shop"


def asked_by(name: str = "orders-api", role: str | None = None, pool: str = "") -> ClientRef:
    caller = Caller(ResourceKey("shop", name), role)
    return ClientRef(pool or CLIENT.pool_id, CLIENT.client_id, caller)


def lent(key: str, lasts: timedelta = timedelta(hours=1)) -> Callable[[web.Request], Any]:
    """Answer AssumeRole with credentials."""

    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        end = (datetime.now(UTC) + lasts).isoformat()
        parts = {"AccessKeyId": key, "SecretAccessKey": MARKER, "SessionToken": MARKER}
        inner = "".join(f"<{name}>{text}</{name}>" for name, text in parts.items())
        credentials = f"<Credentials>{inner}<Expiration>{end}</Expiration></Credentials>"
        result = f"<AssumeRoleResult>{credentials}</AssumeRoleResult>"
        return web.Response(
            text=f"<AssumeRoleResponse>{result}</AssumeRoleResponse>", content_type="text/xml"
        )

    return answer


def refusing(code: str, text: str = "") -> Callable[[web.Request], Any]:
    """Answer AssumeRole with an error."""

    async def answer(request: web.Request) -> web.StreamResponse:
        del request
        error = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
        body = f"<ErrorResponse>{error}</ErrorResponse>"
        return web.Response(text=body, status=403, content_type="text/xml")

    return answer


async def test_the_user_agent_names_the_resource_of_each_call(rig: Rig) -> None:
    rig.aws.answers += [{"ClientSecrets": []}] * 3
    for client in (asked_by("orders-api"), asked_by("billing"), CLIENT):
        await rig.cognito.list_secrets(client)
    agents = [headers["User-Agent"] for headers in rig.aws.headers]
    assert agents[0].endswith(f"cognito-secret-operator/{__version__} resource/shop.orders-api")
    assert agents[1].endswith(" resource/shop.billing")
    assert "resource/" not in agents[2]


async def test_a_role_is_assumed_once_by_a_session_that_is_named_like_the_resource(
    rig: Rig,
) -> None:
    rig.aws.answers += [lent("ASIASHOP"), {"ClientSecrets": []}, {"ClientSecrets": []}]
    for _ in range(2):
        await rig.cognito.list_secrets(asked_by(role=ROLE))
    assert rig.aws.operations == ["?", LIST, LIST]
    form = parse_qs(rig.aws.bodies[0]["form"])
    assert (form["RoleArn"], form["RoleSessionName"]) == ([ROLE], ["shop.orders-api"])
    assert all("=ASIASHOP/" in one["Authorization"] for one in rig.aws.headers[1:])


async def test_resources_with_and_without_a_role_share_a_region_and_no_credentials(
    rig: Rig,
) -> None:
    rig.aws.answers += [lent("ASIAONE"), {"ClientSecrets": []}, {"ClientSecrets": []}]
    rig.aws.answers += [lent("ASIATWO"), {"ClientSecrets": []}]
    await rig.cognito.list_secrets(asked_by("one", ROLE))
    await rig.cognito.list_secrets(asked_by("own"))
    await rig.cognito.list_secrets(asked_by("two", ROLE))
    signed = [headers["Authorization"] for headers in rig.aws.headers]
    assert ["=ASIAONE/" in signed[1], "=test/" in signed[2], "=ASIATWO/" in signed[4]] == [True] * 3


async def test_a_role_is_assumed_anew_before_it_expires(rig: Rig) -> None:
    rig.aws.answers += [lent("ASIAOLD", timedelta(minutes=5)), {"ClientSecrets": []}]
    rig.aws.answers += [lent("ASIANEW"), {"ClientSecrets": []}]
    await rig.cognito.list_secrets(asked_by(role=ROLE))
    await rig.cognito.list_secrets(asked_by(role=ROLE))
    assert "=ASIANEW/" in rig.aws.headers[-1]["Authorization"]


async def test_a_role_that_is_denied_is_told_with_the_statement_that_its_trust_policy_lacks(
    rig: Rig,
) -> None:
    session = "arn:aws:sts::111122223333:assumed-role/operator/pod-1"
    text = f"User: {session} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    rig.aws.answers.append(refusing("AccessDenied", text))
    with pytest.raises(AccessDeniedError) as caught:
        await rig.cognito.list_secrets(asked_by(role=ROLE))
    assert f"spec.aws.roleArn {ROLE} answered AccessDenied" in caught.value.message
    assert json.loads(caught.value.message.partition("trust policy: ")[2]) == {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/operator"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    assert rig.calls == [(LIST, "AccessDenied")]


async def test_an_add_whose_role_is_denied_was_not_sent(rig: Rig) -> None:
    rig.aws.answers.append(refusing("AccessDenied"))
    with pytest.raises(AccessDeniedError, match="the operator's role"):
        await rig.cognito.add_secret(asked_by(role=ROLE), VALUE, may_send=lambda: True)


async def test_what_one_role_may_not_ask_another_may(rig: Rig) -> None:
    rig.aws.answers += [(400, "AccessDeniedException", "no"), lent("ASIA")]
    rig.aws.answers.append({"UserPool": {"Domain": "shop"}})
    assert (await rig.cognito.pool_domain(asked_by())).url is None
    assert (await rig.cognito.pool_domain(asked_by(role=ROLE))).url is not None


@pytest.mark.parametrize(
    ("pool", "partition"),
    [("us-gov-west-1_x", "aws-us-gov"), ("cn-north-1_x", "aws-cn"), ("eu-west-1_x", "aws")],
)
async def test_the_pools_region_decides_the_partition_and_where_the_role_is_assumed(
    rig: Rig, pool: str, partition: str
) -> None:
    region = pool.partition("_")[0]
    rig.aws.answers += [lent("ASIA"), {"ClientSecrets": []}]
    await rig.cognito.list_secrets(asked_by(role=ROLE, pool=pool))
    assert rig.cognito._clients.cognito(region).meta.partition == partition
    assert f"/{region}/sts/" in rig.aws.headers[0]["Authorization"]
    assert f"/{region}/cognito-idp/" in rig.aws.headers[1]["Authorization"]


def test_a_session_name_is_cut_to_what_sts_takes() -> None:
    assert module.session_name(ResourceKey("n" * 63, "orders-api")) == "n" * 63 + "."
    assert module.session_name(ResourceKey("shop", "a" * 47)) == "shop." + "a" * 47


async def test_the_request_ids_of_writes_are_handed_on(rig: Rig) -> None:
    rig.aws.answers += [{"ClientSecretDescriptor": descriptor("id-2", 1000)}, {}]
    assert (await add(rig.cognito)).request_id == "req-1"
    assert await rig.cognito.delete_secret(CLIENT, "id-1") == "req-1"
