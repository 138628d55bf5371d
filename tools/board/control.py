"""How the commands reach a virtual board that runs: one line of JSON there, one back, over loopback.

The folder of the board has the port and a key: whoever may not read that folder can do nothing here.
"""

import asyncio
import hmac
import json
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tools.terminal import Problem

Fields = dict[str, Any]
NAME = "control.json"
_LONGEST = 4096
_PATIENCE_S = 30


class Control:
    """folder: of the board. do: what a line asks for; a Problem it raises goes back as its sentence."""

    def __init__(self, folder: Path, do: Callable[[Fields], Awaitable[Fields]]) -> None:
        self._file = folder / NAME
        self._do = do
        self._key = secrets.token_hex(16)
        self._server: asyncio.Server | None = None
        self._one = asyncio.Lock()  # at a time: each has its own records

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LONGEST)
        said = json.dumps({"port": self._server.sockets[0].getsockname()[1], "key": self._key})
        self._file.unlink(missing_ok=True)
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(said)

    async def stop(self) -> None:
        self._file.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(await asyncio.wait_for(reader.readline(), _PATIENCE_S))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, TimeoutError, ValueError):
            pass  # the caller is gone, or is none of ours
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> Fields:
        fields = json.loads(line)
        if not isinstance(fields, dict) or not hmac.compare_digest(str(fields.get("key")).encode(), self._key.encode()):
            return {"error": "the key is wrong"}
        async with self._one:
            try:
                return await self._do(fields)
            except Problem as problem:
                return {"error": str(problem)}


def ask(folder: Path, **fields: Any) -> Fields:
    """Has the board that runs in a folder do something. Raises Problem."""
    away = Problem(f"no virtual board runs in {folder}; start one with: portvakt board virtual --folder {folder}")
    try:
        known = json.loads((folder / NAME).read_text())
        with socket.create_connection(("127.0.0.1", known["port"]), timeout=_PATIENCE_S) as line:
            line.sendall(json.dumps(fields | {"key": known["key"]}).encode() + b"\n")
            said = line.makefile().readline()
    except (OSError, ValueError, KeyError):
        raise away from None
    if not said:
        raise away
    answer: Fields = json.loads(said)
    if "error" in answer:
        raise Problem(str(answer["error"]))
    return answer
