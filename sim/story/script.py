"""A scenario as its file tells it, checked: every fault names the file, the field and what to do."""

import copy
import difflib
import random
import tomllib
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from sim import words
from sim.virtual.building import START
from sim.virtual.faults import Rates
from sim.virtual.scheduler import DAY
from sim.world.building import BUILDING, Building, doors_of, generate
from sim.world.rhythm import RHYTHMS

from . import setting
from .verbs import LINES, SWITCHES, VERBS

FOLDER = Path(__file__).resolve().parent.parent / "scenarios"

FIGURES = (
    "taps", "granted", "denied", "misread", "releases", "released from afar", "recorded", "stored", "lost",
    "duplicated", "altered", "overwritten", "starts", "broken promises",
)  # fmt: skip
_LIMITS = ("is", "at_least", "at_most")
_TOP = {
    "title", "story", "days", "seed", "doors", "people", "visits", "faults", "happening", "expect",
    "person", "stranger", "retention_days", "board", "begins", "zone", "rhythm", "schedule",
}  # fmt: skip


class Faulty(Exception):
    """A scenario that cannot be played: "FILE: field: what is wrong; what to do"."""


@dataclass(frozen=True)
class Happening:
    """One thing that happens. at, lasts: microseconds. where: the controllers it happens to."""

    at: int
    do: str
    door: str = ""
    who: str = ""
    where: tuple[str, ...] = ()
    doors: tuple[str, ...] | None = None
    lasts: int | None = None
    operation: int = 3
    line: str = ""
    mv: int = 0


@dataclass(frozen=True)
class Expect:
    """One thing that must hold when the story is over.

    A figure within limits; how often an event happens; or the verdict on a tap. since, until: microseconds.
    """

    said: str
    figure: str = ""
    event: str = ""
    verdict: str = ""
    door: str = ""
    where: str = ""
    who: str = ""
    since: int = 0
    until: int | None = None
    limits: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Story:
    """description: the building, a copy that the story may change. visits: a day at each door, by themselves.

    board: its table. begins: Unix seconds.
    """

    name: str
    title: str
    about: str
    seed: int
    days: float
    description: Building
    visits: float
    faults: Rates | None
    happenings: tuple[Happening, ...]
    expects: tuple[Expect, ...]
    board: dict[str, Any]
    begins: int = START


def stories() -> list[Path]:
    """The scenarios that come with the simulator."""
    return sorted(FOLDER.glob("*.toml"))


def find(name: str) -> Path:
    """The file of a scenario, given as a path or by the name of one of ours. Raises Faulty."""
    path = Path(name)
    if path.suffix == ".toml" or "/" in name:
        if path.is_file():
            return path
    elif (FOLDER / f"{name}.toml").is_file():
        return FOLDER / f"{name}.toml"
    ours = [story.stem for story in stories()]
    raise Faulty(f"{name}: there is no such scenario;{_near(path.stem, ours)} ours are {', '.join(ours)}")


