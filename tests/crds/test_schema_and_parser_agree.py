"""The schema of the resource and `resource.parse` say the same, in the same words."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from cognito_secret_operator import names
from cognito_secret_operator.domain.consumers import ConsumerMode
from cognito_secret_operator.domain.journal.journal import Origin, Outcome
from cognito_secret_operator.domain.model import Trigger, Verdict
from cognito_secret_operator.domain.report import ConditionType, Role
from cognito_secret_operator.domain.spec import (
    CreationPolicy,
    Policy,
    RetireOriginal,
    RolloutStrategy,
    Spec,
    VerificationMode,
)
from cognito_secret_operator.errors import InvalidResourceError
from cognito_secret_operator.wire.resource.parse import parse
from cognito_secret_operator.wire.resource.sections import span

from support.crd_corpus import Case, as_stored, cases, schema

ACCEPTED = {case.name: case for case in cases("accepted")}


class Recording(dict[str, Any]):
    """An object that notes each path that is read from it."""

    def __init__(self, path: str, body: Mapping[str, Any], paths: set[str]) -> None:
        self._path, self._paths = path, paths
        super().__init__(
            {
                key: Recording(f"{path}.{key}", value, paths) if isinstance(value, dict) else value
                for key, value in body.items()
            }
        )

    def get(self, key: str, default: object = None) -> object:
        self._paths.add(f"{self._path}.{key}")
        return super().get(key, default)


def fields(section: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field below *section*, objects included."""
    for key, field in section.get("properties", {}).items():
        yield f"{path}.{key}", field
        yield from fields(field, f"{path}.{key}")


SPEC_FIELDS = dict(fields(schema()["properties"]["spec"], ".spec"))


def description(path: str) -> str:
    """A field's description."""
    text: str = SPEC_FIELDS[f".spec.{path}"]["description"]
    return text


def smallest() -> Spec:
    return parse(as_stored(ACCEPTED["smallest"].resource)).spec


def test_parse_reads_every_field_of_the_schema_and_no_other() -> None:
    paths: set[str] = set()
    parse(Recording("", as_stored(ACCEPTED["everything"].resource), paths))
    assert {path for path in paths if path.startswith(".spec.")} == set(SPEC_FIELDS)


