"""Random stories that Hypothesis writes: what people, administrators and faults do, in any order, at any pace.

A story that breaks a promise is shrunk to a short one, and printed as a scenario that `portvakt sim run` can play.
"""

import random
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sim.virtual.scheduler import MS, SECOND
from sim.world.building import generate

from . import play
from .scenario_text import scenario
from .script import Happening

SEED, DOORS, PEOPLE = 1, 2, 4
AFTER_US = 2 * SECOND  # so long a step lasts at least: what it does must be answered by then

_doors = st.integers(0, DOORS - 1)
_people = st.integers(0, PEOPLE - 1)
_seconds = st.sampled_from((1, 5, 30))


class World(RuleBasedStateMachine):
    """One controller with two doors, four people and a stranger, a broker, and a cloud in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.happenings: list[Happening] = []
        self._stages = ExitStack()
        described = generate(DOORS, PEOPLE, random.Random(f"{SEED}/building"))
        folder = Path(self._stages.enter_context(tempfile.TemporaryDirectory()))
        self.building, self.hand = self._stages.enter_context(play.stage(described, folder, SEED))
        self.player = play.Player(self.building, self.hand)
        self.doors = list(self.building.doors)
        self.people = [one["name"] for one in described["people"]]
        self.board = self.building.controllers[0]
        play.begin(self.building, self.hand, walk=False)

    def does(self, verb: str, **fields: Any) -> None:
        """One thing happens, at the next whole millisecond."""
        now = self.building.scheduler.now
        at = now + -now % MS
        one = Happening(at, verb, **fields)
        self.happenings.append(one)
        self.building.scheduler.at(at, self.player.do, one)
        self.building.run((at - now + AFTER_US) / SECOND)

    @property
    def here(self) -> tuple[str, ...]:
        return (self.board.name,)

    @rule(who=_people, door=_doors)
    def tap(self, who: int, door: int) -> None:
        self.does("tap", who=self.people[who], door=self.doors[door])

    @rule(door=_doors)
    def a_stranger_taps(self, door: int) -> None:
        self.does("tap", who=self.building.description["strangers"][0]["name"], door=self.doors[door])

    @rule(who=_people, door=_doors)
    def go_through(self, who: int, door: int) -> None:
        self.does("pass", who=self.people[who], door=self.doors[door])

    @rule(door=_doors)
    def press_the_exit_button(self, door: int) -> None:
        self.does("exit button", door=self.doors[door])

    @rule(who=_people)
    def revoke(self, who: int) -> None:
        self.does("revoke", who=self.people[who])

    @rule(who=_people, door=_doors)
    def grant(self, who: int, door: int) -> None:
        self.does("grant", who=self.people[who], doors=(self.doors[door],))

    @rule(door=_doors)
    def release_from_afar(self, door: int) -> None:
        self.does("release", door=self.doors[door])

    @precondition(lambda self: self.board.chip.on)
    @rule(back=_seconds)
    def cut_the_power(self, back: int) -> None:
        self.does("power off", where=self.here, lasts=back * SECOND)

    @precondition(lambda self: self.board.chip.on and self.board.chip.cut_in is None)
    @rule(who=_people, door=_doors, operation=st.integers(1, 4))
    def cut_the_power_while_rights_change(self, who: int, door: int, operation: int) -> None:
        self.does("torn write", where=self.here, operation=operation, lasts=2 * SECOND)
        self.does("grant", who=self.people[who], doors=(self.doors[door],))

    @precondition(lambda self: self.board.chip.on and self.board.chip.cut_in is None)
    @rule(who=_people, door=_doors, operation=st.integers(1, 4))
    def cut_the_power_while_a_tap_is_recorded(self, who: int, door: int, operation: int) -> None:
        self.does("torn write", where=self.here, operation=operation, lasts=2 * SECOND)
        self.does("pass", who=self.people[who], door=self.doors[door])

    @precondition(lambda self: self.board.chip.access_point)
    @rule()
    def cut_the_network(self) -> None:
        self.does("network off", where=self.here)

    @precondition(lambda self: not self.board.chip.access_point)
    @rule()
    def mend_the_network(self) -> None:
        self.does("network on", where=self.here)

    @rule(back=_seconds)
    def restart_the_broker(self, back: int) -> None:
        self.does("broker off", lasts=back * SECOND)

    @rule()
    def kill_the_worker(self) -> None:
        self.does("cloud restarts")

    @rule()
    def back_up_the_cloud(self) -> None:
        self.does("cloud backed up")

    @precondition(lambda self: any(happening.do == "cloud backed up" for happening in self.happenings))
    @rule()
    def restore_the_backup(self) -> None:
        self.does("cloud restored")

    @precondition(lambda self: self.board.chip.access_point)
    @rule(who=_people, door=_doors)
    def tap_after_a_start_without_a_network(self, who: int, door: int) -> None:
        self.does("network off", where=self.here)
        self.does("power off", where=self.here, lasts=SECOND)
        self.does("tap", who=self.people[who], door=self.doors[door])

    @rule(minutes=st.sampled_from((1, 15, 60)))
    def time_passes(self, minutes: int) -> None:
        self.building.run(60 * minutes)

    @invariant()
    def no_promise_is_broken(self) -> None:
        if self.building.promises.broken:
            note(self.told())
            raise AssertionError(str(self.building.promises.broken[0]))

    def told(self) -> str:
        """The story so far, as a scenario's file."""
        end = self.building.scheduler.now
        return scenario("A story that broke a promise", SEED, end, self.happenings, doors=DOORS, people=PEOPLE)

    def teardown(self) -> None:
        try:
            if not self.building.promises.broken:
                play.mend(self.building)
                settled = play.settles(self.building, self.hand)
                self.no_promise_is_broken()
                if not settled:
                    note(self.told())
                assert settled, "an hour after all was mended, something was not stored or not in sync"
        finally:
            self._stages.close()
