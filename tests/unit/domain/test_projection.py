"""What the target must be."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.journal.journal import Journal
from cognito_secret_operator.domain.model import StoredSecret
from cognito_secret_operator.domain.projection import (
    is_projection,
    publication_number,
    stamp_value,
    target_annotations,
    target_data,
)
from cognito_secret_operator.domain.target_keys import TargetKeys
from cognito_secret_operator.names import (
    CURRENT_ID_ANNOTATION,
    PREVIOUS_ID_ANNOTATION,
    PUBLICATION_ANNOTATION,
)

from support.builders import CLIENT, journal, resource, secret, spec, target

ROLLING = journal("B", "A")
VALUELESS = journal(secret("A", has_value=False))
UNKNOWN_PREVIOUS = journal("B", secret("A", has_value=False))
RETIRED = replace(journal("B"), retired=secret("A"))


def _values(book: Journal) -> tuple[str, str]:
    data = target_data(book, resource())
    assert data is not None
    return data["client-secret"].reveal(), data["client-secret-previous"].reveal()


@pytest.mark.parametrize(
    ("book", "current", "previous"),
    [
        pytest.param(journal("A"), "A", "A", id="only one secret: it stands in for the previous"),
        pytest.param(ROLLING, "B", "A", id="both secrets are valid"),
        pytest.param(RETIRED, "B", "A", id="the deleted one stays until the next publication"),
        pytest.param(UNKNOWN_PREVIOUS, "B", "B", id="nobody knows the previous one's value"),
    ],
)
def test_both_keys_are_there_at_all_times(book: Journal, current: str, previous: str) -> None:
    assert _values(book) == (f"value of {current}", f"value of {previous}")
    marks = target_annotations(book, resource())
    assert (marks[CURRENT_ID_ANNOTATION], marks[PREVIOUS_ID_ANNOTATION]) == (current, previous)


def test_nothing_is_published_while_the_value_is_unknown() -> None:
    assert target_data(VALUELESS, resource()) is None
    assert target_data(journal(None, published=None), resource()) is None


def test_the_keys_are_named_by_the_resource() -> None:
    wanted = resource(
        spec(target={"keys": TargetKeys(clientId="id", current="now", previous="before")})
    )
    data = target_data(ROLLING, wanted)
    assert data is not None
    assert {key: value.reveal() for key, value in data.items()} == {
        "id": CLIENT.client_id,
        "now": "value of B",
        "before": "value of A",
    }


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param(target(ROLLING), True, id="as the journal says"),
        pytest.param(replace(target(ROLLING), labels={"team": "x"}), True, id="with a label"),
        pytest.param(
            target(ROLLING, marks={**target(ROLLING).annotations, "note": "x"}),
            True,
            id="with somebody's annotation",
        ),
        pytest.param(target(ROLLING, data={}), False, id="empty"),
        pytest.param(target(journal("A")), False, id="the publication before"),
        pytest.param(target(ROLLING, marks={}), False, id="without our annotations"),
        pytest.param(
            target(ROLLING, data={"client-secret": "value of B"}), False, id="with a key missing"
        ),
    ],
)
def test_what_counts_as_written(found: StoredSecret, *, same: bool) -> None:
    assert is_projection(found, ROLLING, resource()) is same


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("0", 0), ("", 0), ("-7", 0), ("seven", 0), ("\u0667", 0), ("²", 0), ("7.5", 0)],
)
def test_a_publication_number_is_plain_digits(text: str, number: int) -> None:
    assert publication_number({PUBLICATION_ANNOTATION: text}) == number


def test_no_annotation_means_publication_zero() -> None:
    assert publication_number({}) == 0


def test_a_stamp_names_the_secret_and_the_publication() -> None:
    assert stamp_value(ROLLING) == "B.7"
    with pytest.raises(ValueError, match="nothing"):
        stamp_value(journal(None, published=None))


def _shown_endpoint(book: Journal, **verification: object) -> str | None:
    keys = TargetKeys(tokenEndpoint="endpoint")
    data = target_data(book, resource(spec(target={"keys": keys}, verification=verification)))
    assert data is not None
    return data["endpoint"].reveal() if "endpoint" in data else None


def test_an_endpoint_that_was_found_is_shown_where_the_spec_names_none() -> None:
    found, given = "https://found.example.com/oauth2/token", "https://given.example.com/token"
    noted = replace(ROLLING, token_endpoint=found)
    assert _shown_endpoint(noted) == found
    assert _shown_endpoint(noted, token_endpoint=given) == given
    assert _shown_endpoint(ROLLING, token_endpoint=given) == given


def test_an_unknown_endpoint_has_no_key_rather_than_an_empty_one() -> None:
    assert _shown_endpoint(ROLLING) is None
