"""The command line: run the operator, print what it would do next, test an installation."""

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
from .wiring import build, build_self_test

__all__ = ["main"]

_LOG: Final = logging.getLogger("cognito_secret_operator")
"""Named, since `__name__` is ``__main__`` here, and only our own loggers' fields are written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the process's exit status."""
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
        if chosen.command == "selftest":
            return asyncio.run(_self_test(settings, chosen.url, chosen.secret))
        return asyncio.run(_run(settings, os.environ))
    except OutsideError as error:
        _LOG.error("%s", error.message, extra={"reason": error.reason, "code": error.code})
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cognito-secret-operator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="serve resources until SIGTERM; settings are CSO_… variables")
    plan = commands.add_parser("plan", help="print what would be done next; changes nothing")
    plan.add_argument("resource", type=_key, help="namespace/name of a CognitoClientSecret")
    test = commands.add_parser("selftest", help="check an installation")
    test.add_argument("--url", help="where the operator answers, as http://NAME:8080")
    test.add_argument(
        "--secret",
        type=_key,
        action="append",
        default=[],
        help="namespace/name of a Secret that is granted by name; may be repeated",
    )
    commands.add_parser("version", help="print the version")
    return parser


def _key(text: str) -> str:
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form namespace/name")
    return text


async def _run(settings: Settings, environment: Mapping[str, str]) -> int:
    _LOG.info("cognito-secret-operator %s", __version__)
    for name in unknown_variables(environment):
        _LOG.warning("ignoring unknown environment variable %s", name)
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


async def _self_test(settings: Settings, url: str | None, secrets: Sequence[str]) -> int:
    by_namespace: dict[str, list[str]] = {}
    for namespace, _, name in (secret.partition("/") for secret in secrets):
        by_namespace.setdefault(namespace, []).append(name)
    failed = 0
    async with build_self_test(settings, url=url, secret_names=by_namespace) as test:
        async for check in test.checks():
            print(
                f"FAIL  {check.what}: {check.problem}" if check.problem else f"ok    {check.what}"
            )
            failed += bool(check.problem)
    print(f"{failed} failed" if failed else "all checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
