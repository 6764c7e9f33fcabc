"""Each reason why a pass holds or waits, or a try failed: made to happen, told, and got over."""

import json
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest

from cluster.control_plane import ControlPlane
from emulator.knobs import FOREVER, Failure
from emulator.process import Client, CognitoEmulator
from harness.interventions import Refuse
from harness.operator_process import OperatorProcess
from harness.proxy import Gateway
from harness.rotation import JOURNAL, ended, rotation
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

LIST: Final = "ListUserPoolClientSecrets"
ADD: Final = "AddUserPoolClientSecret"
DELETE: Final = "DeleteUserPoolClientSecret"
HOUR: Final = 3600.0


def always(code: str) -> list[Failure]:
    return [{"code": code, "count": FOREVER}]


def client_with_a_secret_of_unknown_value(shop: Shop) -> Client:
    """Make a client whose original secret somebody has replaced: no door shows the new value."""
    client = shop.cognito.create_client(shop.pool_id)
    first = shop.active_ids(client)
    shop.cognito.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id
    )
    shop.cognito.cognito.delete_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecretId=first[0]
    )
    return client


def change_deployment(shop: Shop, **spec: object) -> None:
    patch = json.dumps({"spec": spec})
    shop.kubectl("patch", "deployment", "web", "-n", shop.namespace, "-p", patch)


