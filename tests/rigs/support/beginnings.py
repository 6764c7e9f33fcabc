"""Worlds as rotations find them: at rest, with a shared target, before a migration or a failure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cognito_secret_operator.names import RESOURCE_ANNOTATION

from .fakes import Behaviour
from .world import CLIENT, KEY, SPEC, TARGET, World

__all__ = [
    "GIVEN",
    "LONG_OVERLAP",
    "MERGE",
    "MIGRATION",
    "assert_merged",
    "failing",
    "merging",
    "migrating",
    "rested",
]

GIVEN = "GivenElsewhere".ljust(40, "g")
"""The value that a client had at another identity provider."""

TOKEN_URL = "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token"

LONG_OVERLAP: Mapping[str, Any] = {
    "userPoolId": CLIENT.pool_id,
    "clientId": CLIENT.client_id,
    "retirement": {"minOverlap": "12h", "maxOverlap": "24h"},
}
"""The overlap and the approval of an adopted secret would hold an ordinary rotation for long."""

MERGE: Mapping[str, Any] = {
    **SPEC,
    "target": {
        "creationPolicy": "Merge",
        "keys": {"tokenEndpoint": "token-url"},
        "labels": {"team": "shop"},
    },
}

MIGRATION: Mapping[str, Any] = {
    **SPEC,
    "rotation": {
        "interval": "30d",
        "initialValueFrom": {"secretRef": {"name": "elsewhere", "key": "value"}},
    },
}

ROLLBACK: Mapping[str, Any] = {
    **SPEC,
    "rollout": {"onFailure": "Rollback", "progressDeadline": "5m"},
}


def merging() -> World:
    """Begin with a target that has a key of somebody else."""
    world = World(spec=MERGE, target_exists=False)
    world.secrets.create_for_test(
        KEY.namespace,
        TARGET,
        {"client-secret": "Original".ljust(64, "o"), "cookie-secret": "theirs"},
        **{RESOURCE_ANNOTATION: KEY.name},
    )
    world.endpoint.url = TOKEN_URL
    return world


def assert_merged(world: World, *, cookie: str = "theirs") -> None:
    """Check the end of a rotation over a shared target: the other keys and labels are there."""
    world.assert_rotated_once()
    target = world.existing_target()
    assert target.labels == {"team": "shop"}
    shown = {key: value.reveal() for key, value in target.data.items()}
    assert (shown["cookie-secret"], shown["token-url"]) == (cookie, TOKEN_URL)


def rested(spec: Mapping[str, Any] = SPEC) -> World:
    """Begin with a young secret that was adopted, and no rotation."""
    world = World(spec=spec, age=timedelta(days=1))
    world.run_until_rest(world.process())
    return world


def migrating(value: str | None, *, describes: bool = True, speaks: bool = True) -> World:
    """Begin with a client that comes from elsewhere, and the Secret that holds its value."""
    world = World(spec=MIGRATION, age=timedelta(days=1), target_exists=False)
    if value is not None:
        world.secrets.create_for_test(KEY.namespace, "elsewhere", {"value": value})
    world.cognito.describes = describes
    world.endpoint.is_silent = not speaks
    return world


def failing(spec: Mapping[str, Any] = ROLLBACK) -> World:
    """Begin with a requested rotation whose pods will crash."""
    world = rested(spec)
    world.workloads.deployments["web"].behaviour = Behaviour.CRASHES
    world.request_rotation("monday")
    return world
