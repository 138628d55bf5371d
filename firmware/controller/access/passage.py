"""Passage: from which area a door leads to which."""

AREAS = 15  # the highest number of one; 0 is outside


def read(what, value, calendar):
    """[from area, to area]."""
    if type(value) is not list or len(value) != 2 or not all(type(n) is int and 0 <= n <= AREAS for n in value):
        raise ValueError(what + ": must be two areas, 0 to %d" % AREAS)