# --- Cognito ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("TooManyRequestsException", "Throttled"),
        ("InternalErrorException", "TemporarilyUnavailable"),
    ],
)
def test_a_list_that_fails_for_now_is_tried_again(
    shop: Shop, start_operator: StartOperator, code: str, reason: str
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.cognito.set_knobs(fail={LIST: always(code)})
    shop.apply(application("web"), shop.resource(client))
    start_operator()
    shop.wait_condition("Ready", "False", reason, LIST)
    shop.wait_condition("Reconciling", "True", reason)
    assert shop.condition("Stalled")["status"] == "False", "nobody has to act"
    shop.cognito.set_knobs(fail={})
    shop.wait_ready(client)


def test_a_write_without_an_answer_is_looked_at_again(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    shop.cognito.set_knobs(fail={DELETE: always("InternalErrorException")})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "AnswerLost", DELETE)
    shop.cognito.set_knobs(fail={})
    shop.wait_rotated(client, first)


def test_an_add_without_an_answer_is_not_sent_again_before_it_can_be_judged(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator(CSO_LIST_LAG_SECONDS="600")
    client, _ = shop.adopted_client()
    shop.cognito.set_knobs(lose_answer={ADD: 1})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "AwaitingAnswer")
    assert len(shop.active_ids(client)) == 2
    assert len(shop.cognito.calls(ADD)) == 1
    assert shop.secret()["client-secret"] == client.value, "not published"


def test_a_new_secret_that_is_never_accepted_is_removed_once_list_shows_it(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator(CSO_REFUSAL_GRACE_SECONDS="0", CSO_LIST_PERIOD_SECONDS="1")
    client, first = shop.adopted_client()
    before = shop.secret()
    shop.cognito.set_knobs(activation_lag=HOUR, list_lag=HOUR)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "NewSecretRefused")
    assert len(shop.active_ids(client)) == 2
    shop.cognito.set_knobs(list_lag=0.0)
    shop.wait("it is on record", lambda: shop.status().get("rotations"))
    assert shop.status()["rotations"][0]["outcome"] == "Refused"
    assert shop.active_ids(client) == first
    assert shop.secret() == before, "nothing was published"


def test_after_a_refused_first_secret_the_next_try_is_waited_for(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = client_with_a_secret_of_unknown_value(shop)
    only = shop.active_ids(client)
    shop.cognito.set_knobs(activation_lag=HOUR)
    shop.apply(application("web"), shop.resource(client))
    start_operator(CSO_REFUSAL_GRACE_SECONDS="0")
    shop.wait_condition("Ready", "False", "NotDue")
    shop.wait_condition("Reconciling", "True", "NotDue")
    assert shop.active_ids(client) == only
    assert len(shop.cognito.calls(ADD)) == 2, "one by a person, one by the operator"


def test_a_secret_whose_value_nobody_knew_is_kept(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = client_with_a_secret_of_unknown_value(shop)
    foreign = shop.active_ids(client)[0]
    shop.apply(application("web"), shop.resource(client))
    start_operator()
    shop.wait_condition("Stalled", "True", "ForeignSecret", foreign)
    assert shop.condition("Ready")["status"] == "True", "a secret of our own is published"
    ids = shop.active_ids(client)
    assert len(ids) == 2
    assert foreign in ids


def test_the_previous_secret_is_kept_when_the_current_one_is_refused(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client(retirement={"minOverlap": "1h"})
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "OverlapRunning")
    shop.cognito.set_knobs(fail={"Token": always("invalid_client")})
    shop.apply(shop.resource(client, retirement={"minOverlap": "0s"}))
    current = next(one for one in shop.active_ids(client) if one not in first)
    shop.wait_condition("Stalled", "True", "CurrentRefused", current)
    assert len(shop.active_ids(client)) == 2
    shop.cognito.set_knobs(fail={})
    shop.wait_rotated(client, first)


def test_no_secret_is_deleted_before_list_shows_both(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    shop.cognito.set_knobs(list_lag=HOUR)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "Retiring")
    assert len(shop.active_ids(client)) == 2
    shop.cognito.set_knobs(list_lag=0.0)
    shop.wait_rotated(client, first)


def test_not_even_a_leaked_secret_is_deleted_before_list_shows_both(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    shop.cognito.set_knobs(list_lag=HOUR)
    shop.annotate("orders-api", **{"emergency-now": first[0]})
    shop.wait_condition("Rotating", "True", "Emergency")
    assert len(shop.active_ids(client)) == 2
    shop.cognito.set_knobs(list_lag=0.0)
    shop.wait_rotated(client, first)


# --- workloads ----------------------------------------------------------------------------------


def test_a_paused_deployment_is_named(shop: Shop, start_operator: StartOperator) -> None:
    start_operator()
    client, first = shop.adopted_client()
    change_deployment(shop, paused=True)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Stalled", "True", "RolloutPaused", "Deployment/web")
    assert len(shop.active_ids(client)) == 2
    change_deployment(shop, paused=False)
    shop.wait_rotated(client, first)


def test_pods_that_have_moved_but_do_not_get_available_are_waited_for(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    at_once = {"type": "Recreate", "rollingUpdate": None}
    change_deployment(shop, strategy=at_once, minReadySeconds=300)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Rotating", "True", "RolloutUnfinished", "available")
    shop.wait_condition("RolledOver", "True", "PodsRolled")
    assert len(shop.active_ids(client)) == 2
    change_deployment(shop, minReadySeconds=0)
    shop.wait_rotated(client, first)


# --- Kubernetes ---------------------------------------------------------------------------------


def test_a_target_that_somebody_made_immutable_in_the_middle_of_a_rotation(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    shop.kubectl(
        *("patch", "secret", "orders-api", "-n", shop.namespace, "-p", '{"immutable": true}')
    )
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Stalled", "True", "Refused", "immutable")
    assert shop.condition("RolledOver")["reason"] == "NotPublished"
    assert len(shop.active_ids(client)) == 2
    assert shop.secret()["client-secret"] == client.value
    shop.kubectl("delete", "secret", "orders-api", "-n", shop.namespace)
    shop.wait_rotated(client, first)


def test_a_proxy_that_does_not_find_what_is_asked_for(
    cluster: ControlPlane, cognito: CognitoEmulator, tmp_path: Path
) -> None:
    with rotation(cluster, cognito, tmp_path) as run, Gateway(run.shop) as way:
        way.intervention, way.refusal = Refuse(f"PATCH secrets/{JOURNAL}"), HTTPStatus.NOT_FOUND
        operator = run.operator(way)
        with ended(operator):
            operator.start()
            run.shop.wait_condition("Stalled", "True", "NotFound", JOURNAL)
            assert run.calls(ADD) == []
            way.intervention.lift()
            run.wait_for_rest()


def test_while_the_clocks_differ_nothing_is_written(
    cluster: ControlPlane, cognito: CognitoEmulator, tmp_path: Path
) -> None:
    with rotation(cluster, cognito, tmp_path) as run, Gateway(run.shop) as way:
        way.clock_offset = timedelta(minutes=-10)
        operator = run.operator(way)
        with ended(operator):
            operator.start()
            run.shop.wait_condition("Stalled", "True", "ClockSkew", "clock")
            assert run.journal() == {}
            assert run.calls(ADD) == []
            way.clock_offset = timedelta()
            run.wait_for_rest()


# --- the journal --------------------------------------------------------------------------------


def test_a_damaged_journal_is_held_until_it_is_put_back(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    good = shop.secret(JOURNAL)["journal.json"]
    write_journal(shop, good[: len(good) // 2])
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_condition("Stalled", "True", "JournalUnreadable", JOURNAL)
    assert shop.active_ids(client) == first
    write_journal(shop, good)
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait_rotated(client, first)


def write_journal(shop: Shop, text: str) -> None:
    patch = json.dumps({"stringData": {"journal.json": text}})
    shop.kubectl("patch", "secret", JOURNAL, "-n", shop.namespace, "-p", patch)


def test_a_journal_is_not_written_anew_from_an_outdated_list(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    client, first = shop.adopted_client()
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    data = shop.secret()
    shop.cognito.set_knobs(list_lag=HOUR)
    shop.kubectl("delete", "secret", JOURNAL, "-n", shop.namespace)
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait_condition("Ready", "False", "JournalRebuilt", current)
    assert shop.secret() == data
    shop.cognito.set_knobs(list_lag=0.0)
    shop.wait_condition("Ready", "True", "Published")
    assert shop.active_ids(client) == [current]


def test_a_resource_of_the_same_name_for_another_client_is_held(
    shop: Shop, start_operator: StartOperator
) -> None:
    start_operator()
    shop.adopted_client()
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    other = shop.cognito.create_client(shop.pool_id)
    shop.apply(shop.resource(other))
    shop.wait_condition("Stalled", "True", "JournalOfAnotherClient", JOURNAL)
    assert len(shop.active_ids(other)) == 1
    for secret in (JOURNAL, "orders-api"):
        shop.kubectl("delete", "secret", secret, "-n", shop.namespace)
    shop.wait_ready(other)
    assert shop.secret()["client-secret"] == other.value
