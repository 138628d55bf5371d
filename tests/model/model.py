"""The second opinion: what a controller must answer, written from the sentences of controller/access/README.md.

Slow and obvious. It shares no code with the firmware but the numbers of events: dates are datetime's, local time is
zoneinfo's, the settings are the JSON as it was sent, and people are tuples instead of keys.
"""

import io
import struct
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from firmware.controller import events

Who = tuple[Any, ...]  # ("card", number) or ("pin", digits) or ("duress", digits)
Said = tuple[int, int, Who | None]  # code, extra, who

WORDS = ["card", "pin", "card+pin", "card/pin"]


@cache
def zone(text: str) -> ZoneInfo:
    """zoneinfo's own reading of a POSIX TZ rule: a TZif file without transitions that ends with it."""
    header = b"TZif2" + bytes(15) + struct.pack(">6L", 0, 0, 0, 0, 1, 4)
    body = struct.pack(">lbb", 0, 0, 0) + b"LMT\0"
    return ZoneInfo.from_file(io.BytesIO(header + body + header + body + b"\n" + text.encode() + b"\n"))


@dataclass
class Presented:
    """Who stands at a door with what."""

    who: Who
    kind: str  # "card", "pin", "card+pin"
    profile: dict[str, Any] | None  # None: not known here
    until: datetime | None
    duress: bool
    at: float  # seconds of the story


@dataclass
class Door:
    open: bool = False
    released_until: float = -1.0
    waiting: Presented | None = None
    card: tuple[int, float] | None = None  # a card that waits for its PIN, and since when


@dataclass
class Wrong:
    """Wrong PINs in a row."""

    count: int = 0
    at: float = -1e9
    told: int = 0
    utc: datetime | None = None


