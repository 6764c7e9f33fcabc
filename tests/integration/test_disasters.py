"""A whole cluster goes back in time or is copied, while Cognito goes on: docs/disaster-recovery.md.

etcd of a control plane of our own is really stopped, put back and started again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.api import AdminApi
from cluster.control_plane import ControlPlane
from cluster.waiting import wait_for
from emulator.process import Client, CognitoEmulator
from harness.holds import SOON, assert_warned, published_id, wait_healthy, wait_held
from harness.operator_process import OperatorProcess
from harness.shop import CRDS, WHOLE_SECONDS, Kubectl, Shop, application, open_shop
from harness.sign_ins import SignIns

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

LONG = {"minOverlap": "1h"}
"""An overlap that is longer than the time between two backups."""


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A control plane for this module alone: the others' objects are not to go back in time."""
    with ControlPlane() as started:
        install(started)
        yield started


def install(plane: ControlPlane) -> None:
    kubectl = Kubectl(plane)
    kubectl("apply", "-f", str(CRDS))
    kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=120s")


@pytest.fixture
def shop(plane: ControlPlane, cognito: CognitoEmulator) -> Iterator[Shop]:
    with AdminApi(plane.url, plane.ca_file, plane.admin_token) as api:
        yield open_shop(plane, cognito, api)


def value_of(shop: Shop) -> str:
    return shop.secret()["client-secret"]


def wait_rotating(shop: Shop, reason: str) -> None:
    shop.wait(f"it rotates: {reason}", lambda: shop.condition("Rotating").get("reason") == reason)


def other_id(shop: Shop, client: Client, *known: str) -> str:
    (found,) = set(shop.active_ids(client)) - set(known)
    return found


# --- etcd is restored in place ------------------------------------------------------------------


@pytest.mark.parametrize("runs_on", [True, False], ids=["the operator runs on", "it is restarted"])
def test_a_backup_that_is_younger_than_the_overlap_costs_no_login(
    shop: Shop, start_operator: StartOperator, tmp_path: Path, *, runs_on: bool
) -> None:
    operator = start_operator(**SOON)
    client, (first,) = shop.adopted_client(retirement=LONG)
    old = value_of(shop)
    shop.cluster.back_up(tmp_path / "backup")
    shop.annotate("orders-api", rotate="drill-1")
    wait_rotating(shop, "OverlapRunning")
    second, new = other_id(shop, client, first), value_of(shop)
    with SignIns(shop.cognito, client, old) as before, SignIns(shop.cognito, client, new) as after:
        if not runs_on:
            operator.stop()
        shop.cluster.restore(tmp_path / "backup")
        if not runs_on:
            operator.start()
        assert_warned(shop, "SlotTaken", second, "spec.adoption.retireSecretIds")
        assert shop.condition("Ready")["status"] == "True"
        assert published_id(shop, client) == first
        shop.annotate("orders-api", rotate="drill-2")
        wait_held(shop, "SlotsBlocked", second, "spec.adoption.retireSecretIds")
        before.wait_for_more()
        after.wait_for_more()
    assert (before.refused, after.refused) == (0, 0)
    named = {"retireOriginal": "Automatic", "retireSecretIds": [second]}
    shop.apply(shop.resource(client, adoption=named))
    shop.wait_rotated(client, [first, second])


def test_a_backup_from_the_overlap_is_restored_after_the_rotation(
    shop: Shop, start_operator: StartOperator, tmp_path: Path
) -> None:
    start_operator(**SOON)
    client, (first,) = shop.adopted_client(retirement=LONG)
    shop.annotate("orders-api", rotate="drill-1")
    wait_rotating(shop, "OverlapRunning")
    second = other_id(shop, client, first)
    with SignIns(shop.cognito, client, value_of(shop)) as application_of_today:
        shop.cluster.back_up(tmp_path / "backup")
        shop.apply(shop.resource(client))
        shop.wait_rotated(client, [first])
        shop.cluster.restore(tmp_path / "backup")
        assert wait_healthy(shop, client, first) == second
        application_of_today.wait_for_more()
    assert application_of_today.refused == 0
    assert shop.active_ids(client) == [second]


