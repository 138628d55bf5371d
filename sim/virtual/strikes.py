"""Promises 1, 2 and 4 at the strikes: whose card was there, what is on record, how long it took, when it relocked."""

from collections import deque
from typing import TYPE_CHECKING

from firmware.controller import events as codes

from .scheduler import MS, SECOND

if TYPE_CHECKING:
    from .controller import VirtualController
    from .doorway import Doorway
    from .promises import Promises

ANSWER_US = 150 * MS  # from the last bit of a card to the strike: a frame ends after 25 ms
SLACK_US = 500 * MS  # a strike that should have locked again
BUTTON_US = SECOND  # from the exit button to its event

Place = tuple[str, int]  # controller, door


class Strikes:
    def __init__(self, promises: "Promises") -> None:
        self.slowest_us = 0  # from a card's last bit to its grant
        self._promises = promises
        self._scheduler = promises.scheduler
        self._taps: dict[Place, deque[tuple[int, bool]]] = {}
        self._good_until: dict[Place, int] = {}
        self._by_button: dict[Place, int] = {}  # when the button's last release was put on record
        self._by_fire: dict[Place, int] = {}  # and that of the fire input

    def tapped(self, where: str, door: int, right: bool) -> None:
        self._taps.setdefault((where, door), deque(maxlen=8)).append((self._scheduler.now, right))

    def recorded(self, controller: "VirtualController", code: int, number: int) -> None:
        """An event is on flash."""
        if code == codes.RELEASED_FIRE:
            self._by_fire[controller.name, number] = self._scheduler.now
        elif code == codes.DOOR_RELOCKED:
            self._scheduler.after(SLACK_US, self._locked_again, controller, number)
        elif code == codes.EMERGENCY_ENDED:
            for door in controller.doors:
                self._scheduler.after(2 * SECOND, self._locked_again, controller, door.number)
        if code not in (codes.GRANTED, codes.RELEASED_REMOTE, codes.RELEASED_REX):
            return
        place, now, lasts = (controller.name, number), self._scheduler.now, self._promises.release_ms * MS
        self._good_until[place] = now + lasts
        self._scheduler.after(lasts + SLACK_US, self._locked_again, controller, number)
        if code == codes.GRANTED:
            self._answered(place)
        elif code == codes.RELEASED_REX:
            self._by_button[place] = now

    def moved(self, controller: "VirtualController", door: "Doorway", event: tuple[int, int], by_button: bool) -> None:
        """1 and 2: a strike was released. event: code and time of the last event of that door on flash."""
        promises, now, place = self._promises, self._scheduler.now, (controller.name, door.number)
        promises.checks["right"] += 1
        promises.checks["record"] += 1
        text = f"{controller.name} door {door.number}: the strike moved"
        code, at = event
        by_record = at == now and code in (codes.GRANTED, codes.RELEASED_REMOTE)
        by_fire = promises.stays_released(controller, door.number) and not by_record and not by_button
        evacuated = promises.building.emergencies.evacuated(controller.name)
        if by_fire and controller.inputs.burns(door.number) and not evacuated:
            self._scheduler.after(10 * MS, self._fire_told, controller, place, now, controller.chip.starts)
        if not by_record and not by_button and not by_fire:
            promises.red("record", f"{text} and no release is on record")
        if by_button and not by_record:
            self._scheduler.after(10 * MS, self._button_told, controller, place, now, controller.chip.starts)
        if not by_button and not by_fire and promises.building.verdicts.remote.get(place) != now:
            taps = self._taps.get(place, ())
            if not any(right and now - then <= SECOND for then, right in taps):
                promises.red("right", f"{text} and nobody with a right stood there")
        if controller.name not in promises.started and not by_fire:  # an evacuation goes on at a start
            promises.red("safe", f"{text} before the board was at work")

    def pressed(self, controller: "VirtualController", door: "Doorway") -> None:
        """A person presses the exit button."""
        self._scheduler.after(BUTTON_US, self._let_out, controller, door, self._scheduler.now, controller.chip.starts)

    def _let_out(self, controller: "VirtualController", door: "Doorway", since: int, starts: int) -> None:
        """0: people get out."""
        if (
            not controller.chip.on
            or controller.chip.starts != starts
            or self._promises.started.get(controller.name, since) > since - SECOND
        ):
            return
        self._promises.checks["exit button"] += 1
        if self._by_button.get((controller.name, door.number), -1) < since:
            text = f"{controller.name} door {door.number}: the exit button was pressed, and the strike did not move"
            self._promises.red("exit button", text)

    def _may_wait(self, place: Place, since: int) -> int:
        """How much longer a polled reader may take: what held the interpreter, and what is wrong on its line."""
        one = next(controller for controller in self._promises.building.controllers if controller.name == place[0])
        polled = one.doors[place[1] - 1].polled
        return 0 if polled is None else one.chip.held_since(since) + polled.line.slack_us()

    def _answered(self, place: Place) -> None:
        """4: a grant comes at once."""
        since = [at for at, right in self._taps.get(place, ()) if right]
        if since:
            took = self._scheduler.now - since[-1]
            self._promises.checks["answer"] += 1
            self.slowest_us = max(self.slowest_us, took)
            if took > ANSWER_US and took > ANSWER_US + self._may_wait(place, since[-1]):
                self._promises.red("answer", f"{place[0]} door {place[1]}: a grant {took // MS} ms after the card")

    def _button_told(self, controller: "VirtualController", place: Place, since: int, starts: int) -> None:
        code_until = self._good_until.get(place, 0)
        self._promises.checks["button record"] += 1
        if self._by_fire.get(place, -1) >= since:
            return  # it was not the button
        if (
            controller.chip.on
            and controller.chip.starts == starts
            and code_until < since + self._promises.release_ms * MS
        ):
            text = f"{place[0]} door {place[1]}: released by the button and not on record"
            self._promises.red("button record", text)

    def _fire_told(self, controller: "VirtualController", place: Place, since: int, starts: int) -> None:
        """2, for the fire input: at once after."""
        self._promises.checks["fire record"] += 1
        if controller.chip.on and controller.chip.starts == starts and self._by_fire.get(place, -1) < since:
            self._promises.red("fire record", f"{place[0]} door {place[1]}: released by fire and not on record")

    def _locked_again(self, controller: "VirtualController", number: int) -> None:
        self._promises.checks["relock"] += 1
        if self._promises.stays_released(controller, number):
            return
        late = self._scheduler.now > self._good_until.get((controller.name, number), 0) + SLACK_US // 2
        if controller.doors[number - 1].door.released and late:
            self._promises.red("relock", f"{controller.name} door {number}: the strike did not lock again")
