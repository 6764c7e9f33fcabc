"""Run the emulated Cognito: `python -m emulator [--host HOST] [--port PORT] [--port-file FILE]`."""

import argparse
import os
import sys
from pathlib import Path
from threading import Thread

from emulator.server import listen


def main() -> None:
    """Listen, say where, and serve until the process is ended."""
    arguments = _parse()
    server = listen(arguments.host, arguments.port)
    url = f"http://{arguments.host}:{server.server_port}"
    if arguments.port_file is not None:
        # Renamed into place, so that whoever waits for the file never reads half a number.
        draft = arguments.port_file.with_suffix(".draft")
        draft.write_text(f"{server.server_port}\n", encoding="ascii")
        draft.rename(arguments.port_file)
    print(
        url,
        "For example:",
        f"  export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={url} AWS_ENDPOINT_URL_STS={url}",
        "  export AWS_ACCESS_KEY_ID=emulator AWS_SECRET_ACCESS_KEY=emulator",
        "  export AWS_DEFAULT_REGION=eu-west-1",
        f"  aws --endpoint-url {url} cognito-idp create-user-pool --pool-name shop",
        f"  aws --endpoint-url {url} cognito-idp list-user-pool-client-secrets \\",
        "      --user-pool-id POOL --client-id CLIENT",
        f"  curl {url}/_emulator/calls",
        sep="\n",
        flush=True,
    )
    if arguments.while_stdin:
        Thread(target=_end_with_stdin, daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port once it is bound")
    parser.add_argument(
        "--while-stdin", action="store_true", help="end when standard input is closed"
    )
    return parser.parse_args()


def _end_with_stdin() -> None:
    """End with the process that holds the other end of standard input, however that one ends."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
