"""A link that is lost, while both mailboxes are full."""

import os

from firmware.controller.cloud import link as links
from firmware.controller.cloud import session as sessions
from firmware.controller.cloud.mailbox import Mailbox
from firmware.controller.cloud.session import LOST


class Lock:
    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


class Inbox(Mailbox):
    """The control loop takes from it only while its own mailbox has room for the answers."""

    def put(self, message):
        if self.outbox.room() >= 2:
            self.get()
        return Mailbox.put(self, message)


class Clock:
    """Time goes by, not for ever."""

    waits = 0

    def now(self):
        return 0

    def wait(self, ms, pending):
        self.waits += 1
        assert self.waits < 9, "it waits for ever"


class Lost(links.Link):
    def __init__(self, inbox, outbox):
        self.shared = inbox, outbox, {}
        self._inbox = inbox
        self._client = None
        self.session = self


def test_it_is_told_though_the_control_loop_waits_for_room_itself():
    inbox, outbox = Inbox(Lock(), 4), Mailbox(Lock(), 4)
    inbox.outbox = outbox
    for _ in range(4):
        inbox._messages.append(b"in")
        outbox.put(b"out")
    before, links.clock = links.clock, Clock()
    try:
        Lost(inbox, outbox)._drop()
    finally:
        links.clock = before
    assert inbox._messages[-1] == LOST and outbox.waiting() == 0


class Starved(Clock):
    """Every other wait finds no memory."""

    def wait(self, ms, pending):
        self.waits += 1
        if self.waits == 8:
            raise SystemExit
        if self.waits % 2:
            raise MemoryError


class Broken(links.Link):
    """A broker that takes no connection."""

    def __init__(self):
        self._pause = 2000
        self.tried = 0

    def _associated(self):
        return True

    def _connect(self):
        self.tried += 1
        raise OSError(111)

    def _drop(self):
        pass


def run(link, clock, urandom):
    """The network loop, until the clock ends it. Nothing of it is another test's: neither its time nor its luck."""
    before = links.clock, sessions.urandom
    links.clock, sessions.urandom = clock, urandom
    try:
        link.run()
    except SystemExit:
        pass
    finally:
        links.clock, sessions.urandom = before


def test_the_network_loop_outlives_a_pause_without_memory():
    link = Broken()
    run(link, Starved(), os.urandom)
    assert link.tried >= 3 and link._pause == 20000


def test_the_network_loop_does_not_spin_when_chance_cannot_be_had():
    """Each round waits before anything that may fail each time: a loop that spins takes the control loop's time."""
    link, drawn = Broken(), []

    def urandom(n):
        drawn.append(n)
        if len(drawn) > 8:  # it spins, and takes an AssertionError for one more trouble of the link
            raise SystemExit
        raise MemoryError

    run(link, Ended(), urandom)
    assert len(drawn) == 5


class Ended(Clock):
    def wait(self, ms, pending):
        self.waits += 1
        if self.waits > 4:
            raise SystemExit
