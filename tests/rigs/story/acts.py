"""The acts of the story: what is done to each resource, and which alerts it must lead to."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from story.stage import Stage

LIST, ADD = "ListUserPoolClientSecrets", "AddUserPoolClientSecret"
DELETE: Final = "DeleteUserPoolClientSecret"
WATCHED: Final = {"policy": "Observe"}
LATER: Final = {"schedule": "0 3 1 1 *", "duration": "1h"}
"""A window that is not open for the length of a test, unless that is run at New Year."""


@dataclass(frozen=True)
class Act:
    """A resource, what happens to it, and the alerts that fire for it: these and no others."""

    name: str
    fires: frozenset[str]
    begin: Callable[[Stage, str], None] | None = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    age: timedelta = timedelta(days=10)
    comes_late: bool = False
    """The resource is made when the act has begun: it never was at rest."""


def prepare(stage: Stage) -> None:
    """Bring on everything that is there before anything happens, and wait until it is at rest."""
    early = [act for act in ACTS if not act.comes_late]
    for act in early:
        stage.cast(act.name, age=act.age)
    stage.shop.apply(*(document for act in early for document in stage.roles(act.name, act.spec)))
    for act in early:
        stage.wait(f"{act.name} is ready", partial(stage.is_ready, act.name))
    backlog = "CognitoSecretOperatorBacklog"
    stage.wait("the backlog of adoptions is over", lambda: not stage.is_firing(backlog))
    stage.opened = time.time()
    stage.say(f"{len(early)} resources are adopted")


def begin_all(stage: Stage) -> None:
    """Begin all acts; they go on side by side."""
    for act in ACTS:
        if act.comes_late:
            stage.cast(act.name, age=act.age)
        if act.begin is not None:
            act.begin(stage, act.name)
        if act.comes_late:
            stage.shop.apply(*stage.roles(act.name, act.spec))
    stage.say("every act has begun")


def _rotate(stage: Stage, name: str) -> None:
    stage.shop.annotate(name, rotate="drill-1")


def _cannot_add(stage: Stage, name: str) -> None:
    stage.fail(ADD, "InternalErrorException", name)
    _rotate(stage, name)


def _cannot_delete(stage: Stage, name: str) -> None:
    stage.fail(DELETE, "InternalErrorException", name)
    _rotate(stage, name)


def _misses_its_window(stage: Stage, name: str) -> None:
    """Begin a rotation that nobody ends, and open the shortest window while it is on."""
    _rotate(stage, name)
    stage.wait("it has begun", lambda: stage.secret_id(name, "Previous"))
    opens_at = datetime.now(UTC) + timedelta(seconds=80)  # cut down to the minute: 20 s at least
    window = {"schedule": f"{opens_at:%M %H * * *}", "duration": "1m"}
    stage.change(name, {"rotation": {"windows": [window]}})


def _cannot_list(stage: Stage, name: str) -> None:
    stage.fail(LIST, "InternalErrorException", name)


def _foreign(stage: Stage, name: str) -> None:
    client = stage.clients[name]
    stage.shop.cognito.cognito.add_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecret="Foreign" * 5
    )


def _foreign_when_due(stage: Stage, name: str) -> None:
    """Take the slot while the rotation waits for its window; then let it be due."""
    _foreign(stage, name)
    stage.wait("it is seen", lambda: stage.secret_id(name, "Foreign"))
    stage.change(name, {"rotation": {"windows": None}})


def _delete_at_cognito(stage: Stage, name: str) -> None:
    [ours] = stage.shop.active_ids(stage.clients[name])
    _foreign(stage, name)
    client = stage.clients[name]
    stage.shop.cognito.cognito.delete_user_pool_client_secret(
        UserPoolId=client.pool_id, ClientId=client.client_id, ClientSecretId=ours
    )


def _unknown_emergency(stage: Stage, name: str) -> None:
    stage.shop.annotate(name, emergency="no-such-secret")


def _suspend(stage: Stage, name: str) -> None:
    stage.change(name, {"suspend": True})


def _names(*short: str) -> frozenset[str]:
    return frozenset(f"CognitoClientSecret{one}" for one in short)


ACTS: Final = (
    Act("calm", frozenset(), _rotate),
    Act("young", frozenset()),
    Act("refused", frozenset()),
    Act("noisy", frozenset()),
    Act("denied", _names("Stalled")),
    Act(
        "ancient", _names("Stale", "MaxAgeExceeded"), spec={"policy": "Observe"}, age=timedelta(140)
    ),
    Act("old", _names("MaxAgeExceeded"), spec={"policy": "Observe"}, age=timedelta(days=100)),
    Act("blocked", _names("SlotsBlocked"), _foreign),
    Act(
        "overdue",
        _names("RotationOverdue", "SlotsBlocked", "Stalled"),
        _foreign_when_due,
        {"rotation": {"interval": "90d", "windows": [LATER]}},
        age=timedelta(days=91),
    ),
    Act(
        "missing",
        _names("PodsOnPrevious", "RotationOverdue"),
        _misses_its_window,
        {"rollout": {"strategy": "Watch"}, "rotation": {"windows": [LATER]}},
        age=timedelta(hours=1),
    ),
    Act("stuck", _names("RotationStuck"), _cannot_add),
    Act("kept", _names("RotationStuck"), _cannot_delete),
    Act("holding", _names("PodsOnPrevious"), _rotate, {"rollout": {"strategy": "Watch"}}),
    Act(
        "overlapping",
        _names("TwoActiveTooLong"),
        _rotate,
        {"retirement": {"minOverlap": "0s", "maxOverlap": "20s", "windows": [LATER]}},
    ),
    Act(
        "approving",
        _names("AwaitingApproval"),
        _rotate,
        {"adoption": {"retireOriginal": "Approve"}},
    ),
    Act(
        "lost",
        _names("Lost", "NotReady", "Stalled", "SlotsBlocked"),
        _delete_at_cognito,
        {"recovery": "Manual"},
    ),
    Act("unready", _names("NotReady"), _cannot_list, comes_late=True),
    Act("stalled", _names("Stalled"), _unknown_emergency),
    Act("unseen", _names("NotObserved"), _cannot_list),
    Act("suspended", _names("Suspended"), _suspend),
)
"""All but those that come late are adopted before anything happens."""
