"""Published examples: linked time profiles as uhppoted has them, and the events of IEC 60839-11-1."""

from datetime import UTC, datetime

import pytest

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller import events
from firmware.controller.access.rules import Rules

# A time profile of an UHPPOTE board: dates, weekdays, up to three segments, and a linked profile that is asked when
# this one does not allow. Profile 29 is the published example (uhppoted-nodejs, examples, set-time-profile): 2021,
# Monday, Wednesday and Friday, 08:30-11:45 and 13:15-17:25, linked to 3; here 3 is Tuesday and Saturday, 14:01-17:59.
LINKED = {
    "29": {
        "from": "2021-01-01",
        "to": "2021-12-31",
        "times": [[1 + 4 + 16, 8 * 60 + 30, 11 * 60 + 45], [1 + 4 + 16, 13 * 60 + 15, 17 * 60 + 25]],
        "next": 3,
    },
    "3": {"times": [[2 + 32, 14 * 60 + 1, 17 * 60 + 59]]},
}


@pytest.mark.parametrize(
    ("when", "allowed"),
    [
        ("2021-06-14 08:29", False),  # a Monday
        ("2021-06-14 08:30", True),
        ("2021-06-14 11:44", True),
        ("2021-06-14 11:45", False),
        ("2021-06-14 13:15", True),
        ("2021-06-14 17:25", False),
        ("2021-06-15 08:30", False),  # a Tuesday: only the linked one
        ("2021-06-15 14:01", True),
        ("2021-06-16 11:00", True),  # a Wednesday
        ("2021-06-17 11:00", False),  # a Thursday
        ("2021-06-18 15:00", True),  # a Friday
        ("2021-06-19 17:58", True),  # a Saturday
        ("2021-06-19 17:59", False),
        ("2020-12-30 11:00", False),  # a Wednesday before its dates
        ("2022-01-03 11:00", False),  # a Monday after them
        ("2022-01-04 15:00", True),  # the linked one has no dates
    ],
)
def test_linked_time_profiles(when: str, allowed: bool) -> None:
    rules = Rules({"schedules": LINKED}, 1)
    utc = int(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp())
    assert rules.on(29, utc) is allowed


# What a system has to tell (IEC 60839-11-1, 6.4: indication and announcement), and the events that tell it here.
ANNOUNCED = {
    "access granted": ["GRANTED"],
    "access granted, not used": ["GRANTED_NOT_OPENED"],
    "access denied: unknown": ["DENIED_UNKNOWN"],
    "access denied: portal": ["DENIED_DOOR"],
    "access denied: time": ["DENIED_TIME", "DENIED_NOT_YET", "DENIED_EXPIRED"],
    "access denied: wrong code": ["DENIED_PIN"],
    "access denied: too many attempts": ["DENIED_LOCKED_OUT"],
    "access denied: anti-passback": ["DENIED_PASSBACK"],
    "access denied: occupancy": ["DENIED_FULL"],
    "access denied: dual access": ["NEEDS_SECOND"],
    "access denied: escort": ["NEEDS_ESCORT"],
    "access denied: interlock": ["DENIED_INTERLOCK"],
    "duress": ["GRANTED_DURESS"],
    "portal forced open": ["DOOR_FORCED"],
    "portal open too long": ["DOOR_HELD", "DOOR_STILL_HELD"],
    "portal closed again": ["DOOR_CLOSED"],
    "request to exit": ["RELEASED_REX"],
    "override: released by command": ["RELEASED_REMOTE"],
    "override: free access": ["FREE_BEGAN", "FREE_ENDED"],
    "override: blocked": ["LOCKDOWN_BEGAN", "EMERGENCY_ENDED"],
    "tamper": ["ENCLOSURE_OPENED", "READER_TAMPER"],
    "line fault": ["LINE_CUT", "LINE_SHORT"],
    "power supply fault": ["MAINS_LOST", "BATTERY_LOW"],
    "power up": ["STARTED"],
    "time set": ["CLOCK_SET"],
    "events lost": ["LOG_OVERWRITTEN"],
}


@pytest.mark.parametrize("what", ANNOUNCED)
def test_what_has_to_be_announced_has_an_event(what: str) -> None:
    codes = [getattr(events, name) for name in ANNOUNCED[what]]
    assert all(0 < code < 256 for code in codes)


def test_no_two_events_share_a_code() -> None:
    codes = [code for name, code in vars(events).items() if name.isupper() and isinstance(code, int)]
    own = [code for code in codes if code not in (1, 2, 4, 8)]  # those are shared with the bits of flags
    assert len(own) == len(set(own))
