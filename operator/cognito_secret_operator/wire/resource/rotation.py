"""``spec.rotation``: when the secret is replaced."""

from datetime import timedelta
from typing import Final

from ...domain.spec import RotationSpec, SecretKeyRef
from ...domain.windows import longest_gap
from .sections import DATA_KEY, OBJECT_NAME, Section
from .windows import windows_spec

__all__ = ["DEFAULT_INTERVAL", "rotation_spec"]

DEFAULT_INTERVAL: Final = timedelta(days=90)


def rotation_spec(rotation: Section) -> RotationSpec:
    """Read the section. With windows and without an interval, the windows are the schedule."""
    given = rotation.span("interval", allow_zero=False)
    max_age = rotation.span("maxAge", allow_zero=False)
    windows = windows_spec(rotation)
    interval = DEFAULT_INTERVAL if given is None else given
    is_by_windows = bool(windows) and given is None
    if is_by_windows:
        interval = longest_gap(windows)
    elif max_age is not None and max_age <= interval:
        raise rotation.invalid(
            "maxAge",
            f"maxAge {rotation.text('maxAge')} is not longer than interval "
            f"{rotation.text('interval') or '90d (the default)'}: raise rotation.maxAge, or "
            "shorten rotation.interval",
        )
    if max_age is None:
        # A rotation may begin as late as the window's end.
        late = max(window.duration for window in windows) if is_by_windows else timedelta()
        max_age = (interval + late) * 11 / 10
    initial = _secret_key_ref(rotation.section("initialValueFrom"))
    rotation.refuse_the_rest()
    return RotationSpec(interval, max_age, initial, windows, is_by_windows=is_by_windows)


def _secret_key_ref(source: Section) -> SecretKeyRef | None:
    if not source.is_given:
        return None
    ref = source.section("secretRef")
    ref.required("name")
    ref.required("key")
    name = ref.matching(
        "name",
        OBJECT_NAME,
        "must be a valid name of a Secret: write lower-case letters, digits, '-' and '.'",
    )
    key = ref.matching(
        "key",
        DATA_KEY,
        "must be a valid key of a Secret: write letters, digits, '-', '_' and '.'",
    )
    ref.refuse_the_rest()
    source.refuse_the_rest()
    return SecretKeyRef(name or "", key or "")
