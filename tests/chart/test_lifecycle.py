"""Install, upgrade, roll back, uninstall, install again, on an API server that is new to us."""

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from cluster.waiting import wait_for
from emulator.process import CognitoEmulator
from harness.release import QUICK, WAIT, Release
from harness.shop import CRDS, Kubectl, Shop, application, open_shop
from helmchart import CHART
from helmchart.helm import HOME, Helm, HelmError

pytestmark = pytest.mark.integration

CRD: Final = "cognitoclientsecrets.cognito-secrets.dev"
WITH_CRD: Final = {**QUICK, "crds": {"enabled": True}}
WHOLE_SECONDS: Final = 120
RESTRICTED: Final = "pod-security.kubernetes.io/enforce=restricted"


@pytest.fixture(scope="module")
def empty() -> Iterator[ControlPlane]:
    """Runs a control plane without our resource type."""
    with ControlPlane() as started:
        yield started


@pytest.fixture
def kubectl(empty: ControlPlane) -> Kubectl:
    """Gives that control plane's kubectl."""
    return Kubectl(empty)


@pytest.fixture
def release(empty: ControlPlane, kubectl: Kubectl) -> Iterator[Release]:
    """Prepares a namespace that takes restricted pods only; all is removed at the end."""
    namespace = f"{HOME}-{secrets.token_hex(4)}"
    kubectl("create", "namespace", namespace)
    kubectl("label", "namespace", namespace, RESTRICTED)
    release = Release(empty, namespace)
    yield release
    if release.name in release.helm("list", "--short"):
        release.helm("uninstall", release.name)
    kubectl("delete", "crd", CRD, "--ignore-not-found")
    kubectl("delete", "namespace", namespace, "--wait=false", "--ignore-not-found")


@pytest.fixture
def values(empty: ControlPlane, cognito: CognitoEmulator) -> Iterator[tuple[Shop, dict[str, Any]]]:
    """Makes a shop, and values by which a release serves it."""
    with AdminApi(empty.url, empty.ca_file, empty.admin_token) as api:
        shop = open_shop(empty, cognito, api)
        yield shop, {**WITH_CRD, "watch": {"namespaces": [shop.namespace]}, **OPEN}


OPEN: Final = {"allowList": {"enabled": False}}


def ready_pods(release: Release, kubectl: Kubectl) -> list[str]:
    template = '{range .items[?(@.status.phase=="Running")]}{.metadata.name} {end}'
    where = ("-n", release.namespace, "-l", "app.kubernetes.io/component=operator")
    return kubectl("get", "pods", *where, "-o", f"jsonpath={template}").split()


def test_two_replicas_of_restricted_pods_are_ready_and_the_notes_tell_the_next_step(
    release: Release, kubectl: Kubectl
) -> None:
    said = release.install(WITH_CRD)
    assert len(ready_pods(release, kubectl)) == 2
    assert "THE ALLOW-LIST IS EMPTY" in said
    assert f"helm test {release.name} --namespace {release.namespace}" in said
    budget = kubectl("get", "pdb", release.name, "-n", release.namespace, "-o", "yaml")
    assert yaml.safe_load(budget)["spec"]["maxUnavailable"] == 1
    loose = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "loose"}}
    loose |= {"spec": {"containers": [{"name": "a", "image": "a"}]}}
    refused = kubectl.try_run(
        "apply", "-n", release.namespace, "-f", "-", document=yaml.safe_dump(loose)
    )
    assert "violates PodSecurity" in refused.stderr, "the namespace takes no other pods"


def test_an_upgrade_of_the_platform_files_replaces_no_pod_and_a_rollback_brings_them_back(
    release: Release, kubectl: Kubectl, tmp_path: Path
) -> None:
    rule = {"namespaces": ["shop"], "userPools": ["*"]}
    release.install({**WITH_CRD, "allowList": {"rules": [rule]}})
    pods = ready_pods(release, kubectl)
    said = release.upgrade({**WITH_CRD, "allowList": {"rules": [rule, rule]}, "freeze": "INC-42"})
    assert "FROZEN (INC-42)" in said
    release.write_files(tmp_path)
    assert (tmp_path / "freeze").read_text(encoding="utf-8") == "INC-42"
    assert ready_pods(release, kubectl) == pods
    release.upgrade({**WITH_CRD, "workers": 3})
    assert set(ready_pods(release, kubectl)) != set(pods)
    assert release.environment(tmp_path)["CSO_WORKERS"] == "3"
    release.helm("rollback", release.name, "1", "--wait", "--timeout", "180s")
    assert release.environment(tmp_path)["CSO_WORKERS"] == "10"


def switch(release: Release, kubectl: Kubectl) -> str | None:
    """Read the freeze switch of the installed ConfigMap; None where the key is not there."""
    text = kubectl("get", "configmap", release.name, "-n", release.namespace, "-o", "yaml")
    found: str | None = yaml.safe_load(text)["data"].get("freeze")
    return found


