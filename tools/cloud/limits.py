"""What a controller takes of each setting: (least, most), from the firmware's own tables. No number stands here twice.

Models, services, API and forms ask here, so what is taken here a controller takes as well.
"""

from datetime import date
from typing import Any

from firmware.controller.access.reading.fields import (
    AREA,
    AREAS,
    ASKED,
    DOOR,
    HOLIDAYS,
    IN_TURN,
    OBJECTS,
    PLAIN,
    PROFILE,
    PROFILES,
    SCHEDULES,
    SUPERVISION,
    TIMES,
    WholeNumber,
)
from firmware.controller.cloud.rules_download import MOST as RULES_BYTES
from firmware.controller.readers.frames import H10301, WIEGAND_34

__all__ = [
    "AREAS",
    "ASKS",
    "CARD_BITS",
    "DAYS",
    "ERASE_AFTER",
    "HOLIDAYS",
    "IN_TURN",
    "OBJECTS",
    "PIN_DIGITS",
    "PROFILES",
    "RETENTION_FREELY",
    "RULES_BYTES",
    "SCHEDULES",
    "TIMES",
    "USES",
    "area",
    "door",
]

Range = tuple[int, int]

ERASE_AFTER: Range = (1, 80)  # days; the promise is three months, and controllers have to be reached within them
RETENTION_FREELY = 90  # days; a log that is kept longer needs a written reason. No limit of a controller


def _ranges(*tables: dict[str, Any]) -> dict[str, Range]:
    """The fields of the firmware's tables that are a number between two others."""
    found = {}
    for table in tables:
        for name, check in table.items():
            if isinstance(check, WholeNumber):
                found[name] = check.least, check.most
    return found


_DOOR = _ranges(PLAIN, DOOR, SUPERVISION)
# Narrower than a controller has it: shorter is no time to open a door, longer is free access, which has a schedule.
_DOOR["release_ms"] = (500, 60_000)
_AREA = _ranges(AREA)

USES: Range = _ranges(PROFILE)["uses"]
PIN_DIGITS: Range = _DOOR["pin_length"]
ASKS: tuple[str, ...] = ASKED
CARD_BITS: tuple[int, ...] = (H10301, WIEGAND_34)
# Days that mean something here: a controller's clock begins in 2000, and further than 2100 is a slip of the finger
# that no calendar can turn into another zone's time (9999).
DAYS: tuple[date, date] = (date(2000, 1, 1), date(2100, 12, 31))


def door(name: str) -> Range:
    """Of a field of a door's rules."""
    return _DOOR[name]


def area(name: str) -> Range:
    """Of a field of an area."""
    return _AREA[name]
