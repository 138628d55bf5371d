"""A parcel from the courier's code to the recipient's, with the cloud out of reach in between, on MicroPython."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.house import Mosquitto, wait
from tests.tools.virtual_board import ROOT, Board, portvakt, running

pytestmark = [pytest.mark.micropython, pytest.mark.mosquitto]
BOARD = "esp32-bank"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Cloud:
    """The cloud end's commands, its worker, and its API as a courier's program calls it."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.broker = broker
        outside = ("DATABASE_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "OIDC_ISSUER")
        self.env = {name: value for name, value in os.environ.items() if name not in outside}
        self.env |= {"PORTVAKT_DATA": str(folder / "var"), "MQTT_URL": broker.url, "PORTVAKT_URL": self.url}
        self("migrate")
        self("link", "ola@example.org")
        self.token = json.loads(self("token", "courier", "--role", "administrator", "--json"))["token"]
        self.processes = [self._start("worker"), self._start("serve", "--port", str(port))]

    def __call__(self, *verb: str) -> str:
        command = [sys.executable, "-m", "tools", "cloud", *verb]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    def _start(self, *verb: str) -> subprocess.Popen[bytes]:
        silent = subprocess.DEVNULL
        command = [sys.executable, "-m", "tools", "cloud", *verb]
        return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=silent, stderr=silent)

    def api(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=10) as answer:
            return json.load(answer)

    def serves(self) -> bool:
        try:
            return bool(self.api("/api/banks"))
        except OSError:
            return False

    def deliver(self) -> Any:
        """A delivery once the board has said that it holds a key for one; until then it is refused."""
        [bank] = self.api("/api/banks")
        try:
            return self.api("/api/deliveries", {"bank": bank["id"], "recipient": {"unit": "H0304"}})
        except urllib.error.HTTPError as refused:
            said = refused.read()
            assert refused.code == 400 and b"wait until it has a link" in said, (refused.code, said)
            return None

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
            process.wait(20)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder, free_port())
    made = Cloud(tmp_path, broker)
    yield made
    made.stop()
    broker.kill()


def install(board: Board, cloud: Cloud, settings: Path) -> None:
    cloud(
        "enrol", "Parcels", "--board", BOARD, "--broker", cloud.broker.url, "--wifi-name", "x", "--out", str(settings)
    )
    to = ("--board", BOARD, "--port", board.port, "--settings", str(settings), "--commission", "0")
    done = portvakt("install", *to)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(240)
def test_a_parcel_is_put_in_and_taken_out_while_the_broker_is_down(cloud: Cloud, tmp_path: Path) -> None:
    cloud.env["PORTVAKT_WIFI_PASSWORD"] = "not-a-secret"
    with running(tmp_path / "board", BOARD) as board:
        install(board, cloud, tmp_path / "settings.json")
        wait(cloud.serves, 40, "the API")
        made = wait(cloud.deliver, 60, "a key of a delivery on the board")
        delivery, deposit, pick_up = made["delivery"]["id"], made["deposit_code"][:10], made["pick_up_code"][:10]
        mistyped = f"{(int(pick_up) + 256) % 10**10:010}"
        cloud.broker.kill()
        put_in = board("code", deposit, "--size", "M")
        [compartment] = put_in["compartments"]["open"]
        assert compartment == 9, "the first of the middle size"
        assert "deposited" in [event["event"] for event in board("shut", str(compartment))["events"]]
        assert board("code", mistyped)["compartments"]["open"] == []
        taken_out = board("code", pick_up)
        assert taken_out["compartments"]["open"] == [compartment]
        assert "picked up" in [event["event"] for event in board("shut", str(compartment))["events"]]
        assert board("code", pick_up)["compartments"]["open"] == [], "a code works once"
        assert cloud.api(f"/api/deliveries/{delivery}")["state"] == "made", "the cloud knows nothing of it yet"
        cloud.broker.start()
        over = wait(
            lambda: (said := cloud.api(f"/api/deliveries/{delivery}"))["state"] == "picked up" and said, 60, "proof"
        )
        assert over["compartment"] == compartment and over["deposited_at"] and over["ended_at"]
