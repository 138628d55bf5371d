"""The trial of a new firmware: it stays only when it has proven that it is well. Loaded on a trial, and after one.

It has to say so itself: boot.py counts its starts and ends the trial when the time is over, whatever it does.
"""

from micropython import const

from .. import ticks
from ..events import UPDATE_KEPT, UPDATE_RETURNED
from ..records import EVENT, unpack_event
from .update import put, read, remove
from .wire import UPDATE_STATE, json_message

_LOOK_MS = const(10000)
_BEAT_MS = const(60000)


def begin(root, loop, now):
    """What a start finds. Returns the trial to go on with, or None."""
    current = read(root + "current")
    returned = read(root + "returned").split()
    if returned:
        loop.record(UPDATE_RETURNED, now, 0, 1 if returned[1] == "3" else 2)
        remove(root + "slots/" + returned[0])
        remove(root + "returned")
        return Told(returned[0], "returned")
    trial = read(root + "trial").split()
    if not trial:
        return None
    if trial[0] == current:  # the power failed in the last step of keeping it
        remove(root + "trial")
        return None
    return Trial(root, trial[0], loop.log.last)


class Told:
    """Something that the cloud is told when there is a session."""

    def __init__(self, build, state):
        self._fields = {"build": build, "state": state}

    def look(self, sync, loop, now):
        """Returns what is left to do: None."""
        if not sync.open or not sync.say(json_message(UPDATE_STATE, self._fields)):
            return self
        return None


class Trial:
    """seen: the last event before this start."""

    def __init__(self, root, build, seen):
        self._root = root
        self._build = build
        self._seen = seen
        self._read = False  # a reader has given a credential
        self._at = None

    def look(self, sync, loop, now):
        """Keeps the firmware when it is well. Returns what is left to do."""
        if self._at is not None and ticks.diff(now, self._at) < _LOOK_MS:
            return self
        self._at = now
        self._look_for_credentials(loop.log)
        if not (self._read and sync.open and ticks.diff(now, loop.link.beat) < _BEAT_MS):
            return self
        put(self._root + "current", self._build + "\n")
        remove(self._root + "trial")
        loop.record(UPDATE_KEPT, now)
        return Told(self._build, "kept")

    def _look_for_credentials(self, log):
        event = bytearray(EVENT)
        self._seen = max(self._seen, log.first - 1)
        while not self._read and self._seen < log.last:
            self._seen += 1
            log.read(self._seen, memoryview(event))
            found = unpack_event(event)
            self._read = found is not None and found[6] is not None
