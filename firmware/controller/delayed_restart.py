"""A start that the cloud asked for: when its answer has gone, and not while a person passes.

Loaded by the command "restart" and by an update. The doors work meanwhile as ever.
"""

from micropython import const

from . import ticks

_SENT_MS = const(1000)  # so long the answer may wait for the network loop ...
_GONE_MS = const(250)  # ... which puts it on the line within this
_LONGEST_MS = const(10000)  # a person who stands in a door keeps the board from it no longer
_LOOK_MS = const(50)


def leave(loop, sync, now):
    """The board will be started."""
    loop.parts.append(_Leaving(sync, now))


class _Leaving:
    def __init__(self, sync, now):
        self._sync = sync
        self._since = now
        self._sent = None  # when the answer was on its way
        self._look = now

    def watch(self, loop, now):
        waits = ticks.diff(now, self._since)
        if self._sent is None and (self._sync.sent() or waits >= _SENT_MS):
            self._sent = now
        self._look = ticks.add(now, _LOOK_MS)
        if self._sent is None or ticks.diff(now, self._sent) < _GONE_MS:
            return
        passing = [unit for unit in loop.doors if unit.deadline() is not None]
        if not passing or waits >= _LONGEST_MS:
            loop.parts.remove(self)
            loop.restart()

    def deadline(self):
        return self._look
