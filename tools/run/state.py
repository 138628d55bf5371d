"""The building as its page draws it: one JSON object, in the language of the request."""

from typing import Any

from django.utils.translation import gettext

from tools.cloud.doors import locking
from tools.cloud.services import clock, local_time

from .bank_state import bank
from .building import Building
from .controllers import LiveController
from .doors import DENIED, GRANTED, SILENT, LiveDoor
from .percentile import percentile
from .ticker import Entry
from .walks import Walker
from .words import INPUTS, word


def snapshot(building: Building, codes: bool = False) -> dict[str, Any]:
    """codes: of parcels are in it, for whoever may put them in and take them out."""
    return {
        "interpreter": building.interpreter,
        "walking": building.walks.on,
        "controllers": [_controller(controller, codes) for controller in building.controllers],
        "people": [_person(walker, building.walks.on) for walker in building.walks.walkers],
        "figures": _figures(building),
        "ticker": [_line(entry) for entry in building.ticker.latest()],
    }


def _controller(controller: LiveController, codes: bool) -> dict[str, Any]:
    return {
        "id": controller.place,
        "name": controller.name,
        "network": controller.network_up,
        "power": controller.power,
        "alive": controller.power and controller.board.alive,
        "recorded": controller.log.last,
        "stored": controller.progress.stored,
        "waiting": max(0, controller.log.last - controller.progress.stored),
        "doors": [_door(controller, door) for door in controller.doors],
        "bank": controller.parcels and bank(controller.parcels, controller.board.board, codes),
        "inputs": [
            {"number": number, "name": str(INPUTS.get(table["kind"], table["kind"])), "on": on}
            for number, (table, on) in enumerate(zip(controller.inputs.tables, controller.inputs.on, strict=True), 1)
        ],
    }


def _door(controller: LiveController, door: LiveDoor) -> dict[str, Any]:
    tap = door.last
    last = tap and {
        "person": tap.person,
        "verdict": tap.verdict,
        "why": word(SILENT if tap.verdict == SILENT else tap.why, tap.extra) if tap.verdict != GRANTED else "",
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
        "lock": _lock(controller, door),
    }


def _lock(controller: LiveController, door: LiveDoor) -> dict[str, str] | None:
    """Why the door stands other than usual, as its card on Doors says it."""
    told = controller.locks[door.number - 1] if door.number <= len(controller.locks) else None
    if told is None or not told.why:
        return None
    said = locking.of(told, local_time.NOWHERE, clock.now(), by=True, named=True)
    if said is None:
        return None
    return {"text": said.text, "detail": said.detail, "look": said.look, "icon": said.icon}


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
        "recorded": sum(controller.log.last for controller in building.controllers),
        "stored": sum(controller.progress.stored for controller in building.controllers),
        "lost": sum(controller.progress.lost for controller in building.controllers),
        "duplicated": sum(controller.progress.duplicated for controller in building.controllers),
        "p50": None if p50 is None else round(p50),
        "p99": None if p99 is None else round(p99),
    }


def _line(entry: Entry) -> dict[str, str]:
    at = gettext("compartment {n}").format(n=entry.compartment) if entry.compartment else ""
    parts = [entry.person, entry.place, at, word(entry.what, entry.extra)]
    return {
        "t": f"{local_time.there(clock.at(entry.at), local_time.NOWHERE):%H:%M:%S}",
        "text": " · ".join(part for part in parts if part),
        "kind": DENIED if entry.denied else "",
    }
