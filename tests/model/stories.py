"""Random settings and random stories, told to a controller and to the model; the first difference is an error."""

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from firmware.controller import events
from firmware.controller.door_modes import door_modes
from tests.model.board import Board, key_of
from tests.model.model import Model, zone

ZONES = (
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "EST5EDT,M3.2.0,M11.1.0",
    "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "IST-1GMT0,M10.5.0,M3.5.0/1",
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "EET-2EEST,M3.4.4/50,M10.4.4/50",
    "<+0545>-5:45",
    "AAA3BBB,J60/2,J300/3",
    "AAA-3BBB,J58,J300/1",
    "UTC0",
)
NAMES = {code: name for name, code in reversed(vars(events).items()) if isinstance(code, int) and name.isupper()}
PINS = ("1111", "2222", "3333", "4444")


def settings(random: Random) -> dict[str, Any]:
    """Rules in which each field is there or not."""

    def maybe(chance: float) -> bool:
        return random.random() < chance

    schedules: dict[str, Any] = {}
    for number in range(1, random.randint(1, 4)):
        says: dict[str, Any] = {}
        says["times"] = []
        for _ in range(random.randint(0, 3)):
            begin = random.randint(0, 1439)
            says["times"].append([random.randint(1, 255), begin, random.randint(begin + 1, 1440)])
        if maybe(0.3):
            year = random.randint(2027, 2030)
            says["from"] = f"{year}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
            if maybe(0.5):
                says["to"] = f"{year + random.randint(1, 2)}-{random.choice(('02-28', '12-31', '06-15'))}"
        if number > 1 and maybe(0.3):
            says["next"] = random.randint(1, number - 1)
        schedules[str(number)] = says

    def schedule() -> int:
        return random.choice([0, 0, *map(int, schedules)])

    profiles: dict[str, Any] = {}
    for number in range(1, 6):
        if maybe(0.25):
            profiles[str(number)] = random.sample([1, 2], random.choice((0, 1, 2, 2, 2)))
            continue
        says = {"doors": {str(door): schedule() for door in random.sample([1, 2], random.choice((1, 2, 2, 2, 2, 2)))}}
        if maybe(0.15):
            says["from"] = int(datetime(random.randint(2027, 2029), random.randint(1, 12), 1, tzinfo=UTC).timestamp())
        if maybe(0.2):
            says["uses"] = random.randint(1, 4)
        if maybe(0.12):
            says["escort"] = random.choice(("needs", "gives", "gives"))
        for name in ("no_clock", "pin", "extended", "exempt", "lockdown", "hold"):
            if maybe(0.15):
                says[name] = maybe(0.8)
        profiles[str(number)] = says
    doors: dict[str, Any] = {}
    passages = maybe(0.5)
    keypads = maybe(0.5)
    for number in (1, 2):
        says = {"release_ms": random.choice((1234, 5678, 12345))}
        if keypads and maybe(0.8):
            what = ("card", "pin", "card+pin", "card/pin", "card/pin")
            says["who"] = [[random.choice(what), schedule()] for _ in range(random.randint(1, 3))]
            if maybe(0.5):
                says["pin_length"] = 4
        if maybe(0.1):
            says["offline_hours"] = random.choice((1, 2, 24))
        if maybe(0.15):
            says["two_person"] = schedule()
        if passages:
            says["passage"] = [[0, 1], [1, 0], [1, 2], [0, 2]][random.randint(0, 3)]
            if maybe(0.7):
                says["passback"] = random.choice(("hard", "soft", "timed"))
                if maybe(0.5):
                    says["passback_minutes"] = random.randint(1, 30)
        if maybe(0.25):
            says["interlock"] = random.choice((1, 1, 2))
            if maybe(0.3):
                says["interlock_open"] = maybe(0.5)
        if maybe(0.2):
            says["extended_ms"] = random.choice((20345, 40567))
        doors[str(number)] = says
    rules: dict[str, Any] = {"version": random.randint(1, 9), "profiles": profiles, "doors": doors}
    if schedules:
        rules["schedules"] = schedules
    if maybe(0.9):
        rules["zone"] = random.choice(ZONES)
    if maybe(0.3):
        days = sorted(random.sample(range(20_820, 21_900), random.randint(1, 5)))  # of 2027 to 2029
        rules["zone_changes"] = [[day * 1440 + random.randint(0, 1439), random.randint(-720, 840)] for day in days]
    if maybe(0.4):
        rules["holidays"] = [
            random.choice(("2028-02-29", "2027-12-25", ["2027-01-01", "2027-03-01"], ["2028-12-24", "2029-01-06"]))
            for _ in range(random.randint(1, 3))
        ]
    if passages and maybe(0.6):
        areas: dict[str, Any] = {str(area): {"limit": random.randint(1, 4)} for area in (1, 2) if maybe(0.7)}
        for says in areas.values():
            if maybe(0.2):
                says["shared"] = maybe(0.9)
            if maybe(0.4):
                says["forget_hours"] = random.randint(1, 30)
        rules["areas"] = areas
    return rules


