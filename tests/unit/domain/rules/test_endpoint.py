"""The pool's token endpoint, for a target that is to show it."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.actions import Hold, NoteEndpoint
from cognito_secret_operator.domain.observed import Observed, Problem
from cognito_secret_operator.domain.rules.endpoint import token_endpoint_is_unknown
from cognito_secret_operator.domain.target_keys import TargetKeys
from cognito_secret_operator.reasons import Reason

from support.builders import journal, resource, rules_of, said, spec, view

RULES = rules_of("endpoint")
URL = "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token"
KEYS = TargetKeys(tokenEndpoint="token-url")
SHOWN = resource(spec(target={"keys": KEYS}))
GIVEN = resource(spec(target={"keys": KEYS}, verification={"token_endpoint": URL}))
PUBLISHED, NOTED = journal("A"), replace(journal("A"), token_endpoint=URL)
ABOUT_TO = replace(journal("B", "A", published=None), token_endpoint=URL)
NOWHERE = Problem(Reason.TOKEN_ENDPOINT_UNKNOWN, "the pool has no domain", needs_action=True)

TABLE = [
    ("token_endpoint_is_not_noted", view(PUBLISHED), "", "no key is named for it"),
    ("token_endpoint_is_not_noted", view(PUBLISHED, of=GIVEN), "", "the spec has it"),
    ("token_endpoint_is_not_noted", view(PUBLISHED, of=SHOWN), "Look ENDPOINT", "where is it?"),
    (
        "token_endpoint_is_not_noted",
        replace(view(PUBLISHED, of=SHOWN), token_endpoint=URL),
        "NoteEndpoint Publishing",
        "it was found",
    ),
    (
        "token_endpoint_is_not_noted",
        replace(view(PUBLISHED, of=SHOWN), token_endpoint=NOWHERE),
        "",
        "nobody can tell it: everything else goes on",
    ),
    ("token_endpoint_is_not_noted", view(NOTED, of=SHOWN), "", "it is noted: nobody is asked"),
    (
        "token_endpoint_is_not_noted",
        view(ABOUT_TO, of=SHOWN),
        "Look ENDPOINT",
        "before a publication it is asked for again",
    ),
    (
        "token_endpoint_is_not_noted",
        replace(view(ABOUT_TO, of=SHOWN), token_endpoint=URL),
        "",
        "it is where it was",
    ),
    (
        "token_endpoint_is_not_noted",
        replace(view(ABOUT_TO, of=SHOWN), token_endpoint="https://moved.example.com/oauth2/token"),
        "NoteEndpoint Publishing",
        "the pool has another domain by now",
    ),
    ("token_endpoint_is_unknown", view(PUBLISHED), "", "no key is named for it"),
    ("token_endpoint_is_unknown", view(NOTED, of=SHOWN), "", "it is noted"),
    ("token_endpoint_is_unknown", view(PUBLISHED, of=GIVEN), "", "the spec has it"),
    (
        "token_endpoint_is_unknown",
        replace(view(PUBLISHED, of=SHOWN), token_endpoint=NOWHERE),
        "Hold TokenEndpointUnknown",
        "a key without a text: a person is asked",
    ),
]


@pytest.mark.parametrize(
    ("rule", "observed", "expected"),
    [pytest.param(*row[:3], id=f"{row[0]}: {row[3]}") for row in TABLE],
)
def test_the_token_endpoint(rule: str, observed: Observed, expected: str) -> None:
    assert said(RULES[rule](observed)) == expected


def test_every_rule_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(RULES)


def test_the_hold_names_the_field_the_key_and_each_remedy() -> None:
    observed = replace(view(PUBLISHED, of=SHOWN), token_endpoint=NOWHERE)
    plan = token_endpoint_is_unknown(observed)
    assert plan is not None
    for part in (
        "token-url",
        "target.keys.tokenEndpoint",
        "the pool has no domain",
        "verification.tokenEndpoint",
        "cognito-idp:DescribeUserPool",
    ):
        assert part in plan.message
    assert plan.action == Hold(stalled=True, until=observed.next_look)


def test_what_was_found_goes_into_the_journal() -> None:
    plan = RULES["token_endpoint_is_not_noted"](
        replace(view(PUBLISHED, of=SHOWN), token_endpoint=URL)
    )
    assert plan is not None
    assert plan.action == NoteEndpoint(URL)