@dataclass
class Model:
    rules: dict[str, Any]
    doors: int
    credentials: dict[tuple[Any, ...], tuple[int, datetime | None]]
    now: float = 0.0
    clock: datetime | None = None  # the time, if it is known
    clock_at: float = 0.0
    heard: datetime | None = None
    online: bool = False
    emergency: str = "normal"
    used: dict[Who, int] = field(default_factory=dict)
    places: dict[Who, tuple[int, datetime | None]] = field(default_factory=dict)
    wrong: dict[Any, Wrong] = field(default_factory=dict)
    latest: datetime | None = None  # of the last event that has a time

    def __post_init__(self) -> None:
        self.at = {number: Door() for number in range(1, self.doors + 1)}

    # What the settings say

    def door(self, number: int) -> dict[str, Any]:
        return self.rules.get("doors", {}).get(str(number), {})

    def profile(self, number: int) -> dict[str, Any]:
        said = self.rules.get("profiles", {}).get(str(number), [])
        return {"doors": {str(door): 0 for door in said}} if isinstance(said, list) else said

    @property
    def utc(self) -> datetime | None:
        if self.clock is None:
            return None
        return self.clock + timedelta(seconds=int(self.now - self.clock_at))

    def on(self, number: int) -> bool:
        """Whether a schedule says yes."""
        if number == 0:
            return True
        if self.utc is None:
            return False
        local = local_time(self.rules, self.utc)
        schedule = self.rules["schedules"][str(number)]
        first = date.fromisoformat(schedule.get("from", "1970-01-01"))
        last = date.fromisoformat(schedule.get("to", "4000-01-01"))
        if first <= local.date() <= last:
            day = 128 if self.is_holiday(local.date()) else [1, 2, 4, 8, 16, 32, 64][local.weekday()]
            for days, begin, end in schedule.get("times", []):
                if days & day and begin <= local.hour * 60 + local.minute < end:
                    return True
        return bool(schedule.get("next")) and self.on(schedule["next"])

    def is_holiday(self, day: date) -> bool:
        for holiday in self.rules.get("holidays", []):
            first, last = holiday if isinstance(holiday, list) else (holiday, holiday)
            if date.fromisoformat(first) <= day <= date.fromisoformat(last):
                return True
        return False

    def asked(self, door: int) -> str:
        for what, schedule in self.door(door).get("who", []):
            if self.on(schedule):
                return what
        return "card"

    # What happens

    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.online and self.utc:
            self.heard = self.utc

    def set_clock(self, utc: datetime | None) -> None:
        self.clock, self.clock_at = utc, self.now

    def link(self, online: bool) -> None:
        if self.utc and (online or self.online):
            self.heard = self.utc
        self.online = online

    def restart(self) -> None:
        """Moments are gone, what was granted is not; the clock is unknown; lock-outs begin anew."""
        for door in self.at.values():
            door.waiting = door.card = None
            door.released_until = -1.0
        self.clock = self.heard = None
        self.online = False
        for whose, wrong in list(self.wrong.items()):
            wrong.count, wrong.at = wrong.told, self.now
            if wrong.utc and self.latest and self.latest - wrong.utc >= timedelta(hours=2):
                del self.wrong[whose]

    def card(self, door: int, number: int) -> list[Said]:
        """A card is presented."""
        place = self.at[door]
        place.card = None
        who = ("card", number)
        profile, until = self.credentials.get(who, (None, None))
        presented = Presented(who, "card", None if profile is None else self.profile(profile), until, False, self.now)
        turned_away = self.emergency == "lockdown" and presented.profile and not presented.profile.get("lockdown")
        if "who" in self.door(door) and presented.profile is not None and not turned_away:
            asked = self.asked(door)
            if asked == "card+pin" or (presented.profile.get("pin") and asked != "pin"):
                place.card = (number, self.now)
                return []
        return self.answer(door, presented)

    def pin(self, door: int, digits: str) -> list[Said]:
        """A PIN is complete."""
        place = self.at[door]
        card, place.card = place.card, None
        if card and self.now - card[1] > 20:
            card = None
        of = card[0] if card else None
        right = ("card+pin", of, digits) if card else ("pin", digits)
        forced = ("duress", of, digits)
        found = right if right in self.credentials else forced if forced in self.credentials else None
        who: Who = ("card", of) if card else ("pin", digits) if found == right else ("duress", digits)
        kind = "card+pin" if card else "pin"
        if found is None:
            return self.answer(door, Presented(who, kind, None, None, False, self.now))
        profile, until = self.credentials[found]
        return self.answer(door, Presented(who, kind, self.profile(profile), until, found == forced, self.now))

    def answer(self, door: int, tap: Presented) -> list[Said]:
        """What goes on record, in order."""
        place = self.at[door]
        if place.waiting and self.now - place.waiting.at > 15:
            place.waiting = None
        why, extra = self.objection(door, tap)
        if why == events.DENIED_PIN:
            self.count_wrong(door, tap)
            return self.record([(why, extra, None if tap.kind == "pin" else tap.who)])
        if why in (events.NEEDS_ESCORT, events.NEEDS_SECOND):
            place.waiting = tap
        if why:
            nobody = tap.kind == "pin" and tap.profile is None
            return self.record([(why, extra, None if nobody else tap.who)])
        said = []
        if self.brings(place.waiting, tap):
            assert place.waiting
            said.append(self.grant(door, place.waiting))
            place.waiting = None
        said.append(self.grant(door, tap))
        longer = self.door(door).get("extended_ms", 15000) if tap.profile.get("extended") else None  # type: ignore[union-attr]
        release = longer or self.door(door).get("release_ms", 5000)
        place.released_until = max(place.released_until, self.now + release / 1000)
        return self.record(said)

    def record(self, said: list[Said]) -> list[Said]:
        self.latest = self.utc or self.latest
        return said

    # Why not

    def objection(self, door: int, tap: Presented) -> tuple[int, int]:
        says, profile, utc = self.door(door), tap.profile, self.utc
        if self.emergency == "lockdown" and not (profile and profile.get("lockdown")):
            return events.DENIED_LOCKDOWN, 0
        by_pin = tap.kind != "card"
        if by_pin and self.locked(door):
            return events.DENIED_LOCKED_OUT, 1
        if tap.kind == "card+pin" and self.locked(tap.who):
            return events.DENIED_LOCKED_OUT, 2
        if profile is None:
            if not by_pin:
                return events.DENIED_UNKNOWN, 0
            extra = min(15, self.wrong_now(door) + 1)
            if tap.kind == "card+pin":
                extra += 16 * min(15, self.wrong_now(tap.who) + 1)
            return events.DENIED_PIN, extra
        if str(door) not in profile.get("doors", {}):
            return events.DENIED_DOOR, 0
        excused = utc is None and profile.get("no_clock", False)
        if profile.get("from") and not excused:
            if utc is None:
                return events.DENIED_NO_CLOCK, 0
            if utc < datetime.fromtimestamp(profile["from"], UTC):
                return events.DENIED_NOT_YET, 0
        if tap.until and not excused:
            if utc is None:
                return events.DENIED_NO_CLOCK, 0
            if utc >= tap.until:
                return events.DENIED_EXPIRED, 0
        schedule = profile["doors"][str(door)]
        if not excused and not self.on(schedule):
            return (events.DENIED_TIME, schedule) if self.utc else (events.DENIED_NO_CLOCK, 0)
        if "who" in says or profile.get("pin"):
            asked = self.asked(door)
            if tap.kind not in (
                ["card", "card+pin"]
                if asked == "card"
                else ["card", "pin", "card+pin"]
                if asked == "card/pin"
                else [asked]
            ):
                return events.DENIED_KIND, WORDS.index(asked) + 1
            if tap.kind == "card" and profile.get("pin"):
                return events.DENIED_KIND, 3
        if "offline_hours" in says:
            limit = timedelta(hours=says["offline_hours"])
            heard = utc if self.online else self.heard
            if utc is None or heard is None or utc - heard >= limit:
                return events.DENIED_OFFLINE, 0
        if profile.get("uses") and self.used.get(tap.who, 0) >= profile["uses"]:
            return events.DENIED_USED, self.used[tap.who]
        if not profile.get("exempt"):
            elsewhere = self.passback(door, tap)
            if elsewhere is not None and not self.lets_pass(door, elsewhere):
                return events.DENIED_PASSBACK, elsewhere
            full = self.full(door, tap)
            if full is not None:
                return events.DENIED_FULL, full
            other = self.interlocked(door)
            if other is not None:
                return events.DENIED_INTERLOCK, other
        if profile.get("escort") == "needs":
            return events.NEEDS_ESCORT, 0
        wanted = "two_person" in says and (utc is None or self.on(says["two_person"]))
        if wanted and not self.brings(self.at[door].waiting, tap):
            return events.NEEDS_SECOND, 0
        return 0, 0

    def brings(self, waiting: Presented | None, tap: Presented) -> bool:
        """Whether who waits at the door passes with this one."""
        if waiting is None or waiting.who == tap.who:
            return False
        assert waiting.profile is not None and tap.profile is not None
        return waiting.profile.get("escort") != "needs" or tap.profile.get("escort") == "gives"

    def passback(self, door: int, tap: Presented) -> int | None:
        """The area where it is known to be although it should not be."""
        says = self.door(door)
        area, since = self.where(tap.who)
        if "passback" not in says or area is None:
            return None
        here, there = says["passage"]
        if says["passback"] == "timed":
            if area != there or self.utc is None or since is None:
                return None
            return area if minutes(self.utc) - minutes(since) < says.get("passback_minutes", 10) else None
        return area if area != here else None

    def lets_pass(self, door: int, area: int) -> bool:
        """Whether anti-passback is soft here. In these stories nobody tells what other controllers have let in."""
        shared = {number for number, says in self.rules.get("areas", {}).items() if says.get("shared")}
        return self.door(door)["passback"] == "soft" or bool({str(area), str(self.door(door)["passage"][0])} & shared)

    def full(self, door: int, tap: Presented) -> int | None:
        there = self.door(door).get("passage", [0, 0])[1]
        limit = self.rules.get("areas", {}).get(str(there), {}).get("limit")
        if limit is None or "passage" not in self.door(door) or self.where(tap.who)[0] == there:
            return None
        inside = sum(self.where(who)[0] == there for who in self.places)
        coming = 2 if self.brings(self.at[door].waiting, tap) else 1
        return there if inside + coming > limit else None

    def interlocked(self, door: int) -> int | None:
        group = self.door(door).get("interlock")
        for number, place in self.at.items():
            if group and number != door and self.door(number).get("interlock") == group:
                released = self.now < place.released_until or self.emergency == "evacuation"
                if released or (place.open and self.door(door).get("interlock_open", True)):
                    return number
        return None

    def where(self, who: Who) -> tuple[int | None, datetime | None]:
        """The area where it is known to be, and since when."""
        if who not in self.places:
            return None, None
        area, since = self.places[who]
        hours = self.rules.get("areas", {}).get(str(area), {}).get("forget_hours", 24)
        if self.utc is not None and (since is None or minutes(self.utc) - minutes(since) >= hours * 60):
            return None, None
        return area, since

    # What follows from it

    def grant(self, door: int, tap: Presented) -> Said:
        says, extra = self.door(door), 0
        assert tap.profile is not None
        if tap.profile.get("uses"):
            extra = self.used.get(tap.who, 0) + 1
        if not tap.profile.get("exempt") and self.passback(door, tap) is not None:
            extra += 128
        if tap.profile.get("uses"):
            self.used[tap.who] = self.used.get(tap.who, 0) + 1
        if "passage" in says:
            self.places.pop(tap.who, None)
            self.places[tap.who] = (says["passage"][1], self.utc)
        if tap.kind != "card" and "who" in str(self.rules.get("doors", {})):
            if door in self.wrong:
                self.wrong[door].count = max(0, self.wrong_now(door) - 1)
            if tap.who in self.wrong:
                self.wrong[tap.who].count = 0
        return (events.GRANTED_DURESS if tap.duress else events.GRANTED, extra, tap.who)

    def count_wrong(self, door: int, tap: Presented) -> None:
        for whose in [door, tap.who] if tap.kind == "card+pin" else [door]:
            count = min(15, self.wrong_now(whose) + 1)
            self.wrong[whose] = Wrong(count, self.now, count, self.utc)

    def wrong_now(self, whose: Any) -> int:
        wrong = self.wrong.get(whose)
        return wrong.count if wrong and self.now - wrong.at < 7200 else 0

    def locked(self, whose: Any) -> bool:
        count = self.wrong_now(whose)
        return count >= 3 and self.now - self.wrong[whose].at < 60 * 2 ** min(count - 3, 6)


def local_time(rules: dict[str, Any], utc: datetime) -> datetime:
    """By the changes that are listed, from the first to the last of them, else by the rule."""
    changes = [(datetime.fromtimestamp(at * 60, UTC), minutes) for at, minutes in rules.get("zone_changes", [])]
    past = [minutes for at, minutes in changes if at <= utc]
    if 0 < len(past) < len(changes):
        return utc.astimezone(timezone(timedelta(minutes=past[-1])))
    return utc.astimezone(zone(rules.get("zone", "UTC0")))


def minutes(utc: datetime) -> int:
    """Whole minutes, as areas are counted."""
    return int(utc.timestamp()) // 60
