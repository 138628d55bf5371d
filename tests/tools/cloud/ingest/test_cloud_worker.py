"""The worker with a real broker between it and a controller; broker and worker die and come back."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from fake_controller import FakeController

from firmware.controller import events as codes

pytestmark = pytest.mark.mosquitto
ROOT = Path(__file__).resolve().parents[4]

PREPARE = """
import json, os
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
import sys
sys.path.insert(0, "tests/tools/cloud")
from cloud_world import House, Stopped
print(json.dumps(House("Solsiden", Stopped()).settings))
"""


class Line:
    """A broker, a worker and a controller; each can be killed and started again."""

    def __init__(self, folder: Path, mosquitto: str):
        self.mosquitto = mosquitto
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        outside = ("DATABASE_URL", "PORTVAKT_URL", "SECRET_KEY", "OIDC_ISSUER")
        self.env = {name: value for name, value in os.environ.items() if name not in outside} | {
            "PORTVAKT_DATA": str(folder),
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "tools.cloud.settings",
            "MQTT_URL": f"mqtt://127.0.0.1:{self.port}",
        }
        prepared = subprocess.run(
            [sys.executable, "-c", PREPARE], env=self.env, cwd=ROOT, capture_output=True, text=True, check=True
        )
        self.settings = json.loads(prepared.stdout)
        self.broker = self.start_broker()
        self.worker = self.start_worker()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="controller")
        self.board = FakeController(self.settings, self._publish, os.urandom, epoch=5)
        self.client.on_connect = lambda *_: self._connected()
        self.client.on_message = lambda _, __, message: self.board.receive(bytes(message.payload))
        self.renewals = 0

    def start_broker(self) -> subprocess.Popen:
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        return subprocess.Popen([self.mosquitto, "-c", str(config)], stderr=subprocess.DEVNULL)

    def start_worker(self) -> subprocess.Popen:
        verb = "from tools.cli import app; app()"
        return subprocess.Popen([sys.executable, "-c", verb, "cloud", "worker"], env=self.env, cwd=ROOT)

    def _publish(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload)

    def _connected(self) -> None:
        self.client.subscribe(self.board.topic.replace("/up", "/down"))
        self.board.channel = None
        self.board.begin()

    def until(self, done: Callable[[], bool], seconds: float = 20) -> None:
        """Runs the controller until something is so; asks for what it lacks as the firmware does."""
        end = asked = time.monotonic()
        end += seconds
        said = None
        while not done():
            assert time.monotonic() < end, "it did not come to be"
            if self.client.loop(0.02) != mqtt.MQTT_ERR_SUCCESS:
                time.sleep(0.1)
                try:
                    self.client.connect("127.0.0.1", self.port)
                except OSError:
                    continue
            if self.board.renewals > self.renewals:
                self.renewals = self.board.renewals
                self.board.begin()
            if self.board.channel is not None and self.board.channel is not said:
                said = self.board.channel
                self.board.hello()
                self._send()
            elif time.monotonic() > asked + 1:
                asked = time.monotonic()
                if self.board.channel is None:
                    self.board.begin()
                else:
                    self._send()

    def _send(self) -> None:
        self.board.ping()
        if self.board.acknowledged < self.board.last:
            self.board.send_events(self.board.acknowledged + 1, min(self.board.last, self.board.acknowledged + 40))

    def tap(self, count: int) -> None:
        for _ in range(count):
            self.board.record(codes.GRANTED, 1, self.board.key(26, 1204), int(time.time()))

    def all_stored(self) -> bool:
        return self.board.acknowledged == self.board.last

    def stored(self) -> list[int]:
        with sqlite3.connect(self.folder / "portvakt.sqlite3") as database:
            return [row[0] for row in database.execute("SELECT sequence FROM cloud_event ORDER BY id")]

    def close(self) -> None:
        for process in (self.worker, self.broker):
            process.kill()
            process.wait()


@pytest.fixture
def line(tmp_path: Path, mosquitto: str) -> Iterator[Line]:
    made = Line(tmp_path, mosquitto)
    yield made
    made.close()


def test_the_worker_outlives_its_broker_and_the_log_outlives_both(line: Line) -> None:
    line.tap(50)
    line.until(line.all_stored)
    line.until(lambda: line.board.may_pass(26, 1204, door=1))
    line.broker.kill()
    line.broker.wait()
    line.tap(50)
    line.broker = line.start_broker()
    line.until(line.all_stored)
    line.worker.kill()
    line.worker.wait()
    line.tap(50)
    line.worker = line.start_worker()
    line.until(line.all_stored)
    assert line.stored() == list(range(1, 151))
