"""Where and when a story plays: its board, its zone, its beginning, its times, the hours in which people may come."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sim import words
from sim.virtual.building import START
from sim.virtual.scheduler import DAY, SECOND

BOARDS = Path(__file__).resolve().parents[2] / "boards"
USUAL = "virtual-two-door"
ZONES = {"Europe/Oslo": "CET-1CEST,M3.5.0,M10.5.0/3", "UTC": "UTC0"}  # name: the rule that boards know
FIRST, LAST = 1_735_689_600, 3_786_912_000  # a story begins in 2025 to 2089: cards of boards end in 2147

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(rf"({'|'.join(_DAYS)}|every day) (\d\d):(\d\d)-(\d\d):(\d\d)")
_MOMENT = re.compile(r"(?:day (\d+) )?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?")
_SPAN = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|min|h|days?)")
_UNITS = {"ms": 1_000, "s": SECOND, "min": 60 * SECOND, "h": 3_600 * SECOND, "day": DAY, "days": DAY}

Wrong = Callable[[str, str], Exception]  # (field, what is wrong): to be raised


def board(name: Any, wrong: Wrong) -> dict[str, Any]:
    """A board's table, by the name of its folder."""
    known = sorted(path.parent.name for path in BOARDS.glob("*/board.json"))
    if name not in known:
        raise wrong("board", f"{name!r} is not known; it may be {', '.join(known)}")
    table: dict[str, Any] = json.loads((BOARDS / name / "board.json").read_text())
    return table


def unix(value: Any, zone: str) -> int:
    """Unix seconds of a date or time from a file; without an offset it is local. Raises ValueError."""
    if type(value) is date:
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError("must be a date, or a time such as 2026-10-24T20:00:00 (local) or 2026-10-24T18:00:00Z")
    local = value if value.tzinfo is not None else value.replace(tzinfo=ZoneInfo(zone))
    if value.tzinfo is None and local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError("is twice or never on that clock; say which with an offset, such as +02:00")
    return int(local.timestamp())


def after(told: Any, begins: int, zone: str) -> int:
    """Microseconds from a story's beginning to a time; one without a date is on the first day. Raises ValueError."""
    if isinstance(told, time):
        told = datetime.combine(datetime.fromtimestamp(begins, ZoneInfo(zone)), told)
    us = (unix(told, zone) - begins) * SECOND
    if us < 0:
        raise ValueError("is before the story begins")
    return us


def said(told: Any, us: int) -> str:
    """A moment as the file has it, where that is a time of the clock on the wall."""
    return words.moment(us) if told is None or isinstance(told, str) else str(told)


def begins(told: dict[str, Any], zone: str, wrong: Wrong) -> int:
    """Unix seconds at which the story begins."""
    if "begins" not in told:
        return START
    try:
        at = unix(told["begins"], zone)
    except ValueError as error:
        raise wrong("begins", f"{told['begins']!s} {error}") from None
    if not FIRST <= at < LAST:
        low, high = (datetime.fromtimestamp(limit, UTC).year for limit in (FIRST, LAST))
        raise wrong("begins", f"must lie in the years {low} to {high - 1}")
    return at


def hours(lines: Any, wrong: Wrong) -> list[list[int]]:
    """["every day 08:00-16:00", ...] as a schedule of the rules message has it: [[days, from, to], ...]."""
    if not isinstance(lines, list) or not 1 <= len(lines) <= 20:
        raise wrong("times", 'must be 1 to 20 lines such as "monday 08:00-16:00" or "every day 22:00-24:00"')
    found = []
    for line in lines:
        match = _HOURS.fullmatch(line) if isinstance(line, str) else None
        if match is None:
            raise wrong("times", f'{line!r} must be like "monday 08:00-16:00" or "every day 22:00-24:00"')
        since, until = (int(match[n]) * 60 + int(match[n + 1]) for n in (2, 4))
        if not since < until <= 24 * 60:
            raise wrong("times", f"{line!r}: it must end after it begins, at 24:00 at the latest")
        found.append([127 if match[1] == "every day" else 1 << _DAYS.index(match[1]), since, until])
    return found


def moment(text: Any) -> int:
    """ "day 2 14:30" or "14:30:05" (of day 1) as microseconds. Raises ValueError."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a time such as "08:30", "08:30:15" or "day 2 14:00"')
    day, hours, minutes, seconds = int(match[1] or 1), int(match[2]), int(match[3]), float(match[4] or 0)
    if day < 1 or hours > 23 or minutes > 59 or seconds >= 60:
        raise ValueError("is no time of day; days begin with 1, hours end at 23:59:59")
    return (day - 1) * DAY + (hours * 60 + minutes) * 60 * SECOND + round(seconds * SECOND)


def span(text: Any) -> int:
    """ "45 s", "10 min", "2 h" as microseconds. Raises ValueError."""
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('must be a length of time such as "500 ms", "45 s", "10 min", "2 h" or "3 days"')
    return round(float(match[1]) * _UNITS[match[2]])
