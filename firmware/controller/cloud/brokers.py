"""Several brokers in order of preference, for boards whose settings name more than one."""

import select

from micropython import const

from .. import clock, ticks
from . import link, session

AGAIN_MS = 600000  # how often the first broker is looked at while another one serves: half to one and a half times that
_MOST_AGAIN_MS = const(10000000)
_PATIENCE_MS = const(10000)  # how long it may take to answer
_FRESH = const(6)  # looks after which its name is asked for anew: that waits, and a link in use does not like it
_FIRST_PAUSE_MS = const(2000)
_LONGEST_PAUSE_MS = const(20000)


class Several(link.Link):
    """A link that tries the next broker when one gives it no session, and goes back to the first when that is back."""

    def __init__(self, settings, *shared):
        super().__init__(settings, *shared)
        self._brokers = [self._broker] + settings["more_brokers"]
        self._place = 0
        self._opened = False  # whether this broker gave a session
        self._round = _FIRST_PAUSE_MS  # the pause after all of them failed
        self._again = AGAIN_MS
        self._moved = False  # this try of the first broker cost a link that served
        self._address = None  # of the first broker
        self._looks = 0
        self._look_at = None
        self._look = None  # a connection to the first broker that is coming about

    def getaddrinfo(self, host, port):
        found = super().getaddrinfo(host, port)
        if self._place == 0:
            self._address = found[0][-1]
        return found

    def _connect(self):
        self._opened = False
        self._broker = self._brokers[self._place]
        super()._connect()
        self._look_later(clock.now())

    def _serve(self):
        super()._serve()
        if not self.session.is_open():
            return
        self._opened = True
        self._round = _FIRST_PAUSE_MS
        if self._place == 0:
            self._again = AGAIN_MS
            self._moved = False
        elif self._is_back(clock.now()):
            self._moved = True
            raise OSError("the first broker is back")

    def _drop(self):
        super()._drop()
        self._forget()
        if self._opened:
            self._place = 0  # there is no link to be lost now, so the first one is worth a try
            return
        if self._moved and self._place == 0:
            self._moved = False
            self._again = min(2 * self._again, _MOST_AGAIN_MS)
        self._place = (self._place + 1) % len(self._brokers)
        if self._place:
            self._pause = _FIRST_PAUSE_MS
        else:
            self._pause = self._round
            self._round = min(2 * self._round, _LONGEST_PAUSE_MS)

    def _is_back(self, now):
        """Whether the first broker takes connections. Nothing is waited for: the link in use goes on meanwhile."""
        if not ticks.passed(self._look_at, now):
            return False
        if self._look is None:
            self._look_at = now
            self._look = sock = link.socket.socket()
            sock.setblocking(False)
            try:
                self._looks += 1
                if self._address is None or self._looks % _FRESH == 0:
                    first = self._brokers[0]
                    self._address = super().getaddrinfo(first["host"], first["port"])[0][-1]
                sock.connect(self._address)
            except OSError:
                pass  # it is not there, or it takes its time
        poll = select.poll()
        poll.register(self._look, select.POLLOUT)
        events = poll.poll(0)
        if events and events[0][1] == select.POLLOUT:
            return True
        if events or ticks.diff(now, self._look_at) >= _PATIENCE_MS:
            self._forget()
            self._look_later(now)
        return False

    def _forget(self):
        if self._look is not None:
            self._look.close()
            self._look = None

    def _look_later(self, now):
        chance = int.from_bytes(session.urandom(2), "little")
        self._look_at = ticks.add(now, self._again // 2 + (self._again * chance >> 16))
