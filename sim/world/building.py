"""The demo building: its controllers, doors, people and cards, as plain data."""

import copy
import random
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from .tables import Holder

Building = dict[str, Any]

# Doors of a controller stand in the order of its board (door 1 first); `reader`: its place on the board.
# `doors` of a person: the doors they may pass, by name. `until`: Unix seconds, None for no end.
# `hours` of a person: (time zone, [[days, from, to], ...]), local minutes; days: a sum of 1 Monday .. 64 Sunday.
# `strangers` hold cards that nobody entered.
BUILDING: Building = {
    "site": "Solsiden borettslag",
    "timezone": "CET-1CEST,M3.5.0,M10.5.0/3",
    "controllers": [
        {
            "name": "Oppgang A",
            "doors": [{"name": "Hovedinngang", "reader": 0}, {"name": "Postrom", "reader": 1}],
        },
        {"name": "Kjeller", "doors": [{"name": "Sykkelrom", "reader": 0}, {"name": "Garasje", "reader": 1}]},
        {
            "name": "Bakgård",
            "doors": [{"name": "Bakinngang", "reader": 0}, {"name": "Takterrasse", "reader": 1}],
        },
    ],
    "people": [
        {
            "name": "Ingrid Solheim",
            "card": {"bits": 26, "facility": 17, "number": 1204},
            "doors": ["Hovedinngang", "Postrom", "Sykkelrom", "Garasje", "Bakinngang", "Takterrasse"],
            "until": None,
        },
        {
            "name": "Olav Bakken",
            "card": {"bits": 26, "facility": 17, "number": 1205},
            "doors": ["Hovedinngang", "Postrom", "Sykkelrom", "Bakinngang", "Takterrasse"],
            "until": None,
        },
        {
            "name": "Aisha Rahman",
            "card": {"bits": 34, "facility": 3021, "number": 40117},
            "doors": ["Hovedinngang", "Postrom", "Sykkelrom", "Garasje", "Bakinngang", "Takterrasse"],
            "until": None,
        },
        {
            "name": "Knut Haugen",
            "card": {"bits": 26, "facility": 17, "number": 1311},
            "doors": ["Hovedinngang", "Postrom", "Garasje", "Bakinngang"],
            "until": None,
        },
        {
            "name": "Marte Lunde",
            "card": {"bits": 34, "facility": 3021, "number": 40118},
            "doors": ["Hovedinngang", "Postrom", "Sykkelrom", "Bakinngang", "Takterrasse"],
            "until": None,
        },
        {
            "name": "Nils Ánde Eira",
            "card": {"bits": 26, "facility": 17, "number": 1312},
            "doors": ["Hovedinngang", "Postrom", "Sykkelrom", "Garasje", "Bakinngang", "Takterrasse"],
            "until": None,
        },
        {
            "name": "Sofie Dahl",
            "card": {"bits": 34, "facility": 3021, "number": 40203},
            "doors": ["Hovedinngang", "Postrom", "Takterrasse"],
            "until": None,
        },
        {
            "name": "Jonas Berg, vaktmester",
            "card": {"bits": 34, "facility": 3021, "number": 7},
            "doors": ["Hovedinngang", "Postrom", "Sykkelrom", "Garasje", "Bakinngang", "Takterrasse"],
            "until": None,
        },
        {
            "name": "Birgit Nygård, avisbud",
            "card": {"bits": 26, "facility": 17, "number": 2001},
            "doors": ["Hovedinngang", "Postrom"],
            "until": None,
        },
        {
            "name": "Per Moen, flyttet ut",
            "card": {"bits": 26, "facility": 17, "number": 1109},
            "doors": ["Hovedinngang", "Postrom", "Bakinngang"],
            "until": 1_767_225_600,  # 2026-01-01
        },
    ],
    # Who may pass the same doors is in the same group.
    "groups": {
        "Hele bygget": ["Hovedinngang", "Postrom", "Sykkelrom", "Garasje", "Bakinngang", "Takterrasse"],
        "Beboere": ["Hovedinngang", "Postrom", "Sykkelrom", "Bakinngang", "Takterrasse"],
        "Beboere med garasje": ["Hovedinngang", "Postrom", "Garasje", "Bakinngang"],
        "Beboere i toppetasjen": ["Hovedinngang", "Postrom", "Takterrasse"],
        "Bud og avis": ["Hovedinngang", "Postrom"],
        "Tidligere beboere": ["Hovedinngang", "Postrom", "Bakinngang"],
    },
    "strangers": [
        {"name": "Funnet kort", "card": {"bits": 26, "facility": 101, "number": 55555}},
    ],
}

_FIRST = ["Anne", "Bjørn", "Eline", "Håkon", "Ida", "Jørgen", "Mari", "Odd", "Siri", "Åse"]
_LAST = ["Aas", "Berg", "Dahl", "Foss", "Hagen", "Lie", "Moe", "Nes", "Vik", "Ødegård"]
_DOOR = ["Inngang", "Sykkelrom", "Bod", "Garasje", "Vaskeri", "Postrom", "Kontor", "Lager"]


def generate(doors: int, people: int, rng: random.Random, doors_each: int = 2) -> Building:
    """A building of any size after the same pattern: most people may pass most doors, a tenth has run out.

    doors_each: doors of one controller; the last controller may have a door to spare, which nobody uses.
    """
    names = [f"{_DOOR[i % len(_DOOR)]} {i + 1}" for i in range(doors)]
    controllers = [
        {
            "name": f"Kontroller {at // doors_each + 1}",
            "doors": [{"name": name, "reader": i} for i, name in enumerate(names[at : at + doors_each])],
        }
        for at in range(0, doors, doors_each)
    ]
    tenants = []
    for i in range(people):
        card = (
            {"bits": 34, "facility": 3021, "number": 10_000 + i}
            if rng.random() < 0.4
            else {"bits": 26, "facility": 17, "number": 1_000 + i}
        )
        tenants.append(
            {
                "name": f"{rng.choice(_FIRST)} {rng.choice(_LAST)} {i + 1}",
                "card": card,
                "doors": [name for name in names if rng.random() < 0.85],
                "until": 1_767_225_600 if rng.random() < 0.1 else None,
            }
        )
    return {
        "site": "Generert bygg",
        "timezone": BUILDING["timezone"],
        "controllers": controllers,
        "people": tenants,
        "strangers": copy.deepcopy(BUILDING["strangers"]),  # stories write into what they are given
    }


def doors_of(building: Building) -> list[tuple[int, int, str]]:
    """Every door as (controller's place, door number on it from 1, name)."""
    return [
        (c, d + 1, door["name"])
        for c, controller in enumerate(building["controllers"])
        for d, door in enumerate(controller["doors"])
    ]


def may_pass(holder: Holder, door: str, utc: int) -> bool:
    """Whether this person or stranger has a right at the door now: what every verdict is measured against."""
    until, hours = holder.get("until"), holder.get("hours")
    in_time = (until is None or utc < until) and (hours is None or _in_hours(utc, *hours))
    return door in holder.get("doors", ()) and in_time


def _in_hours(utc: int, zone: str, times: list[list[int]]) -> bool:
    local = datetime.fromtimestamp(utc, ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    return any(days >> local.weekday() & 1 and begin <= minute < end for days, begin, end in times)
