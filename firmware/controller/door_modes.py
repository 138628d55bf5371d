"""Door modes: when doors stand released by schedule, first person in, office mode or command; lockdown, evacuation.

Loaded where a door has such a field in its rules, and with the first such command or emergency. access/modes.py knows
when, points/holding.py keeps the strike.
"""

from micropython import const

from . import clock, ticks
from .access.modes import COMMAND, LOCKDOWN, Mode
from .access.modes import EVACUATION as EVACUATED
from .access.rule.lockdown import lockdown
from .cloud import door_status
from .events import (
    DENIED_LOCKDOWN,
    EMERGENCY_ENDED,
    EVACUATION_BEGAN,
    FREE_BEGAN,
    FREE_ENDED,
    GRANTED,
    GRANTED_DURESS,
    LOCKDOWN_BEGAN,
)
from .followers import follower
from .loop import EMERGENCY
from .outputs import patterns
from .points.door import EVACUATION, FREE
from .points.holding import hold

_VERBS = ("normal", "lockdown", "evacuation")
_BEGAN = (EMERGENCY_ENDED, LOCKDOWN_BEGAN, EVACUATION_BEGAN)
_LOCKDOWN = const(1)
_EVACUATION = const(2)
_TWICE_MS = const(5000)  # from one tap to the next that switches office mode


class _Place:
    """One door."""

    def __init__(self):
        self.mode = None
        self.last = None  # the key of the credential that may switch office mode and was here at `last_at`, in ticks
        self.last_at = 0
        self.shown = 0  # why it stands released
        self.evacuated = False


class DoorModes:
    def __init__(self, loop):
        self._loop = loop
        self._places = [_Place() for _ in loop.doors]
        self._due = None
        self._on = _never
        self._emergency = loop.journal.get(EMERGENCY)
        if self._emergency:  # what was ordered holds over a restart, and is on record before a strike moves for it
            loop.record(_BEGAN[self._emergency], clock.now())
        loop.verdicts.insert(0, self._heard)
        loop.parts.append(self)
        door_status.begin(loop, loop.sync)

    def follow(self, rules, now):
        """New rules hold from now on. What a command or a tap began goes on as far as they let it."""
        self._on = getattr(rules, "on", _never)
        for place, unit in zip(self._places, self._loop.doors):
            says = rules.door(unit.number)
            if "free" in says or "office" in says:
                self._mode(place)
            unit.may_exit = self._exit_rule(rules, says) if "rex_schedule" in says else None
        self._lock(rules)
        self._step(now)

    def _exit_rule(self, rules, says):
        return lambda now: rules.on(says["rex_schedule"], self._loop.clock.utc(now))

    def hold(self, unit, until, now):
        """By command: until Unix seconds, 0 until another command, None ends it."""
        self._mode(self._places[unit.number - 1]).until = until
        self._step(now)

    def _mode(self, place):
        if place.mode is None:
            place.mode = Mode()
        return place.mode

    def emergency(self, verb, now):
        """By command, and over restarts: "lockdown", "evacuation", or "normal" to end either."""
        kind = _VERBS.index(verb)
        if kind or self._emergency:
            if kind:  # the power may fail meanwhile: what begins is noted first, what ends last, and a start tells it
                self._loop.journal.set(EMERGENCY, kind)
            self._loop.record(_BEGAN[kind], now)
            self._loop.journal.set(EMERGENCY, kind)
            self._emergency = kind
            self._lock(self._loop.rules)
            self._step(now)
            for unit in self._loop.doors:
                if kind == _LOCKDOWN and unit.door.relocks is not None:
                    unit.door.relocks = now

    def _lock(self, rules):
        chain = [other for other in rules.chain if other is not lockdown]
        rules.chain = tuple([lockdown] + chain if self._emergency == _LOCKDOWN else chain)

    def _heard(self, unit, tap, verdict, now):
        """A credential that was granted may change the door's mode."""
        place = self._places[unit.number - 1]
        code = verdict & 255
        if code == DENIED_LOCKDOWN:
            unit.pins.signal.show(patterns.LOCKDOWN, now)
        elif code in (GRANTED, GRANTED_DURESS) and place.mode is not None:
            says, on = tap.rules.door(tap.door), self._on
            place.mode.granted(says, on, tap.utc)
            if "office" in tap.profile:
                if place.last == tap.key and ticks.diff(now, place.last_at) <= _TWICE_MS:
                    place.mode.tapped_twice(says, on, tap.utc)
                    place.last = None
                else:
                    place.last, place.last_at = tap.key, now
            self._step(now, tap.key)

    def _step(self, now, key=None):
        """Whether each door stands released, and on record when that changes: before the strike moves."""
        loop = self._loop
        utc = loop.clock.utc(now)
        self._due = None
        for unit in loop.doors:
            place = self._places[unit.number - 1]
            reason = 0
            if place.mode is not None:
                reason = place.mode.reason(loop.rules.door(unit.number), self._on, utc)
                # Seconds after the minute begins: a minute is what schedules know.
                self._due = ticks.add(now, (60 - utc % 60) * 1000)
            unit.why = reason, (place.mode.until or 0) if reason == COMMAND else 0
            if self._emergency:
                unit.why = LOCKDOWN if self._emergency == _LOCKDOWN else EVACUATED, 0
            if self._emergency == _LOCKDOWN:
                reason = 0
            if reason != place.shown:
                if bool(reason) != bool(place.shown):
                    loop.record(FREE_BEGAN if reason else FREE_ENDED, now, unit.number, reason, key)
                    hold(unit, FREE, bool(reason), now)
                place.shown = reason
            if place.evacuated != (self._emergency == _EVACUATION):
                place.evacuated = not place.evacuated
                hold(unit, EVACUATION, place.evacuated, now)

    def watch(self, loop, now):
        """Lets time pass."""
        if ticks.passed(self._due, now):
            self._step(now)

    def deadline(self):
        return self._due

    def upkeep(self, now):
        """Forgets what is over, before ticks wrap."""
        for place in self._places:
            if place.last and ticks.diff(now, place.last_at) > _TWICE_MS:
                place.last = None


def door_modes(loop):
    """The one of this board; made when it is first asked for."""
    modes = follower(loop, DoorModes)
    modes.follow(loop.rules, clock.now())
    return modes


def _never(schedule, utc):
    """Rules without schedules know only always."""
    return not schedule
