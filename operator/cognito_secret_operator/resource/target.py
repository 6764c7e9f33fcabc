"""``spec.target``: the Secret that applications read."""

from ..domain.spec import TargetKeys, TargetSpec
from ..errors import InvalidResourceError
from ..names import JOURNAL_SUFFIX
from .sections import DATA_KEY, SECRET_NAME, Section

__all__ = ["target_spec"]


def target_spec(target: Section, resource_name: str) -> TargetSpec:
    """Read the section; the Secret is called like the resource where it is given no name."""
    spec = TargetSpec(_target_name(target, resource_name), _target_keys(target.section("keys")))
    target.refuse_the_rest()
    return spec


def _target_name(target: Section, name: str) -> str:
    given = target.matching(
        "name",
        SECRET_NAME,
        "must be a valid name of a Secret: write lower-case letters, digits, '-' and '.'",
    )
    target_name = name if given is None else given
    if target_name.endswith(JOURNAL_SUFFIX):
        raise target.invalid(
            "name",
            f"must not end with {JOURNAL_SUFFIX}, which is how the operator calls its own "
            "Secrets: choose another target.name (the resource's name is its default)",
        )
    return target_name


def _target_keys(keys: Section) -> TargetKeys:
    defaults = TargetKeys()

    def read(key: str, default: str) -> str:
        text = keys.matching(
            key,
            DATA_KEY,
            "must be a valid key of a Secret: write letters, digits, '-', '_' and '.'",
        )
        return default if text is None else text

    chosen = TargetKeys(
        client_id=read("clientId", defaults.client_id),
        current=read("current", defaults.current),
        previous=read("previous", defaults.previous),
    )
    keys.refuse_the_rest()
    if len({chosen.client_id, chosen.current, chosen.previous}) < len(("id", "current", "old")):
        raise InvalidResourceError(
            f"spec.target.keys: must differ from each other, and are clientId {chosen.client_id}, "
            f"current {chosen.current}, previous {chosen.previous}: give each key a name of its own"
        )
    return chosen
