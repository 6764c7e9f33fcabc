"""Reader of an object of the resource, field by field, so that every error names its field."""

import re
from collections.abc import Mapping, Sized
from datetime import timedelta
from enum import Enum
from typing import Any, Final, TypeVar

from ...errors import InvalidResourceError

__all__ = ["DATA_KEY", "LABEL", "LABEL_KEY", "LABEL_VALUE", "OBJECT_NAME", "Section", "span"]

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN: Final = re.compile(r"0s|[1-9][0-9]{0,5}[smhd]")

LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
"""A DNS label, without its limit of length."""

_SUBDOMAIN: Final = f"{LABEL.pattern}([.]{LABEL.pattern})*"
OBJECT_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_SUBDOMAIN}")
LABEL_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
LABEL_KEY: Final = re.compile(
    rf"((?=[^/]{{1,253}}/){_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
)
"""The key of a label or an annotation."""
DATA_KEY: Final = re.compile(r"(?![.]\Z|[.][.])[-._a-zA-Z0-9]{1,253}")
"""A key of a Secret's data."""

_Choice = TypeVar("_Choice", bound=Enum)


def span(text: str) -> timedelta:
    """Read a duration of one unit, like ``0s``, ``15m`` or ``90d``.

    Raises:
        InvalidResourceError: the text has another form.

    """
    if not _SPAN.fullmatch(text):
        raise InvalidResourceError(
            "must be 0s or a whole number with one unit, s, m, h or d: "
            'write 90s, not "90" or "1m30s"'
        )
    return timedelta(seconds=int(text[:-1]) * _SECONDS[text[-1]])


class Section:
    """One object of the resource, with its path, so that every error names its field."""

    def __init__(self, path: str, body: object) -> None:
        if body is not None and not isinstance(body, Mapping):
            raise InvalidResourceError(f"{path}: must be an object: write its fields below it")
        self._path = path
        self._is_given = body is not None
        self._body: Mapping[str, Any] = body or {}
        self._fields_read: set[str] = set()

    @property
    def is_given(self) -> bool:
        """Whether the object is present."""
        return self._is_given

    def path(self, key: str) -> str:
        """Return a field's path in the API server's form."""
        return f"{self._path}.{key}" if self._path else key

    def section(self, key: str) -> "Section":
        """Read an object; a missing object is empty."""
        return Section(self.path(key), self._get(key))

    def sections(self, key: str, *, most: int | None = None) -> tuple["Section", ...]:
        """Read a list of at most so many objects; a missing list is empty."""
        items = enumerate(self._list(key, most))
        return tuple(Section(f"{self.path(key)}[{at}]", item) for at, item in items)

    def texts_below(self, prefix: str) -> dict[str, str]:
        """Read every string whose key starts with *prefix*, by the rest of the key."""
        keys = [key for key in self._body if key.startswith(prefix)]
        return {key.removeprefix(prefix): (self.text(key) or "").strip() for key in keys}

    def text(self, key: str) -> str | None:
        """Read a string; None if it is missing."""
        value = self._get(key)
        if value is not None and not isinstance(value, str):
            raise self.invalid(key, "must be a string: put it into quotes")
        return value

    def required(self, key: str) -> str:
        """Read a required string."""
        text = self.text(key)
        if not text:
            raise self.invalid(key, "Required value: set it")
        return text

    def matching(self, key: str, pattern: re.Pattern[str], otherwise: str) -> str | None:
        """Read a string of a certain form; the error omits the string, which may be a secret."""
        text = self.text(key)
        if text is not None and not pattern.fullmatch(text):
            raise self.invalid(key, otherwise)
        return text

    def texts(
        self, key: str, pattern: re.Pattern[str], *, most: int, otherwise: str
    ) -> tuple[str, ...]:
        """Read a list of strings of a certain form; a missing list is empty."""
        items = self._list(key, most)
        for at, item in enumerate(items):
            if not isinstance(item, str) or not pattern.fullmatch(item):
                raise self.invalid(f"{key}[{at}]", otherwise)
        return tuple(items)

    def strings(self, key: str, *, most: int) -> Mapping[str, str]:
        """Read an object of at most so many strings, with any names; a missing object is empty."""
        found = self._get(key)
        if found is None:
            return {}
        if not isinstance(found, Mapping) or not all(
            isinstance(value, str) for value in found.values()
        ):
            raise self.invalid(key, "must be an object of strings: put its values into quotes")
        self._check_length(key, found, most)
        return dict(found)

    def span(self, key: str, *, allow_zero: bool = True) -> timedelta | None:
        """Read a duration; None if it is missing."""
        text = self.text(key)
        if text is None:
            return None
        if not allow_zero and (text == "0s" or not _SPAN.fullmatch(text)):
            raise self.invalid(
                key,
                "must be a whole number above zero with one unit, s, m, h or d: "
                'write 30d, not "1 month" or "720h0m"',
            )
        try:
            return span(text)
        except InvalidResourceError as error:
            raise self.invalid(key, error.message) from None

    def choice(self, key: str, default: _Choice) -> _Choice:
        """Read one of an enumeration's values."""
        text = self.text(key)
        for member in type(default):
            if member.value == text:
                return member
        if text is None:
            return default
        supported = ", ".join(f'"{member.value}"' for member in type(default))
        raise self.invalid(key, f"must be one of the supported values: {supported}")

    def switch(self, key: str) -> bool:
        """Read a Boolean; False if it is missing."""
        value = self._get(key)
        if value is not None and not isinstance(value, bool):
            raise self.invalid(key, "must be a boolean: write true or false without quotes")
        return bool(value)

    def whole_number(self, key: str) -> int:
        """Read a whole number of at least 0; 0 if it is missing."""
        value = self._get(key)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.invalid(key, "must be a whole number: remove the field")
        return value

    def refuse_the_rest(self) -> None:
        """Refuse every field that was not read."""
        for key in sorted(set(self._body) - self._fields_read):
            raise self.invalid(
                key,
                "unknown field: correct its name, or upgrade the operator to a version that knows "
                "it; meanwhile nothing is done for this resource",
            )

    def invalid(self, key: str, problem_and_remedy: str) -> InvalidResourceError:
        """Return the error for a field."""
        return InvalidResourceError(f"{self.path(key)}: {problem_and_remedy}")

    def _list(self, key: str, most: int | None) -> list[Any]:
        items = self._get(key)
        if items is None:
            return []
        if not isinstance(items, list):
            raise self.invalid(key, "must be a list: begin each entry with '-'")
        self._check_length(key, items, most)
        return items

    def _check_length(self, key: str, items: Sized, most: int | None) -> None:
        if most is not None and len(items) > most:
            raise self.invalid(key, f"must have at most {most} items: remove some")

    def _get(self, key: str) -> object:
        self._fields_read.add(key)
        return self._body.get(key)
