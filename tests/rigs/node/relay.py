"""Carry connections between this machine and the node's network, which no wire joins.

``python -m node.relay PID PORT SOCKET``: in the node's network (of the process PID) the
API server is found at the port it has here; here, whoever asks on the Unix socket by
HTTP CONNECT (the API server, for logs, exec, webhooks and its proxy) gets through to
the node's network.
"""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from .namespaces import join

CHUNK_BYTES: Final = 1 << 16
HEAD_SECONDS: Final = 30
"""How long a caller may take to say where it wants to go."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Inside:
    """Makes sockets in the node's network: they stay in it, whoever uses them."""

    def __init__(self, pid: int) -> None:
        # setns moves one thread; this one never comes back.
        self._thread = ThreadPoolExecutor(1, initializer=join, initargs=(pid, "net"))

    def socket(self) -> socket.socket:
        """Make a TCP socket."""
        return self._thread.submit(socket.socket).result()

    async def connect(self, host: str, port: int) -> Streams:
        """Connect to an IPv4 address of the node's network."""
        made = self.socket()
        made.setblocking(False)  # noqa: FBT003 -- that is how sockets put it
        try:
            await asyncio.get_running_loop().sock_connect(made, (host, port))
        except OSError:
            made.close()
            raise
        return await asyncio.open_connection(sock=made)


async def serve(pid: int, port: int, door: socket.socket) -> None:
    """Carry connections until the task is cancelled.

    Args:
        pid: A process of the node.
        port: The API server's, on both sides.
        door: The bound Unix socket for the way to the node.
    """
    inside = Inside(pid)
    listening = inside.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("0.0.0.0", port))  # noqa: S104 -- of a network without a way out

    async def to_api_server(near: Streams) -> None:
        await _carry(near, await asyncio.open_connection("127.0.0.1", port))

    async def to_node(near: Streams) -> None:
        async with asyncio.timeout(HEAD_SECONDS):
            head = await near[0].readuntil(b"\r\n\r\n")
        host, _, wanted = head.split()[1].decode().rpartition(":")
        try:
            far = await inside.connect(host.strip("[]"), int(wanted))
        except OSError as error:
            print(f"{host}:{wanted}: {error}", flush=True)
            near[1].write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        near[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _carry(near, far)

    async with (
        await asyncio.start_server(_each(to_api_server), sock=listening) as first,
        await asyncio.start_unix_server(_each(to_node), sock=door) as second,
    ):
        print("relaying", flush=True)
        await asyncio.gather(first.serve_forever(), second.serve_forever())


def _each(
    serve_one: Callable[[Streams], Awaitable[None]],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Serve a connection and close it; a peer that goes away is no news."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            await serve_one((reader, writer))
        writer.close()

    return handle


async def _carry(near: Streams, far: Streams) -> None:
    """Carry bytes both ways until both ends have said all, or one has broken off."""
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_pour(near[0], far[1]))
            both.create_task(_pour(far[0], near[1]))
    except* OSError:
        pass
    finally:
        far[1].close()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(CHUNK_BYTES):
        sink.write(data)
        await sink.drain()
    sink.write_eof()


def main() -> None:
    """Carry connections until this process is ended."""
    pid, port, path = sys.argv[1:]
    Path(path).unlink(missing_ok=True)
    os.umask(0o077)
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    asyncio.run(serve(int(pid), int(port), door))


if __name__ == "__main__":
    main()
