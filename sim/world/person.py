"""People who walk by themselves: when they come, to which door, and what they do there."""

import random
from dataclasses import dataclass
from typing import Any

from .rhythm import Rhythm
from .tables import Holder

TAP = "tap"  # hold the card to the reader
PUSH = "push"  # push the leaf; `stays_ms` says how long it is kept open
PRESS = "press"  # press the exit button inside
LET_GO = "let go"  # of the exit button
MISREAD = "misread"  # a tap of which the reader sends one bit less
FORCE = "force"  # open the leaf without a release


@dataclass(frozen=True)
class Step:
    """One thing done at a door, `after_ms` from the start of the visit."""

    after_ms: int
    do: str
    stays_ms: int = 3_000


@dataclass(frozen=True)
class Visit:
    """One person at one door. at: milliseconds of the clock that `next_visit` was asked with."""

    at: int
    holder: Holder
    door: str
    steps: tuple[Step, ...]


# How often a visit is of a kind, per thousand. The rest is a tap and a push.
EXIT, BAD_FRAME, TWICE, SLOW, BREAK_IN = 120, 8, 30, 12, 2


class Person:
    """Comes back for ever, at random times with a given mean gap, and mostly to doors they may pass."""

    def __init__(
        self,
        holder: Holder,
        doors: list[str],
        mean_gap_ms: int,
        rng: random.Random,
        rhythm: Rhythm | None = None,
    ) -> None:
        self.holder = holder
        self._rhythm = rhythm
        self._doors = doors
        self._mean_gap_ms = mean_gap_ms
        self._rng = rng

    def next_visit(self, now: int) -> Visit:
        """The next visit after `now`; ask again from its `at` on."""
        rng = self._rng
        at = self._next(now)
        own = [name for name in self._doors if name in self.holder.get("doors", ())] or self._doors
        door = rng.choice(self._doors if rng.random() < 0.15 else own)
        return Visit(at, self.holder, door, self._steps(rng.randrange(1000)))

    def _next(self, now: int) -> int:
        rng, rhythm = self._rng, self._rhythm
        if rhythm is None:
            return now + 1 + int(rng.expovariate(1 / self._mean_gap_ms))
        while True:  # as often as in the busiest hour, and then stays away the more often the quieter it is
            now += 1 + int(rng.expovariate(rhythm.peak / self._mean_gap_ms))
            if rng.random() * rhythm.peak < rhythm.at(now):
                return now

    def _steps(self, kind: int) -> tuple[Step, ...]:
        rng = self._rng
        walk = rng.randrange(700, 2_500)
        push = Step(walk, PUSH, rng.randrange(2_000, 6_000))
        if kind < EXIT:
            return Step(0, PRESS), Step(300, LET_GO), push
        kind -= EXIT
        if kind < BAD_FRAME:
            return Step(0, MISREAD), Step(1_500, TAP), Step(1_500 + walk, PUSH, push.stays_ms)
        kind -= BAD_FRAME
        if kind < TWICE:
            return Step(0, TAP), Step(600, TAP), Step(600 + walk, PUSH, push.stays_ms)
        kind -= TWICE
        if kind < SLOW:
            return Step(0, TAP), Step(walk, PUSH, 45_000)
        kind -= SLOW
        if kind < BREAK_IN:
            return (Step(0, FORCE),)
        return Step(0, TAP), push


def people_of(building: dict[str, Any], visits_a_day: float, rng: random.Random, begins: int = 0) -> list[Person]:
    """Everyone who walks in this building, strangers too. visits_a_day: of all people at one door, together.

    begins: Unix seconds at which their clock stands at 0; for a building that has a rhythm. Each gets a source of
    chance of their own, so that one person's day does not change another's.
    """
    doors = [door["name"] for controller in building["controllers"] for door in controller["doors"]]
    holders = building["people"] + building["strangers"]
    mean_gap_ms = int(86_400_000 * len(holders) / (visits_a_day * len(doors)))
    rhythm = Rhythm(building["rhythm"], begins, building["zone"]) if "rhythm" in building else None
    return [Person(holder, doors, mean_gap_ms, random.Random(rng.getrandbits(64)), rhythm) for holder in holders]
