"""Passage: from which area a door leads to which."""


def read(what, value, calendar):
    """[from area, to area]."""
    if type(value) is not list or len(value) != 2 or not all(type(n) is int and 0 <= n <= 15 for n in value):
        raise ValueError(what + ": must be two areas, 0 to 15")
