"""A board with several brokers: the firmware on real MicroPython, the real mosquitto twice."""

import time
from pathlib import Path

import pytest

from tests.link.line import NAME, Board, Cloud, Mosquitto, free_ports

pytestmark = [pytest.mark.micropython, pytest.mark.mosquitto, pytest.mark.slow]
KEY = "7b" * 32
FREE = ("user root", "allow_anonymous true", "persistence false")


def broker(port: int, **more: str) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": port, "user": NAME, "password": "", **more}


def test_the_link_moves_to_the_next_broker_and_back_to_the_first(
    micropython: str, mosquitto: str, tmp_path: Path
) -> None:
    """The first in plain, a dead one, the third with a key."""
    first, dead, plain, psk = free_ports(4)
    (tmp_path / "keys").write_text(f"{NAME}:{KEY}\n")
    lines = [*FREE, f"listener {plain}", f"listener {psk}", "psk_hint x", f"psk_file {tmp_path}/keys"]
    servers = [Mosquitto(mosquitto, tmp_path, [*FREE, f"listener {first}"], first)]
    servers.append(Mosquitto(mosquitto, tmp_path, [*lines, "use_identity_as_username true"], plain))
    clouds = [Cloud(first), Cloud(plain)]
    more = [broker(dead), broker(psk, tls="psk", key=KEY)]
    settings = {"since": 1795000000, "again_ms": 400, "pause_ms": 100, "broker": broker(first), "more_brokers": more}
    board = Board(micropython, tmp_path, settings)
    try:
        board.until("opened")
        assert [cloud.opened for cloud in clouds] == [1, 0]
        servers[0].kill()
        board.until("opened", times=2)
        assert [cloud.opened for cloud in clouds] == [1, 1]
        time.sleep(0.7)
        assert board.said[-1] == "opened", "looking for the first one does not cost the link in use"
        servers[0].start()
        board.until("the first broker is back")
        board.until("opened", times=3)
        assert [cloud.opened for cloud in clouds] == [2, 1]
    finally:
        board.kill()
        for cloud in clouds:
            cloud.close()
        for server in servers:
            server.kill()
