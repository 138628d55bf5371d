"""The web server inside the building's process: the cloud's pages and the building's, at one address."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from django.core.asgi import get_asgi_application

FIRST_PORT = 8000


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # Ctrl-C belongs to the building, which ends the server after its boards


class Pages:
    """Serves on a socket that is bound already."""

    def __init__(self, bound: socket.socket) -> None:
        config = uvicorn.Config(
            get_asgi_application(),
            lifespan="off",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,  # a stream of states has no end of its own
        )
        self._socket = bound
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.02)
        if self._task.done():
            await self._task

    async def stop(self) -> None:
        if self._task is not None:
            self._server.should_exit = True
            await self._task


def bind(port: int | None) -> socket.socket:
    """A loopback socket on that port; without one on the first choice, or any free port when that is taken.

    Raises OSError when a port that was asked for is taken.
    """
    for choice in [port] if port is not None else [FIRST_PORT, 0]:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", choice))
            return sock
        except OSError:
            sock.close()
            if port is not None:
                raise
    raise OSError("no free port on 127.0.0.1")