def moment(random: Random, rules: dict[str, Any]) -> datetime:
    """A time near which something is due: what the rules name, nights of daylight saving, leap days, or any other."""
    kind = random.randint(0, 5)
    text = rules.get("zone", "UTC0")
    if rules.get("zone_changes") and random.random() < 0.4:
        return datetime.fromtimestamp(random.choice(rules["zone_changes"])[0] * 60, UTC) + timedelta(
            seconds=random.choice((-1, 0, 60, random.randint(-86400, 86400)))
        )
    if kind == 5:
        named = [profile["from"] for profile in rules["profiles"].values() if "from" in profile]
        if named and random.random() < 0.5:
            return datetime.fromtimestamp(random.choice(named) + random.choice((-1, 0, 0, 1)), UTC)
        days = [says[end] for says in rules.get("schedules", {}).values() for end in ("from", "to") if end in says]
        if days:
            day = datetime.fromisoformat(random.choice(days)).replace(tzinfo=zone(text))
            return day.astimezone(UTC) + timedelta(minutes=random.choice((-1, 0, 1, 600, 1439, 1440, 1441)))
    if kind == 0:
        local = zone(text)
        hour = datetime(random.randint(2027, 2029), 1, 1, tzinfo=UTC)
        before = hour.astimezone(local).utcoffset()
        for _ in range(random.randint(1, 2)):
            for _ in range(366 * 4):
                hour += timedelta(hours=6)
                if hour.astimezone(local).utcoffset() != before:
                    before = hour.astimezone(local).utcoffset()
                    break
        return hour - timedelta(minutes=random.randint(0, 420))
    if kind == 1:
        return datetime(2028, 2, 29, tzinfo=UTC) + timedelta(minutes=random.randint(-1500, 3000))
    if kind == 2:
        return datetime(random.randint(2027, 2030), 1, 1, tzinfo=UTC) + timedelta(minutes=random.randint(-1500, 1500))
    return datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randint(0, 4 * 365 * 86400))


class Differ(AssertionError):
    """The controller and the model do not agree."""


def story(random: Random, length: int, counts: Counter[str], folder: Path) -> int:
    """Tells one story; returns how many decisions it had."""
    rules = settings(random)
    credentials: dict[tuple[Any, ...], tuple[int, datetime | None]] = {}
    begin = moment(random, rules)
    for number in range(1, 8):
        until = None
        if random.random() < 0.3:
            until = (begin + timedelta(minutes=random.randint(-60, 2000))).replace(second=0, microsecond=0)
        profile = random.choice((1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6))  # 6 is not there
        credentials["card", number] = (profile, until)
        if random.random() < 0.6:
            credentials["card+pin", number, random.choice(PINS[:2])] = (profile, until)
        if random.random() < 0.3:
            credentials["duress", number, PINS[2]] = (profile, until)
    credentials["pin", PINS[0]] = (random.randint(1, 6), None)
    credentials["duress", None, PINS[3]] = (random.randint(1, 6), None)
    for path in folder.iterdir():
        path.unlink()
    model = Model(rules, 2, credentials)
    board = Board(rules, 2, folder)
    for what, (profile, until) in credentials.items():
        board.put(what, profile, until)
    if random.random() < 0.9:
        clock_is(model, board, begin)
    told = []
    decisions, number = 0, 1
    for _ in range(length):
        step = random.random()
        door = random.randint(1, 2)
        asked = [at for at in (1, 2) if model.at[at].card]
        if asked and random.random() < 0.5:  # who is asked for a PIN mostly types one
            door, step = random.choice(asked), 0.7
        if step < 0.62:
            number = random.randint(1, 8) if random.random() < 0.7 else number  # and some try again
            told.append(f"card {number} at {door}")
            expected = model.card(door, number)
            board.card(door, number)
            decisions += 1
        elif step < 0.8 and "who" in rules["doors"][str(door)]:
            digits = random.choice(PINS)
            told.append(f"PIN {digits} at {door}")
            expected = model.pin(door, digits)
            board.type(door, digits)
            decisions += 1
        else:
            told.append(between(random, model, board, rules))
            for utc in board.times():  # other events than passages tell the time, too
                model.latest = datetime.fromtimestamp(utc, UTC)
            board.said()
            continue
        said = board.said()
        due = [(code, extra, None if who is None else known_as(who)) for code, extra, who in expected]
        for code, extra, _ in due:
            counts[NAMES[code]] += 1
            if code == events.GRANTED and extra:
                counts["... against soft anti-passback" if extra & 128 else "... with uses counted"] += 1
        if len(due) == 2:
            counts["... together"] += 1
        counts["without a clock"] += model.utc is None
        for number, unit in enumerate(board.loop.doors, 1):
            released = model.now < model.at[number].released_until or model.emergency == "evacuation"
            if unit.door.released != released:
                raise Differ(f"door {number} released: {not released}\n{rules}\n" + "\n".join(told[-30:]))
        if said != due:
            shown = [(NAMES[code], extra) for code, extra, _ in said], [(NAMES[code], extra) for code, extra, _ in due]
            lines = [
                f"controller: {shown[0]}",
                f"model:      {shown[1]}",
                f"time {model.utc}",
                str(rules),
                str(credentials),
            ]
            raise Differ("\n".join(lines + told[-30:]))
    return decisions


