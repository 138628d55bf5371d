"""What came of a story: each expectation kept or broken, in a sentence; the same as JUnit XML."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from firmware.controller import events as codes
from sim import words
from sim.virtual.building import Record, VirtualBuilding
from sim.virtual.checks import NOT_JUDGED, PROMISES, Promise
from sim.virtual.promises import Broken
from sim.virtual.scheduler import SECOND

from .play import Played
from .script import Expect

_NEAR_US = 5 * SECOND  # a tap that waits for the reader is still the one that was meant
_ANSWER_US = SECOND + SECOND // 2


@dataclass(frozen=True)
class Outcome:
    """said: what was expected. found: what was seen instead, or "" when it is as expected. at: the moment, in us."""

    said: str
    found: str = ""
    at: int | None = None

    @property
    def kept(self) -> bool:
        return not self.found


def outcomes(played: Played) -> list[Outcome]:
    """Every expectation, after the ones that every story has."""
    settled = "" if played.settled else "an hour after the end, something was still not stored or not in sync"
    always = [Outcome("when all is mended, everything is stored and every controller in sync", settled)]
    return always + promises(played.building) + [judged(played, expect) for expect in played.story.expects]


def promises(building: VirtualBuilding) -> list[Outcome]:
    """One for each promise of the design that this run judged; a broken one says where it first broke."""
    first: dict[int, Broken] = {}
    count = Counter(one.number for one in building.promises.broken)
    for one in building.promises.broken:
        first.setdefault(one.number, one)
    return [
        _promise(promise, first.get(promise.number), count[promise.number])
        for promise in PROMISES
        if _was_judged(building, promise)
    ]


def _was_judged(building: VirtualBuilding, promise: Promise) -> bool:
    """A run in which no right was taken away, no event has an end or no bank is says nothing of these promises."""
    return promise.number not in (8, 10, 13, 14, 15, 16, 17) or building.promises.judged[promise.number] > 0


def _promise(promise: Promise, broken: Broken | None, times: int) -> Outcome:
    said = f"promise {promise.number} ({promise.name}): {promise.sentence}"
    if broken is None:
        return Outcome(said)
    return Outcome(said, broken.what + (f"; {times} times in all" if times > 1 else ""), broken.at)


def judged(played: Played, expect: Expect) -> Outcome:
    """One of the story's own expectations."""
    if expect.figure:
        return _limited(expect, played.figures[expect.figure], "it is")
    if expect.event:
        return _limited(expect, _count(played, expect), "it happened")
    return _verdict(played, expect)


def _limited(expect: Expect, value: float, how: str) -> Outcome:
    fits = {"is": value.__eq__, "at_least": value.__ge__, "at_most": value.__le__}
    if all(fits[name](limit) for name, limit in expect.limits):
        return Outcome(expect.said)
    times = "" if not expect.event else " time" if value == 1 else " times"
    return Outcome(expect.said, f"{how} {value:g}{times}")


def _count(played: Played, expect: Expect) -> int:
    wanted = words.codes_of(expect.event)
    controller, door = _place(played, expect.door) if expect.door else (expect.where, 0)
    return sum(
        _times(record, wanted)
        for record in played.building.records
        if record.what == "event"
        and record.at >= expect.since
        and (expect.until is None or record.at < expect.until)
        and (not controller or record.where == controller)
        and (not door or record.detail[3] == door)
    )


def _times(record: Record, wanted: tuple[int, ...]) -> int:
    """How often an event tells that one of these happened: of a flood of denials most are told by their number."""
    code, repeated, count = (record.detail[n] for n in (2, 4, 6))
    if code in wanted:
        return 1
    return int(count) if code == codes.DENIALS_REPEATED and repeated in wanted else 0


def _place(played: Played, door: str) -> tuple[str, int]:
    controller, doorway = played.building.doors[door]
    return controller.name, doorway.number


def _verdict(played: Played, expect: Expect) -> Outcome:
    place = _place(played, expect.door)
    tap = next((r for r in played.building.records if _is_tap(r, expect, place)), None)
    if tap is None:
        return Outcome(
            expect.said,
            f"{expect.who} held no card to {expect.door} then; add a happening with that time",
            expect.since,
        )
    code = verdict_on(played.building.records, tap)
    if (code is None and expect.verdict == "nothing") or code in words.codes_of(expect.verdict):
        return Outcome(expect.said)
    return Outcome(expect.said, "nothing was recorded" if code is None else f"it was {words.word(code)}", tap.at)


def _is_tap(record: Record, expect: Expect, place: tuple[str, int]) -> bool:
    return (
        record.what == "tap"
        and (record.where, record.detail[0]) == place
        and record.detail[1] == expect.who
        and expect.since <= record.at < expect.since + _NEAR_US
    )


def verdict_on(records: list[Record], tap: Record) -> int | None:
    """The code of the event that answered a tap, None when there was none."""
    for record in records[records.index(tap) :]:
        if record.at > tap.at + _ANSWER_US:
            return None
        if record.what == "event" and record.where == tap.where and record.detail[3] == tap.detail[0]:
            code: int = record.detail[2]
            if code in words.VERDICTS:
                return code
    return None


def _not_judged(judged: list[Outcome]) -> str:
    said = [one.said for one in judged]
    left = [
        f"{promise.number} {promise.name}"
        for promise in PROMISES
        if not any(f"promise {promise.number} " in it for it in said)
    ]
    return ", ".join(left + [f"{number} {why.split(':')[0]}" for number, why in NOT_JUDGED.items()])


def lines(found: list[Outcome]) -> list[str]:
    """The same for a person, broken ones last; promises that were kept in one line."""
    judged = [one for one in found if one.said.startswith("promise ")]
    kept = sum(one.kept for one in judged)
    own = [one.said for one in found if one.kept and one not in judged]
    others = f"not judged: {_not_judged(judged)}"
    text = [
        f"  kept    {kept} of the {len(judged)} promises that were judged ({others})",
        *(f"  kept    {one}" for one in own),
    ]
    for one in found:
        if not one.kept:
            when = "" if one.at is None else f" (at {words.moment(one.at)})"
            text.append(f"  BROKEN  {one.said}: {one.found}{when}")
    return text


def write_junit(path: Path, name: str, found: list[Outcome], seconds: float) -> None:
    """JUnit XML: one case an outcome."""
    broken = sum(1 for one in found if not one.kept)
    suite = ElementTree.Element(
        "testsuite", name=name, tests=str(len(found)), failures=str(broken), errors="0", time=f"{seconds:.3f}"
    )
    for one in found:
        case = ElementTree.SubElement(suite, "testcase", classname=f"portvakt.{name}", name=one.said)
        if not one.kept:
            when = "" if one.at is None else f" at {words.moment(one.at)}"
            ElementTree.SubElement(case, "failure", message=one.found).text = f"{one.said}: {one.found}{when}"
    tree = ElementTree.ElementTree(suite)
    ElementTree.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)
