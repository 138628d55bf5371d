"""The real firmware, the real ingest, and a broker's bytes between them, turned by hand."""

from pathlib import Path
from random import Random

from cloud_world import House, Stopped, counted_bytes

from firmware.controller.cloud import wire
from sim.fuzz import board as boards
from tools.cloud.ingest.ingest import Ingest


class Whole:
    """A board, the ingest, and the broker's bytes between them."""

    def __init__(self, house: House, time_now: Stopped, folder: Path):
        self.time = time_now
        time_now.now = float(boards.UTC)
        house.settings |= {"broker": boards.SETTINGS["broker"], "wifi": boards.SETTINGS["wifi"]}
        self.board = boards.HandBoard(folder, Random(1), house.settings)
        self.down: list[bytes] = []
        self.bytes: list[bytes] = []  # everything that a broker sees
        self.ingest = Ingest(lambda topic, payload: self.down.append(payload), time_now, counted_bytes(3 << 40))
        self.up = wire.topics(self.board.name)[0]
        self.board.session.begin(self.board.chip.time)
        self.run(8)

    def run(self, seconds: float) -> None:
        board = self.board
        for _ in range(int(seconds * 20)):
            self.time.now += 0.05
            board.chip.time = (board.chip.time + 50) % (1 << 30)
            board.turn()
            for payload in board.sent:
                self.ingest.on_message(self.up, payload)
            self.bytes += board.sent + self.down
            board.sent.clear()
            self.ingest.poll()
            for payload in self.down:
                board.session.receive(payload, board.chip.time)
            self.down.clear()
