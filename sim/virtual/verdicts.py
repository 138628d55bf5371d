"""Whether the doors decided as they should: every tap is answered by one record, of the right kind, in time."""

from collections import Counter
from collections.abc import Callable

from firmware.controller import events as codes

from .scheduler import SECOND

GRANTED, DENIED, MISREAD, ANYTHING = "granted", "denied", "misread", "anything"  # what is expected, what was said
PATIENCE_US = SECOND

_SAID = {codes.GRANTED: GRANTED, codes.READER_MISREAD: MISREAD}
_SAID.update(dict.fromkeys(range(codes.DENIED_UNKNOWN, codes.DENIED_DAMAGED + 1), DENIED))
# A board that has no access list yet, or does not know the time, turns people away whom it will let in later.
_NO_LIST = (codes.DENIED_UNKNOWN, codes.DENIED_DOOR)


class Verdicts:
    """now(): microseconds. wrong(sentence, check): called for each verdict that must not be; check as in checks.py.

    ready: whether all boards hold their access list, so that who has a right must be let in.
    """

    def __init__(self, now: Callable[[], int], wrong: Callable[[str, str], None]) -> None:
        self.counts: Counter[str] = Counter()
        self.ready = False
        self.remote: dict[tuple[str, int], int] = {}  # by door: when it was last released by a good command
        self._now = now
        self._wrong = wrong
        self._commands: dict[tuple[str, int], list[int]] = {}  # by door: until when a release may come
        self._open: dict[tuple[str, int], list[tuple[str, int]]] = {}  # by door: what is expected, since when

    def tapped(self, controller: str, door: int, expected: str) -> None:
        """A card was read at a door."""
        self.counts["taps"] += 1
        self._too_late(controller, door)
        self._open.setdefault((controller, door), []).append((expected, self._now()))

    def may_release(self, controller: str, door: int, until: int) -> None:
        """The cloud was told to release a door, once, and not after that time."""
        self._commands.setdefault((controller, door), []).append(until)

    def recorded(self, controller: str, door: int, code: int) -> None:
        """An event of the firmware is on flash."""
        if code == codes.RELEASED_REMOTE:
            self._released(controller, door)
        said = _SAID.get(code)
        if said is None:
            return
        place = f"{controller} door {door}"
        self._too_late(controller, door)
        waiting = self._open.get((controller, door))
        if not waiting:
            self._wrong(f"{place}: a verdict (code {code}) without a tap", "verdict")
            return
        expected = waiting.pop(0)[0]
        self.counts[said] += 1
        if expected in (said, ANYTHING):
            return
        if expected == GRANTED and (code == codes.DENIED_NO_CLOCK or (code in _NO_LIST and not self.ready)):
            self.counts["turned away unready"] += 1
            return
        check = "let in" if said == GRANTED else "verdict"
        self._wrong(f"{place}: {said} (code {code}), and {expected} was due", check)

    def forget(self, controller: str) -> None:
        """The board stopped: what was read and not yet decided is gone."""
        for (name, _), waiting in self._open.items():
            if name == controller:
                self.counts["cut off"] += len(waiting)
                waiting.clear()

    def _released(self, controller: str, door: int) -> None:
        open_until = [until for until in self._commands.get((controller, door), []) if until >= self._now()]
        if not open_until:
            self._wrong(f"{controller} door {door}: released from afar, and no command is good", "command")
        else:
            self.remote[controller, door] = self._now()
        self._commands[controller, door] = open_until[1:]
        self.counts["released from afar"] += 1

    def _too_late(self, controller: str, door: int) -> None:
        waiting = self._open.get((controller, door))
        while waiting and self._now() - waiting[0][1] > PATIENCE_US:
            expected = waiting.pop(0)[0]
            if expected != ANYTHING:
                text = f"{controller} door {door}: a tap ({expected} was due) was not answered within a second"
                self._wrong(text, "answer")
