"""What of a target is the operator's."""

from dataclasses import replace

import pytest

from cognito_secret_operator.domain.model import StoredSecret
from cognito_secret_operator.domain.scope import in_scope, target_metadata_of
from cognito_secret_operator.domain.spec import CreationPolicy
from cognito_secret_operator.domain.value import SecretValue

from support.builders import journal, resource, spec, target

MERGE = spec(target={"creation_policy": CreationPolicy.MERGE}).target
OWNERS = {"client-secret": "ours@1", "client-secret-previous": "ours@1", "cookie": "theirs@1"}
WHOLE = target(journal("B", "A"))
MIXED = replace(
    WHOLE,
    data={**WHOLE.data, "cookie": SecretValue("theirs"), "older": SecretValue("A")},
    key_owners={**OWNERS, "older": "ours@1"},
    own_keys=frozenset({"client-secret", "client-secret-previous", "older"}),
)


def test_a_target_of_our_own_is_looked_at_whole() -> None:
    assert in_scope(MIXED, spec().target) is MIXED


def test_of_a_merged_one_our_keys_are_looked_at_under_older_names_too() -> None:
    assert in_scope(MIXED, MERGE).data == {**WHOLE.data, "older": SecretValue("A")}


def owner(found: StoredSecret) -> str:
    return in_scope(found, MERGE).data_owner


@pytest.mark.parametrize(
    ("change", "is_the_same"),
    [
        pytest.param({"cookie": "theirs@2"}, True, id="somebody wrote another key"),
        pytest.param({"client-secret": "theirs@2"}, False, id="somebody wrote the current one"),
        pytest.param({"client-secret-previous": "x@2"}, False, id="somebody wrote the previous"),
        pytest.param({"client-secret": "ours@2"}, False, id="we wrote it again"),
    ],
)
def test_who_wrote_our_secrets_when_tells_an_edit(
    change: dict[str, str],
    is_the_same: bool,  # noqa: FBT001 - a column of the table
) -> None:
    changed = replace(MIXED, key_owners={**MIXED.key_owners, **change})
    assert (owner(changed) == owner(MIXED)) is is_the_same


def test_where_nobody_owns_a_key_every_write_counts() -> None:
    unknown = replace(MIXED, key_owners={})
    assert owner(unknown) != owner(replace(unknown, resource_version="2"))


def test_only_an_owner_is_named_as_one() -> None:
    owning = resource(spec(target={"creation_policy": CreationPolicy.OWNER}))
    assert target_metadata_of(owning).owner == ("orders-api", "resource-1")
    assert target_metadata_of(resource()).owner is None
