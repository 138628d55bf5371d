"""A large table that is not right any more: the sums of its buckets are compared, and only what differs is sent.

The controller is the real firmware.
"""

from pathlib import Path
from random import Random

import pytest
from cloud_world import House, Stopped, counted_bytes

from firmware.controller.cloud import wire
from sim.fuzz import board as boards
from sim.mcu.chip import use
from sim.mcu.flash import NorFlash
from tools.cloud.ingest.ingest import Ingest

BUCKETS = 40


class Line:
    def __init__(self, house: House, time_now: Stopped, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.time = time_now
        self.time.now = float(boards.UTC)
        made = boards.HandChip.__init__

        def larger(chip: boards.HandChip, chance: Random) -> None:
            made(chip, chance)
            chip.flashes["acl"] = NorFlash(4096 * BUCKETS, "acl")

        monkeypatch.setattr(boards.HandChip, "__init__", larger)
        house.settings |= {"broker": boards.SETTINGS["broker"], "wifi": boards.SETTINGS["wifi"]}
        self.board = boards.HandBoard(folder, Random(1), house.settings)
        self.down: list[bytes] = []
        self.ingest = Ingest(lambda topic, payload: self.down.append(payload), time_now, counted_bytes(3 << 40))
        self.up = wire.topics(self.board.name)[0]
        self.heard: list[int] = []
        opened = self.board.session._deliver

        def deliver(message: bytes) -> None:
            self.heard.append(message[0])
            opened(message)

        self.board.session._deliver = deliver
        self.board.session.begin(self.board.chip.time)

    def run(self, seconds: int) -> None:
        chip = self.board.chip
        for _ in range(seconds * 5):
            self.time.now += 0.2
            chip.time = (chip.time + 200) % (1 << 30)
            for _ in range(20):
                self.board.turn()
            for payload in self.board.sent:
                self.ingest.on_message(self.up, payload)
            self.board.sent.clear()
            self.ingest.poll()
            for payload in self.down:
                self.board.session.receive(payload, chip.time)
            self.down.clear()


def test_only_the_buckets_that_differ_are_sent(
    house: House, time_now: Stopped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add_cards(1500)
    line = Line(house, time_now, tmp_path, monkeypatch)
    try:
        line.run(90)
        table = line.board.loop.table
        assert house.row().in_sync and table.count == 1501
        whole = line.heard.count(wire.SNAPSHOT)
        sector = table.sector(7)
        for at in range(16, 4096, 16):
            table.flash.program(sector * 4096 + at, bytes(16))
        table.distrust()
        line.heard.clear()
        line.run(60)
        assert house.row().in_sync and table.count == 1501
        assert line.heard.count(wire.BUCKETS_ASKED) == 1
        assert 0 < line.heard.count(wire.SNAPSHOT) <= 2 < whole
    finally:
        use(None)