def leaves(body: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of the values in *body*."""
    for key, value in body.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


@pytest.mark.parametrize(
    "path",
    list(leaves(ACCEPTED["everything"].resource["spec"])),
    ids=".".join,
)
def test_every_field_changes_what_is_parsed(path: tuple[str, ...]) -> None:
    everything = ACCEPTED["everything"].resource["spec"]
    value: Any = everything
    for key in path:
        value = value[key]
    spec: dict[str, Any] = {"userPoolId": "eu-west-1_Another", "clientId": "another"}
    if path[-1] == "maxAge":
        value = "100d"
    if "consumers" in path:
        # The mode and the field that it asks for stand or fall together.
        path, value = path[: path.index("consumers") + 1], everything["rollout"]["consumers"]
    section = spec
    for key in path[:-1]:
        section = section.setdefault(key, {})
    if "secretRef" in path:
        # Neither of its fields can stand alone.
        section.update(everything["rotation"]["initialValueFrom"]["secretRef"])
        section[path[-1]] = "another"
    without = parse(as_stored({"metadata": {"name": "orders-api"}, "spec": spec}))
    section[path[-1]] = value
    parsed = parse(as_stored({"metadata": {"name": "orders-api"}, "spec": spec}))
    # A client is the same with any role: its caller is compared on its own.
    assert parsed != without or parsed.spec.client.caller != without.spec.client.caller


@pytest.mark.parametrize("case", [c for c in cases("refused") if not c.only_api_server], ids=str)
def test_parse_refuses_what_the_api_server_refuses_and_names_field_and_remedy(case: Case) -> None:
    with pytest.raises(InvalidResourceError) as caught:
        parse(as_stored(case.resource))
    assert caught.value.message.startswith(f"{case.field}: ")
    assert case.remedy in caught.value.message


@pytest.mark.parametrize("case", cases("accepted"), ids=str)
def test_parse_accepts_what_the_api_server_accepts(case: Case) -> None:
    parse(as_stored(case.resource))


@pytest.mark.parametrize("case", [c for c in cases("refused") if c.only_api_server], ids=str)
def test_parse_accepts_both_states_of_a_change_that_the_api_server_refuses(case: Case) -> None:
    assert case.before is not None
    parse(as_stored(case.before))
    parse(as_stored(case.resource))


def test_the_default_spans_in_the_descriptions_are_the_parsers() -> None:
    spec = smallest()
    said = {
        path: span(match[1])
        for path in SPEC_FIELDS
        if (match := re.search(r"Default (\d+[smhd])\b", description(path[len(".spec.") :])))
    }
    assert said == {
        ".spec.rotation.interval": spec.rotation.interval,
        ".spec.verification.activationDelay": spec.verification.activation_delay,
        ".spec.rollout.progressDeadline": spec.rollout.progress_deadline,
        ".spec.retirement.minOverlap": spec.retirement.min_overlap,
    }


def test_the_defaults_that_follow_the_interval_are_as_described() -> None:
    assert "Default interval + 10 %" in description("rotation.maxAge")
    assert "Default half of the interval, at most 72h" in description("retirement.maxOverlap")
    assert smallest().rotation.max_age == timedelta(days=99)
    assert smallest().retirement.max_overlap == timedelta(hours=72)


def test_the_default_name_in_the_description_of_the_target_is_the_parsers() -> None:
    assert "Default the resource's name." in description("target.name")


def test_the_default_choices_in_the_descriptions_are_the_parsers() -> None:
    spec = smallest()
    assert f"{spec.policy.value} (default)" in description("policy")
    assert f"{spec.verification.mode.value} (default)" in description("verification.mode")
    policy = spec.target.creation_policy.value
    assert f"{policy} (default)" in description("target.creationPolicy")
    assert f"{spec.adoption.retire_original.value} (default)" in description(
        "adoption.retireOriginal"
    )
    assert f"{spec.rollout.strategy.value} (default)" in description("rollout.strategy")
    assert f"{spec.rollout.consumers.mode.value} (default)" in description("rollout.consumers.mode")
    assert f"Default {str(spec.suspended).lower()}." in description("suspend")


def test_the_enumerations_of_the_schema_are_the_models() -> None:
    assert SPEC_FIELDS[".spec.policy"]["enum"] == [member.value for member in Policy]
    strategy = SPEC_FIELDS[".spec.rollout.strategy"]["enum"]
    assert strategy == [member.value for member in RolloutStrategy]
    mode = SPEC_FIELDS[".spec.rollout.consumers.mode"]["enum"]
    assert mode == [member.value for member in ConsumerMode]
    modes = SPEC_FIELDS[".spec.verification.mode"]["enum"]
    assert modes == [member.value for member in VerificationMode]
    policies = SPEC_FIELDS[".spec.target.creationPolicy"]["enum"]
    assert policies == [member.value for member in CreationPolicy]
    adoption = SPEC_FIELDS[".spec.adoption.retireOriginal"]["enum"]
    assert adoption == [member.value for member in RetireOriginal]


def test_the_descriptions_of_status_name_every_value() -> None:
    status = dict(fields(schema()["properties"]["status"], ".status"))
    rotation = status[".status.rotations"]["items"]["properties"]
    secret = status[".status.secrets"]["items"]["properties"]
    for text, members in [
        (status[".status.conditions"]["description"], ConditionType),
        (rotation["trigger"]["description"], Trigger),
        (rotation["outcome"]["description"], Outcome),
        (rotation["retiredVerdict"]["description"], Verdict),
        (secret["role"]["description"], Role),
        (secret["origin"]["description"], Origin),
    ]:
        assert [member.value for member in members if member.value not in text] == []


def test_every_field_of_the_spec_is_described() -> None:
    assert [path for path, field in SPEC_FIELDS.items() if not field.get("description")] == []


def described(section: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field below *section*, those of a list's items included."""
    for key, field in section.get("properties", {}).items():
        yield f"{path}.{key}", field
        yield from described(field, f"{path}.{key}")
        yield from described(field.get("items", {}), f"{path}.{key}[]")


@pytest.mark.parametrize("part", ["spec", "status"])
def test_every_description_that_kubectl_explain_shows_is_a_sentence(part: str) -> None:
    found = dict(described(schema()["properties"][part], f".{part}"))
    texts = {path: field.get("description", "") for path, field in found.items()}
    assert [path for path, text in texts.items() if not text.endswith(".")] == []
    assert [path for path, text in texts.items() if not text[:1].isupper()] == []


def test_every_field_that_may_be_left_out_names_its_default() -> None:
    spec = schema()["properties"]["spec"]
    sections = [(".spec", spec), *SPEC_FIELDS.items()]
    required = {f"{path}.{key}" for path, part in sections for key in part.get("required", ())}
    silent = [
        path
        for path, field in SPEC_FIELDS.items()
        if "properties" not in field
        and field["type"] != "array"  # an empty list says what it is
        and path not in required
        and not re.search(r"\b[Dd]efault\b", field["description"])
    ]
    assert silent == []


def test_every_text_of_the_spec_has_a_limit_for_the_cost_of_rules() -> None:
    unlimited = [
        path
        for path, field in SPEC_FIELDS.items()
        if field["type"] == "string" and "maxLength" not in field and "enum" not in field
    ]
    assert unlimited == []


def test_the_descriptions_name_the_annotations_as_the_code_does() -> None:
    text = schema()["description"]
    assert names.ROTATE_ANNOTATION in text
    assert names.APPROVE_ANNOTATION in text
    assert names.APPROVE_ANNOTATION in description("adoption.retireOriginal")


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(cases("refused")) >= 24
