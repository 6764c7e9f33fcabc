"""Whole rotations as films.

A film is compared with ``testdata/<name>.txt``, line by line. After a change that was meant to be,
remake them and read the difference::

    REMAKE_FILMS=1 .venv/bin/python -m pytest tests/scenarios/films && git diff tests/scenarios
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from support.film import Film, filming
from support.world import SPEC, World

TESTDATA = Path(__file__).parent / "testdata"


def a_whole_rotation() -> Film:
    """A secret is adopted, reaches its age, and is replaced."""
    world = World(age=timedelta(days=29))
    process = world.process()
    with filming(world) as film:
        world.run_until_rest(process)
        world.run_for(process, timedelta(days=1))
        world.run_until_rest(process)
    return film


def a_rotation_by_request() -> Film:
    """A person asks for a rotation by a token; the same token does nothing twice."""
    world = World(age=timedelta(days=1), annotations={"cognito-secrets.dev/rotate": "monday"})
    process = world.process()
    with filming(world) as film:
        world.run_until_rest(process)
        film.note("the token that was there at first is only recorded; now a new one comes")
        world.request_rotation("tuesday")
        world.run_until_rest(process)
        film.note("the same token is still there for a day")
        world.run_for(process, timedelta(days=1))
    return film


def an_adopted_secret_waits_for_approval() -> Film:
    """The first deletion of a secret that we did not make waits for a person."""
    world = World(spec={key: value for key, value in SPEC.items() if key != "adoption"})
    process = world.process()
    with filming(world) as film:
        world.run_for(process, timedelta(hours=5))
        film.note("a person approves the deletion of another secret by mistake")
        world.approve("X")
        world.run_for(process, timedelta(hours=1))
        film.note("a person approves the deletion of A")
        world.approve("A")
        world.run_until_rest(process)
    return film


def a_value_that_nobody_knows() -> Film:
    """Nobody can tell the client's secret: it is left alone, and a new one is added beside it."""
    world = World(target_exists=False, age=timedelta(days=1))
    world.cognito.describes = False
    process = world.process()
    with filming(world) as film:
        world.run_for(process, timedelta(hours=3))
        film.note("a person deletes A at Cognito")
        world.cognito.delete_for_test("A")
        world.run_for(process, timedelta(minutes=40))
    return film


def an_answer_that_was_lost() -> Film:
    """An Add's answer never comes: a List and a probe judge it, and nothing is added twice."""
    world = World()
    adds = [index for index, name in _calls_of_a_rotation() if name == "cognito.add"]
    world.faults.lose_answer_for_test(adds[0])
    process = world.process()
    with filming(world) as film:
        world.run_until_rest(process)
    return film


def _calls_of_a_rotation() -> list[tuple[int, str]]:
    world = World()
    world.run_until_rest(world.process())
    return [(call.index, call.name) for call in world.faults.calls]


@pytest.mark.parametrize(
    "shoot",
    [
        a_whole_rotation,
        a_rotation_by_request,
        an_adopted_secret_waits_for_approval,
        a_value_that_nobody_knows,
        an_answer_that_was_lost,
    ],
    ids=lambda shoot: shoot.__name__.replace("_", " "),
)
def test_the_film_is_the_golden_one(shoot: Callable[[], Film]) -> None:
    film = shoot()
    golden = TESTDATA / f"{shoot.__name__}.txt"
    told = f"{shoot.__doc__}\n\n{film.text()}"
    if os.environ.get("REMAKE_FILMS"):
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")
    leaked = [value for value in film.world.all_values() if value in told]
    assert not leaked
