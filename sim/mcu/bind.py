"""Gives the firmware's seams to the current chip, where CPython's module of that name means the real world.

Only for CPython. A board in real time (sim/board) has the chip's modules before the firmware is imported.
"""

from .chip import _current, current


class Time:
    """`time` as the firmware sees it."""

    def ticks_ms(self):
        return current().ticks_ms()

    def ticks_us(self):
        return current().ticks_us()

    def ticks_add(self, ticks, delta):
        return (ticks + delta) & ((1 << 30) - 1)

    def ticks_diff(self, later, earlier):
        return ((later - earlier + (1 << 29)) & ((1 << 30) - 1)) - (1 << 29)

    def sleep_ms(self, ms):
        current().sleep_ms(ms)


class Thread:
    """`_thread` of the chip that is running."""

    def __getattr__(self, name):
        return getattr(current().thread, name)


class Sockets:
    """`socket` of the chip that is running."""

    def __getattr__(self, name):
        return getattr(current().sockets, name)


def wait(ms, pending):
    _current[0].wait(ms, pending)


def now():
    """clock.now() in one step: a simulated day asks for it a million times."""
    return _current[0].ticks_ms()


def wait_readable(sock, ms, pending):
    """Whether `sock` can be read: at once when pending(), at the latest after ms."""
    return current().wait_readable(sock, ms, pending)


def urandom(n):
    return current().urandom(n)


def bind(app, clock, link, session):
    """app, clock, link, session: the firmware's modules. Once is enough for any number of chips."""
    clock.time = Time()
    clock.wait = wait
    clock.now = now
    app._thread = Thread()
    link.socket = Sockets()
    link.wait = wait_readable
    session.urandom = urandom
