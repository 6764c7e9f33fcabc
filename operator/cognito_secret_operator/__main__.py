"""The command line: run the operator, tell what it would do next, or tell its version."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from . import __version__
from .domain.model import ResourceKey
from .errors import OutsideError
from .runtime.logs import configure_logging, forbid_core_dumps
from .runtime.process import serve
from .settings import Settings, SettingsError, unknown_variables
from .wiring import build

__all__ = ["main"]

_log: Final = logging.getLogger("cognito_secret_operator")
"""Named, since `__name__` is ``__main__`` here, and only our own loggers' fields are written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give the process's exit status."""
    chosen = _parser().parse_args(arguments)
    if chosen.command == "version":
        print(__version__)
        return 0
    forbid_core_dumps()
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    configure_logging(settings.log_level, settings.log_format)
    try:
        if chosen.command == "plan":
            return asyncio.run(_plan(settings, ResourceKey(*chosen.resource.split("/", 1))))
        return asyncio.run(_run(settings, os.environ))
    except OutsideError as error:
        _log.error("%s", error.message, extra={"reason": error.reason, "code": error.code})
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cognito-secret-operator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve resources until SIGTERM; settings are CSO_… variables")
    plan = commands.add_parser("plan", help="tell what would be done next; changes nothing")
    plan.add_argument("resource", type=_key, help="namespace/name of a CognitoClientSecret")
    commands.add_parser("version", help="print the version")
    return parser


def _key(text: str) -> str:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form namespace/name")
    return text


async def _run(settings: Settings, environment: Mapping[str, str]) -> int:
    _log.info("cognito-secret-operator %s", __version__)
    for name in unknown_variables(environment):
        _log.warning("the variable %s means nothing here", name)
    async with build(settings) as application:
        await serve(application.serving)
    return 0


async def _plan(settings: Settings, key: ResourceKey) -> int:
    async with build(settings) as application:
        plan = await application.explain(key)
    if plan is None:
        print(f"there is no CognitoClientSecret {key}", file=sys.stderr)
        return 1
    print(f"{type(plan.action).__name__}: {plan.reason}: {plan.message}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