def test_a_backup_with_a_value_that_was_not_published_yet_is_restored_after_the_rotation(
    shop: Shop, start_operator: StartOperator, tmp_path: Path
) -> None:
    """An operator that ran on remembers that it has set the stamp: only a new process sets it."""
    operator = start_operator(**{**SOON, "CSO_REFUSAL_GRACE_SECONDS": "600"})
    client, (first,) = shop.adopted_client()
    shop.cognito.set_knobs(activation_lag=3600.0)
    shop.annotate("orders-api", rotate="drill-1")
    wait_rotating(shop, "Verifying")
    shop.cluster.back_up(tmp_path / "backup")
    shop.cognito.set_knobs(activation_lag=0.0)
    second = shop.wait_rotated(client, [first])
    with SignIns(shop.cognito, client, value_of(shop)) as application_of_today:
        shop.cluster.restore(tmp_path / "backup")
        wait_held(shop, "StampReverted", "Deployment/web")
        assert published_id(shop, client) == second
        operator.stop()
        operator.start()
        assert wait_healthy(shop, client, first) == second
        application_of_today.wait_for_more()
    assert application_of_today.refused == 0
    assert shop.active_ids(client) == [second]


def test_a_backup_that_is_older_than_the_overlap_costs_logins_until_a_new_secret_is_there(
    shop: Shop, start_operator: StartOperator, tmp_path: Path
) -> None:
    operator = start_operator(**SOON)
    client, (first,) = shop.adopted_client()
    shop.cluster.back_up(tmp_path / "backup")
    shop.annotate("orders-api", rotate="drill-1")
    second = shop.wait_rotated(client, [first])
    with SignIns(shop.cognito, client, value_of(shop)) as application_of_today:
        operator.stop()
        shop.cluster.restore(tmp_path / "backup")
        assert published_id(shop, client) is None, "pods that start now cannot sign in"
        operator.start()
        assert_warned(shop, "RotationStarted", first, "which was deleted by others")
        third = wait_healthy(shop, client, first, second)
        application_of_today.wait_for_more()
    assert application_of_today.refused == 0, "what ran on keeps its login"
    assert set(shop.active_ids(client)) == {second, third}, "what nobody knows is left alone"
    assert_warned(shop, "SlotTaken", second)


# --- a copy of the whole cluster ----------------------------------------------------------------


@contextmanager
def cloned(shop: Shop, folder: Path) -> Iterator[Shop]:
    """Start a second control plane with all that the first one holds: the same shop, twice."""
    shop.cluster.back_up(folder)
    copy = ControlPlane(restored_from=folder)
    with copy, AdminApi(copy.url, copy.ca_file, copy.admin_token) as api:
        kubectl = Kubectl(copy)
        token = kubectl(
            "create", "token", "cognito-secret-operator", "-n", shop.namespace, "--duration", "24h"
        ).strip()
        yield Shop(
            cluster=copy,
            cognito=shop.cognito,
            namespace=shop.namespace,
            pool_id=shop.pool_id,
            kubectl=kubectl,
            api=api,
            kubeconfig=copy.kubeconfig_for(token, shop.namespace),
        )


def operator_of(shop: Shop, folder: Path, **environment: str) -> OperatorProcess:
    folder.mkdir()
    return OperatorProcess(
        kubeconfig=shop.kubeconfig,
        namespaces=(shop.namespace,),
        environment={**shop.cognito.environment, **SOON, **environment},
        workdir=folder,
    )


def test_a_frozen_copy_of_the_cluster_keeps_its_logins_while_the_original_waits_for_it(
    shop: Shop, start_operator: StartOperator, tmp_path: Path
) -> None:
    freeze = tmp_path / "freeze"
    freeze.write_text("true")
    start_operator(**SOON)
    client, (first,) = shop.adopted_client(acknowledgements=[{"name": "copy"}])
    with (
        cloned(shop, tmp_path / "backup") as copy,
        operator_of(copy, tmp_path / "copy", CSO_FREEZE_FILE=str(freeze)),
        SignIns(shop.cognito, client, value_of(copy)) as application_of_the_copy,
    ):
        shop.annotate("orders-api", rotate="drill-1")
        copy.annotate("orders-api", rotate="drill-2")
        wait_rotating(shop, "AwaitingAcknowledgement")
        copy.wait("it is told", lambda: copy.status()["waitsFor"]["reason"] == "Frozen")
        second = other_id(shop, client, first)
        application_of_the_copy.wait_for_more()
        assert published_id(copy, client) == first
        assert set(shop.active_ids(client)) == {first, second}
        assert application_of_the_copy.refused == 0


