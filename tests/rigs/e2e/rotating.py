"""One rotation of every application at once, with something else happening in its middle."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Final

from e2e.shop import RESTARTED, Application
from e2e.stage import Stage

_tokens: Final = count(1)


@contextmanager
def rotating(
    stage: Stage, applications: list[Application], held: Sequence[Application] = ()
) -> Iterator[None]:
    """Begin a rotation of each; run the block once Cognito has two secrets of each; see it end.

    The rotations of those *held* cannot end before the block does, since their overlap is an hour
    until then; the others may end whenever they do.

    Raises:
        AssertionError: a rotation did not end, or ended although it was held, or took more than one
            new secret, or more than one restart.

    """
    for one in held:
        one.change(retirement={"minOverlap": "1h"})
    ever = {one.name: len(secrets_ever(one)) for one in applications}
    before = {one.name: one.active_ids() for one in applications}
    generations = {one.name: one.generation() for one in applications}
    token = f"scenario-{next(_tokens)}"
    for one in applications:
        one.ask_for_rotation(token)
    stage.wait(
        "each rotation is on",
        lambda: all(len(secrets_ever(one)) > ever[one.name] for one in applications),
    )
    yield
    for one in held:
        assert one.is_rotating(before[one.name]), f"{one.name}: its rotation was over too early"
        one.change(retirement={"minOverlap": "0s"})
    for one in applications:
        stage.wait(f"the rotation of {one.name} ends", partial(is_over, one, before))
        assert len(secrets_ever(one)) == ever[one.name] + 1, f"{one.name} has more new secrets"
        restarted = one.generation() - generations[one.name]
        assert restarted == (one.name in RESTARTED), f"{one.name} was restarted {restarted} times"


def rotate_once(stage: Stage, applications: list[Application]) -> None:
    """Rotate each once, undisturbed."""
    with rotating(stage, applications):
        pass


def is_over(application: Application, before: dict[str, list[str]]) -> bool:
    """Tell whether an application's rotation is over."""
    return application.is_rotated(before[application.name])


def secrets_ever(application: Application) -> list[str]:
    """Ask Cognito for the ids of all secrets that the client ever had."""
    known = application.around.cognito.secrets(application.client.client_id)
    return [one.secret_id for one in known]
