"""Lock boards of a bank: the driver that its `locks` in board.json ask for. What every driver does: README.md.

Loaded where a bank has lock boards. Each driver is loaded where it is asked for.
"""

# What a trouble of a board is.
SILENT = 1  # three questions in a row without an answer
AGAIN = 2  # it answers again
ECHO = 3  # our own frame came back: a transceiver that hears itself, or a board that repeats what it hears
OTHER = 4  # it was asked, and another address answered
MISFORMED = 5  # what came in its time was no frame
LATE = 6  # its answer came when nobody waited for it any more
REFUSED = 7  # it says that it cannot do what it was asked


def locks(table, now):
    """table: `locks` of a bank. now: ticks."""
    driver = table["driver"]
    if driver == "xor":
        from .lock_xor import Xor as family
    elif driver == "kerong":
        from .lock_kerong import Kerong as family
    elif driver == "modbus":
        from .lock_modbus import Modbus as family
    from .lock_line import Line

    return Line(family(table), table, now)