def test_a_copy_that_is_not_frozen_loses_its_login_once_and_neither_takes_from_the_other_again(
    shop: Shop, start_operator: StartOperator, tmp_path: Path
) -> None:
    start_operator(**SOON)
    client, (first,) = shop.adopted_client()
    with cloned(shop, tmp_path / "backup") as copy:
        shop.annotate("orders-api", rotate="drill-1")
        second = shop.wait_rotated(client, [first])
        assert published_id(copy, client) is None, "the original could not know of the copy"
        with (
            SignIns(shop.cognito, client, value_of(shop)) as application_of_the_original,
            operator_of(copy, tmp_path / "copy"),
        ):
            third = wait_healthy(copy, client, first, second)
            assert_warned(shop, "SlotTaken", third)
            assert_warned(copy, "SlotTaken", second)
            shop.annotate("orders-api", rotate="drill-2")
            copy.annotate("orders-api", rotate="drill-2")
            wait_held(shop, "SlotsBlocked", third)
            wait_held(copy, "SlotsBlocked", second)
            application_of_the_original.wait_for_more()
        assert application_of_the_original.refused == 0
        assert set(shop.active_ids(client)) == {second, third}


# --- two clusters with one client ---------------------------------------------------------------


def test_two_clusters_with_one_client_notice_each_other_before_anything_is_deleted(
    shop: Shop, plane: ControlPlane, start_operator: StartOperator, tmp_path: Path
) -> None:
    """Two operators of which neither sees the other's namespace are as far apart as clusters."""
    start_operator(**SOON)
    by_default = {"retireOriginal": "Approve"}
    client, (first,) = shop.adopted_client(adoption=by_default)
    with AdminApi(plane.url, plane.ca_file, plane.admin_token) as api:
        other = open_shop(plane, shop.cognito, api)
        with operator_of(other, tmp_path / "other"):
            other.apply(application("web"), other.resource(client, adoption=by_default))
            other.wait_ready(client)
            with SignIns(shop.cognito, client, value_of(other)) as elsewhere:
                shop.annotate("orders-api", rotate="drill-1")
                wait_rotating(shop, "AwaitingApproval")
                second = other_id(shop, client, first)
                assert_warned(other, "SlotTaken", second)
                other.annotate("orders-api", rotate="drill-1")
                wait_held(other, "SlotsBlocked", second)
                elsewhere.wait_for_more()
            assert elsewhere.refused == 0
            assert set(shop.active_ids(client)) == {first, second}


# --- the resource type is deleted ---------------------------------------------------------------


def test_the_resource_type_is_deleted_with_all_resources_and_applied_again(
    shop: Shop, start_operator: StartOperator
) -> None:
    """Without its type there is nothing to watch: the process ends, and is started anew."""
    operator = start_operator(**SOON)
    client, (first,) = shop.adopted_client()
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, [first])
    secret, pods = shop.secret(), {pod["metadata"]["uid"] for pod in shop.pods()}
    shop.kubectl("delete", "crd", "cognitoclientsecrets.cognito-secrets.dev", "--timeout=120s")
    wait_for("the operator ends", lambda: not operator.is_running, WHOLE_SECONDS)
    assert shop.secret() == secret, "what applications read stays"
    install(shop.cluster)
    shop.apply(shop.resource(client))
    operator.start()
    assert wait_healthy(shop, client, first) == current
    assert (shop.secret(), {pod["metadata"]["uid"] for pod in shop.pods()}) == (secret, pods)
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait_rotated(client, [first, current])