def freeze_by_kubectl(release: Release, kubectl: Kubectl, word: str) -> None:
    patch = ("-n", release.namespace, "--patch", f'{{"data": {{"freeze": "{word}"}}}}')
    kubectl("patch", "configmap", release.name, *patch)


def test_a_freeze_by_kubectl_survives_an_upgrade_and_a_rollback(
    release: Release, kubectl: Kubectl
) -> None:
    release.install(WITH_CRD)
    freeze_by_kubectl(release, kubectl, "INC-42")
    release.upgrade({**WITH_CRD, "workers": 3})
    assert switch(release, kubectl) == "INC-42"
    release.helm("rollback", release.name, "1", "--wait", "--timeout", "180s")
    assert switch(release, kubectl) == "INC-42"


def test_a_freeze_by_the_value_goes_with_a_rollback_and_kubectl_lifts_it_for_good(
    release: Release, kubectl: Kubectl
) -> None:
    # docs/install.md says so: in an incident the switch is kubectl's.
    release.install(WITH_CRD)
    release.upgrade({**WITH_CRD, "freeze": "INC-42"})
    assert switch(release, kubectl) == "INC-42"
    release.helm("rollback", release.name, "1", "--wait", "--timeout", "180s")
    assert switch(release, kubectl) is None
    freeze_by_kubectl(release, kubectl, "false")
    release.upgrade({**WITH_CRD, "workers": 3})
    assert switch(release, kubectl) == "false"


def test_a_served_namespace_that_was_deleted_ends_an_upgrade_until_it_is_not_served(
    release: Release, kubectl: Kubectl
) -> None:
    stays, goes = (f"{word}-{secrets.token_hex(4)}" for word in ("stays", "goes"))
    for name in (stays, goes):
        kubectl("create", "namespace", name)
    try:
        served = {**WITH_CRD, **OPEN, "watch": {"namespaces": [stays, goes]}}
        release.install(served)
        kubectl("delete", "namespace", goes, "--wait=false")
        wait_for(f"namespace {goes} is gone", partial(_is_gone, kubectl, goes), WHOLE_SECONDS)
        with pytest.raises(HelmError, match=f'namespaces "{goes}" not found'):
            release.upgrade({**served, "workers": 3})
        release.upgrade({**served, "watch": {"namespaces": [stays]}})
    finally:
        for name in (stays, goes):
            kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def test_a_frozen_release_writes_nothing_until_the_value_is_false_and_the_process_goes_on(
    release: Release, values: tuple[Shop, dict[str, Any]], tmp_path: Path
) -> None:
    shop, chosen = values
    release.install(chosen)
    client = shop.cognito.create_client(shop.pool_id)
    with release.process(tmp_path, shop.cognito.environment):
        shop.apply(application("web"), shop.resource(client))
        first = shop.wait_ready(client)
        release.upgrade({**chosen, "freeze": "INC-42"})
        release.write_files(tmp_path / "platform")
        shop.annotate("orders-api", rotate="drill-1")
        shop.wait(
            "it says that it is frozen",
            lambda: (shop.status().get("waitsFor") or {}).get("reason") == "Frozen",
        )
        assert "INC-42" in shop.status()["waitsFor"]["message"]
        assert shop.active_ids(client) == first
        release.upgrade({**chosen, "freeze": False})
        release.write_files(tmp_path / "platform")
        shop.wait_rotated(client, first)


def test_an_upgrade_in_the_middle_of_a_rotation_and_a_rollback_lose_nothing(
    release: Release, values: tuple[Shop, dict[str, Any]], tmp_path: Path
) -> None:
    shop, chosen = values
    release.install(chosen)
    client = shop.cognito.create_client(shop.pool_id)
    overlapping = shop.resource(client, retirement={"minOverlap": "1h"})
    with release.process(tmp_path, shop.cognito.environment, "before"):
        shop.apply(application("web"), overlapping)
        first = shop.wait_ready(client)
        shop.annotate("orders-api", rotate="drill-1")
        shop.wait("both are valid", lambda: len(shop.active_ids(client)) == 2)
    release.upgrade({**chosen, "workers": 3, "replicaCount": 3})
    shop.apply(shop.resource(client))
    with release.process(tmp_path, shop.cognito.environment, "upgraded"):
        second = shop.wait_rotated(client, first)
    release.helm("rollback", release.name, "1", "--wait", "--timeout", "180s")
    with release.process(tmp_path, shop.cognito.environment, "rolled-back"):
        shop.annotate("orders-api", rotate="drill-2")
        shop.wait_rotated(client, [*first, second])


