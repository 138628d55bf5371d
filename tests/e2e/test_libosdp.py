"""The firmware's OSDP driver and a peripheral of libosdp, which is not ours, on the two ends of a pseudo-terminal."""

import os
import pty
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firmware.controller.events import (
    READER_BACK,
    READER_KEYED,
    READER_LOST,
    READER_TAMPER,
    READER_TAMPER_OVER,
)
from firmware.controller.outputs.signal import GRANTED
from sim.world.osdp import PeripheralDevice
from tests.firmware.bench import frame26
from tests.firmware.osdp_bench import KEY, OsdpBench, table

osdp = pytest.importorskip("osdp", reason="libosdp is not installed: there is no wheel of it for this machine")

CARD = frame26(12, 3456)
ADDRESS = 101


class End(osdp.Channel):  # type: ignore[misc]
    """libosdp's end of the terminal."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.fd = fd

    def read(self, max_bytes: int) -> bytes:
        try:
            return os.read(self.fd, max_bytes)
        except BlockingIOError:
            return b""

    def write(self, buf: bytes) -> int:
        return os.write(self.fd, buf)

    def flush(self) -> None:
        pass


class Port:
    """The board's end: a serial port of its chip."""

    readers = ()

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.came = b""
        self.spoils = 1 << 30  # the next answer of at least so many bytes comes broken

    def waiting(self) -> int:
        try:
            self.came += os.read(self.fd, 4096)
        except BlockingIOError:
            pass
        frame = self.came.lstrip(b"\xff")
        if len(frame) >= self.spoils and frame[2] == len(frame):
            self.came = self.came[:-1] + bytes((self.came[-1] ^ 1,))
            self.spoils = 1 << 30
        return len(self.came)

    def take(self, most: int) -> bytes:
        taken, self.came = self.came[:most], self.came[most:]
        return taken

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)

    def drive(self, level: int) -> None:
        pass


class House:
    """A board and a peripheral. key: of the peripheral, None: it waits for one. kept: the board's keys."""

    def __init__(self, key: bytes | None, kept: dict[int, bytes] | None = None, secure: bool = True) -> None:
        board_end, reader_end = pty.openpty()
        for fd in (board_end, reader_end):
            tty.setraw(fd)
            os.set_blocking(fd, False)
        self.ends = (board_end, reader_end)
        self.orders: list[dict[str, Any]] = []
        flags = [osdp.LibFlag.EnforceSecure] if key else [osdp.LibFlag.InstallMode] if secure else []
        able = [
            (osdp.Capability.LEDControl, 1, 1),
            (osdp.Capability.AudibleControl, 1, 1),
            (osdp.Capability.ContactStatusMonitoring, 1, 2),
        ]
        self.device = osdp.PeripheralDevice(
            osdp.PDInfo(ADDRESS, End(reader_end), scbk=key, flags=flags),
            osdp.PDCapabilities(able),
            log_level=osdp.LogLevel.Emergency,
            command_handler=self._obey,
        )
        table_ = table(baud=115200)
        table_["doors"][0]["reader"].update(address=ADDRESS, secure=secure)
        self.bench = OsdpBench(kept=kept, board=table_)
        self.bench.line = self.bench.chip.uarts[1] = Port(board_end)  # type: ignore[assignment]
        self.bench.bus._uart.port = self.bench.line
        self.alive = True

    def _obey(self, order: dict[str, Any]) -> tuple[int, None]:
        self.orders.append(order)
        return 0, None

    def run(self, done: Any, at_most_ms: int = 5000) -> bool:
        """Until done(). A millisecond is one while the peripheral may answer; else time flies."""
        end = self.bench.elapsed + at_most_ms
        while self.bench.elapsed < end:
            idle = self.bench.bus.deadline() - self.bench.chip.now
            self.bench.run(idle - 1 if idle > 20 and (not self.alive or self.bench.bus._asked is None) else 1)
            if self.alive:
                time.sleep(0.0003)
                self.device.ctx.refresh()
            if done():
                return True
        return False

    def listens(self) -> bool:
        """Whether the reader was polled and had nothing to tell: what comes from now on counts."""
        return not self.bench.board.doors[0].reader._old

    def told(self, code: int) -> bool:
        return code in [event[0] for event in self.bench.recorded]

    def event(self, **event: Any) -> None:
        self.device.ctx.submit_event(event)


