"""A port of this machine's loopback that leads to an address in the node's network."""

import contextlib
import socket
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Final, Self

CHUNK_BYTES: Final = 1 << 16


class WireError(ConnectionError):
    """The node's network does not answer at that address."""


class Wire(ThreadingTCPServer):
    """Carries connections through the way that the API server takes to pods and Services."""

    daemon_threads = True

    def __init__(self, egress: Path, address: str) -> None:
        """Listen on a free port.

        Args:
            egress: The Unix socket that the node serves by HTTP CONNECT.
            address: Host and port in the node's network.

        """
        super().__init__(("127.0.0.1", 0), _Carrier)
        self.egress: Final = egress
        self.address: Final = address

    @property
    def url(self) -> str:
        """Where it listens, as a URL without a slash at the end."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.shutdown()
        self.server_close()


class _Carrier(BaseRequestHandler):
    server: Wire

    def handle(self) -> None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as far:
            self._connect(far)
            back = Thread(target=_pour, args=(far, self.request), daemon=True)
            back.start()
            _pour(self.request, far)
            back.join()

    def _connect(self, far: socket.socket) -> None:
        far.connect(str(self.server.egress))
        far.sendall(f"CONNECT {self.server.address} HTTP/1.1\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = far.recv(1)
            if not byte:
                raise WireError(self.server.address)
            head += byte
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise WireError(f"{self.server.address}: {head.decode(errors='replace')}")


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
