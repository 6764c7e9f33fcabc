import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import kopf
import pytest

from cognito_secret_operator.domain.model import ResourceKey
from cognito_secret_operator.runtime import handlers
from cognito_secret_operator.runtime.handlers import Interest, Sightings, interest_of

KEY = ResourceKey("shop", "orders")
ROTATE = "cognito-secrets.dev/rotate"


def body(**changes: Any) -> dict[str, Any]:
    """A resource's body; *changes* are of its metadata."""
    meta = {
        "namespace": "shop",
        "name": "orders",
        "uid": "u1",
        "creationTimestamp": "2026-11-21T10:00:00Z",
        "generation": 1,
        "resourceVersion": "100",
        "annotations": {},
    }
    return {"metadata": meta | changes, "spec": {}, "status": {}}


class Seen:
    """Records what was passed on."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []
        self.failures = 0

    def __call__(self, seen: Mapping[str, Any], gone: bool) -> None:  # noqa: FBT001
        if self.failures:
            self.failures -= 1
            message = "s3cr3t"
            raise ValueError(message)
        self.calls.append((seen["metadata"]["uid"], gone))


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def sightings(seen: Seen) -> Sightings:
    return Sightings(seen)


def test_the_interest_of_a_body_is_what_a_pass_depends_on() -> None:
    key, interest = interest_of(
        body(annotations={ROTATE: "2", "kubectl.kubernetes.io/x": "y"}, deletionTimestamp="t")
    )
    assert key == KEY
    assert interest == Interest(
        uid="u1",
        created_at="2026-11-21T10:00:00Z",
        generation=1,
        deleted_at="t",
        annotations=((ROTATE, "2"),),
    )


def test_a_body_without_annotations_and_generation_is_understood() -> None:
    _, interest = interest_of({"metadata": {"namespace": "shop", "name": "orders", "uid": "u1"}})
    assert interest.annotations == ()
    assert interest.generation == 0


def test_the_first_sight_is_passed_on_and_the_second_listing_is_not(
    sightings: Sightings, seen: Seen
) -> None:
    sightings.note(body())
    sightings.note(body())
    assert seen.calls == [("u1", False)]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(body(generation=2), id="the spec was edited"),
        pytest.param(body(annotations={ROTATE: "now"}), id="a rotation is requested"),
        pytest.param(
            body(annotations={"cognito-secrets.dev/ack.lambda": "id"}), id="somebody acknowledges"
        ),
        pytest.param(body(deletionTimestamp="2026-11-21T11:00:00Z"), id="it is being deleted"),
        pytest.param(
            body(uid="u2", creationTimestamp="2026-11-21T11:00:00Z"), id="it was created again"
        ),
    ],
)
def test_a_change_that_matters_is_passed_on_once(
    sightings: Sightings, seen: Seen, changed: dict[str, Any]
) -> None:
    sightings.note(body())
    sightings.note(changed)
    sightings.note(changed)
    assert seen.calls == [("u1", False), (changed["metadata"]["uid"], False)]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({**body(resourceVersion="101"), "status": {"x": 1}}, id="our own status"),
        pytest.param(body(labels={"a": "b"}), id="a label"),
        pytest.param(body(annotations={"argocd.argoproj.io/x": "y"}), id="a foreign annotation"),
        pytest.param(body(managedFields=[{}]), id="bookkeeping of the API server"),
    ],
)
def test_a_change_that_does_not_matter_wakes_nobody(
    sightings: Sightings, seen: Seen, changed: dict[str, Any]
) -> None:
    sightings.note(body())
    sightings.note(changed)
    assert seen.calls == [("u1", False)]


def test_a_deletion_is_passed_on_and_a_successor_is_new(sightings: Sightings, seen: Seen) -> None:
    sightings.note(body())
    sightings.note(body(), gone=True)
    sightings.note(body())
    assert seen.calls == [("u1", False), ("u1", True), ("u1", False)]


def test_a_deletion_of_what_was_never_seen_is_passed_on(sightings: Sightings, seen: Seen) -> None:
    sightings.note(body(), gone=True)
    assert seen.calls == [("u1", True)]


def test_late_news_of_a_predecessor_do_not_hide_its_successor(
    sightings: Sightings, seen: Seen
) -> None:
    sightings.note(body(uid="u2", creationTimestamp="2026-11-21T11:00:00Z"))
    sightings.note(body(generation=9))
    sightings.note(body(), gone=True)
    sightings.note(body(uid="u2", creationTimestamp="2026-11-21T11:00:00Z"))
    assert seen.calls == [("u2", False)]


def test_a_forgotten_resource_is_new_when_it_is_seen_again(
    sightings: Sightings, seen: Seen
) -> None:
    sightings.note(body())
    sightings.forget(KEY)
    sightings.forget(KEY)
    sightings.note(body())
    assert len(seen.calls) == 2


def test_what_could_not_be_passed_on_is_tried_at_the_next_sight(
    sightings: Sightings, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    seen.failures = 1
    sightings.note(body())
    assert seen.calls == []
    sightings.note(body())
    assert seen.calls == [("u1", False)]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "ValueError" in record.__dict__["trace"]
    assert "s3cr3t" not in repr(record.__dict__)


@pytest.mark.parametrize("odd", [{}, {"metadata": None}, {"metadata": {"name": "x"}}])
def test_an_odd_object_ends_nothing(sightings: Sightings, odd: dict[str, Any]) -> None:
    sightings.note(odd)
    sightings.note(odd, gone=True)


def test_two_logins_in_a_row_expire_together_and_not_before_the_period_is_over() -> None:
    now = datetime(2026, 11, 21, 10, 2, 30, tzinfo=UTC)
    expiration = handlers._expiration(now)
    assert expiration == handlers._expiration(now + timedelta(seconds=10))
    assert handlers.LOGIN_PERIOD <= expiration - now <= 2 * handlers.LOGIN_PERIOD


def test_a_named_kubeconfig_is_taken_and_the_environment_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    path.write_text(
        '{"current-context": "x", "contexts": [{"name": "x", "context": {"cluster": "c", "user":'
        ' "u"}}], "clusters": [{"name": "c", "cluster": {"server": "https://named"}}], "users":'
        ' [{"name": "u", "user": {"token": "t"}}]}'
    )
    monkeypatch.setenv("KUBECONFIG", "/another")
    info = handlers._log_in(kopf.OperatorSettings(), path)
    assert info is not None
    assert info.server == "https://named"
    assert os.environ["KUBECONFIG"] == "/another"


@pytest.mark.parametrize(
    ("host", "server"),
    [
        pytest.param("10.96.0.1", "https://10.96.0.1:443", id="an address"),
        pytest.param("fd00::1", "https://[fd00::1]:443", id="an address of IPv6"),
        pytest.param("", "https://kubernetes.default.svc", id="outside a pod nothing is known"),
    ],
)
def test_in_a_pod_the_api_server_is_watched_at_its_address_without_dns(
    host: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert handlers._server("https://kubernetes.default.svc") == server


def test_kopf_is_set_up_to_need_few_rights_and_to_notice_a_dead_connection() -> None:
    settings = handlers._settings()
    assert settings.scanning.disabled
    assert not settings.posting.enabled
    assert settings.watching.inactivity_timeout >= 62  # bookmarks come every 60 s
    assert str(settings.watching.server_timeout).isdigit()  # the API server refuses fractions
    assert settings.watching.client_timeout is not None
    assert settings.watching.server_timeout is not None
    assert settings.watching.client_timeout > settings.watching.server_timeout
    settings.execution.executor.shutdown()