def load(path: Path, seed: int | None = None) -> Story:
    """Reads and checks a scenario. seed: instead of the file's own. Raises Faulty."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Faulty(f"{path}: cannot be read ({error}); give a readable file") from None
    except tomllib.TOMLDecodeError as error:
        raise Faulty(f"{path}: is no TOML ({error}); mend that line") from None
    return _Reader(path.name, told, seed).story(path.stem)


class _Reader:
    """Takes one file apart. Each complaint goes out with the field it is about."""

    def __init__(self, file: str, told: dict[str, Any], seed: int | None) -> None:
        self.file = file
        self.told = told
        self.seed = seed

    def wrong(self, field: str, why: str) -> Faulty:
        return Faulty(f"{self.file}: {field}: {why}")

    def story(self, name: str) -> Story:
        self.known("", self.told, _TOP)
        self.days = self.number("days", 1.0, 0.000_1, 3_650)
        self.end = round(self.days * DAY)
        told_seed = self.told.get("seed", 1)
        if type(told_seed) is not int:
            raise self.wrong("seed", "must be a whole number")
        seed = told_seed if self.seed is None else self.seed
        self.zone = self.one_of("zone", self.told, "", list(setting.ZONES)) if "zone" in self.told else "Europe/Oslo"
        self.begins = setting.begins(self.told, self.zone, self.wrong)
        self.board = setting.board(self.told.get("board", setting.USUAL), self.wrong)
        self.hours = {
            self.text("name", row, f"schedule {i}"): self.schedule(f"schedule {i}", row)
            for i, row in self.rows("schedule")
        }
        self.description = self.building(seed)
        self.doors = [door for _, _, door in doors_of(self.description)]
        self.controllers = [one["name"] for one in self.description["controllers"]]
        self.holders = [one["name"] for kind in ("people", "strangers") for one in self.description[kind]]
        happenings = [one for i, row in self.rows("happening") for one in self.happening(f"happening {i}", row)]
        expects = tuple(self.expect(f"expect {i}", row) for i, row in self.rows("expect"))
        if not expects:
            raise self.wrong("expect", "the story expects nothing, so it cannot fail; add an [[expect]]")
        return Story(
            name,
            self.text("title"),
            " ".join(self.text("story").split()),
            seed,
            self.days,
            self.description,
            self.number("visits", 0, 0, 100_000),
            self.faults(),
            tuple(sorted(happenings, key=lambda one: one.at)),
            expects,
            self.board,
            self.begins,
        )

    # The parts of the file.

    def building(self, seed: int) -> Building:
        doors = self.told.get("doors", "demo")
        if doors == "demo":
            described = copy.deepcopy(BUILDING)
        elif type(doors) is int and 1 <= doors <= 200:
            people = int(self.number("people", 5 + 3 * doors, 1, 5_000))
            described = generate(doors, people, random.Random(f"{seed}/building"))
        else:
            raise self.wrong("doors", 'must be a number from 1 to 200, or "demo" for the demo building')
        described["timezone"] = setting.ZONES[self.zone]
        if "zone" in self.told or "begins" in self.told:  # else its times are those of no place
            described["zone"] = self.zone
        if "rhythm" in self.told:
            described["zone"] = self.zone
            described["rhythm"] = self.one_of("rhythm", self.told, "", list(RHYTHMS))
        if "retention_days" in self.told:
            described["retention_days"] = int(self.number("retention_days", 90, 1, 3_650))
        names = {door for _, _, door in doors_of(described)}
        for kind, into in (("person", "people"), ("stranger", "strangers")):
            for i, row in self.rows(kind):
                described[into].append(self.holder(f"{kind} {i}", row, names))
        everyone = [one["name"] for into in ("people", "strangers") for one in described[into]]
        for one in everyone:
            if everyone.count(one) > 1:
                raise self.wrong("person", f"two people are called {one!r}; give each a name of their own")
        return described

    def schedule(self, at: str, row: dict[str, Any]) -> list[list[int]]:
        self.known(at, row, {"name", "times"})
        return setting.hours(row.get("times"), lambda field, why: self.wrong(f"{at}: {field}", why))

    def holder(self, at: str, row: dict[str, Any], doors: set[str]) -> dict[str, Any]:
        """name, card = [bits, facility, number], and of people: doors, until = a local time, hours = a schedule."""
        stranger = at.startswith("stranger")
        self.known(at, row, {"name", "card"} if stranger else {"name", "card", "doors", "until", "hours"})
        card = row.get("card")
        if not isinstance(card, list) or len(card) != 3 or card[0] not in (26, 34):
            raise self.wrong(f"{at}: card", "must be [bits, facility, number] with 26 or 34 bits")
        high = (1 << (8 if card[0] == 26 else 16), 1 << 16)
        for value, limit in zip(card[1:], high, strict=True):
            if type(value) is not int or not 0 <= value < limit:
                raise self.wrong(f"{at}: card", f"{value!r} does not fit a card of {card[0]} bits (0 to {limit - 1})")
        held: dict[str, Any] = {
            "name": self.text("name", row, at),
            "card": dict(zip(("bits", "facility", "number"), card, strict=True)),
        }
        if stranger:
            return held
        try:
            end = self.until(row["until"]) if "until" in row else None
        except ValueError as error:
            raise self.wrong(f"{at}: until", f"{row['until']!s} {error}") from None
        if "hours" in row:
            held["hours"] = (self.zone, self.hours[self.one_of("hours", row, at, list(self.hours))])
        return held | {"doors": self.some("doors", row, at, sorted(doors)), "until": end}

    def until(self, told: Any) -> int:
        """Unix seconds. Raises ValueError."""
        local = not isinstance(told, datetime) or told.tzinfo is None
        end = setting.unix(told, self.zone)
        if local and "begins" not in self.told:
            raise ValueError(f"is a time of {self.zone}, and the story's times are of no place: say when it `begins`")
        return end

    def faults(self) -> Rates | None:
        told = self.told.get("faults")
        if told is None:
            return None
        if not isinstance(told, dict):
            raise self.wrong("faults", "must be a table of how often a day, such as [faults] with power = 1")
        names = [field.name for field in fields(Rates)]
        self.known("faults", told, set(names))
        for name, rate in told.items():
            if type(rate) not in (int, float) or not 0 <= rate <= 10_000:
                raise self.wrong(f"faults: {name}", "must be how often a day, 0 to 10000")
        return Rates(**(dict.fromkeys(names, 0) | told))

    def happening(self, at: str, row: dict[str, Any]) -> list[Happening]:
        do = self.one_of("do", row, at, list(VERBS))
        needs, may = VERBS[do]
        self.known(at, row, {"at", "do", "every", "times"} | needs | may, f" of {do!r}")
        for field in sorted(needs - row.keys()):
            raise self.wrong(f"{at}: {field}", f"is missing; {do!r} needs it")
        if do in ("grant", "revoke") and row["who"] in [one["name"] for one in self.description["strangers"]]:
            raise self.wrong(
                f"{at}: who", f"{row['who']!r} is a stranger: nobody entered that card, so it has no rights"
            )
        self.wired(at, do, row)
        where = row.get("where", ())
        if where == "all":
            where = self.controllers
        elif where:
            where = self.some("where", row, at, self.controllers)
        first = Happening(
            self.time("at", row, at),
            do,
            self.one_of("door", row, at, self.doors) if "door" in row else "",
            self.one_of("who", row, at, self.holders) if "who" in row else "",
            tuple(where),
            tuple(self.some("doors", row, at, self.doors)) if "doors" in row else None,
            self.length("for", row, at) if "for" in row else None,
            int(self.number("operation", 3, 1, 1_000, row, at)),
            self.one_of("line", row, at, ["contact", "rex"]) if "line" in row else "",
            int(self.number("mv", 0, 0, 60_000, row, at)),
        )
        if ("every" in row) != ("times" in row):
            raise self.wrong(f"{at}: every", '`every` and `times` go together: every = "10 min", times = 6')
        if "every" not in row:
            return [first]
        every, times = self.length("every", row, at), int(self.number("times", 1, 1, 100_000, row, at))
        last = first.at + (times - 1) * every
        if last >= self.end:
            raise self.wrong(f"{at}: times", f"the last would be at {words.moment(last)}, after the story's end")
        return [Happening(**{**vars(first), "at": first.at + n * every}) for n in range(times)]

    def wired(self, at: str, do: str, row: dict[str, Any]) -> None:
        """Whether the board has what the verb moves."""
        kind = "battery" if do == "battery" else SWITCHES[do][0] if do in SWITCHES else ""
        if kind and kind not in [one["kind"] for one in self.board.get("inputs", ())]:
            raise self.wrong(f"{at}: do", f"the board has no input of kind {kind!r}; choose another `board`")
        if do in LINES and not all(door.get(row["line"]) for door in self.board["doors"]):
            raise self.wrong(f"{at}: line", f"the board's doors have no line {row['line']!r}; it may be contact or rex")

    def expect(self, at: str, row: dict[str, Any]) -> Expect:
        about = [name for name in ("figure", "event", "verdict") if name in row]
        if len(about) != 1:
            raise self.wrong(at, "must say exactly one of `figure`, `event` or `verdict`")
        if about == ["verdict"]:
            self.known(at, row, {"verdict", "door", "who", "at", "because"})
            verdict = self.one_of("verdict", row, at, ["granted", "denied", "misread", "nothing", *words.names()])
            door, who = self.one_of("door", row, at, self.doors), self.one_of("who", row, at, self.holders)
            since = self.time("at", row, at)
            said = f"{who} at {door}, {setting.said(row['at'], since)}: {verdict}"
            return Expect(self.because(row, at, said), verdict=verdict, door=door, who=who, since=since)
        limits = tuple((name, self.number(name, 0, 0, 1e12, row, at)) for name in _LIMITS if name in row)
        if not limits:
            raise self.wrong(at, "needs a limit: is, at_least or at_most")
        wanted = " and ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in limits)
        if about == ["figure"]:
            self.known(at, row, {"figure", "because", *_LIMITS})
            figure = self.one_of("figure", row, at, list(FIGURES))
            return Expect(self.because(row, at, f"{figure}: {wanted}"), figure=figure, limits=limits)
        self.known(at, row, {"event", "door", "where", "from", "to", "because", *_LIMITS})
        event = self.one_of("event", row, at, words.names())
        door = self.one_of("door", row, at, self.doors) if "door" in row else ""
        where = self.one_of("where", row, at, self.controllers) if "where" in row else ""
        since = self.time("from", row, at) if "from" in row else 0
        until = self.time("to", row, at) if "to" in row else None
        if until is not None and until <= since:
            raise self.wrong(f"{at}: to", "must be later than `from`")
        place = f" at {door or where}" if door or where else ""
        begin, end = setting.said(row.get("from"), since), setting.said(row.get("to"), until or self.end)
        when = f", {begin} to {end}" if since or until else ""
        said = self.because(row, at, f"{event!r}{place}{when}: {wanted}")
        return Expect(said, event=event, door=door, where=where, since=since, until=until, limits=limits)

    def because(self, row: dict[str, Any], at: str, said: str) -> str:
        return f"{self.text('because', row, at)} ({said})" if "because" in row else said

    # Fields.

    def known(self, at: str, row: dict[str, Any], names: set[str], of: str = "") -> None:
        for name in row:
            if name not in names:
                where = f"{at}: {name}" if at else name
                raise self.wrong(where, f"is no field{of};{_near(name, names)} it may be {', '.join(sorted(names))}")

    def rows(self, name: str) -> list[tuple[int, dict[str, Any]]]:
        rows = self.told.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.wrong(name, f"must be written as [[{name}]]")
        return list(enumerate(rows, 1))

    def _field(self, name: str, at: str) -> str:
        return f"{at}: {name}" if at else name

    def text(self, name: str, row: dict[str, Any] | None = None, at: str = "") -> str:
        value = (self.told if row is None else row).get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(self._field(name, at), "must be a text that is not empty")
        return value

    def number(
        self, name: str, default: float, low: float, high: float, row: dict[str, Any] | None = None, at: str = ""
    ) -> float:
        value = (self.told if row is None else row).get(name, default)
        if type(value) not in (int, float) or not low <= value <= high:
            raise self.wrong(self._field(name, at), f"must be a number from {low:g} to {high:g}, not {value!r}")
        return value

    def one_of(self, name: str, row: dict[str, Any], at: str, known: list[str]) -> str:
        value = row.get(name)
        if value in known:
            return str(value)
        what = "is missing" if value is None else f"{value!r} is not known"
        some = ", ".join(known[:25]) + (", ..." if len(known) > 25 else "")
        raise self.wrong(self._field(name, at), f"{what};{_near(str(value), known)} it may be {some}")

    def some(self, name: str, row: dict[str, Any], at: str, known: list[str]) -> list[str]:
        value = row.get(name)
        several = [value] if isinstance(value, str) else value
        if not isinstance(several, list):
            raise self.wrong(f"{at}: {name}", f"must be a list of names: {', '.join(known[:25])}")
        return [self.one_of(name, {name: one}, at, known) for one in several]

    def time(self, name: str, row: dict[str, Any], at: str) -> int:
        try:
            told = row.get(name)
            us = setting.moment(told) if isinstance(told, str | None) else setting.after(told, self.begins, self.zone)
        except ValueError as error:
            raise self.wrong(f"{at}: {name}", f"{row.get(name)!r} {error}") from None
        if us > self.end:
            raise self.wrong(f"{at}: {name}", f"{row[name]!r} is after the story's end; `days` is {self.days:g}")
        return us

    def length(self, name: str, row: dict[str, Any], at: str) -> int:
        try:
            return setting.span(row.get(name))
        except ValueError as error:
            raise self.wrong(f"{at}: {name}", f"{row.get(name)!r} {error}") from None


def _near(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f" did you mean {near[0]!r}?" if near else ""
