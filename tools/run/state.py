"""The building as its page draws it: one JSON object, in the language of the request."""

from typing import Any

from tools.cloud.services import clock, local_time

from .building import Building
from .controllers import LiveController
from .doors import DENIED, SILENT, LiveDoor
from .percentile import percentile
from .ticker import Entry
from .walks import Walker
from .words import word


def snapshot(building: Building) -> dict[str, Any]:
    return {
        "interpreter": building.interpreter,
        "walking": building.walks.on,
        "controllers": [_controller(one) for one in building.controllers],
        "people": [_person(walker, building.walks.on) for walker in building.walks.walkers],
        "figures": _figures(building),
        "ticker": [_line(entry) for entry in building.ticker.latest()],
    }


def _controller(one: LiveController) -> dict[str, Any]:
    return {
        "id": one.place,
        "name": one.name,
        "network": one.network_up,
        "power": one.power,
        "alive": one.power and one.board.alive,
        "recorded": one.log.last,
        "stored": one.progress.stored,
        "waiting": max(0, one.log.last - one.progress.stored),
        "doors": [_door(door) for door in one.doors],
    }


def _door(door: LiveDoor) -> dict[str, Any]:
    tap = door.last
    last = tap and {
        "person": tap.person,
        "verdict": tap.verdict,
        "why": word(SILENT if tap.verdict == SILENT else tap.why) if tap.verdict != "granted" else "",
        "ms": None if tap.strike_ms is None else round(tap.strike_ms),
        "at": tap.at,
    }
    return {
        "id": door.place,
        "name": door.name,
        "strike": door.strike,
        "open": door.leaf.open,
        "light": door.light,
        "last": last,
    }


def _person(walker: Walker, walking: bool) -> dict[str, Any]:
    card = walker.holder["card"]
    return {
        "id": walker.place,
        "name": walker.name,
        "card": f"{card['bits']} bit {card['facility']}:{card['number']}",
        "walking": walking,
        "at": walker.at,
        "action": walker.action,
    }


def _figures(building: Building) -> dict[str, Any]:
    pins = building.pins
    p50, p99 = (percentile(pins.strike_ms, share) for share in (0.5, 0.99))
    return {
        "taps": pins.taps,
        "granted": pins.granted,
        "denied": pins.denied,
        "recorded": sum(one.log.last for one in building.controllers),
        "stored": sum(one.progress.stored for one in building.controllers),
        "lost": sum(one.progress.lost for one in building.controllers),
        "duplicated": sum(one.progress.duplicated for one in building.controllers),
        "p50": None if p50 is None else round(p50),
        "p99": None if p99 is None else round(p99),
    }


def _line(entry: Entry) -> dict[str, str]:
    parts = [entry.person, entry.place, word(entry.what)]
    return {
        "t": f"{local_time.there(clock.at(entry.at), local_time.NOWHERE):%H:%M:%S}",
        "text": " · ".join(part for part in parts if part),
        "kind": DENIED if entry.denied else "",
    }
