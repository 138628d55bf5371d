"""Home Assistant sees doors, strikes, alarms and links; it hears of nobody and can open nothing."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cloud_world import House, Stopped, Wire
from fake_controller import FakeController

from firmware.controller import events as codes
from firmware.controller.access import modes
from tools.cloud.alarms import alarms
from tools.cloud.controllers.lost import lost
from tools.cloud.home_assistant import bridge, entities
from tools.cloud.services import clock


class Home:
    """The house with its board linked, and what Home Assistant is told of it."""

    def __init__(self, house: House, time_now: Stopped):
        self.house = house
        self.time = time_now
        self.line = Wire(time_now)
        self.board: FakeController = self.line.connect(house.settings).connect()
        self.strikes = entities.RecentReleases(house.tenant)
        self.line.poll()

    def happens(self, code: int, door: int = 1, key: bytes | None = None) -> None:
        self.board.record(code, door, key, int(self.time.now))
        self.board.send_events(self.board.last, self.board.last)
        self.line.poll()
        alarms.gather(datetime.fromtimestamp(self.time.now, UTC))

    def told(self) -> dict[str, str]:
        return entities.messages(self.house.tenant, self.strikes, clock.now())

    def door(self, number: int = 1) -> dict[str, Any]:
        base = f"{entities.root(self.house.tenant)}/{self.house.controller.public_id}"
        state: dict[str, Any] = json.loads(self.told()[f"{base}/door/{number}"])
        return state

    def link(self) -> str:
        return self.told()[f"{entities.root(self.house.tenant)}/{self.house.controller.public_id}/link"]


@pytest.fixture
def home(house: House, time_now: Stopped) -> Home:
    return Home(house, time_now)


def test_a_controller_is_announced_with_its_doors(home: Home) -> None:
    device = json.loads(home.told()[entities.announcement(home.house.controller)])
    assert device["device"]["name"] == "Oppgang A" and device["device"]["sw_version"] == "0.1.0"
    names = {part["name"] for part in device["components"].values()}
    assert {"Hovedinngang", "Hovedinngang strike", "Hovedinngang alarm", "Postrom", "Link"} <= names
    ids = [part["unique_id"] for part in device["components"].values()]
    assert len(set(ids)) == len(ids) == 9
    topics = {part["state_topic"] for part in device["components"].values()}
    assert topics <= set(home.told())


def test_nothing_takes_a_command_and_nobody_is_named(home: Home) -> None:
    key = home.board.key(26, 1204)
    home.happens(codes.GRANTED, 1, key)
    everything = json.dumps(home.told())
    for word in ("command", "Ingrid", "1204", key.hex()):
        assert word not in everything


def test_a_door_opens_and_closes(home: Home) -> None:
    assert home.door()["contact"] is None
    home.happens(codes.DOOR_OPENED)
    assert home.door()["contact"] == "ON" and home.door(2)["contact"] is None
    home.happens(codes.DOOR_CLOSED)
    assert home.door()["contact"] == "OFF"


def test_a_strike_is_shown_as_long_as_it_is_released(home: Home) -> None:
    assert home.door()["strike"] == "OFF"
    home.happens(codes.GRANTED, 1, home.board.key(26, 1204))
    assert home.door()["strike"] == "ON" and home.door(2)["strike"] == "OFF"
    home.time.now += 5
    assert home.door()["strike"] == "OFF"
    home.board.hello(standing=[[modes.COMMAND, int(home.time.now) + 3600, 0, 1]])
    home.time.now += 3599
    assert home.door()["strike"] == "ON" and home.door(2)["strike"] == "OFF"
    home.board.hello(standing=[[modes.EVACUATION, 0, 0, 1, 2]])
    assert home.door()["strike"] == home.door(2)["strike"] == "ON"
    home.board.hello(standing=[[modes.LOCKDOWN, 0, 0, 1, 2]])
    assert home.door()["strike"] == home.door(2)["strike"] == "OFF"


def test_a_board_that_lost_its_hold_at_a_start_shows_no_strike_for_ever(home: Home) -> None:
    home.board.hello(standing=[[modes.COMMAND, 0, 0, 1]])
    home.happens(codes.FREE_BEGAN)
    home.happens(codes.STARTED, 0)  # and no event says that the door is locked again
    home.board.hello(standing=None)
    assert home.door()["strike"] == "OFF"


def test_an_alarm_shows_and_duress_does_not(home: Home) -> None:
    home.happens(codes.GRANTED_DURESS, 1, home.board.key(26, 1204))
    assert home.door()["alarm"] == "OFF"
    home.happens(codes.DOOR_FORCED)
    assert home.door()["alarm"] == "ON" and home.door(2)["alarm"] == "OFF"


def test_a_controller_that_is_not_heard_is_offline(home: Home) -> None:
    assert home.link() == "online"
    home.time.now += 20
    assert home.link() == "offline"


def test_another_tenants_doors_are_not_told(home: Home, time_now: Stopped) -> None:
    other = House("Naboen", time_now, seed=3)
    assert other.controller.public_id not in json.dumps(home.told())


class Broker:
    """mosquitto, and what is retained there."""

    def __init__(self, program: str, folder: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)

    def retained(self) -> dict[str, str]:
        found: dict[str, str] = {}
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.on_connect = lambda *_: client.subscribe("#")
        client.on_message = lambda _, __, message: found.update({message.topic: message.payload.decode()})
        client.connect("127.0.0.1", self.port)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            client.loop(0.05)
        client.disconnect()
        return found


@pytest.fixture
def broker(mosquitto: str, tmp_path: Path) -> Iterator[Broker]:
    found = Broker(mosquitto, tmp_path)
    yield found
    found.process.terminate()
    found.process.wait()


def keep(home: Home, broker: Broker) -> None:
    """The bridge runs for a second."""
    address = {"host": "127.0.0.1", "port": broker.port, "user": "", "password": "", "tls": ""}
    end = time.monotonic() + 1
    bridge.Bridge(home.house.tenant, address).run(stop=lambda: time.monotonic() > end)


@pytest.mark.mosquitto
def test_what_is_told_is_kept_at_the_broker_and_goes_with_its_controller(
    home: Home, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "OLD_S", 0.3)
    monkeypatch.setattr(bridge, "PAUSE_S", 0.1)
    keep(home, broker)
    status = f"{entities.root(home.house.tenant)}/status"
    assert broker.retained() == home.told() | {status: "offline"}  # it has ended, and said so
    lost(home.house.controller, None)
    keep(home, broker)
    assert broker.retained() == {status: "offline"}
