"""One door of the building: its leaf, its reader and its wires to the pins of a virtual board."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from firmware.controller.door_unit import AWAY_MS
from sim.world import door as leaf
from sim.world.line import SwitchLine

GRANTED, DENIED, SILENT = "granted", "denied", "no answer"
ANSWER_S = 1.0  # a tap without an answer by then has none
AWAY_S = AWAY_MS / 1000 + 0.2  # whoever taps again takes the card away before
_RED_S = 0.6  # how long a reader stays red after a refusal: its own light, as on most readers
_PAUSE_S = 0.1  # longer than the pauses inside one answer
_KEY_S = 0.15  # from one key to the next
_FOR_EVER_MS = 365 * 86_400_000
KEYS = "0123456789*#"  # what each key is on the wire is its place here
LIT = 0  # light and sound of a reader are active low


class KeyWires(Protocol):
    """What a keypad needs of a virtual board."""

    def wiegand(self, d0: int, d1: int, bits: str) -> None: ...


async def press(wires: KeyWires, d0: int, d1: int, keys: str) -> None:
    """Somebody presses keys, one after the other: each a burst of four bits."""
    for key in keys:
        wires.wiegand(d0, d1, f"{KEYS.index(key):04b}")
        await asyncio.sleep(_KEY_S)


class DoorWires(KeyWires, Protocol):
    """What a door needs of a virtual board."""

    def set_input(self, pin: int, level: int) -> None: ...
    def set_volts(self, pin: int, microvolts: int) -> None: ...


@dataclass
class LiveTap:
    """One card at one reader, and what came of it."""

    person: str
    door: str
    verdict: str
    strike_ms: float | None  # burst sent to strike moved; None when it did not move, or was released already
    at: float  # Unix seconds
    why: int | None = None  # the event code the controller recorded for it; known a moment later
    extra: int = 0  # of that event


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class LiveDoor:
    """place: door number over the whole building, from 0; number: on its controller, from 1."""

    def __init__(
        self,
        place: int,
        number: int,
        name: str,
        pins: dict[str, Any],
        wires: DoorWires,
        changed: Callable[[], None],
    ) -> None:
        self.place = place
        self.number = number
        self.name = name
        self.leaf = leaf.Door()
        self.last: LiveTap | None = None
        self._wires = wires
        self._changed = changed
        reader, strike = pins["reader"], pins["strike"]
        self._d0, self._d1 = reader["d0"], reader["d1"]
        self.lines = {  # of the switches that the door has, and the level at which each is true
            role: (SwitchLine(pins[role], wires.set_input, wires.set_volts, 1 - pins[role][true]), pins[role][true])
            for role, true in (("contact", "open"), ("rex", "active"))
            if role in pins
        }
        self._strike_active = strike["active"]
        self._outputs: dict[int, Callable[[int], None]] = {
            strike["pin"]: self._strike_moved,
            reader["light"]: self._light_moved,
            reader["sound"]: self._sound_moved,
        }
        self._lit = False
        self._sounding = False
        self._sounded = 0.0  # when the sound last changed
        self._red_until = 0.0
        self._sent = 0.0
        self._again: dict[str, float] = {}  # card: when it may be tapped again
        self._strike_was_on = False
        self._struck: float | None = None
        self._answer: asyncio.Future[str] | None = None
        self._at_reader = asyncio.Lock()  # one card at a time
        self._closer: asyncio.TimerHandle | None = None

    @property
    def strike(self) -> bool:
        return self.leaf.released

    @property
    def light(self) -> str:
        if self._lit:
            return "green"
        return "red" if time.monotonic() < self._red_until else "off"

    # What people do.

    async def tap(self, person: str, bits: str) -> LiveTap:
        """Holds a card to the reader and waits for the answer, at most ANSWER_S."""
        async with self._at_reader:
            await self._quiet()
            await asyncio.sleep(max(0.0, self._again.get(bits, 0.0) - time.monotonic()))
            self._again[bits] = time.monotonic() + AWAY_S
            self._answer = asyncio.get_running_loop().create_future()
            self._struck, self._strike_was_on = None, self.strike
            at = time.time()
            self._sent = time.perf_counter()
            self._wires.wiegand(self._d0, self._d1, bits)
            try:
                verdict = await asyncio.wait_for(self._answer, ANSWER_S)
            except TimeoutError:
                verdict = SILENT
            self._answer = None
            # The strike moves before the reader says so; a strike that was released already does not move.
            strike_ms = None if self._struck is None else (self._struck - self._sent) * 1000
            self.last = LiveTap(person, self.name, verdict, strike_ms, at)
            self._changed()
            return self.last

    async def type(self, keys: str) -> None:
        """Presses keys of the reader's keypad."""
        async with self._at_reader:
            await press(self._wires, self._d0, self._d1, keys)

    def misread(self, bits: str) -> None:
        """A card of which the reader sends one bit less."""
        self.send(bits[:-1])

    def send(self, bits: str) -> None:
        """The reader sends these bits; nobody waits for what comes of it."""
        self._wires.wiegand(self._d0, self._d1, bits)

    def push(self, stays_ms: int) -> bool:
        gave_way = self.leaf.push(now_ms(), stays_ms)
        self._leaf_moved()
        return gave_way

    def force(self, stays_ms: int) -> None:
        self.leaf.force(now_ms(), stays_ms)
        self._leaf_moved()

    def open(self) -> None:
        """The leaf is opened, whatever the strike says, and stays so until somebody shuts it."""
        self.leaf.force(now_ms(), _FOR_EVER_MS)
        self._leaf_moved()

    def close(self) -> None:
        self.leaf.close(now_ms())
        self._leaf_moved()

    def press(self, pressed: bool) -> None:
        """The exit button inside."""
        self._switch("rex", pressed)

    # What the wires carry.

    def inputs(self) -> None:
        """Puts every input on the board's pins: a board that starts has to find the world as it is."""
        self._put_contact()
        self.press(False)

    def output(self, pin: int, level: int) -> bool:
        """An output of the board moved. True when it was one of this door's."""
        moved = self._outputs.get(pin)
        if moved is None:
            return False
        moved(level)
        self._changed()
        return True

    def power_lost(self) -> None:
        """A board without power holds nothing: the strike locks (fail-secure), the reader is dark."""
        self.leaf.strike(False, now_ms())
        self._lit = self._sounding = False
        self._changed()

    def _strike_moved(self, level: int) -> None:
        on = level == self._strike_active
        if on and not self.leaf.released:
            self._struck = time.perf_counter()
        self.leaf.strike(on, now_ms())

    async def _quiet(self) -> None:
        """Whoever comes next waits until the reader has said its last word: else nobody knows whom it answers."""
        while self._sounding or time.monotonic() - self._sounded < _PAUSE_S:
            await asyncio.sleep(0.02)

    def _light_moved(self, level: int) -> None:
        self._lit = level == LIT

    def _sound_moved(self, level: int) -> None:
        """Every answer to a card begins with a sound; by then the light tells which it is."""
        self._sounding = level == LIT
        self._sounded = time.monotonic()
        if not self._sounding:
            return
        if not self._lit:
            self._red_until = time.monotonic() + _RED_S
            asyncio.get_running_loop().call_later(_RED_S, self._changed)
        if self._answer is not None and not self._answer.done():
            granted = self._lit and (self._struck is not None or self._strike_was_on)
            self._answer.set_result(GRANTED if granted else DENIED)

    def _leaf_moved(self) -> None:
        self._put_contact()
        self._changed()
        if self._closer is not None:
            self._closer.cancel()
            self._closer = None
        if self.leaf.deadline is not None:
            wait = max(0, self.leaf.deadline - now_ms()) / 1000
            self._closer = asyncio.get_running_loop().call_later(wait, self._close)

    def _close(self) -> None:
        self._closer = None
        self.leaf.tick(now_ms() + 1)  # the timer may ring a part of a millisecond early
        self._leaf_moved()

    def _put_contact(self) -> None:
        self._switch("contact", self.leaf.open)

    def _switch(self, role: str, true: bool) -> None:
        if role in self.lines:
            line, level = self.lines[role]
            line.set(level if true else 1 - level)