@pytest.fixture(params=["plain", "secure channel"])
def house(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.chdir(tmp_path)
    secure = request.param == "secure channel"
    made = House(KEY if secure else None, {1: KEY} if secure else None, secure)
    assert made.run(made.listens), made.bench.recorded
    assert made.device.is_sc_active() == secure
    yield made
    for fd in made.ends:
        os.close(fd)


def test_cards_keys_light_and_sound(house: House) -> None:
    bench = house.bench
    data = int(CARD + "0" * 6, 2).to_bytes(4, "big")
    house.event(event=osdp.Event.CardRead, reader_no=0, length=26, direction=0, format=1, data=data)
    assert house.run(lambda: len(bench.read) == 1)
    assert bench.read == [(1, 26, 12 << 16 | 3456)]
    house.event(event=osdp.Event.KeyPress, reader_no=0, data=b"12\x7f9\x0d")
    assert house.run(lambda: len(bench.read) == 6)
    assert [key for _, _, key in bench.read[1:]] == [1, 2, 10, 9, 11]
    house.orders.clear()
    bench.board.doors[0].signal.show(GRANTED, bench.chip.now)
    assert house.run(lambda: len(house.orders) == 2)
    light, sound = house.orders
    assert (light["command"], sound["command"]) == (osdp.Command.LED, osdp.Command.Buzzer)
    assert light["on_color"] == osdp.CommandLEDColor.Green and light["timer_count"] == 22
    assert (sound["on_count"], sound["rep_count"]) == (2, 1)


def test_a_card_in_a_broken_answer_is_read_or_told_as_misread(house: House) -> None:
    """libosdp's device does not know a command that is sent again: what was in the broken answer is gone."""
    bench = house.bench
    house.bench.line.spoils = 16  # type: ignore[attr-defined]  # more than a sealed ACK has
    data = int(CARD + "0" * 6, 2).to_bytes(4, "big")
    house.event(event=osdp.Event.CardRead, reader_no=0, length=26, direction=0, format=1, data=data)
    assert house.run(lambda: bool(bench.read)), bench.recorded
    assert house.bench.line.spoils == 1 << 30  # type: ignore[attr-defined]
    assert bench.read in ([(1, 26, 12 << 16 | 3456)], [(1, 0, None)])
    house.event(event=osdp.Event.CardRead, reader_no=0, length=26, direction=0, format=1, data=data)
    assert house.run(lambda: len(bench.read) == 2)
    assert bench.read[1] == (1, 26, 12 << 16 | 3456)
    assert not house.told(READER_LOST)


def test_tamper_is_told(house: House) -> None:
    kind = osdp.StatusReportType.Local
    house.event(event=osdp.Event.Status, type=kind, report=b"\x01\x00")
    assert house.run(lambda: house.told(READER_TAMPER))
    house.event(event=osdp.Event.Status, type=kind, report=b"\x00\x00")
    assert house.run(lambda: house.told(READER_TAMPER_OVER))


def test_a_peripheral_that_dies_is_lost_and_comes_back(house: House) -> None:
    house.alive = False
    assert house.run(lambda: house.told(READER_LOST))
    house.alive = True
    assert house.run(lambda: house.told(READER_BACK))
    assert house.run(house.listens)
    house.event(event=osdp.Event.KeyPress, reader_no=0, data=b"5")
    assert house.run(lambda: bool(house.bench.read))


def test_a_peripheral_in_install_mode_gets_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    house = House(None)
    house.bench.commissioner.on = True
    assert house.run(lambda: house.told(READER_KEYED)), house.bench.recorded
    assert house.run(house.bench.answers)
    assert house.device.is_sc_active()
    given = [order["data"] for order in house.orders if order["command"] == osdp.Command.Keyset]
    assert given == [house.bench.kept()[1]]
    for fd in house.ends:
        os.close(fd)


def test_a_peripheral_with_another_key_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    house = House(bytes(16), {1: KEY})
    house.event(event=osdp.Event.KeyPress, reader_no=0, data=b"5")
    assert house.run(lambda: house.told(READER_LOST))
    assert house.bench.read == []
    for fd in house.ends:
        os.close(fd)


def test_the_simulated_reader_talks_to_a_panel_of_libosdp() -> None:
    """What our driver is tested with otherwise is a reader as others know readers."""
    panel_end, reader_end = os.pipe(), os.pipe()
    for fd in (*panel_end, *reader_end):
        os.set_blocking(fd, False)
    channel = End(reader_end[0])
    channel.write = lambda buf: os.write(panel_end[1], buf)  # type: ignore[method-assign]
    info = osdp.PDInfo(ADDRESS, channel, scbk=KEY, flags=[osdp.LibFlag.EnforceSecure])
    panel = osdp.ControlPanel([info], log_level=osdp.LogLevel.Emergency)
    reader = PeripheralDevice(ADDRESS, KEY, os.urandom, secure=True)
    read: list[dict[str, Any]] = []
    panel.set_event_handler(lambda _, event: read.append(event) or 0)

    def run(done: Any) -> bool:
        for step in range(3000):
            panel.ctx.refresh()
            try:
                frame = os.read(panel_end[0], 256)
            except BlockingIOError:
                frame = b""
            if frame:
                os.write(reader_end[1], reader.hear(frame.lstrip(b"\xff"), step * 1000))
            if done():
                return True
            time.sleep(0.0005)
        return False

    assert run(lambda: panel.ctx.sc_status() == 1)
    reader.card(CARD)
    assert run(lambda: bool(read))
    assert (read[0]["length"], read[0]["data"]) == (26, int(CARD + "0" * 6, 2).to_bytes(4, "big"))
    for fd in (*panel_end, *reader_end):
        os.close(fd)
