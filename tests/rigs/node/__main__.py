"""The command line: ``python -m node up``, ``python -m node sweep``, ``python -m node why-not``."""

import argparse
import shlex
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from .lacks import why_not
from .leftovers import sweep
from .real_node import RealNode
from cluster import ControlPlane


def main() -> None:
    """Run a cluster with a real node, or remove what a killed one has left."""
    parser = argparse.ArgumentParser(prog="python -m node", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="run control plane and node until Ctrl-C or SIGTERM")
    up.add_argument("--workdir", type=Path, help="a new folder, kept; default: a temporary one")
    commands.add_parser("sweep", help="remove what a node has left that was killed")
    commands.add_parser("why-not", help="tell what this machine lacks for a node")
    arguments = parser.parse_args()
    if arguments.command == "sweep":
        print(f"{len(sweep())} removed")
    elif arguments.command == "why-not":
        lacks = why_not()
        print("\n".join(lacks) or "nothing is missing")
        sys.exit(1 if lacks else 0)
    else:
        run(arguments.workdir or Path(tempfile.mkdtemp(prefix="node-")))


def run(workdir: Path) -> None:
    """Run a control plane and a node until Ctrl-C or SIGTERM.

    Args:
        workdir: The folder of both.
    """
    if lacks := why_not():
        sys.exit("\n".join(lacks))
    signal.signal(signal.SIGTERM, _interrupt)
    plane = ControlPlane(played_nodes=False)
    try:
        plane.start(workdir / "control-plane")
        with plane:
            start = time.monotonic()
            with RealNode(plane, workdir) as node:
                print(f"[node] {node.name} is ready, {time.monotonic() - start:.1f} s", flush=True)
                for name, pid in node.pids.items():
                    print(f"[node] {name}: {_resident_mib(pid)} MiB resident")
                print(f"workdir:    {workdir}")
                print(f"images:     {', '.join(node.images())}")
                print(f"on it:      {shlex.join(node.inside([]))} COMMAND")
                print(f"kubectl:    {plane.kubectl}")
                print(f"export KUBECONFIG={shlex.quote(str(plane.kubeconfig))}", flush=True)
                while True:
                    signal.pause()
    except KeyboardInterrupt:
        print("stopped", flush=True)


def _resident_mib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
