"""The command line: ``python -m cluster build [GROUP ...]`` and ``python -m cluster up``."""

import argparse
import shlex
import signal
from pathlib import Path
from types import FrameType

from .build import CLUSTER, NODE, TOOLS, build
from .control_plane import ControlPlane


def main() -> None:
    """Build the binaries, or run a control plane until Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    groups = {group.name: group for group in (CLUSTER, NODE, TOOLS)}
    builder = commands.add_parser("build", help="build programs into the cache")
    builder.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(groups))
    up = commands.add_parser("up", help="run a control plane until Ctrl-C or SIGTERM")
    up.add_argument("--workdir", type=Path, help="a new folder, kept; default: a temporary one")
    arguments = parser.parse_args()
    if arguments.command == "build":
        # Python 3.11 holds the default of many against `choices`, so these are checked here.
        if unknown := [name for name in arguments.groups if name not in groups]:
            parser.error(f"no such group: {', '.join(unknown)}")
        for name in arguments.groups or [CLUSTER.name]:
            print(build(groups[name]))
    else:
        run(arguments.workdir)


def run(workdir: Path | None) -> None:
    """Run a control plane until Ctrl-C or SIGTERM.

    Args:
        workdir: Its folder; a temporary one, removed at the end, where it is None.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    plane = ControlPlane()
    try:
        if workdir is not None:
            plane.start(workdir)
        with plane:
            print(f"kubeconfig: {plane.kubeconfig}")
            print(f"kubectl:    {plane.kubectl}")
            print(f"audit log:  {plane.audit_log or 'none, the cluster was given'}")
            print(f"export KUBECONFIG={shlex.quote(str(plane.kubeconfig))}", flush=True)
            _wait_for_interrupt()
    except KeyboardInterrupt:
        print("stopped", flush=True)


def _wait_for_interrupt() -> None:
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
