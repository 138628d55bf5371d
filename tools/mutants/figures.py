"""What a sample says about a room."""

from collections.abc import Iterable
from math import sqrt
from typing import Any

from tools.mutants import reasons
from tools.mutants.mutant import MutantOutcome

GOAL = 0.9  # of the mutants of each room, killed
SURE = 1.96  # standard deviations: 95 of 100 intervals hold the true share


def wilson(killed: int, of: int) -> tuple[float, float]:
    """The interval for a share seen in a sample (E. B. Wilson, 1927)."""
    if not of:
        return 0.0, 1.0
    share, z2 = killed / of, SURE**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    spread = SURE * sqrt(share * (1 - share) / of + z2 / (4 * of**2)) / (1 + z2 / of)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def of_room(outcomes: Iterable[MutantOutcome]) -> dict[str, Any]:
    """One that runs for ever is noticed: it counts as killed. A harmless one that survives counts as a survivor."""
    found = list(outcomes)
    killed = sum(one.what != "survived" for one in found)
    harmless = sum(one.what == "survived" and bool(reasons.why(one.task.mutant)) for one in found)
    guards = [one for one in found if one.task.mutant.guard]
    low, high = wilson(killed, len(found))
    return {
        "mutants": len(found),
        "killed": killed,
        "timed_out": sum(one.what == "timed out" for one in found),
        "survived": len(found) - killed,
        "harmless": harmless,
        "share": round(killed / len(found), 4) if found else 0.0,
        "interval": [round(low, 4), round(high, 4)],
        "guards": len(guards),
        "guards_killed": sum(guard.what != "survived" for guard in guards),
    }


def goals(rooms: dict[str, dict[str, Any]], controls: Iterable[MutantOutcome]) -> list[dict[str, Any]]:
    """controls: runs in which nothing was changed. Each that fails says that kills are no proof."""
    failed = [control for control in controls if control.what != "survived"]
    return [
        *(
            {"name": f"{room}: killed", "value": of["share"], "unit": "share", "goal": GOAL, "met": of["share"] >= GOAL}
            for room, of in rooms.items()
        ),
        {"name": "unchanged, yet red", "value": len(failed), "unit": "", "goal": 0, "met": not failed},
    ]
