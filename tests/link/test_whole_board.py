"""A whole board in TLS: installed as an installer does it, both loops running, in a heap like a board's."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.board.host import VirtualBoard
from tests.link.line import NAME, ROOT, SECRET, Cloud, Mosquitto, free_ports
from tools import boards

pytestmark = [pytest.mark.micropython, pytest.mark.mosquitto, pytest.mark.slow]
BOARD = "virtual-two-door"
KEY = "7b" * 32


async def until(true: Callable[[], Any], what: str, board: VirtualBoard) -> None:
    for _ in range(600):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not {what} within 30 s; the board says:\n" + "\n".join(list(board.log_tail)[-9:]))


def test_a_board_with_psk_certificates_and_a_second_broker(mosquitto: str, tmp_path: Path) -> None:
    """By key first; when that listener is gone, by certificate at the next broker."""
    certificate = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=localhost"
    subprocess.run(
        ["openssl", "req", "-x509", *certificate.split(), "-addext", "subjectAltName=DNS:localhost"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    plain, psk, other, tls = free_ports(4)
    free = ("user root", "allow_anonymous true", "persistence false")
    (tmp_path / "keys").write_text(f"{NAME}:{KEY}\n")
    by_key = (f"listener {psk}", "psk_hint x", f"psk_file {tmp_path}/keys", "use_identity_as_username true")
    by_name = (f"listener {tls}", f"certfile {tmp_path}/ca.pem", f"keyfile {tmp_path}/ca.key")
    servers = [
        Mosquitto(mosquitto, tmp_path, [*free, f"listener {plain}", *by_key], plain),
        Mosquitto(mosquitto, tmp_path, [*free, f"listener {other}", *by_name], other),
    ]
    clouds = [Cloud(plain), Cloud(other)]
    first = {"host": "localhost", "port": psk, "user": NAME, "password": "", "tls": "psk", "key": KEY}
    second = {"host": "localhost", "port": tls, "user": NAME, "password": "", "tls": "certificates"}
    settings = tmp_path / "enrolled.json"
    settings.write_text(
        json.dumps(
            {
                "controller": NAME,
                "link_secret": SECRET,
                "table_key": "7a" * 32,
                "broker": first,
                "more_brokers": [second],
                "since": 1795000000,
                "wifi": {"name": "test", "password": ""},
            }
        )
    )

    async def story() -> None:
        board = VirtualBoard("test", boards.load(BOARD), tmp_path / "board", lambda pin, level: None)
        await board.start()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tools", "install", "--board", BOARD, "--port", board.port, "--json"),
                *("--settings", str(settings), "--broker-ca", str(tmp_path / "ca.pem")),
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            _, said = await process.communicate()
            assert process.returncode == 0, said.decode()
            await until(lambda: clouds[0].opened, "in a session by key", board)
            print("heap by key (used, free, longest piece):", await board.measure_heap())
            servers[0].kill()
            await until(lambda: clouds[1].opened, "in a session by certificate", board)
            used, free_bytes, longest = await board.measure_heap()
            print("heap by certificate (used, free, longest piece):", (used, free_bytes, longest))
            # TLS takes 33 KB for its buffers: on the chip from the memory of the IDF, here from the same heap.
            assert free_bytes > 20_000
            assert longest > 4096, "main.py collects so often that the heap stays whole; without that it is some 2,600"
        finally:
            await board.stop()

    try:
        asyncio.run(asyncio.wait_for(story(), 150))
    finally:
        for cloud in clouds:
            cloud.close()
        for server in servers:
            server.kill()
