"""A process that cannot list yet, for its API server takes connections and says nothing."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.waiting import wait_for
from harness.operator_process import OperatorProcess

pytestmark = pytest.mark.integration


@pytest.fixture
def silent_api() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def kubeconfig(folder: Path, url: str) -> Path:
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "it",
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
        "clusters": [{"name": "it", "cluster": {"server": url}}],
        "users": [{"name": "it", "user": {"token": "none"}}],
    }
    path.write_text(json.dumps(content))
    return path


def test_who_has_not_listed_yet_does_not_lead_without_a_lease_either(
    silent_api: str, tmp_path: Path
) -> None:
    operator = OperatorProcess(
        kubeconfig=kubeconfig(tmp_path, silent_api),
        namespaces=("shop",),
        environment={"AWS_REGION": "eu-west-1"},
        workdir=tmp_path,
    )
    operator.start(wait=False)
    try:
        wait_for("it answers", (tmp_path / "operator.port").exists, 60)
        shown = operator.metrics()
    finally:
        operator.kill()
    assert re.findall(r"^cognito_secret_operator_leader (.+)$", shown, re.MULTILINE) == ["0.0"]
