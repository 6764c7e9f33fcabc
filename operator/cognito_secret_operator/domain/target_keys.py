"""The keys of the target Secret: one table, from which everything about a key follows.

The parser, the refusal of equal names, the scope and the target's data read `TARGET_KEYS`.
``make chart`` writes the schema of ``spec.target.keys`` and the rows of the reference page from it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..errors import InvalidResourceError
from .connection import issuer_of
from .model import ClientRef
from .value import SecretValue

__all__ = [
    "CLIENT_ID",
    "CURRENT",
    "PREVIOUS",
    "TARGET_KEYS",
    "TOKEN_ENDPOINT",
    "Shown",
    "TargetKey",
    "TargetKeys",
]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a publication can show in the target."""

    client: ClientRef
    current: SecretValue
    current_id: str
    previous: SecretValue
    token_endpoint: str
    """Empty where it is unknown."""


@dataclass(frozen=True, slots=True)
class TargetKey:
    """One key of the target's data."""

    field: str
    """The field of ``spec.target.keys`` that names the key."""

    default: str | None
    """The key's name where the resource gives none; None leaves the key out."""

    meaning: str
    """Sentences for the schema and the reference page; code stands in backticks."""

    value_of: Callable[[Shown], SecretValue]
    """Returns the key's value. An empty one leaves out a key that has no default name."""


CLIENT_ID: Final = TargetKey(
    field="clientId",
    default="client-id",
    meaning="Key of the app client's id. All keys must differ.",
    value_of=lambda shown: SecretValue(shown.client.client_id),
)
CURRENT: Final = TargetKey(
    field="current",
    default="client-secret",
    meaning="Key of the current secret.",
    value_of=lambda shown: shown.current,
)
PREVIOUS: Final = TargetKey(
    field="previous",
    default="client-secret-previous",
    meaning=(
        "Key of the secret before the current one. It is there at all times, equal to the current "
        "one where there is no other, since a pod with a required reference to a missing key "
        "cannot start."
    ),
    value_of=lambda shown: shown.previous,
)
TOKEN_ENDPOINT: Final = TargetKey(
    field="tokenEndpoint",
    default=None,
    meaning=(
        "Key of the pool's token endpoint: `verification.tokenEndpoint`, else the one that "
        "`DescribeUserPool` shows, read before each publication and kept in the journal. Where it "
        "cannot be found the key is missing, never empty; rotations go on, and `Stalled` shows "
        "`TokenEndpointUnknown`."
    ),
    value_of=lambda shown: SecretValue(shown.token_endpoint),
)

TARGET_KEYS: Final[tuple[TargetKey, ...]] = (
    CLIENT_ID,
    CURRENT,
    PREVIOUS,
    TargetKey(
        field="userPoolId",
        default=None,
        meaning="Key of the user pool's id.",
        value_of=lambda shown: SecretValue(shown.client.pool_id),
    ),
    TargetKey(
        field="issuer",
        default=None,
        meaning=(
            "Key of the issuer of the pool's tokens, "
            "`https://cognito-idp.<region>.amazonaws.com/<user pool id>`; other AWS partitions "
            "have other domains, as `amazonaws.com.cn` in China."
        ),
        value_of=lambda shown: SecretValue(issuer_of(shown.client)),
    ),
    TOKEN_ENDPOINT,
    TargetKey(
        field="secretId",
        default=None,
        meaning="Key of the current secret's id at Cognito.",
        value_of=lambda shown: SecretValue(shown.current_id),
    ),
)
"""Every key, in the order of the schema. A row without a constant is read by the table alone."""


@dataclass(frozen=True, slots=True, init=False)
class TargetKeys:
    """The names that a resource gives to the keys of its target; no two of them are equal."""

    names: Mapping[str, str]
    """Field -> name, of the keys that the target has."""

    def __init__(self, **chosen: str | None) -> None:
        """Take the chosen names by their fields; a default name stands in for one not chosen.

        Raises:
            InvalidResourceError: two keys have one name, so that a value would replace another.

        """
        unknown = chosen.keys() - {row.field for row in TARGET_KEYS}
        if unknown:
            raise TypeError(f"no row of TARGET_KEYS has the field {', '.join(sorted(unknown))}")
        found = {row.field: chosen.get(row.field) or row.default for row in TARGET_KEYS}
        names = {field: name for field, name in found.items() if name}
        if len(set(names.values())) < len(names):
            shown = ", ".join(f"{field} {name}" for field, name in names.items())
            raise InvalidResourceError(
                f"spec.target.keys: must differ from each other, and are {shown}: give each key a "
                "name of its own"
            )
        object.__setattr__(self, "names", names)

    def __getitem__(self, key: TargetKey) -> str:
        """Return the name of a key that has a default name."""
        return self.names[key.field]

    def get(self, key: TargetKey) -> str | None:
        """Return the name of a key; None where the target does not have it."""
        return self.names.get(key.field)

    def data(self, shown: Shown) -> dict[str, SecretValue]:
        """Return the target's whole data.

        An empty value would be worse than none: an application would take it for an answer.
        """
        present = [row for row in TARGET_KEYS if row.field in self.names]
        values = {row: row.value_of(shown) for row in present}
        return {self[row]: value for row, value in values.items() if value or row.default}
