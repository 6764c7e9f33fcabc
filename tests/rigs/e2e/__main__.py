"""The command line: `python -m e2e run`, `python -m e2e setup`."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from e2e import examples, facts, preflight, release, scenarios
from e2e.evidence import collect
from e2e.rotations import rotate, summary
from e2e.shop import NAMESPACE, Application, open_shop, start, stop
from e2e.stage import Stage, say, staged
from e2e.surroundings import surrounded
from e2e.table import draw, rows


def main() -> int:
    """Prepare the machine, or do the run; the exit status is 0 only if all of it holds."""
    arguments = _parse()
    if arguments.command == "setup":
        return _set_up(may_skip=arguments.may_skip)
    if preflight.lacks() and preflight.missing() and preflight.can_install():
        preflight.install()
    if lacks := preflight.lacks():
        return _skip(lacks, may_skip=arguments.may_skip)
    signal.signal(signal.SIGTERM, _interrupt)
    workdir = Path(tempfile.mkdtemp(prefix="cognito-e2e-"))
    problems = _run(workdir, arguments.rotations)
    if not problems:
        shutil.rmtree(workdir)
        return 0
    print("\nFAILED", *problems, f"logs: {workdir}", sep="\n  ", file=sys.stderr)
    return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m e2e", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="install Debian's packages that the run needs")
    run = commands.add_parser("run", help="do the run")
    run.add_argument("--rotations", type=int, default=20, help="of each client (default: 20)")
    for command in (setup, run):
        command.add_argument(
            "--may-skip", action="store_true", help="exit with 0 where the machine cannot do it"
        )
    return parser.parse_args()


def _set_up(*, may_skip: bool) -> int:
    if preflight.missing():
        if not preflight.can_install():
            return _skip(("root on Debian, to install packages",), may_skip=may_skip)
        preflight.install()
    # Root, say, or what the kernel allows: no package brings it.
    if lacks := (*preflight.lacks(), *preflight.missing()):
        return _skip(lacks, may_skip=may_skip)
    print("[e2e] all of Debian's packages are there", flush=True)
    return 0


def _skip(lacks: tuple[str, ...], *, may_skip: bool) -> int:
    word = "SKIPPED" if may_skip else "CANNOT RUN"
    print(
        "*" * 88,
        f"{word}: the end-to-end run on a real node, or a part of it. This machine lacks:",
        sep="\n",
    )
    print(*(f"  - {lack}" for lack in lacks), sep="\n")
    print("*" * 88, flush=True)
    return 0 if may_skip else 2


def _run(workdir: Path, rotations: int) -> list[str]:
    with staged(workdir) as stage:
        try:
            return _act(stage, rotations)
        except BaseException:
            collect(stage)
            raise


def _act(stage: Stage, rotations: int) -> list[str]:
    with surrounded(stage) as around:
        applications = open_shop(stage, around)
        scene = _install(stage, applications)
        facts.tell(stage)
        started = time.monotonic()
        for application in applications:
            start(application)
        stage.roll_out(NAMESPACE, *(one.workload for one in applications))
        say("the applications sign in, and go on through all that follows")
        drills = rotate(stage, applications, rotations, "drill")
        say(f"✓ {summary(drills)}")
        scenarios.play(scene)
        scene.changes.clear()
        scene.upgrade()
        examples.apply(stage, around, applications[0].client.pool_id)
        stop(stage, applications)
        seconds = time.monotonic() - started
        made = rows(around, applications)
        print(f"\n{draw(made, seconds, release.SETTLE_SECONDS)}\n", flush=True)
        problems = [problem for row in made for problem in row.problems(rotations)]
        if problems:
            collect(stage)
        scenarios.leave(scene)
        say("the end")
        return problems


def _install(stage: Stage, applications: list[Application]) -> scenarios.Scene:
    release.prepare(stage)
    namespaces = [NAMESPACE, *map(examples.namespace_of, examples.EXAMPLES)]
    pool_id = applications[0].client.pool_id
    scene = scenarios.Scene(
        stage, applications, [{"namespaces": namespaces, "userPools": [pool_id]}]
    )
    begun = time.monotonic()
    scene.upgrade()
    say(f"✓ helm install --wait, pod security restricted: {time.monotonic() - begun:.0f} s")
    return scene


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
