from cognito_secret_operator.domain.model import ClientRef, ResourceKey
from cognito_secret_operator.runtime.roster import Claimants

SPEC = {"userPoolId": "eu-west-1_AbCdEfGhI", "clientId": "1example"}
OTHER_SPEC = {**SPEC, "clientId": "2example"}
CLIENT = ClientRef("eu-west-1_AbCdEfGhI", "1example")
ONE, TWO = ResourceKey("shop", "one"), ResourceKey("shop", "two")


def test_a_lone_resource_has_no_rival() -> None:
    claimants = Claimants()
    assert claimants.note(ONE, SPEC) == frozenset()
    assert claimants.others_naming(CLIENT, ONE) == ()


def test_two_of_one_client_are_rivals_and_the_first_is_told() -> None:
    claimants = Claimants()
    claimants.note(ONE, SPEC)
    assert claimants.note(TWO, SPEC) == {ONE}
    assert claimants.others_naming(CLIENT, ONE) == (TWO,)
    assert claimants.others_naming(CLIENT, TWO) == (ONE,)


def test_the_same_name_in_another_namespace_is_a_rival_too() -> None:
    claimants = Claimants()
    claimants.note(ONE, SPEC)
    elsewhere = ResourceKey("warehouse", "one")
    assert claimants.note(elsewhere, SPEC) == {ONE}


def test_the_one_that_is_left_is_told_when_its_rival_goes() -> None:
    claimants = Claimants()
    claimants.note(ONE, SPEC)
    claimants.note(TWO, SPEC)
    assert claimants.forget(TWO) == {ONE}
    assert claimants.others_naming(CLIENT, ONE) == ()
    assert claimants.forget(TWO) == frozenset(), "twice is once"


def test_a_resource_that_is_made_anew_for_another_client_is_no_rival_any_more() -> None:
    claimants = Claimants()
    claimants.note(ONE, SPEC)
    claimants.note(TWO, SPEC)
    assert claimants.note(TWO, OTHER_SPEC) == frozenset()
    assert claimants.others_naming(CLIENT, ONE) == ()


def test_a_body_without_a_spec_claims_nothing_that_anybody_names() -> None:
    claimants = Claimants()
    claimants.note(ONE, {})
    assert claimants.others_naming(CLIENT, TWO) == ()
