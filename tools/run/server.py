"""The web server inside the building's process: the cloud's pages and the building's, at one address."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from django.core.asgi import get_asgi_application


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
            log_config=None,  # as Django's are: settings.py
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
