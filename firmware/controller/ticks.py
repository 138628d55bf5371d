"""Arithmetic on ticks: milliseconds that wrap at 2**30, the chip's small integers.

A plain millisecond count would outgrow a small integer after 12.4 days and then allocate at every step.
Differences are right for spans below 2**29 ms (6.2 days); longer spans are told in UTC, not in ticks.
"""

PERIOD = 1 << 30


def add(now, ms):
    """The ticks `ms` after `now`."""
    return (now + ms) & (PERIOD - 1)


def diff(later, earlier):
    """Milliseconds from `earlier` to `later`; negative when `later` comes first."""
    return ((later - earlier + (PERIOD >> 1)) & (PERIOD - 1)) - (PERIOD >> 1)


def passed(deadline, now):
    """Whether `deadline` (ticks or None) has come."""
    return deadline is not None and diff(now, deadline) >= 0


def soonest(a, b):
    """The earlier of two deadlines, either of which may be None."""
    if a is None:
        return b
    if b is None or diff(b, a) >= 0:
        return a
    return b
