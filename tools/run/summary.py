"""What a run came to: flash against database, event for event, and each figure beside its goal."""

from collections import Counter
from typing import Any

from .building import Building
from .figures import StoredEvents, stored
from .percentile import percentile
from .rounds import ParcelFigures, proofs

OPEN_MS = 500  # a lock board is asked, and answers, before its lock moves
P50_MS, P99_MS = 60, 200  # of which 25 are the reader's end of frame; people notice a wait from 100 ms on


def compare(building: Building) -> list[StoredEvents]:
    """Each controller. The flash is read before the database: what is on it then must be in there."""
    found = []
    for controller in building.controllers:
        controller.log.refresh()
        found.append(stored(controller.identity, controller.log.events))
    return found


def summary(building: Building, held: list[StoredEvents], seconds: float) -> dict[str, Any]:
    pins = building.pins
    kinds = sum((each.kinds for each in held), Counter[str]())
    lost = sum(each.missing for each in held) + sum(controller.log.gaps() for controller in building.controllers)
    duplicated = sum(each.rows - each.distinct for each in held)
    different = sum(each.different for each in held)
    refused = sum(each.refused for each in held)
    contiguous = all(each.contiguous for each in held)
    p50, p99 = (percentile(pins.strike_ms, share) for share in (0.5, 0.99))
    goals = [
        _goal("lost", lost, "events", "= 0", lost == 0),
        _goal("duplicated", duplicated, "events", "= 0", duplicated == 0),
        _goal("stored otherwise than recorded", different, "events", "= 0", different == 0),
        _goal("contiguous", contiguous, "", "true", contiguous),
        _goal("messages refused", refused, "messages", "= 0", refused == 0),
        _goal("taps without an answer", pins.unanswered, "taps", "= 0", pins.unanswered == 0),
        _goal("kinds of denial", len(kinds), "kinds", ">= 2", len(kinds) >= 2),
        _goal("tap to strike p50", _ms(p50), "ms", f"<= {P50_MS}", p50 is not None and p50 <= P50_MS),
        _goal("tap to strike p99", _ms(p99), "ms", f"<= {P99_MS}", p99 is not None and p99 <= P99_MS),
        *parcel_goals(building.parcels),
    ]
    return {
        "taps": pins.taps,
        "granted": pins.granted,
        "denied": pins.denied,
        "denied_kinds": dict(sorted(kinds.items())),
        "recorded": sum(len(controller.log.events) for controller in building.controllers),
        "stored": sum(each.rows for each in held),
        "lost": lost,
        "duplicated": duplicated,
        "refused": refused,
        "contiguous": contiguous,
        "tap_to_strike_ms": {"p50": _ms(p50), "p99": _ms(p99)},
        "parcels": {
            "put_in": building.parcels.put_in,
            "taken_out": building.parcels.taken_out,
            "proofs": proofs(building.parcels.parcels),
            "code_to_open_ms": _ms(max(building.parcels.open_ms, default=None)),
        },
        "controllers": len(building.controllers),
        "interpreter": building.interpreter,
        "seconds": round(seconds, 1),
        "goals": goals,
    }


def parcel_goals(done: ParcelFigures) -> list[dict[str, Any]]:
    """Of the bank, whose network was cut from before each parcel was put in until it was taken out."""
    made, known = len(done.parcels), proofs(done.parcels)
    slowest = max(done.open_ms, default=None)
    return [
        _goal("parcels put in with the network cut", done.put_in, "parcels", ">= 1", done.put_in >= 1),
        _goal("parcels taken out with the network cut", done.taken_out, "parcels", ">= 1", done.taken_out >= 1),
        _goal("parcels that did not go in and out", done.failed, "parcels", "= 0", done.failed == 0),
        _goal("told to the cloud while cut", done.told_early, "proofs", "= 0", done.told_early == 0),
        _goal("proofs in the cloud in the end", known, "proofs", f"= {2 * made}", known == 2 * made > 0),
        _goal(
            "code to open compartment, longest",
            _ms(slowest),
            "ms",
            f"<= {OPEN_MS}",
            slowest is not None and slowest <= OPEN_MS,
        ),
    ]


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _goal(name: str, value: object, unit: str, goal: str, met: bool) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": met}
