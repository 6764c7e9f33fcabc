"""The way from this machine into the node's network, with a relay that a test plays."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from e2e.wire import Wire


def play_relay(listening: socket.socket, status: str, heard: list[bytes]) -> None:
    """Answer one CONNECT, then give back in capitals what is sent, until the end of it."""
    near, _ = listening.accept()
    with near:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += near.recv(1)
        heard.append(head)
        near.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        said = b""
        while data := near.recv(100):
            said += data
        with contextlib.suppress(BrokenPipeError):  # nobody listens where it was refused
            near.sendall(said.upper())


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "egress"))
        made.listen()
        yield made


def exchange(wire: Wire) -> bytes:
    with socket.create_connection(("127.0.0.1", wire.server_address[1]), timeout=30) as near:
        near.sendall(b"hello")
        near.shutdown(socket.SHUT_WR)
        return near.recv(100)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        pytest.param("200 Connection established", b"HELLO", id="what was said comes through"),
        pytest.param("502 Bad Gateway", b"", id="a far end that is not there closes the near one"),
    ],
)
def test_a_wire(listening: socket.socket, tmp_path: Path, status: str, answer: bytes) -> None:
    heard: list[bytes] = []
    relay = Thread(target=play_relay, args=(listening, status, heard), daemon=True)
    relay.start()
    with Wire(tmp_path / "egress", "10.244.0.3:8080") as wire:
        assert exchange(wire) == answer
    relay.join(30)
    assert heard == [b"CONNECT 10.244.0.3:8080 HTTP/1.1\r\n\r\n"]
