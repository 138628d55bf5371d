"""OSDP readers of a virtual board: their lines in virtual time, what people do there and what happens to them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from sim.world.osdp import OsdpLine, PeripheralDevice
from sim.world.tables import Board, Table

from .chip import VirtualChip
from .scheduler import MS, SECOND, Scheduler

if TYPE_CHECKING:
    from .doorway import Doorway

TROUBLE_US = 3 * SECOND  # so long a change on a line may be felt
SLACK_US = 700 * MS
LISTENS_US = 400 * MS  # a reader that was polled within that time is heard within a second


class VirtualLine(OsdpLine):
    """A line on a serial port of the chip. table: its part of board.json."""

    def __init__(self, table: Table, readers: list[PeripheralDevice], scheduler: Scheduler) -> None:
        super().__init__(readers, lambda: scheduler.now, table.get("baud", 9600), "de" in table)
        self.scheduler = scheduler
        self.quiet_at = self.changed_at = -TROUBLE_US  # when noise ended, or will end; when a reader died or came back
        self._de: int | None = table.get("de")

    def output(self, pin: int, level: int | None) -> None:
        """The board moved a pin; the direction pin has a resistor to ground."""
        if pin == self._de:
            self.drive(level or 0)

    def slack_us(self) -> int:
        """How much longer than usual an answer may take: each silent reader takes its time, and so do frames lost."""
        now = self.scheduler.now
        troubled = self.meddle is not None or now - max(self.quiet_at, self.changed_at) < TROUBLE_US
        return SLACK_US if troubled or any(reader.dead for reader in self.readers) else 0

    def noise(self, chance: Random) -> None:
        """For some seconds every tenth frame loses a byte, gains some, or has a bit turned over."""
        self.quiet_at = self.scheduler.now + chance.randrange(1, 20) * SECOND
        self.meddle = lambda frame: spoiled(frame, chance)
        self.scheduler.at(self.quiet_at, self._calm)

    def _calm(self) -> None:
        if self.scheduler.now >= self.quiet_at:
            self.meddle = None


def spoiled(frame: bytes, chance: Random) -> bytes:
    if chance.random() >= 0.1:
        return frame
    at, kind = chance.randrange(len(frame)), chance.randrange(3)
    if kind == 0:
        return frame[:at] + frame[at + 1 :]
    if kind == 1:
        return frame[:at] + chance.randbytes(chance.randrange(1, 9)) + frame[at:]
    return frame[:at] + bytes((frame[at] ^ 1 << chance.randrange(8),)) + frame[at + 1 :]


class Polled:
    """The reader of one door."""

    def __init__(self, reader: PeripheralDevice, line: VirtualLine) -> None:
        self.reader = reader
        self.line = line
        self._fault: str | None = None

    def tap(self, bits: str, about: Callable[[int], None]) -> None:
        now = self.line.scheduler.now
        if not self.reader.dead:
            self.reader.card(bits, now)
        about(now)

    def listened(self) -> bool:
        """Whether what is read there now is heard."""
        now = self.line.scheduler.now
        calm = self.line.meddle is None and now - self.line.quiet_at > SECOND
        return calm and not self.reader.dead and now - self.reader.polled_at < LISTENS_US

    def break_it(self, fault: str | None) -> None:
        """ "dead": it has no power, and forgets everything; else its cable is cut. None: it is mended."""
        if self._fault == "dead":
            self.reader.restart()
        self.reader.dead = fault is not None
        self.line.changed_at = self.line.scheduler.now
        self._fault = fault


def wire(
    board: Board, chip: VirtualChip, doors: "Sequence[Doorway]", folder: Path, scheduler: Scheduler
) -> list[VirtualLine]:
    """The lines of this board, with readers that have their keys: the board is commissioned."""
    chance = scheduler.chance(f"readers of {chip.name}")
    lines: list[VirtualLine] = []
    keys: dict[str, str] = {}
    for number, table in enumerate(board.get("osdp", []), 1):
        line = VirtualLine(table, [], scheduler)
        for n, door in enumerate(board["doors"], 1):
            how = door["reader"]
            if how["kind"] != "osdp" or how.get("line", 1) != number:
                continue
            secure = how.get("secure", True)
            key = chance.randbytes(16) if secure else None
            reader = PeripheralDevice(how["address"], key, chance.randbytes, secure)
            line.readers.append(reader)
            if key is not None:
                keys[str(n)] = key.hex()
            if n <= len(doors):
                doors[n - 1].polled = Polled(reader, line)
        chip.uarts[number] = line
        lines.append(line)
    if keys:
        from firmware.controller.storage.settings_save import save

        save(f"{folder}/", keys, "osdp")  # as the firmware keeps them: sealed, in two copies
    return lines


def polled(board: Board, **line: object) -> Board:
    """A board with OSDP readers in place of its Wiegand readers, all on one line. line: fields of it."""
    doors = [{**door, "reader": {"kind": "osdp", "address": n, "line": 1}} for n, door in enumerate(board["doors"])]
    return {**board, "doors": doors, "osdp": [{"tx": 17, "rx": 16, "de": 18, "baud": 38400, **line}]}
