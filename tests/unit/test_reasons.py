"""The enumeration of reasons: each one explained, each one in use."""

import re
from pathlib import Path
from typing import Final

import cognito_secret_operator
from cognito_secret_operator.reasons import EXPLANATIONS, FINDINGS, STALLS, STEPS, WAITS, Reason
from cognito_secret_operator.service.announcements import EFFECT_EVENTS

_PACKAGE: Final = Path(cognito_secret_operator.__file__).parent
_CODE: Final = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted(_PACKAGE.rglob("*.py"))
    if "reasons" not in path.parts
)


def test_each_reason_has_one_explanation_or_is_an_effects_event() -> None:
    kinds = (STALLS, WAITS, FINDINGS, STEPS)
    assert sum(map(len, kinds)) == len(EXPLANATIONS)
    assert set(Reason) == EXPLANATIONS.keys() | set(EFFECT_EVENTS.values())


def test_each_reason_is_in_use() -> None:
    assert [one.name for one in Reason if not re.search(rf"Reason\.{one.name}\b", _CODE)] == []


def test_a_pass_never_ends_with_a_reason_of_a_step() -> None:
    ends = set(re.findall(r"\b(?:hold|wait|Problem)\(\s*Reason\.(\w+)", _CODE))
    ends |= set(re.findall(r"Truth\.\w+,\s*Reason\.(\w+)", _CODE))
    assert {"NO_CONSUMERS", "OVERLAP_RUNNING", "AT_REST"} <= ends
    assert ends & {one.name for one in STEPS} == set()


def test_a_stall_says_what_a_person_can_do() -> None:
    assert [one for one, text in STALLS.items() if not text.remedy] == []


def test_a_word_says_itself_in_capitals() -> None:
    words = {one.name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", one.value).upper() for one in Reason}
    assert {name: word for name, word in words.items() if name != word} == {}
