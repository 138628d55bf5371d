"""How the event log lies on flash: numbers that its files share. `portvakt build` puts them in where they are used.

A sector: slot 0 is its header of 16 bytes and its chain key of 16, slots 1 to 127 hold an event of 32 bytes each.
"""

SLOTS = 128  # of a sector
KEY = 16  # bytes of a chain key, and where it lies in its sector
LETTER = 76  # L, as the log is called in events about its flash
