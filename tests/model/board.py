"""A controller whose flash, pins and time are plain values: the firmware's loop, its rules and nothing that is slow."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sim.mcu  # noqa: F401  before any firmware file is imported
from sim.mcu import machine

sys.modules["machine"] = machine

from firmware.controller import clock, ticks  # noqa: E402
from firmware.controller.access.credential import (  # noqa: E402
    card_pin_value,
    card_value,
    credential_key,
    duress_value,
    pin_value,
)
from firmware.controller.access.rules import Rules  # noqa: E402
from firmware.controller.hmac import pads  # noqa: E402
from firmware.controller.loop import Loop  # noqa: E402
from firmware.controller.records import pack_event, until_minutes  # noqa: E402

KEY = b"a table key for this test alone!"
START = (1 << 30) - 5000  # ticks: they wrap soon


class Log:
    """What is on record, as the real log gives it back."""

    epoch = 7
    first = 1

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    @property
    def last(self) -> int:
        return len(self.events)

    def append(self, code: int, door: int, extra: int, key: bytes | None, utc: int, flags: int, count: int) -> None:
        self.events.append((utc, code, door, extra, 0, key))

    def crowded(self) -> bool:
        return False

    def read(self, sequence: int, buffer: Any) -> int:
        found = self.events[sequence - 1 : sequence - 1 + len(buffer) // 32]
        for n, event in enumerate(found):
            buffer[n * 32 : n * 32 + 32] = pack_event(sequence + n, *event)
        return len(found)

    def prepare(self) -> bool:
        return False


class Table(dict[bytes, tuple[int, int]]):
    def find(self, key: bytes) -> tuple[int, int] | None:
        return self.get(key)

    def prepare(self) -> bool:
        return False


class Journal(dict[int, int]):
    def get(self, kind: int, otherwise: int = 0) -> int:  # type: ignore[override]
        return super().get(kind, otherwise)

    def set(self, kind: int, value: int) -> None:
        self[kind] = value

    def prepare(self) -> bool:
        return False


class Quiet:
    """A pin, reader or light at which nothing happens."""

    on = False

    def poll(self, now: int) -> None: ...
    def set(self, on: bool) -> None: ...
    def tick(self, now: int) -> None: ...
    def show(self, pattern: bytes, now: int) -> None: ...
    def feed(self) -> None: ...
    def deadline(self) -> None: ...


class TellsAll(Quiet):
    """Floods of denials are not what this is about: everything is on record."""

    def take(self, code: int, door: int, key: bytes | None, now: int) -> bool:
        return True


class Sync(Quiet):
    open = False
    handlers: dict[str, None] = {"door_status": None}  # nobody is told how the doors stand

    def step(self, loop: Any, now: int) -> None: ...
    def ready(self) -> bool:
        return False


def key_of(what: tuple[Any, ...]) -> bytes:
    """The key of a credential as the model calls it."""
    kind, *rest = what
    if kind == "card":
        value = card_value(26, rest[0])
    elif kind == "pin":
        value = pin_value(rest[0].encode())
    elif kind == "card+pin":
        value = card_pin_value(card_value(26, rest[0]), rest[1].encode())
    else:
        card = b"" if len(rest) == 1 or rest[0] is None else card_value(26, rest[0])
        value = duress_value(card, rest[-1].encode())
    return credential_key(KEY, value)


class Board:
    """One controller, told what happens; `said` is what it put on record since it was last asked."""

    def __init__(self, rules: dict[str, Any], doors: int, folder: Path) -> None:
        self.doors, self.folder = doors, folder
        self.log, self.table, self.journal = Log(), Table(), Journal()
        self.now = START
        self.leaves = [Quiet() for _ in range(doors)]
        self._said = 0
        self.start(rules)

    def ticks_ms(self) -> int:
        return self.now

    def start(self, rules: dict[str, Any]) -> None:
        clock.time = self
        pins = [
            SimpleNamespace(contact=leaf, rex=Quiet(), signal=Quiet(), strike=Quiet(), reader=Quiet())
            for leaf in self.leaves
        ]
        board = SimpleNamespace(wake=bytearray(1), status=Quiet(), doors=pins, parts=())
        self.sync = Sync()
        checked = Rules(rules, self.doors)
        args = (board, self.table, self.log, self.journal, checked, pads(KEY), self.sync, None, Quiet(), None)
        self.loop = Loop(*args, f"{self.folder}/")
        self.loop.recorder._upkeep = TellsAll()
        self.wait(0)

    def wait(self, ms: int) -> None:
        """Time goes on, in steps as the loop's deadlines ask for."""
        clock.time = self
        loop = self.loop
        while True:
            due = ticks.add(self.now, min(ms, 3600000))
            for part in loop.doors + loop.parts:
                due = ticks.soonest(due, part.deadline())
            went = max(0, ticks.diff(due, self.now))
            self.now = ticks.add(self.now, went)
            ms -= went
            for unit in loop.doors:
                unit.watch(loop.record, self.now)
            for part in loop.parts:
                part.watch(loop, self.now)
            self.idle()
            if ms <= 0:
                break

    def idle(self) -> None:
        for one in self.loop.followers:
            one.upkeep(self.now)

    def card(self, door: int, number: int) -> None:
        self.loop.tap(self.loop.doors[door - 1], (26, number), self.now)

    def type(self, door: int, digits: str) -> None:
        """With # where the length of a PIN is not known."""
        clock.time = self
        keys = [int(digit) for digit in digits]
        if "pin_length" not in self.loop.rules.door(door):
            keys.append(11)
        for key in keys:
            self.loop.tap(self.loop.doors[door - 1], (4, key), self.now)

    def times(self) -> list[int]:
        """Of what is on record since it was last asked, as far as they are known."""
        return [event[0] for event in self.log.events[self._said :] if event[0]]

    def said(self) -> list[tuple[int, int, bytes | None]]:
        """What passages there were on record: (code, extra, key)."""
        new = self.log.events[self._said :]
        self._said = self.log.last
        return [(code, extra, key) for _, code, _, extra, _, key in new if code < 32 or 80 <= code < 85]

    def put(self, what: tuple[Any, ...], profile: int, until: Any) -> None:
        self.table[key_of(what)] = (profile, until_minutes(None if until is None else int(until.timestamp())))
