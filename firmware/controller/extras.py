"""What doors need beyond cards and profiles: PINs, company, memory, modes, emergencies. Loaded by who needs it."""

from micropython import const

from . import clock, ticks
from .access.card import card_value
from .access.full_tap import FullTap, grant
from .access.kinds import CARD, CARD_PIN, PIN
from .access.modes import COMMAND, LOCKDOWN
from .access.modes import EVACUATION as EVACUATED
from .events import (
    DENIED_LOCKDOWN,
    DENIED_UNKNOWN,
    EMERGENCY_ENDED,
    EVACUATION_BEGAN,
    FREE_BEGAN,
    FREE_ENDED,
    GRANTED,
    GRANTED_DURESS,
    LOCKDOWN_BEGAN,
    NEEDS_ESCORT,
    NEEDS_SECOND,
)
from .loop import EMERGENCY, KEYS
from .outputs import patterns
from .points.door import EVACUATION, FREE
from .readers.keypad import Keypad, is_key

_VERBS = ("normal", "lockdown", "evacuation")
_BEGAN = (EMERGENCY_ENDED, LOCKDOWN_BEGAN, EVACUATION_BEGAN)
_EXTENDED_MS = const(15000)
_COMPANY_MS = const(15000)  # within which the second person, or the escort, is presented
_PIN_MS = const(20000)  # within which a card's PIN is complete
_TWICE_MS = const(5000)
_MINUTE_MS = const(60000)


class _Place:
    """One door, as far as rules remember it for moments. Times are ticks."""

    def __init__(self):
        self.keypads = []  # one, where there is any
        self.mode = self.company = None
        self.card = None  # (its value, its key) that waits for its PIN since `at`
        self.last = None  # the key of who may switch office mode and was here at `last_at`
        self.at = self.last_at = 0
        self.shown = 0  # why it stands released
        self.evacuated = False


