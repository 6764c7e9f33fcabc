"""A share of Cognito's quotas: the rest is left to others, in each pool and in the account."""

from collections.abc import Callable

import pytest

from harness.operator_process import OperatorProcess
from harness.shop import Shop

pytestmark = pytest.mark.integration

StartOperator = Callable[..., OperatorProcess]
LIST = "ListUserPoolClientSecrets"
SHARE = "0.2"


@pytest.mark.parametrize(
    ("pools", "clients", "seconds"),
    [
        # 8 in one pool at 5 x 0.2 a second take 7 s; the account's rate alone would let them in 2.
        pytest.param(1, 8, 4.5, id="of a pool: 5 requests a second"),
        # 24 in an account at 15 x 0.2 a second take 7 s; each pool alone would let them in 2.
        pytest.param(8, 3, 4.5, id="of an account and region: 15 requests a second"),
    ],
)
def test_no_more_than_the_share_is_used(
    shop: Shop, start_operator: StartOperator, pools: int, clients: int, seconds: float
) -> None:
    resources = []
    for pool in range(pools):
        pool_id = shop.cognito.create_pool()
        for number in range(clients):
            client = shop.cognito.create_client(pool_id)
            resources.append(shop.resource(client, f"api-{pool}-{number}", policy="Observe"))
    shop.apply(*resources)
    shop.cognito.set_knobs(quota=True)
    operator = start_operator(CSO_QUOTA_SHARE=SHARE, CSO_WORKERS="50")
    total = pools * clients
    shop.wait("all were listed", lambda: len(shop.cognito.calls(LIST)) >= total)
    calls = shop.cognito.calls(LIST)[:total]
    # A slow machine makes it longer, never shorter.
    assert calls[-1]["at"] - calls[0]["at"] >= seconds
    assert {call["outcome"] for call in calls} == {"OK"}
    waited = f'cognito_secret_operator_aws_ratelimit_wait_seconds_total{{operation="{LIST}"}} '
    line = next(one for one in operator.metrics().splitlines() if one.startswith(waited))
    assert float(line.removeprefix(waited)) > seconds
