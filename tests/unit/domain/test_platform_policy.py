import json

import pytest

from cognito_secret_operator.domain.model import Caller, ClientRef
from cognito_secret_operator.domain.platform_policy import AllowList, AllowRule, rule_text

POOL = "eu-west-1_AbC"
ROLE = "arn:aws:iam::111122223333:role/cognito-shop"
OWN = ClientRef(POOL, "1example")
BY_ROLE = ClientRef(POOL, "1example", Caller(role_arn=ROLE))


def rule(namespace: str, pool: str = POOL, *roles: str) -> AllowRule:
    return AllowRule((namespace,), (pool,), roles)


@pytest.mark.parametrize(
    ("rules", "client", "expected"),
    [
        pytest.param((), OWN, False, id="no rule allows nothing"),
        pytest.param((rule("shop"),), OWN, True, id="named exactly"),
        pytest.param((rule("bank"),), OWN, False, id="another namespace"),
        pytest.param((rule("shop", "eu-west-1_Xyz"),), OWN, False, id="another pool"),
        pytest.param((rule("sh*"),), OWN, True, id="a pattern at the end"),
        pytest.param((rule("*op"),), OWN, True, id="a pattern at the beginning"),
        pytest.param((rule("s*p"),), OWN, True, id="a pattern in the middle"),
        pytest.param((rule("sh"),), OWN, False, id="a name is no beginning"),
        pytest.param((rule("shop", "eu-west-1_*"),), OWN, True, id="all pools of a region"),
        pytest.param((rule("shop", "eu-west-2_*"),), OWN, False, id="pools of another region"),
        pytest.param((rule("s.op"),), OWN, False, id="a dot is a dot"),
        pytest.param((rule("shop"),), BY_ROLE, False, id="a rule without roles forbids roles"),
        pytest.param((rule("shop", POOL, ROLE),), BY_ROLE, True, id="the role is named"),
        pytest.param(
            (rule("shop", POOL, "arn:aws:iam::111122223333:role/cognito-*"),),
            BY_ROLE,
            True,
            id="a pattern of roles",
        ),
        pytest.param(
            (rule("shop", POOL, "arn:aws:iam::999999999999:role/*"),),
            BY_ROLE,
            False,
            id="a role of another account",
        ),
        pytest.param(
            (rule("shop", POOL, ROLE),),
            OWN,
            False,
            id="a rule with roles is not for the operator's own credentials",
        ),
        pytest.param(
            (rule("shop", POOL, ROLE), rule("shop")), OWN, True, id="any rule may allow it"
        ),
        pytest.param(
            (rule("shop", "eu-west-1_Xyz", ROLE), rule("bank", POOL, ROLE)),
            BY_ROLE,
            False,
            id="parts of different rules do not add up",
        ),
    ],
)
def test_the_list_allows(rules: tuple[AllowRule, ...], client: ClientRef, expected: bool) -> None:  # noqa: FBT001
    assert AllowList(rules).allows("shop", client) is expected


def test_a_rule_reaches_a_pool_whatever_the_role() -> None:
    rules = AllowList((rule("shop", "eu-west-1_*", ROLE),))
    assert rules.reaches("shop", POOL)
    assert not rules.reaches("bank", POOL)


@pytest.mark.parametrize("client", [OWN, BY_ROLE], ids=["own credentials", "a role"])
def test_the_rule_to_paste_allows_just_that(client: ClientRef) -> None:
    read = json.loads(rule_text("shop", client))
    pasted = AllowRule(
        tuple(read["namespaces"]), tuple(read["userPools"]), tuple(read.get("roles", ()))
    )
    other = BY_ROLE if client is OWN else OWN
    assert pasted.allows("shop", client)
    assert not pasted.allows("shop", other)
    assert not pasted.allows("bank", client)


def test_whoever_asks_it_is_the_same_client() -> None:
    assert OWN == BY_ROLE
    assert hash(OWN) == hash(BY_ROLE)
