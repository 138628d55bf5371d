"""One controller of a virtual building: chip, littlefs folder, doors, and the events it recorded."""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sim.mcu.flash import SECTOR, NorFlash
from sim.world.tables import Board, Settings

from . import boot, osdp
from .bank import VirtualBank
from .chip import VirtualChip
from .doorway import Doorway
from .flash import TiredFlash, WatchedFlash, is_whole
from .inputs import BoardInputs
from .logged import LoggedEvent
from .net import VirtualNetwork
from .pace import INSTANT, Pace
from .scheduler import Scheduler

EVENT = 32
NOTE = 16  # bytes of a record of the state journal


class VirtualController:
    """Runs the real firmware. folder: its littlefs, filled here with board.json and settings.json.

    recorded: every event that became whole on flash, in order, as records.unpack_event gives it.
    on_event(controller, fields, raw): an event is on flash; fields as in `recorded`.
    on_crash(controller, error): an exception that main.py would print before it starts the board again.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        board: Board,
        folder: Path,
        scheduler: Scheduler,
        network: VirtualNetwork,
        doors: list[str],
        on_strike: Callable[["VirtualController", Doorway, bool], None],
        on_event: Callable[["VirtualController", LoggedEvent, bytes], None],
        on_crash: Callable[["VirtualController", Exception], None],
        pace: Pace = INSTANT,
    ) -> None:
        self.name = name
        self.settings = settings
        self.folder = folder
        self.recorded: list[LoggedEvent] = []
        self.perhaps: set[int] = set()  # numbers of events of which the last bits read now so and now so
        self._last = -1, b""
        self.placed = 0  # where the last event lies in its partition
        # Whether a board at work wrote it: not as its power went, nor at a start that completes what was torn then.
        self.at_work = False
        self.digest = hashlib.sha256()
        self.on_note: Callable[[int], None] | None = None  # it wrote down up to which event the cloud has all
        self.on_state: Callable[[int, int], None] = lambda kind, value: None  # a number is in its state journal
        self.on_start: Callable[[str], None] = lambda build: None  # boot.py has chosen this slot
        self._on_event = on_event
        app = boot.load()
        from firmware.controller import records
        from firmware.controller.storage.settings_save import save

        self._unpack = records.unpack_event
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "board.json").write_text(json.dumps(board))
        (folder / "current").write_text("sim")
        save(f"{folder}/", settings)
        self.app = app
        self.doors = [
            Doorway(door, i + 1, board["doors"][i], scheduler, lambda way, on: on_strike(self, way, on))
            for i, door in enumerate(doors)
        ]
        self.inputs = BoardInputs(board, scheduler)
        self.lines: list[osdp.VirtualLine] = []
        self.bank: VirtualBank | None = None
        flash = {label: size for label, size in board["flash"].items() if label != "littlefs"}
        self.chip = VirtualChip(
            name,
            scheduler,
            network,
            flash,
            boot.starter(folder, lambda error: on_crash(self, error), lambda build: self.on_start(build)),
            on_output=self._output,
            on_crash=lambda _, error: on_crash(self, error),
            make_flash=partial(self._make_flash, scheduler),
            pace=pace,
        )
        self.parts = {label: part for label, part in self.chip.flash.items() if isinstance(part, TiredFlash)}
        self.parts["log"].on_weak = self._perhaps
        for door in self.doors:
            door.wire(self.chip)
        self.inputs.wire(self.chip)
        self.lines = osdp.wire(board, self.chip, self.doors, folder, scheduler)
        if "bank" in board:
            self.bank = VirtualBank(board["bank"], self.chip, scheduler)

    def _make_flash(self, scheduler: Scheduler, size: int, label: str) -> NorFlash:
        watch = {"log": self._programmed, "state": self._noted}.get(label)
        chance = scheduler.chance(f"flash {label} of {self.name}")
        return TiredFlash(size, label, chance) if watch is None else WatchedFlash(size, label, chance, watch)

    def _noted(self, offset: int, data: bytes, before: bytes) -> None:
        if len(data) != NOTE or not offset % SECTOR or not is_whole(data):
            return
        kind, value = int.from_bytes(data[:2], "little"), int.from_bytes(data[4:12], "little")
        self.on_state(kind, value)
        if kind == 1 and self.on_note is not None:
            self.on_note(value & 0xFFFFFFFF)

    def _output(self, pin: int, level: int | None) -> None:
        if self.bank is not None and pin == self.bank.de:
            self.bank.line.drive(level or 0)
            return
        for door in self.doors:
            door.output(pin, level)
        self.inputs.output(pin, level)
        for line in self.lines:
            line.output(pin, level)

    def _programmed(self, offset: int, data: bytes, before: bytes) -> None:
        if len(data) != EVENT or offset % EVENT:
            return
        fields = self._unpack(data)
        if fields is not None and (offset, data) != self._last:  # else a start makes the last one firm
            self._last = offset, data
            event = LoggedEvent(*fields)
            self.recorded.append(event)
            self.placed = offset
            self.at_work = self.chip.on and before.count(0xFF) > EVENT // 2
            self.digest.update(data)
            self._on_event(self, event, data)

    def _perhaps(self, data: bytes) -> None:
        event = self._unpack(data) if len(data) == EVENT else None
        if event is not None:
            self.perhaps.add(event[0])

    def log_digest(self) -> str:
        """SHA-256 of every event as it became whole, in order, and of the log partition as it is now."""
        log = self.chip.flash["log"]
        assert isinstance(log, WatchedFlash)
        whole = self.digest.copy()
        whole.update(log.image())
        return whole.hexdigest()
