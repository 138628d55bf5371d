"""A virtual board with its doors, readers and inputs, and what can be done there. Everything is answered as JSON."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from firmware.controller.access.codes import SIZES
from sim.board.host import VirtualBoard
from sim.words import place, word
from sim.world.line import CUT, SHORT
from sim.world.wiegand import encode
from tools.run.bank import LiveBank, has_lines
from tools.run.doors import KEYS, LiveDoor
from tools.run.flash import FlashLog, Recorded
from tools.run.inputs import LiveInputs
from tools.terminal import Problem

FAULTS = {"cut": CUT, "short": SHORT, "whole": None}
_LOOK_S = 0.1
_ANSWER_S = 1.2  # within which what was done is on the board's log
_SETTLES_S = 0.3  # after its first record the others follow
_HELD_S = 0.3  # how long somebody presses the exit button
_BANK_S = 1.0  # a lock board is asked and answers before a compartment moves
_SMALL, _PSRAM = "220K", "2M"  # of heap, on words of 64 bits

Fields = dict[str, Any]


class Wired:
    """table: the board's. say: told every event that the board records, and every strike that moves."""

    def __init__(self, table: Fields, folder: Path, interpreter: str, say: Callable[[str], None]) -> None:
        self.table = table
        self.powered = True
        self.network = True
        self._say = say
        heap = _PSRAM if table.get("psram") else _SMALL
        self.board = VirtualBoard("virtual", table, folder, self._output, interpreter, heap, on_start=self._started)
        self.doors = [
            LiveDoor(n, n + 1, f"door {n + 1}", one, self.board, lambda: None) for n, one in enumerate(table["doors"])
        ]
        self.inputs = LiveInputs(table, self.board)
        self.bank = LiveBank(table, self.board, self._sprang_open) if has_lines(table) else None
        if self.bank is not None:
            self.board.on_uart = self.bank.hear
        self._log = FlashLog(folder / "log.img")
        self._fresh: list[Recorded] = []
        self._watcher: asyncio.Task[None] | None = None
        self._does: dict[str, Callable[[Fields], Awaitable[None]]] = {
            "tap": self._tap, "key": self._key, "rex": self._rex, "push": self._push, "contact": self._contact,
            "input": self._input, "line": self._line, "network": self._network, "power": self._power,
            "state": self._nothing, "code": self._code, "shut": self._shut,
        }  # fmt: skip

    async def start(self) -> None:
        self._log.refresh()  # what an earlier run left is no news
        await self.board.start()
        self._watcher = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        await self.board.stop()

    async def do(self, fields: Fields) -> Fields:
        """What was asked, and what the board has on record of it. Raises Problem."""
        does = self._does.get(str(fields.get("do")))
        if does is None:
            raise Problem(f"a virtual board does not know {fields.get('do')!r}; ask it to {', '.join(self._does)}")
        if does not in (self._power, self._nothing) and not self.board.alive:
            raise Problem("the board does not run; switch its power on, or look at what it printed")
        self._fresh.clear()
        await does(fields)
        if does != self._nothing:
            await self._until_recorded()
        return self.state() | {"events": [_told(event) for event in self._fresh]}

    def state(self) -> Fields:
        return {
            "running": self.board.alive,
            "power": self.powered,
            "network": self.network,
            "port": self.board.port,
            "recorded": self._log.last,
            "doors": [{"released": door.strike, "open": door.leaf.open, "light": door.light} for door in self.doors],
            "inputs": [
                {"kind": one["kind"], "on": on} for one, on in zip(self.inputs.tables, self.inputs.on, strict=True)
            ],
            "compartments": {"open": self.bank.standing_open if self.bank else []},
        }

    # What can be done.

    async def _tap(self, fields: Fields) -> None:
        self._of_reader(fields).send(_bits(fields.get("card")))

    async def _key(self, fields: Fields) -> None:
        keys = str(fields.get("keys", ""))
        if not keys or set(keys) - set(KEYS) or len(keys) > 40:
            raise Problem("keys are digits, * and #; give some, for example 1234#")
        await self._of_reader(fields).type(keys)

    async def _rex(self, fields: Fields) -> None:
        door = self._door(fields)
        if "rex" not in door.lines:
            raise Problem("this door has no exit button")
        door.press(True)
        await asyncio.sleep(_HELD_S)
        door.press(False)

    async def _push(self, fields: Fields) -> None:
        door = self._door(fields)
        if not door.push(3_000):
            raise Problem("the door is locked; tap a card first, or force it with: contact DOOR open")

    async def _contact(self, fields: Fields) -> None:
        door, state = self._door(fields), fields.get("state")
        if state not in ("open", "closed"):
            raise Problem("a contact is open or closed; name one of them")
        door.open() if state == "open" else door.close()

    async def _input(self, fields: Fields) -> None:
        self.inputs.switch(self._number(fields.get("input")), _on(fields))

    async def _line(self, fields: Fields) -> None:
        what, fault = str(fields.get("line")), str(fields.get("fault"))
        if fault not in FAULTS:
            raise Problem(f"a line is {', '.join(FAULTS)}; name one of them")
        role, _, number = what.partition(":")
        if role in ("contact", "rex"):
            found = self._door({"door": int(number) if number.isdecimal() else 0}).lines.get(role)
            line = found and found[0]
        else:
            line = self.inputs.lines.get(self._number(role))
        if line is None or not line.supervised:
            raise Problem(f"{what} is no supervised line of this board; see its board.json")
        line.break_it(FAULTS[fault])

    async def _network(self, fields: Fields) -> None:
        self.network = _on(fields)
        self.board.set_network(self.network)

    async def _code(self, fields: Fields) -> None:
        code, size = str(fields.get("code", "")).replace(" ", ""), str(fields.get("size") or "")
        if not code.isdecimal() or not code.isascii() or len(code) > 13 or size not in ("", *SIZES):
            raise Problem(f"a code is ten or thirteen digits, a size one of {', '.join(SIZES)}; give them like that")
        try:
            keys = code + "#" + (f"{SIZES.index(size) + 1}#" if size else "")
            if await self._of_bank().type(keys) < len(keys):
                raise Problem("the keypad does not answer; see what the board printed")
        except ValueError as wrong:
            raise Problem(f"{wrong}; choose a board whose bank has one") from None
        await asyncio.sleep(_BANK_S)

    async def _shut(self, fields: Fields) -> None:
        bank, number = self._of_bank(), fields.get("compartment")
        if number not in bank.standing_open:
            standing = ", ".join(map(str, bank.standing_open)) or "none"
            raise Problem(f"compartment {number} is not open; open are: {standing}")
        bank.shut(number)

    async def _power(self, fields: Fields) -> None:
        wanted = _on(fields)
        if wanted != self.powered:
            self.powered = wanted
            await (self.board.power_on() if wanted else self.board.power_cut())

    async def _nothing(self, fields: Fields) -> None:
        pass

    # Who is meant.

    def _door(self, fields: Fields) -> LiveDoor:
        number = fields.get("door")
        if type(number) is not int or not 1 <= number <= len(self.doors):
            raise Problem(f"this board has doors 1 to {len(self.doors)}; name one of them")
        return self.doors[number - 1]

    def _of_bank(self) -> LiveBank:
        if self.bank is None:
            raise Problem("this board has no bank; choose one that has, for example: --board esp32-bank")
        return self.bank

    def _of_reader(self, fields: Fields) -> LiveDoor:
        door = self._door(fields)
        if self.table["doors"][door.number - 1]["reader"]["kind"] != "wiegand":
            raise Problem("only Wiegand readers can be tapped at; choose a board that has them")
        return door

    def _number(self, what: Any) -> int:
        """An input by its number, or by its kind where there is one of it."""
        kinds = [table["kind"] for table in self.inputs.tables]
        if str(what).isdecimal() and 1 <= int(what) <= len(kinds):
            return int(what)
        if kinds.count(what) == 1:
            return kinds.index(what) + 1
        have = ", ".join(f"{n} {kind}" for n, kind in enumerate(kinds, 1)) or "none"
        raise Problem(f"there is no one input {what!r}; this board has {have}")

    # What the board does.

    def _output(self, pin: int, level: int) -> None:
        if self.bank is not None:
            self.bank.output(pin, level)
        for door in self.doors:
            before = door.strike
            if door.output(pin, level):
                if door.strike != before:
                    self._say(f"{door.name} {'unlocked' if door.strike else 'locked'}")
                return

    def _started(self) -> None:
        for door in self.doors:
            door.power_lost()
            door.inputs()
        self.inputs.tell()

    def _sprang_open(self, n: int) -> None:
        self._say(f"compartment {n} opened")

    async def _watch(self) -> None:
        while True:
            for event in self._log.refresh():
                self._fresh.append(event)
                where = place(event.code, event.door, [door.name for door in self.doors])
                self._say(f"{where + ' ' if where else ''}recorded: {word(event.code)}")
            await asyncio.sleep(_LOOK_S)

    async def _until_recorded(self) -> None:
        end = time.monotonic() + _ANSWER_S
        while not self._fresh and time.monotonic() < end:
            await asyncio.sleep(_LOOK_S)
        if self._fresh:
            await asyncio.sleep(_SETTLES_S)


def _told(event: Recorded) -> Fields:
    return {"event": word(event.code), "code": event.code, "door": event.door, "extra": event.extra}


def _on(fields: Fields) -> bool:
    if fields.get("state") not in ("on", "off"):
        raise Problem("it is on or off; name one of them")
    return bool(fields["state"] == "on")


def _bits(card: Any) -> str:
    """A card as people write it, bits:facility:number, as its reader sends it."""
    parts = str(card).split(":")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise Problem(f"{card!r} is no card; write bits:facility:number, for example 26:17:1204")
    try:
        return encode(*(int(part) for part in parts))
    except ValueError as wrong:
        raise Problem(str(wrong)) from None
