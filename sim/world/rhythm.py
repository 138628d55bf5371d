"""When in a day people come: how busy each hour is beside the others, by the clock on the wall."""

from datetime import datetime
from zoneinfo import ZoneInfo

# Share of each hour of a working day, from midnight: they arrive around 8, leave for lunch at 11, go home from 15.
_OFFICE = (0, 0, 0, 0, 0, 1, 10, 50, 100, 50, 25, 45, 40, 25, 30, 60, 80, 35, 12, 8, 5, 3, 1, 0)
_FEW = 0.01  # of the busiest hour: so much goes on in every hour, also on Saturday and Sunday
RHYTHMS = {"office": _OFFICE}


class Rhythm:
    """name: of RHYTHMS. begins: Unix seconds at which the world's clock stands at 0; zone: of the site."""

    def __init__(self, name: str, begins: int, zone: str) -> None:
        hours = RHYTHMS[name]
        least = max(hours) * _FEW
        mean = sum(max(least, hour) for hour in hours) / len(hours)
        self._weights = tuple(max(least, hour) / mean for hour in hours)
        self._least = least / mean
        self.peak = max(self._weights)  # the others are measured by it
        self._begins = begins
        self._zone = ZoneInfo(zone)

    def at(self, ms: int) -> float:
        """How busy it is beside the mean of a working day, which is 1."""
        there = datetime.fromtimestamp(self._begins + ms / 1000, self._zone)
        return self._weights[there.hour] if there.weekday() < 5 else self._least
