"""Rule memory: what rules remember of earlier taps, over restarts, and the taps that wait at a door for a companion.

Loaded with rules beyond profiles that open doors.
"""

from micropython import const

from . import ticks
from .access.full_tap import FullTap
from .access.kinds import CARD
from .access.rule.companion import over
from .events import NEEDS_ESCORT, NEEDS_SECOND, NOT_SAVED
from .outputs import patterns
from .storage.checkpoint import Checkpoint
from .storage.sectors import fault

_AGAIN_MS = const(600000)


class RuleMemory:
    def __init__(self, loop):
        self._loop = loop
        self._memory = {}
        self._waiting = {}  # {door number: a tap}
        self._heard_at = 0  # the cloud, Unix seconds
        self._checkpoint = Checkpoint(loop.folder + "memory.bin", loop.log)
        self._rests = None  # until then, in ticks, no checkpoint is written: there was no room for it
        self._unlogged = False  # whether something is to be remembered that no event tells
        loop.verdicts.insert(0, self._heard)

    def follow(self, rules, now):
        """New rules hold from now on. What was remembered stays."""
        kinds = dict(getattr(rules, "memories", ()))
        if set(kinds) - set(self._memory):
            # A memory that is new begins with what the log tells, and with it the others: told twice it counts once.
            kinds.update({name: type(memory) for name, memory in self._memory.items()})
            self._memory = {name: kind() for name, kind in kinds.items()}
            latest = self._checkpoint.recall(self._parts(), rules, now)
            for memory in self._memory.values():
                memory.recalled(latest)
        rules.tap = FullTap
        rules.memory = self._memory
        rules.waiting = self._waiting
        rules.units = self._loop.doors
        rules.heard = self._cloud_heard

    def _cloud_heard(self, utc):
        """When the cloud was heard, 0 when that is not known. utc: now."""
        return utc if self._is_heard() else self._heard_at

    def _is_heard(self):
        sync = self._loop.sync
        return sync is not None and sync.open

    def _heard(self, unit, tap, verdict, now):
        """After a tap: it is remembered, with those it brought along. One that needs a companion waits for it."""
        for other in tap.brings:
            del self._waiting[tap.door]
            self._tell(other, other.verdict)
        self._tell(tap, verdict)
        if verdict & 255 in (NEEDS_ESCORT, NEEDS_SECOND):
            self._waiting[tap.door] = tap.copy()
            unit.pins.signal.show(patterns.ARMED, now)

    def _tell(self, tap, verdict):
        event = (tap.utc, verdict & 255, tap.door, verdict >> 8, 0, tap.key)
        for name in self._memory:
            self._memory[name].follow(tap.rules, event, tap.now, tap.kind != CARD)
        if tap.rules.retains and tap.rules.retention(tap.door) == 0 and self._memory:
            self._unlogged = True

    def _parts(self):
        return [(name, self._memory[name]) for name in sorted(self._memory)]

    def upkeep(self, now):
        """Forgets what is over before ticks wrap, and writes the checkpoint."""
        loop = self._loop
        utc = loop.clock.utc(now)
        if self._is_heard():
            self._heard_at = utc
        elif "whereabouts" in self._memory:
            self._memory["whereabouts"].fresh = False
        for door in list(self._waiting):
            if over(self._waiting[door], now):
                del self._waiting[door]
        for memory in self._memory.values():
            memory.upkeep(loop.rules, utc, now)
        if ticks.passed(self._rests, now):
            self._rests = None
        if self._memory and self._rests is None and (self._unlogged or self._checkpoint.due()):
            uses = self._memory.get("uses")
            if uses:
                uses.keep(loop.table.find)
            try:
                self._checkpoint.write(self._parts())
                self._unlogged = False
            except OSError:  # no room: the one before counts, with the events that the log still holds
                fault(NOT_SAVED, 2)
                self._rests = ticks.add(now, _AGAIN_MS)
