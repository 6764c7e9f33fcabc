"""What is destroyed, copied or restored: each case ends healthy or in a hold with a name."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.process import Client
from harness.holds import (
    SOON,
    assert_warned,
    published_id,
    read_journal,
    stalled,
    wait_healthy,
    wait_held,
)
from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]


def delete_at_cognito(shop: Shop, client: Client, secret_id: str) -> None:
    shop.cognito.cognito.delete_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecretId=secret_id
    )


def add_at_cognito(shop: Shop, client: Client) -> str:
    answer = shop.cognito.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id
    )
    return answer["ClientSecretDescriptor"]["ClientSecretId"]


def outcomes(shop: Shop) -> list[tuple[str, str]]:
    return [(one["trigger"], one["outcome"]) for one in shop.status()["rotations"]]


def pods_are_new(shop: Shop, before: set[str]) -> bool:
    pods = shop.pods()
    return bool(pods) and not {pod["metadata"]["uid"] for pod in pods} & before


def uids(shop: Shop) -> set[str]:
    return {pod["metadata"]["uid"] for pod in shop.pods()}


# --- a secret is deleted at Cognito by hand -----------------------------------------------------


def test_the_current_secret_is_deleted_at_rest(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    old_pods = uids(shop)
    foreign = add_at_cognito(shop, client)
    delete_at_cognito(shop, client, first)
    assert_warned(shop, "RotationStarted", first, "which was deleted by others")
    current = wait_healthy(shop, client, first, foreign)
    assert outcomes(shop) == [("Recovery", "Success")]
    assert pods_are_new(shop, old_pods), "pods that hold the lost secret are moved"
    assert set(shop.active_ids(client)) == {foreign, current}


def test_the_current_secret_is_deleted_in_the_overlap(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, retirement={"minOverlap": "1h"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRunning")
    (second,) = set(shop.active_ids(client)) - {first}
    moved = uids(shop)
    delete_at_cognito(shop, client, second)
    assert_warned(shop, "SecretReinstated", first, second)
    assert wait_healthy(shop, client) == first
    assert outcomes(shop) == [("Request", "Lost")]
    assert pods_are_new(shop, moved), "pods that hold the lost secret are moved"
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRunning")
    assert published_id(shop, client) not in {first, second}, "a request goes on as ever"


def test_a_deleted_secret_does_not_wait_for_an_approval(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, adoption={"retireOriginal": "Approve"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it waits", lambda: shop.condition("Rotating").get("reason") == "AwaitingApproval")
    (second,) = set(shop.active_ids(client)) - {first}
    delete_at_cognito(shop, client, second)
    assert wait_healthy(shop, client) == first
    assert shop.active_ids(client) == [first]


def test_both_secrets_are_deleted_in_the_overlap(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, retirement={"minOverlap": "1h"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRunning")
    (second,) = set(shop.active_ids(client)) - {first}
    delete_at_cognito(shop, client, second)
    foreign = add_at_cognito(shop, client)
    delete_at_cognito(shop, client, first)
    current = wait_healthy(shop, client, first, second, foreign)
    assert set(shop.active_ids(client)) == {foreign, current}


def test_the_previous_secret_is_deleted(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, retirement={"minOverlap": "1h"}))
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRunning")
    delete_at_cognito(shop, client, first)
    current = wait_healthy(shop, client, first)
    assert shop.active_ids(client) == [current]
    assert outcomes(shop) == [("Request", "Success")]


def test_the_pending_secret_is_deleted(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**{**SOON, "CSO_REFUSAL_GRACE_SECONDS": "8"})
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    shop.cognito.set_knobs(activation_lag=3600.0)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it is refused", lambda: shop.condition("Rotating").get("reason") == "Verifying")
    (second,) = set(shop.active_ids(client)) - {first}
    delete_at_cognito(shop, client, second)
    assert wait_healthy(shop, client) == first
    assert outcomes(shop) == [("Request", "Refused")]
    shop.cognito.set_knobs(activation_lag=0.0)
    shop.annotate("orders-api", rotate="drill-2")
    shop.wait_rotated(client, [first, second])


def test_manual_recovery_waits_for_a_person(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client, recovery="Manual"))
    (first,) = shop.wait_ready(client)
    foreign = add_at_cognito(shop, client)
    delete_at_cognito(shop, client, first)
    wait_held(shop, "CurrentSecretMissing", first, "cognito-secrets.dev/rotate", "spec.recovery")
    assert shop.condition("Ready")["status"] == "False"
    assert shop.active_ids(client) == [foreign]
    shop.annotate("orders-api", rotate="heal")
    wait_healthy(shop, client, first, foreign)
    assert outcomes(shop) == [("Request", "Success")]


# --- the target is deleted, edited or restored --------------------------------------------------

CALLS_AT_COGNITO = ("AddUserPoolClientSecret", "DeleteUserPoolClientSecret")
RARELY = {**SOON, "CSO_LIST_PERIOD_SECONDS": "600"}
"""Without the periodic List: no call to AWS but those that something needs."""


def poke(shop: Shop) -> None:
    """Wake the operator by a change that means little; nothing announces changes of Secrets."""
    days = 100 + shop.get()["metadata"]["generation"]
    patch = json.dumps({"spec": {"rotation": {"maxAge": f"{days}d"}}})
    shop.kubectl("patch", "ccs", "orders-api", "-n", shop.namespace, "--type=merge", "-p", patch)


def overlapping(shop: Shop, client: Client) -> tuple[str, str]:
    """Begin a rotation and wait until only the overlap runs; give the old and the new id."""
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it overlaps", lambda: shop.condition("Rotating").get("reason") == "OverlapRunning")
    (second,) = set(shop.active_ids(client)) - {first}
    return first, second


def edit(shop: Shop) -> None:
    patch = '{"stringData": {"client-secret": "tampered"}}'
    shop.kubectl("patch", "secret", "orders-api", "-n", shop.namespace, "-p", patch)


def delete(shop: Shop, secret: str = "orders-api") -> None:
    shop.kubectl("delete", "secret", secret, "-n", shop.namespace)


@pytest.mark.parametrize("accident", [edit, delete])
def test_the_target_is_lost_at_rest(
    shop: Shop, start_operator: StartOperator, accident: Callable[[Shop], None]
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client))
    shop.wait_ready(client)
    good, pods = shop.secret(), uids(shop)
    shop.cognito.forget_calls()
    accident(shop)
    poke(shop)
    shop.wait("it is restored", lambda: shop.secret() == good)
    assert_warned(shop, "TargetRestored", "orders-api")
    wait_healthy(shop, client)
    assert [one for one in shop.cognito.calls() if one["client"] == client.client_id] == []
    assert uids(shop) == pods, "at rest nothing is restarted"


def test_pods_that_read_an_edited_target_are_named(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**RARELY)
    shop.apply(application("web", replicas=1), shop.resource(client))
    shop.wait_ready(client)
    good, old = shop.secret(), uids(shop)
    operator.stop()
    edit(shop)
    shop.kubectl("delete", "pods", "--all", "-n", shop.namespace)
    shop.wait("a new pod is there", lambda: len(uids(shop) - old) == 1)
    (late,) = [pod for pod in shop.pods() if pod["metadata"]["uid"] not in old]
    operator.start()
    assert_warned(shop, "TargetRestored", f"restart Pod/{late['metadata']['name']}")
    # The event is the journal's: the write of the target is the next effect.
    shop.wait("the target is restored", lambda: shop.secret() == good)


@pytest.mark.parametrize("accident", [edit, delete])
def test_the_target_is_lost_in_a_rotation(
    shop: Shop, start_operator: StartOperator, accident: Callable[[Shop], None]
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client, retirement={"minOverlap": "1h"}))
    _, second = overlapping(shop, client)
    good, moved = shop.secret(), uids(shop)
    number = read_journal(shop)["publication"]["number"]
    shop.cognito.forget_calls()
    accident(shop)
    poke(shop)
    shop.wait("every pod moves again", lambda: pods_are_new(shop, moved))
    assert shop.secret() == good
    assert published_id(shop, client) == second
    assert read_journal(shop)["publication"]["number"] == number + 1
    assert [one for one in shop.cognito.calls() if one["client"] == client.client_id] == []


def backup(shop: Shop, *names: str) -> list[dict[str, Any]]:
    """Read Secrets as a backup tool does: without what the API server fills in."""
    kept = []
    for name in names:
        found = shop.api.get(f"/api/v1/namespaces/{shop.namespace}/secrets/{name}")
        metadata = {key: found["metadata"][key] for key in ("name", "annotations")}
        kept.append({**found, "metadata": metadata})
    return kept


def restore(shop: Shop, *kept: dict[str, Any]) -> None:
    """Put old Secrets back, into the objects that are there or as new ones."""
    for one in kept:
        name = one["metadata"]["name"]
        verb = "replace" if shop.secret(name) else "create"
        document = json.dumps({**one, "metadata": {**one["metadata"]}})
        shop.kubectl(verb, "-n", shop.namespace, "-f", "-", document=document)


def test_an_old_target_is_restored_from_a_backup(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client))
    first = shop.wait_ready(client)
    old = backup(shop, "orders-api")
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    good = shop.secret()
    restore(shop, *old)
    poke(shop)
    shop.wait("it is put right", lambda: shop.secret() == good)
    assert wait_healthy(shop, client) == current
    assert_warned(shop, "TargetRestored")


# --- the journal is lost, copied or restored ----------------------------------------------------

JOURNAL = "orders-api-cognito-journal"


def writes_at_cognito(shop: Shop, client: Client) -> list[str]:
    return [
        one["operation"]
        for one in shop.cognito.calls()
        if one["client"] == client.client_id and one["operation"] in CALLS_AT_COGNITO
    ]


def test_the_journal_is_lost_at_rest(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client))
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    shop.wait(
        "it is told", lambda: shop.status()["journalSequence"] == read_journal(shop)["sequence"]
    )
    sequence, good, pods = shop.status()["journalSequence"], shop.secret(), uids(shop)
    shop.cognito.forget_calls()
    delete(shop, JOURNAL)
    shop.annotate("orders-api", rotate="drill-2")
    assert_warned(shop, "JournalRebuilt", current)
    assert wait_healthy(shop, client) == current
    assert read_journal(shop)["sequence"] > sequence
    assert (shop.secret(), uids(shop)) == (good, pods), "applications notice nothing"
    assert writes_at_cognito(shop, client) == [], "the token is recorded, not executed"
    shop.annotate("orders-api", rotate="drill-3")
    shop.wait_rotated(client, [*first, current])


def test_the_journal_is_lost_in_the_overlap(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**RARELY)
    shop.apply(
        application("web"),
        shop.resource(client, adoption={"retireOriginal": "Approve"}),
    )
    (first,) = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it waits", lambda: shop.condition("Rotating").get("reason") == "AwaitingApproval")
    moved = uids(shop)
    delete(shop, JOURNAL)
    poke(shop)
    assert_warned(shop, "JournalRebuilt", first)
    shop.wait("the roll-out begins again", lambda: pods_are_new(shop, moved))
    shop.wait("it waits", lambda: shop.condition("Rotating").get("reason") == "AwaitingApproval")
    assert published_id(shop, client) not in {None, first}
    shop.annotate("orders-api", approve=first)
    shop.wait_rotated(client, [first])


def test_a_pending_secret_is_lost_with_the_journal(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**{**RARELY, "CSO_REFUSAL_GRACE_SECONDS": "600"})
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    shop.cognito.set_knobs(activation_lag=3600.0)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it is added", lambda: shop.condition("Rotating").get("reason") == "Verifying")
    (lost,) = set(shop.active_ids(client)) - {first}
    delete(shop, JOURNAL)
    poke(shop)
    assert_warned(shop, "JournalRebuilt", first, lost)
    assert wait_healthy(shop, client) == first
    shop.annotate("orders-api", rotate="drill-2")
    wait_held(shop, "SlotsBlocked", lost)
    assert set(shop.active_ids(client)) == {first, lost}
    delete_at_cognito(shop, client, lost)
    shop.cognito.set_knobs(activation_lag=0.0)
    shop.wait_rotated(client, [first, lost])


def test_a_lost_journal_waits_for_a_person_on_wish(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client, recovery="Manual"))
    (first,) = shop.wait_ready(client)
    delete(shop, JOURNAL)
    poke(shop)
    wait_held(shop, "JournalLost", JOURNAL, "spec.recovery")
    assert shop.secret(JOURNAL) == {}
    shop.apply(shop.resource(client, recovery="Automatic"))
    assert wait_healthy(shop, client) == first


def test_journal_and_target_are_lost_and_the_first_secret_is_still_the_one(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    operator.stop()
    delete(shop, JOURNAL)
    delete(shop)
    operator.start()
    shop.wait("it is published", lambda: published_id(shop, client) == first)
    assert wait_healthy(shop, client) == first
    assert shop.active_ids(client) == [first]


def test_journal_and_target_are_lost_and_nobody_can_tell_the_value(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client))
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    second = shop.wait_rotated(client, first)
    operator.stop()
    delete(shop, JOURNAL)
    delete(shop)
    operator.start()
    shop.wait("a new secret is published", lambda: published_id(shop, client) not in {None, second})
    wait_held(shop, "ForeignSecret", second)
    assert shop.condition("Ready")["status"] == "True"
    delete_at_cognito(shop, client, second)
    poke(shop)


def test_an_old_journal_is_restored_over_a_newer_target(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client))
    first = shop.wait_ready(client)
    old = backup(shop, JOURNAL)
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    good, pods = shop.secret(), uids(shop)
    operator.stop()
    restore(shop, *old)
    shop.cognito.forget_calls()
    operator.start()
    assert_warned(shop, "JournalRebuilt", current)
    assert wait_healthy(shop, client) == current
    assert (shop.secret(), uids(shop)) == (good, pods), "the old value is never published"
    assert writes_at_cognito(shop, client) == []


def test_an_old_journal_is_held_on_wish_even_where_status_is_lost_too(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client, recovery="Manual"))
    first = shop.wait_ready(client)
    old = backup(shop, JOURNAL)
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    good = shop.secret()
    operator.stop()
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    restore(shop, *old)
    shop.apply(shop.resource(client, recovery="Manual"))
    operator.start()
    wait_held(shop, "JournalRolledBack", "publication", "spec.recovery")
    assert shop.secret() == good


def test_journal_and_target_come_from_one_old_backup(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**SOON)
    resource = shop.resource(client)
    shop.apply(application("web"), resource)
    first = shop.wait_ready(client)
    old = backup(shop, JOURNAL, "orders-api")
    shop.annotate("orders-api", rotate="drill-1")
    second = shop.wait_rotated(client, first)
    operator.stop()
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    restore(shop, *old)
    shop.apply(resource)
    operator.start()
    assert_warned(shop, "RotationStarted", first[0], "which was deleted by others")
    current = wait_healthy(shop, client, *first, second)
    assert set(shop.active_ids(client)) == {second, current}, "what nobody knows is left alone"


def test_a_journal_from_elsewhere_is_read_only_until_it_is_taken_over(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    operator.stop()
    kept = backup(shop, JOURNAL, "orders-api")
    uid = read_journal(shop)["uid"]
    delete(shop, JOURNAL)
    delete(shop)
    restore(shop, *kept)
    copied = shop.secret(JOURNAL)
    shop.cognito.forget_calls()
    operator.start()
    remedy = f"cognito-secrets.dev/take-over: {uid}"
    wait_held(shop, "JournalForeign", "other clusters", client.client_id, remedy)
    shop.annotate("orders-api", rotate="drill-1")
    wait_held(shop, "JournalForeign", remedy)
    assert shop.secret(JOURNAL) == copied
    assert writes_at_cognito(shop, client) == []
    shop.annotate("orders-api", **{"take-over": uid})
    assert_warned(shop, "JournalTakenOver", uid, "other clusters")
    shop.wait_rotated(client, [first])
    assert read_journal(shop)["uid"] != uid


def test_a_journal_of_a_newer_format_is_held_until_the_operator_is_newer_too(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**RARELY)
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    operator.stop()
    stored = shop.secret(JOURNAL)["journal.json"]
    newer = json.dumps(
        {"stringData": {"journal.json": json.dumps({**json.loads(stored), "format": 2})}}
    )
    shop.kubectl("patch", "secret", JOURNAL, "-n", shop.namespace, "-p", newer)
    shop.annotate("orders-api", rotate="drill-1")
    operator.start()
    wait_held(shop, "JournalFormatUnknown", JOURNAL, "upgrade the operator")
    assert shop.active_ids(client) == [first]
    older = json.dumps({"stringData": {"journal.json": stored}})
    shop.kubectl("patch", "secret", JOURNAL, "-n", shop.namespace, "-p", older)
    poke(shop)
    shop.wait_rotated(client, [first])


# --- foreign secrets ----------------------------------------------------------------------------


def test_a_foreign_secret_is_told_at_once_and_goes_only_when_it_is_named(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client))
    (first,) = shop.wait_ready(client)
    foreign = add_at_cognito(shop, client)
    assert_warned(shop, "SlotTaken", foreign, "spec.adoption.retireSecretIds")
    assert stalled(shop) == ("", ""), "what works goes on"
    assert shop.condition("Ready")["status"] == "True"
    shop.annotate("orders-api", rotate="drill-1")
    wait_held(shop, "SlotsBlocked", foreign, "spec.adoption.retireSecretIds")
    named = {"retireOriginal": "Automatic", "retireSecretIds": [foreign]}
    shop.apply(shop.resource(client, adoption=named))
    assert_warned(shop, "SecretDeleted", foreign, "spec.adoption.retireSecretIds")
    shop.wait_rotated(client, [first, foreign])
    assert "cognito_secret_operator_foreign_secrets_deleted_total 1.0" in operator.metrics()


def test_a_client_with_two_secrets_is_adopted_once_one_of_them_is_named(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    (first,) = shop.active_ids(client)
    foreign = add_at_cognito(shop, client)
    start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client))
    wait_held(shop, "SlotsBlocked", first, foreign, "spec.adoption.retireSecretIds")
    both = {"retireOriginal": "Automatic", "retireSecretIds": [first, foreign]}
    shop.apply(shop.resource(client, adoption=both))
    wait_held(shop, "SlotsBlocked", first, foreign)
    named = {"retireOriginal": "Automatic", "retireSecretIds": [foreign]}
    shop.apply(shop.resource(client, adoption=named))
    assert wait_healthy(shop, client) == first
    assert shop.active_ids(client) == [first]
    assert shop.secret()["client-secret"] == client.value


def test_a_secret_whose_value_is_lost_goes_when_it_is_named(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    operator = start_operator(**SOON)
    shop.apply(application("web"), shop.resource(client))
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    lost = shop.wait_rotated(client, first)
    operator.stop()
    delete(shop, JOURNAL)
    delete(shop)
    operator.start()
    wait_held(shop, "ForeignSecret", lost, "spec.adoption.retireSecretIds")
    named = {"retireOriginal": "Automatic", "retireSecretIds": [lost]}
    shop.apply(shop.resource(client, adoption=named))
    shop.wait_rotated(client, [*first, lost])


def test_no_rotation_begins_while_the_resource_is_being_deleted(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    start_operator(**SOON)
    resource = shop.resource(client)
    resource["metadata"]["finalizers"] = ["example.com/keep"]
    shop.apply(application("web"), resource)
    first = shop.wait_ready(client)
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace, "--wait=false")
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it is told", lambda: shop.status()["waitsFor"]["reason"] == "BeingDeleted")
    assert shop.active_ids(client) == first
    loose = '{"metadata": {"finalizers": null}}'
    shop.kubectl("patch", "ccs", "orders-api", "-n", shop.namespace, "--type=merge", "-p", loose)
