"""The worker at several brokers: it hears boards at all of them, and answers each where it last spoke."""

import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from tests.link.line import Mosquitto, free_ports, until

pytestmark = [pytest.mark.mosquitto, pytest.mark.slow]
FREE = ("user root", "allow_anonymous true", "persistence false")
NAME = "0123456789abcdef"


class Heard:
    """In place of the ingest: every message is answered with itself."""

    def __init__(self, publish: Any, *rest: Any) -> None:
        self.publish = publish
        self.messages: list[bytes] = []

    def start(self) -> None:
        pass

    def on_message(self, topic: str, payload: bytes) -> None:
        self.messages.append(payload)
        self.publish(topic.replace("/up", "/down"), payload)


def test_boards_are_heard_at_every_broker_and_answered_where_they_are(
    mosquitto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import django

    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tools.cloud.settings")
    monkeypatch.setenv("PORTVAKT_DATA", str(tmp_path))
    django.setup()
    from tools.cloud.ingest import worker as module

    monkeypatch.setattr(module, "Ingest", Heard)
    monkeypatch.setattr(module.Worker, "_poll", lambda self: None)
    dead, *ports = free_ports(3)
    servers = [Mosquitto(mosquitto, tmp_path, [*FREE, f"listener {port}"], port) for port in ports]
    worker = module.Worker(" ".join(f"mqtt://127.0.0.1:{port}" for port in (dead, *ports)))
    ended = threading.Event()
    thread = threading.Thread(target=worker.run, args=(ended.is_set,))
    thread.start()
    heard: list[tuple[int, bytes]] = []
    boards = [mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=NAME) for _ in ports]

    def look() -> bool:
        for board in boards:
            board.loop(0.005)
        return False

    def say(place: int, said: bytes) -> bool:
        boards[place].publish(f"portvakt/{NAME}/up", said)
        return look()

    try:
        for place, (board, port) in enumerate(zip(boards, ports, strict=True)):
            board.connect("127.0.0.1", port)
            board.on_message = lambda _, __, message, place=place: heard.append((place, message.payload))
            board.on_connect = lambda client, *_: client.subscribe(f"portvakt/{NAME}/down")
        until(lambda: look() or worker._started, "the worker to connect")
        for turn, place in enumerate((0, 1, 0, 1)):
            said = bytes((turn,))
            # The worker may still be on its way to this broker: a board says it again.
            until(
                lambda place=place, said=said: (boards[place].publish(f"portvakt/{NAME}/up", said) and look())
                or (place, said) in heard,
                "an answer",
            )  # fmt: skip
            assert (1 - place, said) not in heard
    finally:
        ended.set()
        thread.join()
        for server in servers:
            server.kill()
