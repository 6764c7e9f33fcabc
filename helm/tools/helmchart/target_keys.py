"""``spec.target.keys`` in the schema and on the reference page, made from the operator's table."""

import re
from collections.abc import Iterable
from textwrap import indent, wrap
from typing import Final

from cognito_secret_operator.domain.target_keys import TARGET_KEYS, TargetKey

BEGIN: Final = "# target keys: made by `make chart` from the operator's domain/target_keys.py\n"
END: Final = "# end of target keys\n"

_PATH: Final = "spec.target.keys"
_DEPTH: Final = 20
_WIDTH: Final = 100
_DEFAULTS: Final = [row for row in TARGET_KEYS if row.default]
_ON_REQUEST: Final = [row for row in TARGET_KEYS if not row.default]

_IS_A_KEY: Final = """\
type: string
maxLength: 253
x-kubernetes-validations:
  - rule: >-
      self.matches('^[-._a-zA-Z0-9]+$') && self != '.' && !self.startsWith('..')
    message: >-
      must be a valid key of a Secret: write letters, digits, '-', '_' and '.'
"""


def with_keys(crd: str) -> str:
    """Put the schema of the keys between the two comments of the resource type."""
    margin = " " * _DEPTH
    head, begin, rest = crd.partition(f"{margin}{BEGIN}")
    _, end, tail = rest.partition(f"{margin}{END}")
    if not begin or not end:
        raise ValueError("the resource type lacks the two comments around the target keys")
    return f"{head}{begin}{indent(_section(), margin)}{end}{tail}"


def with_rows(page: str) -> str:
    """Replace the rows of the keys in the table of the spec's fields."""
    rows = "".join(
        f"| `{_PATH}.{row.field}` | string | {_default(row, '`{}`')} | {row.meaning} |\n"
        for row in TARGET_KEYS
    )
    found = rf"(^\| `{re.escape(_PATH)}\.[^\n]*\n)+"
    made, count = re.subn(found, lambda _: rows, page, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"the page has not one block of rows about {_PATH}")
    return made


def _default(row: TargetKey, form: str) -> str:
    return form.format(row.default) if row.default else "none: the key is not written"


def _section() -> str:
    names = ", ".join(row.default or "" for row in _DEFAULTS)
    about = (
        "Names of the keys in the Secret's data; all must differ. These are there by default: "
        f"{names}. The others are written only where they are named."
    )
    properties = "".join(f"{row.field}:\n{indent(_property(row), '  ')}" for row in TARGET_KEYS)
    return (
        "keys:\n"
        f"{_folded('description', about, 2)}"
        "  type: object\n"
        "  x-kubernetes-validations:\n"
        f"    - {_lines('rule', _rule(), 6).lstrip()}"
        f"{_lines('messageExpression', _message(), 6)}"
        '      message: "must differ from each other: give each key a name of its own"\n'
        "  properties:\n"
        f"{indent(properties, '    ')}"
    )


def _property(row: TargetKey) -> str:
    meaning = f"{row.meaning.replace('`', '')} Default {_default(row, '{}')}."
    return f"{_folded('description', meaning, 0, depth=6)}{_IS_A_KEY}"


def _rule() -> Iterable[str]:
    """Yield a rule that no two names are equal, on as many lines as there are keys."""
    names = [f"has(self.{row.field}) ? self.{row.field} : '{row.default}'" for row in _DEFAULTS]
    yield f"[[{names[0]},"
    yield from (f"{name}," for name in names[1:-1])
    yield f"{names[-1]}]"
    lists = [f"+ (has(self.{row.field}) ? [self.{row.field}] : [])" for row in _ON_REQUEST]
    yield from lists[:-1]
    yield f"{lists[-1]}]"
    yield ".all(names, names.all(name, names.exists_one(other, other == name)))"


def _message() -> Iterable[str]:
    """Yield an expression that shows every name."""
    for at, row in enumerate(_DEFAULTS):
        before = (
            f"', {row.field} '" if at else f"'must differ from each other, and are {row.field} '"
        )
        yield f"{'+ ' if at else ''}{before}"
        yield f"+ (has(self.{row.field}) ? self.{row.field} : '{row.default}')"
    for row in _ON_REQUEST:
        yield f"+ (has(self.{row.field}) ? ', {row.field} ' + self.{row.field} : '')"
    yield "+ ': give each key a name of its own'"


def _folded(key: str, text: str, by: int, *, depth: int = 0) -> str:
    """Write a text that YAML folds into one line; *depth* is the margin that is added later."""
    width = _WIDTH - _DEPTH - depth - by - 2
    return _lines(key, wrap(text, width, break_long_words=False, break_on_hyphens=False), by)


def _lines(key: str, lines: Iterable[str], by: int) -> str:
    return indent(f"{key}: >-\n" + "".join(f"  {line}\n" for line in lines), " " * by)
