import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kopf
import pytest

from cognito_secret_operator.runtime import handlers


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
