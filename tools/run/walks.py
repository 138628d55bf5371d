"""People who walk through the building in real time."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sim.world import person as people
from sim.world.building import may_pass
from sim.world.person import people_of
from sim.world.tables import Holder
from sim.world.wiegand import card_bits

from .doors import LiveDoor, LiveTap, now_ms

STROLL, RUSH = 10_000, 1_100  # mean milliseconds between two visits at one door
_RUSH_FACTOR = 5  # in a rush everybody does everything so much faster
_DAY_MS = 86_400_000


@dataclass
class Walker:
    """One person, with what the page shows of them."""

    place: int
    holder: Holder
    bits: str
    at: int | None = None  # place of the door they are at
    action: str = ""
    person: people.Person | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return str(self.holder["name"])


class Walks:
    """Everyone of the building. tapped: told of every tap that has its verdict; changed: something moved."""

    def __init__(
        self,
        building: dict[str, Any],
        doors: list[LiveDoor],
        rng: random.Random,
        tapped: Callable[[Walker, LiveTap], None],
        changed: Callable[[], None],
        rush: bool = False,
    ) -> None:
        self.on = False
        self._doors = {door.name: door for door in doors}
        self._tapped = tapped
        self._changed = changed
        self._hurry = _RUSH_FACTOR if rush else 1
        walking = people_of(building, _DAY_MS / (RUSH if rush else STROLL), rng)
        self.walkers = [
            Walker(place, person.holder, card_bits(person.holder["card"]), person=person)
            for place, person in enumerate(walking)
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._rests: set[asyncio.Task[None]] = set()  # visits by hand

    def start(self) -> None:
        if not self.on:
            self.on = True
            self._tasks = [asyncio.create_task(self._walk(walker)) for walker in self.walkers]
            if self._hurry > 1:
                self._tasks.append(asyncio.create_task(self._one_of_each()))
            self._changed()

    async def stop(self) -> None:
        """Nobody begins anything new; who has begun finishes."""
        self.on = False
        self._changed()
        tasks, self._tasks = [*self._tasks, *self._rests], []
        if tasks:
            await asyncio.wait(tasks, timeout=10)
        for task in tasks:
            task.cancel()
        failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
        for error in failed:
            if error is not None:
                raise error

    async def tap(self, walker: Walker, door: LiveDoor) -> LiveTap:
        """A tap by this person, walking or sent by hand."""
        self._show(walker, door, people.TAP)
        tap = await door.tap(walker.name, walker.bits)
        self._tapped(walker, tap)
        return tap

    async def visit(self, walker: Walker, door: LiveDoor) -> LiveTap:
        """A tap by hand on the page. The rest of the visit, a push and a few steps, goes on by itself."""
        tap = await self.tap(walker, door)
        rest = asyncio.create_task(self._pass(walker, door))
        self._rests.add(rest)
        rest.add_done_callback(self._rests.discard)
        return tap

    async def _pass(self, walker: Walker, door: LiveDoor) -> None:
        await asyncio.sleep(0.6)
        self._show(walker, door, people.PUSH)
        door.push(2_500)
        await asyncio.sleep(1.5)
        self._show(walker, None, "")

    async def _one_of_each(self) -> None:
        """A short run must not depend on chance for a kind of tap: let in, unknown, at a wrong door, run out."""
        utc = int(time.time())
        for right in (
            lambda holder, door: may_pass(holder, door, utc),
            lambda holder, door: "doors" not in holder,
            lambda holder, door: door not in holder.get("doors", [door]),
            lambda holder, door: door in holder.get("doors", ()) and not may_pass(holder, door, utc),
        ):
            pairs = ((walker, door) for walker in self.walkers for door in self._doors.values())
            found = next((pair for pair in pairs if right(pair[0].holder, pair[1].name)), None)
            if found is not None:
                await self.tap(*found)

    async def _walk(self, walker: Walker) -> None:
        assert walker.person is not None
        while self.on:
            visit = walker.person.next_visit(now_ms())
            until = visit.at
            while self.on and now_ms() < until:
                await asyncio.sleep(min(0.2, (until - now_ms()) / 1000))
            if not self.on:
                return
            door = self._doors[visit.door]
            begun = now_ms()
            for step in visit.steps:
                wait = begun + step.after_ms // self._hurry - now_ms()
                if wait > 0:
                    await asyncio.sleep(wait / 1000)
                await self._step(walker, door, step)
            await asyncio.sleep(0.8 / self._hurry)
            self._show(walker, None, "")

    async def _step(self, walker: Walker, door: LiveDoor, step: people.Step) -> None:
        self._show(walker, door, step.do)
        stays = step.stays_ms // self._hurry
        match step.do:
            case people.TAP:
                await self.tap(walker, door)
            case people.PUSH:
                door.push(stays)
            case people.PRESS:
                door.press(True)
            case people.LET_GO:
                door.press(False)
            case people.MISREAD:
                door.misread(walker.bits)
            case people.FORCE:
                door.force(stays)

    def _show(self, walker: Walker, door: LiveDoor | None, action: str) -> None:
        walker.at = door.place if door else None
        walker.action = action
        self._changed()
