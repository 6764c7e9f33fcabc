"""The rights in examples/access suffice, in both modes, and are no more than what is used."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from cluster.control_plane import ControlPlane
from harness.operator_process import OperatorProcess
from harness.shop import ACCOUNT, CLUSTER_WIDE_ACCESS, Kubectl, Shop, application

pytestmark = pytest.mark.integration

HOME = "access-test"
THEIRS = "namespace: cognito-system"


@pytest.fixture
def cluster_wide_kubeconfig(cluster: ControlPlane) -> Iterator[Path]:
    kubectl = Kubectl(cluster)
    kubectl("create", "namespace", HOME)
    text = CLUSTER_WIDE_ACCESS.read_text(encoding="utf-8")
    assert THEIRS in text
    # As the page tells a reader whose namespace is another; that one is the chart's tests'.
    text = text.replace(THEIRS, f"namespace: {HOME}")
    kubectl("apply", "-n", HOME, "-f", "-", document=text)
    token = kubectl("create", "token", ACCOUNT, "-n", HOME, "--duration", "24h").strip()
    yield cluster.kubeconfig_for(token, HOME)
    kubectl("delete", "-n", HOME, "-f", "-", document=text)


def test_one_operator_serves_every_namespace_that_its_list_allows(
    shop: Shop, cluster_wide_kubeconfig: Path, tmp_path: Path
) -> None:
    client = shop.cognito.create_client(shop.pool_id, age=timedelta(days=91))
    first = shop.active_ids(client)
    shop.apply(application("web"), shop.resource(client))
    shop.cognito.forget_calls()

    def operator(name: str, **environment: str) -> OperatorProcess:
        return OperatorProcess(
            kubeconfig=cluster_wide_kubeconfig,
            namespaces=(),
            environment={**shop.cognito.environment, **environment},
            workdir=tmp_path,
            name=name,
        )

    with operator("without-a-list"):
        shop.wait("it is stalled", lambda: shop.condition("Stalled").get("reason") == "NotAllowed")
    assert "CSO_ALLOW_FILE" in shop.condition("Stalled")["message"]
    assert shop.cognito.calls() == [], "everything is denied until a list allows it"

    allow_file = tmp_path / "allow.yaml"
    allow_file.write_text(f"rules: [{{namespaces: [{shop.namespace}], userPools: ['*']}}]")
    with operator("with-a-list", CSO_ALLOW_FILE=str(allow_file)):
        shop.wait_rotated(client, first)
    denied = [
        event["objectRef"]
        for event in shop.cluster.audit_events()
        if event["user"]["username"] == f"system:serviceaccount:{HOME}:{ACCOUNT}"
        and event["responseStatus"]["code"] == 403
    ]
    assert denied == []


def test_no_mode_may_list_or_watch_secrets() -> None:
    for page in (CLUSTER_WIDE_ACCESS, CLUSTER_WIDE_ACCESS.with_name("namespaced.yaml")):
        for document in yaml.safe_load_all(page.read_text()):
            for rule in document.get("rules", ()):
                if "secrets" in rule["resources"]:
                    assert set(rule["verbs"]) == {"get", "create", "patch", "update"}


def test_both_modes_grant_the_same() -> None:
    namespaced, everywhere = (
        [
            document["rules"]
            for document in yaml.safe_load_all(page.read_text())
            if "rules" in document
        ]
        for page in (CLUSTER_WIDE_ACCESS.with_name("namespaced.yaml"), CLUSTER_WIDE_ACCESS)
    )
    assert namespaced == everywhere
