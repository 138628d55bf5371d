"""Links beyond one plain broker: for boards whose settings say "since", as those with TLS or several brokers do."""

from micropython import const

from .. import ticks
from ..clock import now
from ..storage.state import TIME

_LOOK_MS = const(3600000)
_AGAIN_MS = const(1000)  # after a card that was being read
_NOTE_S = const(86400)


def begin(loop, settings, folder):
    """The loop's link becomes one that does what the settings ask for. "since": Unix seconds when they were made."""
    link = loop.link
    if link is None:
        return
    if "more_brokers" in settings:
        from .brokers import Several

        link = loop.link = Several(settings, *link.shared)
    for broker in [settings["broker"]] + settings.get("more_brokers", []):
        if "tls" in broker:
            try:
                load_tls()
            except (ImportError, MemoryError) as error:  # the doors work without a link; it will say so itself
                print("link:", error)
    # Asked anew each time: the keypad of a bank, which comes later, has a word in it.
    link.tls = folder, max(settings["since"], loop.journal.get(TIME)), lambda: loop.quiet()
    loop.parts.append(Floor(now()))


def load_tls():
    """At the start, while there are whole blocks in the heap."""
    from . import tls  # noqa: F401


class Floor:
    """A part of the control loop. It keeps on flash how late it is at least, for what checks certificates."""

    def __init__(self, due):
        self._due = due

    def watch(self, loop, now):
        if not ticks.passed(self._due, now):
            return
        if not loop.quiet():
            self._due = ticks.add(now, _AGAIN_MS)
            return
        self._due = ticks.add(now, _LOOK_MS)
        utc = loop.clock.utc(now)
        if utc - loop.journal.get(TIME) >= _NOTE_S:
            loop.journal.set(TIME, utc)

    def deadline(self):
        return self._due
