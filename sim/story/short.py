"""A story as short as real time has to have it: the same happenings, with the waits between them cut out.

What people, administrators and faults do stays, and so does all that follows from it at once: an answer at a reader,
a leaf that falls shut or is held open, a command that expires, a link that comes back. Only hours in which nothing
happens are left out. People who walk by themselves stay at home. A story in which the clock decides is refused.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from sim.virtual.scheduler import DAY, SECOND

from . import setting
from .script import Faulty, Happening, Story
from .verbs import LEAF, LINES, SWITCHES

LEAD_S = 60  # before the first happening; a building is ready then
WAIT_S = 6  # after most things: a board that starts, or its link, is back, and the door below is shut
EXPIRES_S = 13  # after a command, which is dead after 10 s
BROKER_S = 40  # after a broker: boards come back over seconds, and wait longer each time
STAYS_S = 3  # how long a leaf stands open, when nothing is said
MOST_S = 360

_CROWD = ("taps", "granted", "denied", "misread", "releases", "recorded", "stored")  # of people who walk by themselves

# What cannot be made to happen on a board in real time, and why.
_NOT = {
    "torn write": "a real interpreter cannot be stopped in the middle of a flash operation; `sim cuts` does that",
    **dict.fromkeys((*SWITCHES, *LINES, "battery"), "the building of real boards has no such inputs"),
}


def shortened(story: Story) -> Story:
    """The same story in minutes. Raises Faulty when that would be another story."""
    _refuse(story)
    spans = sorted((begin, begin + _rest(happening)) for happening in story.happenings for begin in _moments(happening))
    clock = _Clock(spans)
    happenings = tuple(
        replace(
            happening,
            at=clock(happening.at),
            lasts=None if happening.lasts is None else clock(happening.at + happening.lasts) - clock(happening.at),
        )
        for happening in story.happenings
        if happening.do not in ("people rest", "people walk")
    )
    expects = tuple(
        replace(expect, since=clock(expect.since), until=None if expect.until is None else clock(expect.until))
        for expect in story.expects
        if not (story.visits and expect.figure in _CROWD)
    )
    end = clock(round(story.days * DAY)) + WAIT_S * SECOND
    if end > (LEAD_S + MOST_S) * SECOND:
        minutes = (end // SECOND - LEAD_S) / 60
        raise _no(story, f"takes {minutes:.0f} minutes of real time, {MOST_S // 60} at the most; leave out repetitions")
    return replace(story, days=end / DAY, visits=0, happenings=happenings, expects=expects)


class _Clock:
    """Story time to short time: it stands still outside the spans, which may overlap. Microseconds."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self.begins: list[int] = []
        self.ends: list[int] = []
        self.passed: list[int] = []  # at each beginning
        for begin, end in spans:
            if self.ends and begin <= self.ends[-1]:
                self.ends[-1] = max(end, self.ends[-1])
                continue
            self.passed.append(self.passed[-1] + self.ends[-1] - self.begins[-1] if self.ends else LEAD_S * SECOND)
            self.begins.append(begin)
            self.ends.append(end)

    def __call__(self, at: int) -> int:
        n = bisect_right(self.begins, at) - 1
        if n < 0:
            return LEAD_S * SECOND
        return self.passed[n] + min(at, self.ends[n]) - self.begins[n]


def _moments(happening: Happening) -> Iterator[int]:
    """When it begins, and when it is over."""
    yield happening.at
    if happening.lasts is not None and happening.do not in LEAF:
        yield happening.at + happening.lasts


def _rest(happening: Happening) -> int:
    """How long what follows from it takes: microseconds that are not cut."""
    if happening.do in LEAF:
        return (STAYS_S * SECOND if happening.lasts is None else happening.lasts) + STAYS_S * SECOND
    if happening.do in ("broker off", "broker on"):
        return BROKER_S * SECOND
    return (EXPIRES_S if happening.do in ("release", "lockdown", "evacuation", "normal") else WAIT_S) * SECOND


def _refuse(story: Story) -> None:
    if story.board["name"] != setting.USUAL:
        raise _no(story, f"is wired as {story.board['name']}, and the real boards as {setting.USUAL}")
    if story.faults is not None:
        raise _no(story, "has faults that come by chance ([faults]); tell it as happenings")
    if story.description.get("retention_days"):
        raise _no(story, "waits for events to expire, and days cannot be cut out of that")
    for one in story.description["people"]:
        until = one.get("until")
        if one.get("hours") or (until is not None and until > story.begins):
            raise _no(story, f"lets the clock decide over {one['name']!r}, and hours cannot be cut out of that")
    for happening in story.happenings:
        if happening.do in _NOT:
            raise _no(story, f"has {happening.do!r}: {_NOT[happening.do]}")
    if not story.happenings:
        raise _no(story, "has no happenings, and nobody walks by chance on real boards")


def _no(story: Story, why: str) -> Faulty:
    return Faulty(f"{story.name}: cannot be played on real boards: it {why}")
