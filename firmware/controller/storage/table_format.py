"""How the credential table lies on flash: numbers that its files share.

`portvakt build` puts them in where they are used. The journal's sectors, then regions of sectors; a sector has a header
in its first slot, then a credential in each.
"""

SLOT = 16  # bytes: a credential and its CRC-32
JOURNAL = 3  # sectors, a ring
REGION = 64  # sectors at most
SPARES = 2  # of a region: one that is filled, one that is erased ahead meanwhile
NONE = 0xFF  # no sector has the bucket; none of the region is erased ahead
UNREAD = 0xFE  # the headers of the region were not read yet
LOST = 0xFD  # the region has no sector to erase ahead
BARE_ENTRY = 20  # bytes of a journal entry without changes
ONE_ENTRY = 33  # with one change
MOST_ONES = 11  # bytes of 0xFF in a slot that is taken
LETTER = 65  # A, as the access list is called in events about its flash
