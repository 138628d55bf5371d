"""How much a flood of denials writes, and how long flash lives at a given number of erases."""

from firmware.controller.events import DENIED_UNKNOWN
from firmware.controller.points.denials import Denials

DAY_MS = 86_400_000
CYCLES = 100_000  # erases a sector of a W25Q32 class chip takes
TICKS = 1 << 30


def flood_events_a_day(per_second: float, doors: int = 1) -> int:
    """Events written on the second day of a flood of unknown cards, so many a second at each door."""
    denials = Denials()
    written, step = 0, round(1000 / per_second)
    for at in range(0, 2 * DAY_MS, step):
        now = at % TICKS
        counted = at >= DAY_MS
        for door in range(1, doors + 1):
            written += denials.take(DENIED_UNKNOWN, door, at.to_bytes(7, "little"), now, True) and counted
        if denials.deadline() is not None:
            written += counted * len(denials.over(now, True))
    return written


def pulsed_events_a_day(doors: int = 1, codes: int = 1) -> int:
    """The most that somebody can have written who knows how denials are coalesced: three a minute, then a pause."""
    denials = Denials()
    written = 0
    for at in range(0, DAY_MS, 60_000):
        denials.over(at % TICKS, True)
        for door in range(1, doors + 1):
            for code in range(codes):
                written += sum(denials.take(DENIED_UNKNOWN + code, door, None, at % TICKS, True) for _ in range(3))
    return written


def years(erases_a_day: float, sectors: int) -> float:
    """Until each of so many sectors, which take turns, has had its erases."""
    return round(CYCLES * sectors / erases_a_day / 365, 1) if erases_a_day else float("inf")
