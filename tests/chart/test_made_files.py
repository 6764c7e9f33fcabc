"""values.yaml, its schema, the chart's page and the resource type say the same."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from cognito_secret_operator import __version__
from cognito_secret_operator.adapters.allow_file import UnusableError, read_rules

from helmchart import CHART, REPOSITORY
from helmchart.made import made_files
from helmchart.values import VALUES_FILE, schema, schema_paths, values


@pytest.mark.parametrize("path", made_files(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_made_file_is_what_make_chart_would_write(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == made_files()[path], "run `make chart`"


def test_the_schema_has_the_keys_of_the_values_and_no_others() -> None:
    leaves = {value.path for value in values() if not value.is_section}
    assert schema_paths(schema(), leaves) == {value.path for value in values()}


def test_the_schema_takes_no_unknown_key_wherever_we_name_the_keys() -> None:
    def sections(part: dict[str, object], name: str) -> None:
        if "properties" in part:
            assert part.get("additionalProperties") is False, name
        for key, inner in part.items():
            if isinstance(inner, dict):
                sections(inner, f"{name}.{key}")

    sections(schema(), "")


def test_every_value_has_a_comment_that_ends_like_a_sentence() -> None:
    silent = [value.name for value in values() if not value.is_section and not value.comment]
    assert silent == []
    unfinished = [one.name for one in values() if one.comment and one.comment[-1] not in ".:"]
    assert unfinished == []


def test_the_defaults_fit_the_schema() -> None:
    jsonschema.validate(yaml.safe_load(VALUES_FILE.read_text(encoding="utf-8")), schema())


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(jsonschema.ValidationError, match="namespace"):
        jsonschema.validate({"watch": {"namespace": ["shop"]}}, schema())


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        (key, pattern)
        for key, some in {
            "namespaces": ["shop", "team-*", "*", "Shop", "", "a" * 64, "a.b", "shop\n"],
            "userPools": ["eu-west-1_AbCdEfGhI", "*", "eu-west-1_*", "a/b", "", "a" * 56],
            "roles": [
                *("*", "arn:aws:iam::111122223333:role/a-*", "arn:aws-*:iam::*", "role/a", ""),
                *("arn:aws:iam::a b", "**", "x*"),
            ],
        }.items()
        for pattern in some
    ],
)
def test_the_schema_takes_the_rules_that_the_operator_takes(key: str, pattern: str) -> None:
    # One rule that the operator cannot read leaves the whole list unused.
    rule = {"namespaces": ["shop"], "userPools": ["*"]} | {key: [pattern]}
    rules = schema()["properties"]["allowList"]["properties"]["rules"]
    try:
        read_rules(yaml.safe_dump({"rules": [rule]}).encode())
        is_read = True
    except UnusableError:
        is_read = False
    # Go's $ is the end of the text, Python's may be before a last line break.
    text = json.dumps(rules).replace('$"', '\\\\Z"')
    is_taken = jsonschema.Draft7Validator(json.loads(text)).is_valid([rule])
    assert is_taken is is_read


def test_chart_and_operator_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"] == chart["appVersion"] == __version__


def test_no_crds_folder_is_in_the_chart() -> None:
    # Helm installs that folder once, and never upgrades it.
    assert not (CHART / "crds").exists()