def known_as(who: tuple[Any, ...]) -> bytes:
    return key_of(who if who[0] != "duress" else ("duress", None, who[1]))


def clock_is(model: Model, board: Board, utc: datetime) -> None:
    model.set_clock(utc)
    board.loop.clock.set(int(utc.timestamp()) * 1000, board.now)


def between(random: Random, model: Model, board: Board, rules: dict[str, Any]) -> str:
    """What happens beside taps."""
    kind = random.random()
    if kind < 0.6:
        seconds = random.choice((1, 2, 5, 5, 10, 14, 15, 16, 20, 21, 40, 60, 61, 300, 600, 1800, 3600, 3700))
        if random.random() < 0.05:
            seconds = random.choice((7200, 7199, 40000, 86400, 90000))
        limits = [says["offline_hours"] for says in rules["doors"].values() if "offline_hours" in says]
        if limits and not model.online and random.random() < 0.2:
            seconds = 3600 * random.choice(limits) + random.choice((-1, 0, 1, -400, -900))
        board.wait(seconds * 1000)
        model.wait(seconds)
        return f"wait {seconds}"
    if kind < 0.7:
        door = random.randint(1, 2)
        model.at[door].open = board.leaves[door - 1].on = not model.at[door].open
        board.wait(0)
        return f"leaf {door} open: {model.at[door].open}"
    if kind < 0.78:
        utc = moment(random, rules) if random.random() < 0.5 or model.utc is None else model.utc + timedelta(days=1)
        utc = utc.replace(microsecond=0)
        before = model.utc or model.latest
        if before is None or utc > before:  # a clock that goes back is the cloud's mistake, and another story
            clock_is(model, board, utc)
        return f"clock {utc}"
    if kind < 0.86:
        online = not model.online
        board.idle()
        model.link(online)
        board.sync.open = online
        board.idle()
        return f"online {online}"
    if kind < 0.92:
        verb = random.choice(("normal", "normal", "lockdown", "evacuation"))
        model.emergency = verb
        if verb == "lockdown":
            for place in model.at.values():
                place.released_until = min(place.released_until, model.now)
        door_modes(board.loop).emergency(verb, board.now)
        board.wait(0)
        return verb
    if kind < 0.97:
        before = model.utc or model.latest
        model.restart()
        board.start(rules)
        utc = moment(random, rules).replace(microsecond=0)
        if random.random() < 0.5 or (before and utc < before):
            utc = (before or utc) + timedelta(seconds=random.choice((1, 60, 7200, 100000)))
        if random.random() < 0.7:
            clock_is(model, board, utc)
        return f"restart {model.utc}"
    return "nothing"


def campaign(seed: int, decisions: int, length: int = 60) -> Counter[str]:
    """So many decisions from one seed. Raises Differ, with the story, at the first difference."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        number = 0
        while counts["decisions"] < decisions:
            try:
                counts["decisions"] += story(Random(f"{seed}/{number}"), length, counts, Path(folder))
            except Differ as difference:
                raise Differ(f"story {seed}/{number}\n{difference}") from None
            number += 1
        counts["stories"] = number
    return counts
