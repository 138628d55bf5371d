"""Whether the doors decided as they should: every tap is answered by one record, of the right kind, in time.

Denials in a flood are told by their number: cards that are turned away again and again at a door may get no
record of their own, and are counted in the next DENIALS_REPEATED there.
"""

from collections import Counter, deque
from collections.abc import Callable

from firmware.controller import events as codes
from sim import words

from .scheduler import SECOND

GRANTED, DENIED, MISREAD, ANYTHING = "granted", "denied", "misread", "anything"  # what is expected, what was said
PATIENCE_US = SECOND
FLOOD = 3  # denials of one kind that are told one by one, before they are counted
FLOOD_US = 3_700 * SECOND  # for so long at the most they are counted before their number is told

_SAID = words.VERDICTS
# A board that has no access list yet, or does not know the time, turns people away whom it will let in later.
_NO_LIST = (codes.DENIED_UNKNOWN, codes.DENIED_DOOR)

Place = tuple[str, int]  # controller, door


class Verdicts:
    """now(): microseconds. wrong(sentence, check): called for each verdict that must not be; check as in checks.py.

    ready: whether all boards hold their access list, so that a card with a right must be let in.
    """

    def __init__(self, now: Callable[[], int], wrong: Callable[[str, str], None]) -> None:
        self.counts: Counter[str] = Counter()
        self.ready = False
        self.damaged: Callable[[str], bool] = lambda controller: False  # whether its access list may be damaged
        self.remote: dict[Place, int] = {}  # by door: when it was last released by a good command
        self._now = now
        self._wrong = wrong
        self._commands: dict[Place, list[int]] = {}  # by door: until when a release may come
        self._open: dict[Place, list[tuple[str, int]]] = {}  # by door: what is expected, since when
        self._turned_away: dict[Place, deque[tuple[int, int]]] = {}  # by door: when and with which code
        self._perhaps: dict[Place, list[int]] = {}  # by door: when a card was read of which a denial may be told there
        self._counted: Counter[Place] = Counter()  # by door: taps without a record of their own, not told yet

    def tapped(self, controller: str, door: int, expected: str) -> None:
        """A card was read at a door."""
        self.counts["taps"] += 1
        self._too_late((controller, door))
        self._open.setdefault((controller, door), []).append((expected, self._now()))

    def perhaps(self, controller: str, door: int) -> None:
        """A card was read elsewhere, and this door's rules hold there: a denial is told here, all else is not."""
        self._perhaps.setdefault((controller, door), []).append(self._now())

    def may_release(self, controller: str, door: int, until: int) -> None:
        """The cloud was told to release a door, once, and not after that time."""
        self._commands.setdefault((controller, door), []).append(until)

    def recorded(self, controller: str, door: int, code: int, extra: int = 0, count: int = 0) -> None:
        """An event of the firmware is on flash."""
        place = controller, door
        if code == codes.RELEASED_REMOTE:
            self._released(place)
        elif code == codes.DENIALS_REPEATED and extra in _SAID:
            self._told_together(place, count)
        said = _SAID.get(code)
        if said is None:
            return
        self._too_late(place)
        if said != GRANTED:
            self._turned_away.setdefault(place, deque(maxlen=64)).append((self._now(), code))
        waiting = self._open.get(place)
        maybe = self._perhaps.get(place)
        if maybe and said == DENIED and not any(expected in (said, ANYTHING) for expected, _ in waiting or ()):
            maybe.pop(0)
            return
        if not waiting:
            self._wrong(f"{_name(place)}: a verdict (code {code}) without a tap", "verdict")
            return
        fits = next((n for n, (expected, _) in enumerate(waiting) if expected in (said, ANYTHING)), 0)
        for expected, _ in waiting[:fits]:
            self._unanswered(place, expected)
        expected = waiting[fits][0]
        del waiting[: fits + 1]
        self.counts[said] += 1
        if expected in (said, ANYTHING):
            return
        if expected == GRANTED and (code == codes.DENIED_NO_CLOCK or (code in _NO_LIST and not self.ready)):
            self.counts["turned away unready"] += 1
            return
        if expected == GRANTED and code == codes.DENIED_DAMAGED and self.damaged(controller):
            self.counts["turned away damaged"] += 1
            return
        check = "let in" if said == GRANTED else "verdict"
        self._wrong(f"{_name(place)}: {said} (code {code}), and {expected} was due", check)

    def forget(self, controller: str) -> None:
        """The board stopped: what was read and not yet decided is gone, and what it had only counted."""
        for place, waiting in self._open.items():
            if place[0] == controller:
                self.counts["cut off"] += len(waiting)
                waiting.clear()
                self._counted[place] = 0
        for place, maybe in self._perhaps.items():
            if place[0] == controller:
                maybe.clear()

    def _released(self, place: Place) -> None:
        open_until = [until for until in self._commands.get(place, []) if until >= self._now()]
        if not open_until:
            self._wrong(f"{_name(place)}: released from afar, and no command is good", "command")
        else:
            self.remote[place] = self._now()
        self._commands[place] = open_until[1:]
        self.counts["released from afar"] += 1

    def _told_together(self, place: Place, count: int) -> None:
        self._too_late(place)
        if count > self._counted[place] + len(self._open.get(place, ())):  # the last one may be a moment ago
            text = f"{count} denials are told together, and {self._counted[place]} were not told"
            self._wrong(f"{_name(place)}: {text}", "verdict")
        self._counted[place] -= count
        self.counts["denials told together"] += count

    def _too_late(self, place: Place) -> None:
        maybe = self._perhaps.get(place)
        while maybe and self._now() - maybe[0] > PATIENCE_US:
            maybe.pop(0)
            self._counted[place] += 1
        waiting = self._open.get(place)
        while waiting and self._now() - waiting[0][1] > PATIENCE_US:
            self._unanswered(place, waiting.pop(0)[0])

    def _unanswered(self, place: Place, expected: str) -> None:
        """A tap that got no record. In a flood of denials of one kind it is counted."""
        since = self._now() - FLOOD_US
        lately = Counter(code for at, code in self._turned_away.get(place, ()) if at >= since)
        if expected == MISREAD:
            flooded = lately[codes.READER_MISREAD] >= FLOOD
        elif expected == GRANTED:
            unready = (codes.DENIED_NO_CLOCK,) if self.ready else (codes.DENIED_NO_CLOCK, *_NO_LIST)
            flooded = any(lately[code] >= FLOOD for code in unready)
        else:
            flooded = expected == ANYTHING or max(lately.values(), default=0) >= FLOOD
        if flooded:
            self._counted[place] += 1
            self.counts["not told one by one"] += 1
        else:
            text = f"{_name(place)}: a tap ({expected} was due) was not answered within a second"
            self._wrong(text, "answer")


def _name(place: Place) -> str:
    return f"{place[0]} door {place[1]}"
