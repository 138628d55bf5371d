"""The trial of a new firmware: it stays only when it has proven that it is well. Loaded on a trial, and after one.

It has to say so itself: boot.py counts its starts and ends the trial when the time is over, whatever it does.
Well is a firmware with a session, a network loop that goes round, and readers proven by one of three things:
- a credential that one of them has read since the trial began;
- readers that are asked and answer (OSDP), all of them;
- where nobody comes for a day (a cabin, a locker bank): the word of the cloud that another board of this kind runs this
  very build and has read a credential with it, after an hour without a moment in which anything else was missing.
"""

from micropython import const

from .. import ticks
from ..events import COMPARTMENT_RELEASED, DELIVERY_DEPOSITED, NO_ROOM, NOT_SAVED, UPDATE_KEPT, UPDATE_RETURNED
from ..points.why import LEFT, OWN
from ..records import EVENT, unpack_event
from ..storage.sectors import fault
from .update import newest, put, read, remove, serial_of
from .wire import UPDATE_STATE, json_message

_LOOK_MS = const(10000)
_BEAT_MS = const(60000)
_STEADY_MS = const(3600000)


def begin(root, loop, now):
    """What a start finds. Returns the trial to go on with, or None."""
    current = read(root + "current")
    returned = read(root + "returned").split()
    if returned:
        loop.record(UPDATE_RETURNED, now, 0, 1 if returned[1] == "3" else 2)
        remove(root + "slots/" + returned[0])
        remove(root + "returned")
        return Note(returned[0], "returned")
    trial = read(root + "trial").split()
    if not trial:
        return None
    if trial[0] == current:  # the power failed in the last step of keeping it; or the installer's tool wrote it
        what, _, serial = trial[1].partition(":") if len(trial) == 3 else ("", "", "")
        if serial:
            newest(loop, int(serial), current, what == "serial")
        remove(root + "trial")
        if (serial or what == "commission") and trial[2] != "0":
            from ..commissioning import Ticket

            return Ticket(trial[2])
        return None
    return Trial(root, trial[0], loop.log.last)


class Note:
    """A note of how a trial ended, for the cloud: sent when there is a session."""

    def __init__(self, build, state):
        self._fields = {"build": build, "state": state}

    def look(self, sync, loop, now):
        """Returns what is left to do: None."""
        if not sync.open or not sync.say(json_message(UPDATE_STATE, self._fields)):
            return self
        return None

    def vouched(self, build):
        pass


class Trial:
    """seen: the last event before this start."""

    def __init__(self, root, build, seen):
        self._root = root
        self._build = build
        self._seen = seen
        self._read = False  # a reader has given a credential
        self._vouched = False  # ... to another board like this one, with this firmware
        self._steady = None  # since when all but the readers is well
        self._at = None

    def vouched(self, build):
        """The cloud says that this build reads credentials on a board like this one."""
        self._vouched = build == self._build

    def look(self, sync, loop, now):
        """Keeps the firmware when it is well. Returns what is left to do."""
        if self._at is not None and ticks.diff(now, self._at) < _LOOK_MS:
            return self
        self._at = now
        self._look_for_credentials(loop.log)
        if not (sync.open and ticks.diff(now, loop.link.beat) < _BEAT_MS):
            self._steady = None
            return self
        if self._steady is None:
            self._steady = now
        steady = self._vouched and ticks.diff(now, self._steady) >= _STEADY_MS
        if not (self._read or steady or _answer(loop.doors)):
            return self
        serial = serial_of(self._root + "slots/" + self._build)
        if serial is not None:
            newest(loop, serial, self._build)
        try:
            put(self._root + "current", self._build + "\n")
        except OSError:  # no room: it is tried again until the trial is over
            fault(NOT_SAVED, 3)
            return self
        remove(self._root + "trial")
        loop.record(UPDATE_KEPT, now)
        return Note(self._build, "kept")

    def _look_for_credentials(self, log):
        event = bytearray(EVENT)
        self._seen = max(self._seen, log.first - 1)
        while not self._read and self._seen < log.last:
            self._seen += 1
            log.read(self._seen, memoryview(event))
            found = unpack_event(event)
            self._read = found is not None and _names_a_credential(found)


def _names_a_credential(event):
    """Whether a reader has read one. The number of a delivery may come of a command, or of a leaf that was shut."""
    code, extra = event[2], event[4]
    if event[6] is None or DELIVERY_DEPOSITED <= code <= NO_ROOM:
        return False
    return code != COMPARTMENT_RELEASED or extra == OWN or extra == LEFT


def _answer(doors):
    """Whether every reader is one that is asked and answers."""
    return bool(doors) and all(getattr(unit.pins.reader, "answers", False) for unit in doors)
