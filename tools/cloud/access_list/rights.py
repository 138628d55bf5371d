"""What follows from somebody's grants at one controller: pure, without a database. Times are packed minutes.

A record of the credential table has one profile and one end. A profile says for each door when it may be passed, as
*terms*: "0" always, "3" schedule 3, "3|5" either, "3<900" until minute 900, "0>800" from minute 800 on. So grants that
begin and end at different times are right also where no network brings a newer record.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from firmware.controller.records import NO_END, until_minutes, until_utc

ALWAYS = 0  # the schedule that is always on


def minutes(moment: datetime | None) -> int:
    """A moment, or the end of a validity, in packed minutes. None: no end."""
    return until_minutes(None if moment is None else int(moment.timestamp()))


def minutes_from(moment: datetime | None) -> int:
    """The packed beginning of a validity: rounded up, so that nothing begins too early."""
    return 0 if moment is None else until_minutes(int(moment.timestamp()) + 59)


class Span(NamedTuple):
    """A door may be passed at the times of a schedule, from start (0: from ever) until end."""

    schedule: int
    start: int
    end: int


class Term(NamedTuple):
    """A schedule, cut at both sides: begin and end are 0 where it is not."""

    schedule: int
    begin: int
    end: int

    def __str__(self) -> str:
        begin = f">{self.begin}" if self.begin else ""
        return f"{self.schedule}{begin}" + (f"<{self.end}" if self.end else "")

    @classmethod
    def read(cls, text: str) -> "Term":
        rest, _, end = text.partition("<")
        schedule, _, begin = rest.partition(">")
        return cls(int(schedule), int(begin or 0), int(end or 0))

    def within(self, other: "Term") -> bool:
        """Whether the other says yes whenever this one does."""
        return (
            other.schedule in (ALWAYS, self.schedule)
            and other.begin <= self.begin
            and (not other.end or 0 < self.end <= other.end)
        )


class Entitlement(NamedTuple):
    """content: of the profile; until: of the record; due: when something in it begins or ends, None: never."""

    content: str
    until: int
    due: int | None = None


def right(
    doors: Mapping[int, Collection[Span]], now: int, flags: Mapping[str, Any], exact: bool = True
) -> Entitlement | None:
    """The right that follows from the spans of each door; None: there is none.

    exact: a door that begins later or ends earlier than the record says so itself. Otherwise the record says what may
    be passed now and ends with the first change: never too much, but offline too little.
    When all have ended it keeps them: the controller then says "expired" and not "unknown".
    """
    live = {door: [span for span in spans if span.end > now] for door, spans in doors.items()}
    live = {door: spans for door, spans in live.items() if spans}
    if not live:
        ended = [span.end for spans in doors.values() for span in spans]
        return Entitlement(_content(dict.fromkeys(doors, "0"), {}), max(ended)) if ended else None
    if not exact:
        return _until_the_first_change(live, now, flags)
    until = max(span.end for spans in live.values() for span in spans)
    start = min(span.start for spans in live.values() for span in spans)
    begin = start if start > now else 0
    terms = {door: _terms(spans, now, begin, until) for door, spans in live.items()}
    moments = {moment for found in terms.values() for term in found for moment in (term.begin, term.end)}
    text = {door: "|".join(map(str, found)) for door, found in terms.items()}
    return Entitlement(_content(text, _from(begin) | dict(flags)), until, _soonest(moments | {begin, until}))


def read(content: str) -> dict[str, Any]:
    """A profile's content: {"doors": {number: [terms]}, and what else it says}."""
    fields: Any = json.loads(content)
    if isinstance(fields, list):
        return {"doors": {number: [Term(ALWAYS, 0, 0)] for number in fields}}
    doors = {int(number): [Term.read(text) for text in terms.split("|")] for number, terms in fields["doors"].items()}
    return fields | {"doors": doors}


def _until_the_first_change(live: dict[int, list[Span]], now: int, flags: Mapping[str, Any]) -> Entitlement:
    spans = [span for found in live.values() for span in found]
    begin = min(span.start for span in spans)
    then = max(now, begin)
    open_then = {door: [span for span in found if span.start <= then] for door, found in live.items()}
    open_then = {door: found for door, found in open_then.items() if found}
    until = min(span.end for found in open_then.values() for span in found)
    changes = [span.start for span in spans if span.start > now] + [until]
    text = {
        door: "|".join(map(str, _terms([Span(span.schedule, 0, until) for span in found], now, 0, until)))
        for door, found in open_then.items()
    }
    extra = _from(begin) if begin > now else {}
    return Entitlement(_content(text, extra | dict(flags)), until, _soonest(changes))


def _soonest(moments: Collection[int]) -> int | None:
    return min((moment for moment in moments if moment not in (0, NO_END)), default=None)


def _terms(spans: Collection[Span], now: int, begin: int, until: int) -> list[Term]:
    """The terms of one door, none of them within another."""
    found = {
        Term(span.schedule, span.start if span.start > max(begin, now) else 0, span.end if span.end < until else 0)
        for span in spans
    }
    return sorted(term for term in found if not any(term.within(other) for other in found - {term}))


def _from(begin: int) -> dict[str, int]:
    return {"from": until_utc(begin)} if begin else {}


def _content(terms: Mapping[int, str], extra: Mapping[str, Any]) -> str:
    if not extra and set(terms.values()) == {"0"}:
        return json.dumps(sorted(terms), separators=(",", ":"))
    fields = {"doors": {str(door): terms[door] for door in sorted(terms)}, **{key: extra[key] for key in sorted(extra)}}
    return json.dumps(fields, separators=(",", ":"))
