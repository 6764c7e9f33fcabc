"""What the target Secret is: its keys, labels, owner, and what else stands in it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from cognito_secret_operator.domain.target_keys import TARGET_KEYS

from harness.operator_process import OperatorProcess
from harness.shop import Shop, application

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]

KEYS = {row.field: f"key-of-{row.field}" for row in TARGET_KEYS}


def test_every_key_is_filled_and_follows_a_rotation(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(application("web"), shop.resource(client, target={"keys": KEYS}))
    start_operator()
    first = shop.wait_ready(client)
    data = shop.secret()
    assert set(data) == set(KEYS.values())
    assert "" not in data.values()
    assert data[KEYS["clientId"]] == client.client_id
    assert data[KEYS["current"]] == data[KEYS["previous"]] == client.value
    assert data[KEYS["userPoolId"]] == shop.pool_id
    assert data[KEYS["issuer"]] == f"https://cognito-idp.eu-west-1.amazonaws.com/{shop.pool_id}"
    assert data[KEYS["tokenEndpoint"]] == shop.cognito.token_endpoint(shop.pool_id)
    assert data[KEYS["secretId"]] == first[0]
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    assert shop.secret()[KEYS["secretId"]] == current


def test_an_endpoint_that_nobody_names_is_found_by_the_pools_domain(
    shop: Shop, start_operator: StartOperator
) -> None:
    pool_id = shop.cognito.create_pool(domain="shop")
    client = shop.cognito.create_client(pool_id)
    keys = {"tokenEndpoint": "token-url"}
    shop.apply(shop.resource(client, target={"keys": keys}, verification={}))
    start_operator()
    shop.wait_ready(client)
    url = "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token"
    assert shop.secret()["token-url"] == url


def test_an_endpoint_that_cannot_be_found_is_missed_and_rotations_go_on(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    keys = {"tokenEndpoint": "token-url"}
    shop.apply(application("web"), shop.resource(client, target={"keys": keys}, verification={}))
    start_operator()
    first = shop.wait_ready(client)

    def is_told() -> bool:
        stalled = shop.condition("Stalled")
        return (stalled.get("status"), stalled.get("reason")) == ("True", "TokenEndpointUnknown")

    shop.wait("the key is missed", is_told)
    message = shop.condition("Stalled")["message"]
    assert "target.keys.tokenEndpoint" in message
    assert "verification.tokenEndpoint" in message
    assert "token-url" not in shop.secret()
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait_rotated(client, first)
    url = shop.cognito.token_endpoint(shop.pool_id)
    shop.apply(shop.resource(client, target={"keys": keys}, verification={"tokenEndpoint": url}))
    shop.wait("it is filled in", lambda: shop.secret().get("token-url") == url)
    shop.wait("nobody has to act", lambda: shop.condition("Stalled").get("status") == "False")


def secret_object(shop: Shop, name: str = "orders-api") -> dict[str, Any]:
    found: dict[str, Any] = (
        shop.api.find(f"/api/v1/namespaces/{shop.namespace}/secrets/{name}") or {}
    )
    return found


def metadata(shop: Shop, name: str = "orders-api") -> dict[str, Any]:
    found: dict[str, Any] = secret_object(shop, name).get("metadata", {})
    return found


def publication(shop: Shop) -> str:
    number: str = metadata(shop)["annotations"]["cognito-secrets.dev/publication"]
    return number


def labels(shop: Shop) -> dict[str, str]:
    return dict(metadata(shop).get("labels") or {})


def test_labels_and_annotations_follow_the_resource_without_a_publication(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    marks = {
        "labels": {"team": "shop", "tier": "web"},
        "annotations": {"reloader.stakater.com/match": "true"},
    }
    shop.apply(application("web"), shop.resource(client, target=marks))
    start_operator()
    first = shop.wait_ready(client)
    assert labels(shop) == {"team": "shop", "tier": "web"}
    assert metadata(shop)["annotations"]["reloader.stakater.com/match"] == "true"
    number, data = publication(shop), shop.secret()
    pods = {pod["metadata"]["uid"] for pod in shop.pods()}
    shop.kubectl("label", "secret", "orders-api", "-n", shop.namespace, "theirs=kept")
    shop.apply(shop.resource(client, target={"labels": {"team": "billing"}}))
    shop.wait("they follow", lambda: labels(shop) == {"team": "billing", "theirs": "kept"})
    assert "reloader.stakater.com/match" not in metadata(shop)["annotations"]
    overwrite = ("label", "--overwrite", "secret", "orders-api", "-n", shop.namespace)
    shop.kubectl(*overwrite, "team=somebody-else")
    shop.annotate("orders-api", note="look-again")
    shop.wait("it is put back", lambda: labels(shop)["team"] == "billing")
    assert (publication(shop), shop.secret()) == (number, data)
    assert {pod["metadata"]["uid"] for pod in shop.pods()} == pods
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("it rolls out", lambda: shop.condition("Rotating").get("status") == "True")
    shop.apply(shop.resource(client, target={"labels": {"team": "in-rotation"}}))
    shop.wait_rotated(client, first)
    assert labels(shop)["team"] == "in-rotation"
    assert publication(shop) == str(int(number) + 1), "one publication, as ever"


def test_an_owned_target_goes_with_the_resource_and_its_values_come_back(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    resource = shop.resource(client, target={"creationPolicy": "Owner"})
    shop.apply(application("web"), resource)
    start_operator()
    first = shop.wait_ready(client)
    shop.annotate("orders-api", rotate="drill-1")
    current = shop.wait_rotated(client, first)
    data = shop.secret()
    assert [one["kind"] for one in metadata(shop)["ownerReferences"]] == ["CognitoClientSecret"]
    assert "ownerReferences" not in metadata(shop, "orders-api-cognito-journal")
    shop.kubectl("delete", "ccs", "orders-api", "-n", shop.namespace)
    shop.wait("the target is collected", lambda: secret_object(shop) == {})
    assert shop.secret("orders-api-cognito-journal") != {}
    shop.apply(resource)
    assert shop.wait_ready(client) == [current]
    assert shop.secret() == data


def test_an_owned_target_that_is_orphaned_stays(shop: Shop, start_operator: StartOperator) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(shop.resource(client, target={"creationPolicy": "Owner"}))
    start_operator()
    shop.wait_ready(client)
    shop.wait("it is owned", lambda: "ownerReferences" in metadata(shop))
    shop.apply(shop.resource(client, target={"creationPolicy": "Orphan"}))
    shop.wait("it is not owned", lambda: "ownerReferences" not in metadata(shop))


def their_secret(**annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "orders-api", "annotations": annotations},
        "stringData": {"cookie-secret": "theirs"},
    }


CONSENT = {"cognito-secrets.dev/resource": "orders-api"}


def set_key(shop: Shop, key: str, value: str) -> None:
    patch = json.dumps({"stringData": {key: value}})
    shop.kubectl("patch", "secret", "orders-api", "-n", shop.namespace, "--type=merge", "-p", patch)


def test_merge_waits_for_a_secret_that_carries_consent(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(shop.resource(client, target={"creationPolicy": "Merge"}))
    start_operator()

    def is_stalled(reason: str) -> bool:
        return shop.condition("Stalled").get("reason") == reason

    shop.wait("it is missed", lambda: is_stalled("TargetMissing"))
    message = shop.condition("Stalled")["message"]
    assert "spec.target.name" in message
    assert "cognito-secrets.dev/resource: orders-api" in message
    shop.apply(their_secret())
    shop.wait("it carries no consent", lambda: is_stalled("TargetConflict"))
    assert shop.secret() == {"cookie-secret": "theirs"}
    shop.apply(their_secret(**CONSENT))
    shop.wait_ready(client)
    data = shop.secret()
    assert data["client-secret"] == client.value
    assert data["cookie-secret"] == "theirs"


def test_merge_leaves_other_keys_alone_and_rotates_once_whoever_writes_them(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    resource = shop.resource(client, target={"creationPolicy": "Merge"})
    shop.apply(application("slow", replicas=1, grace_seconds=4), their_secret(**CONSENT))
    shop.apply(resource)
    start_operator()
    first = shop.wait_ready(client)
    number = int(publication(shop))
    set_key(shop, "cookie-secret", "renewed")
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("pods roll", lambda: shop.condition("Rotating").get("reason") == "PodsNotRolled")
    set_key(shop, "cookie-secret", "renewed again")
    set_key(shop, "another", "key")
    shop.kubectl("label", "secret", "orders-api", "-n", shop.namespace, "team=shop")
    current = shop.wait_rotated(client, first)
    data = shop.secret()
    assert shop.cognito.accepted_id(client.client_id, data["client-secret"]) == current
    assert (data["cookie-secret"], data["another"]) == ("renewed again", "key")
    assert int(publication(shop)) == number + 1, "nobody edited the operator's keys"
    assert "TargetRestored" not in shop.reasons()


def test_merge_restores_its_own_keys_and_restarts_pods_that_may_have_read_an_edit(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    resource = shop.resource(client, target={"creationPolicy": "Merge"})
    shop.apply(application("slow", replicas=1, grace_seconds=4), their_secret(**CONSENT))
    shop.apply(resource)
    start_operator()
    first = shop.wait_ready(client)
    number = int(publication(shop))
    shop.annotate("orders-api", rotate="drill-1")
    shop.wait("pods roll", lambda: shop.condition("Rotating").get("reason") == "PodsNotRolled")
    good = shop.secret()["client-secret"]
    set_key(shop, "client-secret", "nonsense")
    set_key(shop, "client-secret", good)
    current = shop.wait_rotated(client, first)
    assert shop.cognito.accepted_id(client.client_id, shop.secret()["client-secret"]) == current
    assert int(publication(shop)) == number + 2, "the edit was noticed though it was undone"
    assert shop.secret()["cookie-secret"] == "theirs"


def test_merge_takes_its_key_away_when_it_is_renamed(
    shop: Shop, start_operator: StartOperator
) -> None:
    client = shop.cognito.create_client(shop.pool_id)
    shop.apply(their_secret(**CONSENT), shop.resource(client, target={"creationPolicy": "Merge"}))
    start_operator()
    shop.wait_ready(client)
    keys = {"current": "renamed"}
    shop.apply(shop.resource(client, target={"creationPolicy": "Merge", "keys": keys}))
    shop.wait("it is renamed", lambda: shop.secret().get("renamed") == client.value)
    assert set(shop.secret()) == {
        "client-id",
        "renamed",
        "client-secret-previous",
        "cookie-secret",
    }
