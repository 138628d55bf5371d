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
REFUSED = 7  # it says that it cannot do what it was asked, or a lock could not be switched on for certain


def locks(table, now):
    """table: `locks` of a bank. now: ticks."""
    driver = table["driver"]
    if driver in ("shift", "mcp23017", "pcf8574"):
        return _pulsed(driver, table, now)
    from .lock_line import Line

    return Line(_family(driver, table), table, now)


def _family(driver, table):
    """The frames of boards on a serial line."""
    if driver == "xor":
        from .lock_xor import Xor

        return Xor(table)
    if driver == "kerong":
        from .lock_kerong import Kerong

        return Kerong(table)
    if driver == "kerong12":
        from .lock_kerong12 import Kerong12

        return Kerong12(table)
    from .lock_modbus import Modbus

    return Modbus(table)


def _pulsed(driver, table, now):
    """Locks whose current we switch ourselves."""
    from .lock_pulse import Pulsed

    if driver == "shift":
        from .lock_shift import Chain

        return Pulsed(Chain(table), table, now)
    from .lock_i2c import Expanders

    return Pulsed(Expanders(table, driver == "mcp23017"), table, now)
