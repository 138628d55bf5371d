"""A live door against wires that answer like a controller, without a board."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tools.run.doors import DENIED, GRANTED, SILENT, LiveDoor

PINS = {
    "reader": {"d0": 16, "d1": 17, "light": 18, "sound": 19},
    "strike": {"pin": 25, "active": 1},
    "contact": {"pin": 34, "open": 1},
    "rex": {"pin": 35, "active": 0},
}
STRIKE, LIGHT, SOUND, CONTACT, REX = 25, 18, 19, 34, 35


class Wires:
    """answer: what the controller does when a card was read."""

    def __init__(self) -> None:
        self.inputs: dict[int, int] = {}
        self.bursts: list[str] = []
        self.answer: Callable[[], None] = lambda: None

    def set_input(self, pin: int, level: int) -> None:
        self.inputs[pin] = level

    def set_volts(self, pin: int, microvolts: int) -> None:
        raise AssertionError("nothing is supervised")

    def wiegand(self, d0: int, d1: int, bits: str) -> None:
        self.bursts.append(bits)
        asyncio.get_running_loop().call_later(0.03, self.answer)


def with_door(story: Callable[[LiveDoor, Wires], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        wires = Wires()
        door = LiveDoor(0, 1, "Port", PINS, wires, lambda: None)
        door.inputs()
        await asyncio.wait_for(story(door, wires), 10)

    asyncio.run(run())


def grants(door: LiveDoor) -> Callable[[], None]:
    def act() -> None:
        for pin, level in ((STRIKE, 1), (LIGHT, 0), (SOUND, 0), (SOUND, 1)):
            door.output(pin, level)

    return act


def denies(door: LiveDoor) -> Callable[[], None]:
    def act() -> None:
        for pin, level in ((LIGHT, 1), (SOUND, 0), (SOUND, 1)):
            door.output(pin, level)

    return act


def test_a_grant_is_a_strike_that_moves_and_its_time_is_measured() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        wires.answer = grants(door)
        tap = await door.tap("Anne", "0101")
        assert (tap.verdict, wires.bursts) == (GRANTED, ["0101"])
        assert tap.strike_ms is not None and 29 <= tap.strike_ms < 200
        assert door.strike and door.light == "green"

    with_door(story)


def test_a_denial_is_a_sound_without_light_even_while_somebody_elses_release_lasts() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        wires.answer = grants(door)
        await door.tap("Anne", "0101")
        wires.answer = denies(door)
        tap = await door.tap("Odd", "0110")
        assert (tap.verdict, tap.strike_ms) == (DENIED, None)
        assert door.strike and door.light == "red"

    with_door(story)


def test_a_second_grant_while_the_strike_is_released_has_no_time() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        wires.answer = grants(door)
        await door.tap("Anne", "0101")
        tap = await door.tap("Anne", "0101")
        assert (tap.verdict, tap.strike_ms) == (GRANTED, None)

    with_door(story)


def test_light_and_sound_without_a_released_strike_are_no_grant() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        def light_only() -> None:
            door.output(LIGHT, 0)
            door.output(SOUND, 0)
            door.output(SOUND, 1)

        wires.answer = light_only
        assert (await door.tap("Anne", "0101")).verdict == DENIED

    with_door(story)


def test_a_controller_that_says_nothing_is_told_as_that() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        assert (await door.tap("Anne", "0101")).verdict == SILENT

    with_door(story)


def test_one_card_at_a_time() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        wires.answer = grants(door)
        first, second = await asyncio.gather(door.tap("Anne", "0101"), door.tap("Odd", "0110"))
        assert first.verdict == second.verdict == GRANTED
        assert second.at - first.at > 0.1, "the second waits until the reader has said its word to the first"

    with_door(story)


def test_the_leaf_opens_only_when_released_and_its_contact_follows_until_it_falls_shut() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        assert not door.push(100) and wires.inputs[CONTACT] == 0
        door.output(STRIKE, 1)
        assert door.push(100) and wires.inputs[CONTACT] == 1
        door.output(STRIKE, 0)
        await asyncio.sleep(0.2)
        assert wires.inputs[CONTACT] == 0 and not door.leaf.open

    with_door(story)


def test_a_board_without_power_holds_nothing() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        grants(door)()
        door.power_lost()
        assert not door.strike and door.light == "off" and not door.push(100)

    with_door(story)


def test_the_exit_button_and_a_misread_card_reach_their_pins() -> None:
    async def story(door: LiveDoor, wires: Wires) -> None:
        assert wires.inputs[REX] == 1
        door.press(True)
        assert wires.inputs[REX] == 0
        door.misread("0101")
        assert wires.bursts == ["010"]

    with_door(story)