def test_an_uninstall_keeps_resources_and_secrets_and_holds_up_no_namespace(
    release: Release, values: tuple[Shop, dict[str, Any]], kubectl: Kubectl, tmp_path: Path
) -> None:
    shop, chosen = values
    release.install(chosen)
    client = shop.cognito.create_client(shop.pool_id)
    with release.process(tmp_path, shop.cognito.environment, "first"):
        shop.apply(application("web"), shop.resource(client))
        first = shop.wait_ready(client)
    said = release.helm("uninstall", release.name)
    assert CRD in said, "helm says what it keeps"
    kept = (shop.secret(), shop.secret("orders-api-cognito-journal"), shop.get()["spec"])
    assert all(kept)
    left = kubectl("get", "all,cm,role,rolebinding,pdb,sa", "-n", shop.namespace, "-o", "name")
    assert "cognito-system" not in left

    release.install(chosen)
    with release.process(tmp_path, shop.cognito.environment, "again"):
        shop.annotate("orders-api", rotate="drill-1")
        shop.wait_rotated(client, first)

    release.helm("uninstall", release.name)
    for namespace in (shop.namespace, release.namespace):
        kubectl("delete", "namespace", namespace, "--wait=false")
    for namespace in (shop.namespace, release.namespace):
        is_gone = partial(_is_gone, kubectl, namespace)
        wait_for(f"namespace {namespace} is gone", is_gone, WHOLE_SECONDS)


def _is_gone(kubectl: Kubectl, namespace: str) -> bool:
    return kubectl.try_run("get", "namespace", namespace).returncode != 0


def test_who_applied_the_resource_type_first_hands_it_over(
    release: Release, kubectl: Kubectl
) -> None:
    kubectl("apply", "-f", str(CRDS))
    with pytest.raises(HelmError, match="invalid ownership metadata"):
        release.install(WITH_CRD)
    release.helm("uninstall", release.name, "--ignore-not-found")
    release.install(WITH_CRD, "--take-ownership")
    label = "{.metadata.labels.app\\.kubernetes\\.io/managed-by}"
    assert kubectl("get", "crd", CRD, "-o", f"jsonpath={label}") == "Helm"


def test_who_has_no_right_outside_the_namespaces_can_install_for_them(
    release: Release, values: tuple[Shop, dict[str, Any]], kubectl: Kubectl, empty: ControlPlane
) -> None:
    shop, chosen = values
    kubectl("apply", "-f", str(CRDS))
    kubectl("create", "serviceaccount", "installer", "-n", release.namespace)
    account = f"--serviceaccount={release.namespace}:installer"
    for namespace in (release.namespace, shop.namespace):
        everything = ("--verb=*", "--resource=*.*")
        kubectl("create", "role", "installer", "-n", namespace, *everything)
        kubectl("create", "rolebinding", "installer", "-n", namespace, "--role=installer", account)
    token = kubectl("create", "token", "installer", "-n", release.namespace).strip()
    installer = Helm(empty.kubeconfig_for(token, release.namespace))
    where = ("--namespace", release.namespace, *WAIT)
    given = {**chosen, "crds": {"enabled": False}}
    installer("install", release.name, str(CHART), *where, values=given)
    assert len(ready_pods(release, kubectl)) == 2
    policed = {**given, "admissionPolicy": {"enabled": True}}
    with pytest.raises(HelmError, match="admissionregistration"):
        installer("upgrade", release.name, str(CHART), *where, values=policed)


def test_an_upgrade_brings_the_resource_type_up_to_date_and_keeps_resources(
    release: Release, values: tuple[Shop, dict[str, Any]], kubectl: Kubectl, tmp_path: Path
) -> None:
    shop, chosen = values
    older = tmp_path / "older" / CHART.name
    _copy_without_a_field(older, "recovery")
    release.helm("install", release.name, str(older), "--wait", values=chosen)
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(shop.resource(client))
    assert "recovery" not in _spec_fields(kubectl)
    stale = release.self_test(tmp_path)
    assert (stale.returncode, "the type lacks recovery" in stale.stdout) == (1, True), stale.stdout
    release.upgrade(chosen)
    assert "recovery" in _spec_fields(kubectl)
    assert shop.get()["spec"]["clientId"] == client.client_id


def _copy_without_a_field(folder: Path, field: str) -> None:
    """Copy the chart, with a resource type that lacks a field of the spec."""
    for path in CHART.rglob("*"):
        if path.is_file():
            copy = folder / path.relative_to(CHART)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    template = folder / "templates" / "crd.yaml"
    crd = yaml.safe_load((CRDS / "cognitoclientsecrets.yaml").read_text(encoding="utf-8"))
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del spec["properties"][field]
    crd["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    template.write_text(yaml.safe_dump(crd), encoding="utf-8")


def _spec_fields(kubectl: Kubectl) -> set[str]:
    crd = yaml.safe_load(kubectl("get", "crd", CRD, "-o", "yaml"))
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return set(schema["properties"]["spec"]["properties"])


def test_old_values_stay_good(release: Release) -> None:
    # Written down at the first release: a key that goes, or changes its meaning, breaks this.
    file = Path(__file__).parent / "older-values" / "0.1.0.yaml"
    older = yaml.safe_load(file.read_text(encoding="utf-8"))
    release.install(WITH_CRD)
    release.upgrade({**WITH_CRD, **older})
