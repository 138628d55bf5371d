"""Alarms as the picture shows them: each from the event that tells it to the event that ends it, by kind."""

from typing import Any

from firmware.controller import events as codes

# Kinds of alarms, in the order of the page's legend.
KINDS = ("fire", "evacuation", "lockdown", "duress", "forced", "held", "tamper", "mains")

_EMERGENCY = (codes.LOCKDOWN_BEGAN, codes.EVACUATION_BEGAN, codes.EMERGENCY_ENDED)
_SHUT = (codes.DOOR_CLOSED,)
# code: (kind, what it is called, the codes that end it).
_BEGIN: dict[int, tuple[str, str, tuple[int, ...]]] = {
    codes.FIRE: ("fire", "fire", (codes.FIRE_OVER,)),
    codes.EVACUATION_BEGAN: ("evacuation", "evacuation", _EMERGENCY),
    codes.LOCKDOWN_BEGAN: ("lockdown", "lockdown", _EMERGENCY),
    codes.GRANTED_DURESS: ("duress", "duress", ()),
    codes.DOOR_FORCED: ("forced", "forced", _SHUT),
    codes.DOOR_HELD: ("held", "held open", _SHUT),
    codes.ENCLOSURE_OPENED: ("tamper", "enclosure open", (codes.ENCLOSURE_CLOSED,)),
    codes.READER_TAMPER: ("tamper", "reader tampered with", (codes.READER_TAMPER_OVER,)),
    codes.READER_LOST: ("tamper", "reader lost", (codes.READER_BACK,)),
    codes.READER_STRANGE: ("tamper", "stranger on the reader's cable", ()),
    codes.LINE_CUT: ("tamper", "line cut", (codes.LINE_RIGHT, codes.LINE_SHORT)),
    codes.LINE_SHORT: ("tamper", "line bridged", (codes.LINE_RIGHT, codes.LINE_CUT)),
    codes.MAINS_LOST: ("mains", "mains lost", (codes.MAINS_BACK,)),
    codes.BATTERY_LOW: ("mains", "battery low", (codes.BATTERY_RIGHT,)),
}
_LINES = (codes.LINE_CUT, codes.LINE_SHORT, codes.LINE_RIGHT)


class Alarms:
    """Those of one board: [[from, to, kind, text, door], ...]; door 0 is the board itself."""

    def __init__(self, doors: Any) -> None:
        self._doors = list(doors)
        self._done: list[list[Any]] = []
        self._on: dict[tuple[int, int, int], list[Any]] = {}  # by code, door and line: what has not ended

    def event(self, at: int, code: int, door: int, extra: int) -> None:
        line = extra if code in _LINES else 0
        for key, alarm in list(self._on.items()):
            if code in _BEGIN[key[0]][2] and key[1:] == (door, line):
                alarm[1] = at
                del self._on[key]
        if code in _BEGIN and (code, door, line) not in self._on:
            kind, text, ends = _BEGIN[code]
            name = f" at {self._doors[door - 1]}" if 0 < door <= len(self._doors) else ""
            alarm = [at, at if not ends else None, KINDS.index(kind), f"{text}{name}", door]
            self._done.append(alarm)
            if ends:
                self._on[code, door, line] = alarm

    def all(self, end: int) -> list[list[Any]]:
        return [[since, end if until is None else until, *rest] for since, until, *rest in self._done]
