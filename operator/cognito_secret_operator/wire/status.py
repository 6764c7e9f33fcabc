"""Conversion of a report to the status on the wire, and the patch worth writing.

Status is for people. Only ``journalSequence``, ``listedAt`` and ``nextRotationAt`` are read back
(`resource.parse`), and foreign secrets, to keep reporting them after a restart.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ..domain.journal.journal import Outcome, Rotation
from ..domain.report import Condition, Report, ReportedSecret, Role
from ..domain.text import message_text

__all__ = ["invalid_status", "status_of", "status_patch"]

NAMES_SHOWN: Final = 10
ROTATIONS_SHOWN: Final = 5

NO_REASON_TO_WRITE: Final = frozenset({"listedAt"})
"""Keys that change with every list from Cognito: written only together with other changes."""


def status_of(report: Report, old_status: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Render the full status.

    Args:
        report: the report of the pass.
        old_status: the status from the API server, for the conditions' transition times and the
            highest sequence of the journal.
        now: transition time of the conditions that changed.

    """
    status = {
        "observedGeneration": report.generation,
        "conditions": _conditions(report, old_status, now),
        "step": report.step.value,
        "journalSequence": max(report.journal_sequence, _old_sequence(old_status)),
        "targetName": report.target_name,
        "publication": report.publication,
        "listedAt": _time(report.listed_at),
        "podsToMove": _pods_to_move(report.holders),
        "nextRotationAt": _time(report.next_rotation_at),
        "waitsFor": _waits_for(report),
        "preview": _preview(report, old_status),
        "lastRotationAt": _last_success(report.rotations),
        "rotations": [_rotation(one) for one in reversed(report.rotations[-ROTATIONS_SHOWN:])],
    }
    if report.secrets or report.listed_at is not None:
        # Before the first list, "0 secrets" would be wrong.
        status["secrets"] = [_secret(secret) for secret in report.secrets]
        status["secretCount"] = len(report.secrets)
        status["currentCreatedAt"] = _current_created_at(report.secrets)
    return _without_none(status)


def invalid_status(report: Report, old_status: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Render the status of a resource with an invalid spec: other fields stay unchanged."""
    reported = {condition.type.value for condition in report.conditions}
    old = old_status.get("conditions") or ()
    return {
        **old_status,
        "observedGeneration": report.generation,
        "waitsFor": _waits_for(report),
        "conditions": [
            *_conditions(report, old_status, now),
            *(condition for condition in old if condition["type"] not in reported),
        ],
    }


def status_patch(
    old_status: Mapping[str, Any], new_status: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the merge patch from one status to another; None if no change is worth writing."""
    patch = _difference(old_status, new_status)
    return None if patch.keys() <= NO_REASON_TO_WRITE else patch


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            inner = _difference(before, value)
            if inner:
                patch[key] = inner
        elif key not in old or before != value:
            patch[key] = value
    return patch


def _waits_for(report: Report) -> dict[str, str]:
    reason, message = report.waits_for
    return {"reason": reason, "message": message_text(message)}


def _conditions(
    report: Report, old_status: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    old = {condition["type"]: condition for condition in old_status.get("conditions") or ()}
    return [
        _condition(condition, old.get(condition.type.value, {}), report.generation, now)
        for condition in report.conditions
    ]


def _condition(
    condition: Condition, old: Mapping[str, Any], generation: int, now: datetime
) -> dict[str, Any]:
    is_unchanged = old.get("status") == condition.status.value
    return {
        "type": condition.type.value,
        "status": condition.status.value,
        "observedGeneration": generation,
        "lastTransitionTime": (old.get("lastTransitionTime") if is_unchanged else None)
        or _time(now),
        "reason": condition.reason,
        "message": message_text(condition.message),
    }


def _old_sequence(old_status: Mapping[str, Any]) -> int:
    sequence = old_status.get("journalSequence")
    return sequence if isinstance(sequence, int) else 0


def _secret(secret: ReportedSecret) -> dict[str, Any]:
    return {
        "id": secret.id,
        "role": secret.role.value,
        "createdAt": _time(secret.created_at),
        "origin": secret.origin.value,
    }


def _current_created_at(secrets: Iterable[ReportedSecret]) -> str | None:
    return next(
        (_time(secret.created_at) for secret in secrets if secret.role is Role.CURRENT), None
    )


def _pods_to_move(holders: tuple[str, ...] | None) -> dict[str, Any] | None:
    if holders is None:
        return None
    return {"count": len(holders), "names": list(holders[:NAMES_SHOWN])}


def _preview(report: Report, old_status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Render the preview; the last one stays until a newer one or the first rotation."""
    if not report.previewed:
        return None
    if report.preview is None:
        return old_status.get("preview")
    return {
        "wouldRestart": _names(report.preview.would_restart),
        "cannotProve": [message_text(one) for one in _names(report.preview.cannot_prove)],
    }


def _names(names: tuple[str, ...]) -> list[str]:
    """Return the first entries, and the number of the others."""
    shown = list(names[:NAMES_SHOWN])
    left = len(names) - len(shown)
    return [*shown, f"and {left} more"] if left else shown


def _last_success(rotations: Iterable[Rotation]) -> str | None:
    ends = [
        rotation.finished_at
        for rotation in rotations
        if rotation.outcome is Outcome.SUCCESS and rotation.finished_at is not None
    ]
    return _time(max(ends, default=None))


def _rotation(rotation: Rotation) -> dict[str, Any]:
    return _without_none(
        {
            "trigger": rotation.trigger.value,
            "startedAt": _time(rotation.started_at),
            "finishedAt": _time(rotation.finished_at),
            "outcome": rotation.outcome.value if rotation.outcome else None,
            "secretId": rotation.secret_id or None,
            "retiredId": rotation.retired_id or None,
            "retiredVerdict": rotation.retired_verdict.value if rotation.retired_verdict else None,
            "retiredBy": rotation.retired_by.value if rotation.retired_by else None,
            "addRequestId": rotation.add_request_id or None,
            "deleteRequestId": rotation.delete_request_id or None,
        }
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