class Extras:
    """sync: None when there is no cloud to hear. folder: of the checkpoint of what the rules remember."""

    def __init__(self, loop, sync, folder):
        self._loop = loop
        self._sync = sync
        self._places = [_Place() for _ in loop.doors]
        self._memory = {}
        self._heard = 0
        self._due = None
        self._checkpoint = None
        self._unlogged = False  # whether something is to be remembered that no event tells
        self._path = folder + "memory.bin"
        self._emergency = loop.journal.get(EMERGENCY)
        if self._emergency:  # what was ordered holds over a restart, and is on record before a strike moves for it
            loop.record(_BEGAN[self._emergency], clock.now())
        from .cloud.standing import begin

        begin(loop, sync)

    # Rules

    def follow(self, rules, now):
        """New rules hold from now on. What was remembered stays."""
        doors = self._loop.doors
        self._on = getattr(rules, "on", _never)
        for place, guarded in zip(self._places, doors):
            says = rules.door(guarded.number)
            place.keypads, place.card = [], None
            if "who" in says:
                from .access.who import wants_pin

                self._wants_pin = wants_pin
                place.keypads.append(Keypad(says.get("pin_length")))
            if "free" in says or "office" in says:
                self._mode(place)
            guarded.may_exit = self._exit_rule(rules, says) if "rex_schedule" in says else None
        self._remember(rules, now)
        rules.tap = FullTap
        rules.memory = self._memory
        rules.guarded = doors
        self._lock(rules)
        self._step(now)

    def _exit_rule(self, rules, says):
        return lambda now: rules.on(says["rex_schedule"], self._loop.clock.utc(now))

    def _remember(self, rules, now):
        names = getattr(rules, "memories", ())
        if set(names) - set(self._memory):
            from .access.more import load
            from .storage.checkpoint import Checkpoint

            # A memory that is new begins with what the log tells, and with it the others: told twice it counts once.
            self._memory = {name: load(name).Memory() for name in set(names) | set(self._memory)}
            self._checkpoint = Checkpoint(self._path, self._loop.log)
            latest = self._checkpoint.recall(self._parts(), rules, now)
            for memory in self._memory.values():
                memory.recalled(latest)

    def _parts(self):
        return [(name, self._memory[name]) for name in sorted(self._memory)]

    # A tap

    def is_key(self, guarded, frame):
        """Whether a short frame is a key of this door's keypad."""
        keypads = self._places[guarded.number - 1].keypads
        return bool(keypads) and is_key(*frame)

    def presented(self, guarded, frame, now):
        """A tap, when it is clear what was presented; None: more is to come. frame: as the reader gives it."""
        bits, number = frame
        place = self._places[guarded.number - 1]
        if bits > KEYS:
            tap = self._tap(guarded, place, card_value(bits, number), CARD, now)
            place.card = None
            if place.keypads and self._wants_pin(tap):
                place.card, place.at = (card_value(bits, number), tap.key), now
                guarded.pins.signal.show(patterns.KEY, now)
                return None
            return tap
        digits = place.keypads[0].key(number, now)
        guarded.pins.signal.show(patterns.KEY, now)
        return self._typed(guarded, place, digits, now) if digits else None

    def _typed(self, guarded, place, digits, now):
        """A PIN is complete: of the card before it, or of its own."""
        from .access import pins

        card, key = place.card or (b"", None)
        if key and ticks.diff(now, place.at) > _PIN_MS:
            card, key = b"", None
        place.card = None
        kind = CARD_PIN if key else PIN
        value = pins.card_pin_value(card, digits) if key else pins.pin_value(digits)
        tap = self._tap(guarded, place, value, kind, now)
        if tap.profile is None and tap.unknown == DENIED_UNKNOWN:
            forced = self._tap(guarded, place, pins.duress_value(card, digits), kind, now)
            if forced.profile is not None:
                tap = forced
                tap.duress = True
            else:
                tap.key = None
        if key:
            tap.key = key
        return tap

    def _tap(self, guarded, place, value, kind, now):
        loop = self._loop
        tap = loop.look(value, guarded.number, now)
        if place.company is not None:
            if ticks.diff(now, place.company.now) > _COMPANY_MS:
                place.company = None
            else:
                tap.company = place.company
        tap.now = now
        tap.kind = kind
        sync = self._sync
        tap.heard = tap.utc if sync is not None and sync.open else self._heard
        return tap

    def manner(self, guarded, tap, now):
        """Before a release: who passes along goes on record. Returns how long for, and whether the leaf may stand."""
        place = self._places[guarded.number - 1]
        if place.company is not None:
            from .access.company import along

            if along(tap):
                first, place.company = place.company, None
                first.utc, first.now, first.place = tap.utc, now, None  # it passes now
                self._record(guarded, first, grant(first), now)
        ms = None
        if "extended" in tap.profile:
            ms = tap.here.get("extended_ms", _EXTENDED_MS)
        return ms, "hold" in tap.profile

    def _record(self, guarded, tap, verdict, now):
        self._loop.record(verdict & 255, now, guarded.number, verdict >> 8, tap.key)
        self._tell(tap, verdict)

    def _tell(self, tap, verdict):
        event = (tap.utc, verdict & 255, tap.door, verdict >> 8, 0, tap.key)
        for name in self._memory:
            self._memory[name].follow(tap.rules, event, tap.now, tap.kind != CARD)
        if tap.rules.retains and tap.rules.retention(tap.door) == 0 and self._memory:
            self._unlogged = True

    def answered(self, guarded, tap, verdict, now):
        """After a tap: it is remembered, and may change the door's mode. Whether it waits here for company."""
        self._tell(tap, verdict)
        place = self._places[guarded.number - 1]
        code = verdict & 255
        if code in (NEEDS_ESCORT, NEEDS_SECOND):
            place.company = tap
            guarded.pins.signal.show(patterns.ARMED, now)
        elif code == DENIED_LOCKDOWN:
            guarded.pins.signal.show(patterns.LOCKDOWN, now)
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
        return place.company is tap

    # Modes and emergencies

    def _mode(self, place):
        if place.mode is None:
            from .access.modes import Mode

            place.mode = Mode()
        return place.mode

    def hold(self, guarded, until, now):
        """By command: until Unix seconds, 0 until another command, None ends it."""
        self._mode(self._places[guarded.number - 1]).until = until
        self._step(now)

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
            for guarded in self._loop.doors:
                if kind == 1 and guarded.door.relocks is not None:
                    guarded.door.relocks = now

    def _lock(self, rules):
        from .access.lockdown import rule

        chain = [other for other in rules.chain if other is not rule]
        rules.chain = tuple([rule] + chain if self._emergency == 1 else chain)

    def _step(self, now, key=None):
        """Whether each door stands released, and on record when that changes: before the strike moves."""
        loop = self._loop
        utc = loop.clock.utc(now)
        self._due = None
        for guarded in loop.doors:
            place = self._places[guarded.number - 1]
            reason = 0
            if place.mode is not None:
                reason = place.mode.reason(loop.rules.door(guarded.number), self._on, utc)
                # Seconds after the minute begins: a minute is what schedules know.
                self._due = ticks.add(now, (60 - utc % 60) * 1000)
            guarded.why = reason, (place.mode.until or 0) if reason == COMMAND else 0
            if self._emergency:
                guarded.why = LOCKDOWN if self._emergency == 1 else EVACUATED, 0
            if self._emergency == 1:
                reason = 0
            if reason != place.shown:
                if bool(reason) != bool(place.shown):
                    loop.record(FREE_BEGAN if reason else FREE_ENDED, now, guarded.number, reason, key)
                    guarded.hold(FREE, bool(reason), now)
                place.shown = reason
            if place.evacuated != (self._emergency == 2):
                place.evacuated = not place.evacuated
                guarded.hold(EVACUATION, place.evacuated, now)

    def watch(self, loop, now):
        """Lets time pass."""
        if ticks.passed(self._due, now):
            self._step(now)

    def deadline(self):
        return self._due

    def upkeep(self, now):
        """In an idle moment, every few seconds: forgets what is over before ticks wrap, and writes the checkpoint."""
        loop = self._loop
        utc = loop.clock.utc(now)
        if self._sync is not None and self._sync.open:
            self._heard = utc
        elif "whereabouts" in self._memory:
            self._memory["whereabouts"].fresh = False
        for place in self._places:
            if place.company is not None and ticks.diff(now, place.company.now) > _COMPANY_MS:
                place.company = None
            if place.card and ticks.diff(now, place.at) > _PIN_MS:
                place.card = None
            if place.last and ticks.diff(now, place.last_at) > _TWICE_MS:
                place.last = None
            for keypad in place.keypads:
                keypad.forget(now)
        for memory in self._memory.values():
            memory.upkeep(loop.rules, utc, now)
        if self._memory and (self._unlogged or self._checkpoint.due()):
            self._unlogged = False
            uses = self._memory.get("uses")
            if uses:
                uses.keep(loop.table.find)
            self._checkpoint.write(self._parts())


def _never(schedule, utc):
    """Rules without schedules know only always."""
    return not schedule
