"""The promises at a bank of compartments, judged from its locks and contacts and from what is on record.

A check says nothing where nobody could know: while the line of the lock boards is in trouble, and of a contact that has
moved a moment ago.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from firmware.controller import events as codes
from firmware.controller.points.why import AGAIN, ALL, ASKED, AUDIT

from .scheduler import MS, SECOND

if TYPE_CHECKING:
    from .bank import VirtualBank
    from .controller import VirtualController
    from .logged import LoggedEvent
    from .promises import Promises

SETTLED_US = 3 * SECOND  # from a contact's move to its event at the latest, and from its event back to its move
OPENS_US = 1_500 * MS  # after its pulse a leaf has sprung open
SLACK_US = 2_500 * MS
TWICE_US = 10 * SECOND  # two pulses within this are for one opening
AFTER_US = 2 * SECOND  # a board's clock may be so late for the end of a command
LOOKS = 10  # how often it is judged of one opening that a leaf left open is told

_MOVES = (codes.COMPARTMENT_OPENED, codes.COMPARTMENT_FORCED, codes.COMPARTMENT_CLOSED, codes.COMPARTMENT_BLIND)
_ENDINGS = (codes.COMPARTMENT_OPENED, codes.COMPARTMENT_STUCK, codes.COMPARTMENT_BLIND)
# What an event says of the contact. COMPARTMENT_STUCK: with extra 1, after two pulses.
_SAYS = {
    codes.COMPARTMENT_OPENED: True,
    codes.COMPARTMENT_FORCED: True,
    codes.COMPARTMENT_FOUND_OPEN: True,
    codes.COMPARTMENT_BLIND: True,
    codes.COMPARTMENT_CLOSED: False,
    codes.COMPARTMENT_STUCK: False,
}


@dataclass
class _Seen:
    """What was seen of one compartment. Times are microseconds; -SECOND: never."""

    moved_at: int = -SECOND  # its contact, and how long it had stood before
    before_us: int = SECOND
    pulsed_at: int = -TWICE_US
    why: int = 0  # of a release on record whose pulse has not come yet
    last_why: int = 0  # of the last release
    out: bool = False  # it was told that it is out of use
    ends: bool = True  # the last pulse has had its ending
    opened_at: int = -SECOND  # when it was last told that it opened by right
    by_right: bool = False  # it was told as opened, and not as shut since
    left: int = 0  # how often it was told that it stands open
    asks: list[int] = field(default_factory=list)  # until when a release may come, each once
    told: list[tuple[int, int]] = field(default_factory=list)  # the last events: when, code


class CompartmentChecks:
    """Watches every bank of a building."""

    def __init__(self, promises: "Promises") -> None:
        self._promises = promises
        self._scheduler = promises.scheduler
        self._seen: dict[str, list[_Seen]] = {}  # by board: of each compartment
        self._coils: dict[str, list[int]] = {}  # by board: when each coil loses its current
        self._walks: dict[str, int] = {}  # by board: until when an audit walk may begin
        self._wave: dict[str, int] = {}  # by board: until when all of them may be opened one after the other

    def watch(self, one: "VirtualController", bank: "VirtualBank") -> None:
        self._seen[one.name] = [_Seen() for _ in bank.bank.numbers]
        self._coils[one.name] = []
        bank.bank.on_pulse = partial(self._pulsed, one, bank)
        bank.bank.on_contact = partial(self._moved, one, bank)

    # What the world tells.

    def asked(self, one: "VirtualController", n: int, seconds: float) -> None:
        """Somebody with a right asks for compartment n, 0: for all of them; good for so long."""
        now = self._scheduler.now
        bank = one.bank
        assert bank is not None
        wave = sum(bank.pulse_us(k) + SECOND for k in bank.bank.numbers)  # all of them may have been asked before
        if n == 0:
            self._wave[one.name] = now + int(seconds * SECOND) + AFTER_US + wave
        for k in bank.bank.numbers if n == 0 else (n,):
            self._seen[one.name][k - 1].asks.append(now + int(seconds * SECOND) + AFTER_US + wave)

    def audit_asked(self, one: "VirtualController", seconds: float) -> None:
        self._walks[one.name] = self._scheduler.now + int(seconds * SECOND) + AFTER_US

    def stopped(self, name: str) -> None:
        """The board stopped: what it was about to do is forgotten."""
        self._walks.pop(name, None)
        self._wave.pop(name, None)
        for seen in self._seen.get(name, ()):
            seen.why, seen.ends, seen.told, seen.by_right = 0, True, [], False
            seen.asks.clear()

    # Locks.

    def _pulsed(self, one: "VirtualController", bank: "VirtualBank", n: int) -> None:
        """A lock gets current."""
        promises, now, seen = self._promises, self._scheduler.now, self._seen[one.name][n - 1]
        text = f"{one.name} compartment {n}: its lock got current"
        promises.building.record(one.name, "lock", n)
        promises.checks["compartment record"] += 1
        promises.checks["one pulse"] += 1
        if not seen.why:
            check = "one pulse" if now - seen.pulsed_at < TWICE_US else "compartment record"
            promises.red(check, f"{text}, and no release is on record")
        elif seen.why == AGAIN and bank.bank[n].contact and self._clear(bank, seen, seen.pulsed_at):
            promises.red("one pulse", f"{text} once more, and its contact says that it is open")
        elif seen.by_right and bank.bank[n].contact and self._clear(bank, seen, seen.moved_at):
            promises.red("one pulse", f"{text}, and it stands open by right")
        self._current(one, bank, n)
        promises.parcels.pulsed(one, bank, n, seen.why)
        promises.own.pulsed(one, bank, n, seen.why)
        seen.why, seen.pulsed_at, seen.ends = 0, now, False
        due = bank.pulse_us(n) + OPENS_US + SLACK_US
        self._scheduler.after(due, self._has_ended, one, bank, n, now, one.chip.starts)

    def _current(self, one: "VirtualController", bank: "VirtualBank", n: int) -> None:
        now = self._scheduler.now
        running = [end for end in self._coils[one.name] if end > now]
        self._coils[one.name] = [*running, now + bank.pulse_us(n)]
        self._promises.checks["coils"] += 1
        if len(running) >= bank.most:
            text = f"{len(running) + 1} locks have current at once, and the supply bears {bank.most}"
            self._promises.red("coils", f"{one.name} compartment {n}: {text}")

    def _has_ended(
        self, one: "VirtualController", bank: "VirtualBank", n: int, pulsed: int, starts: int, last: int = -1
    ) -> None:
        """Each opening has an ending. It may wait for its second pulse while others get theirs."""
        seen = self._seen[one.name][n - 1]
        if seen.ends or seen.pulsed_at != pulsed or not self._at_work(one, starts, pulsed) or self._ails(bank, pulsed):
            return
        latest = max(other.pulsed_at for other in self._seen[one.name])
        if latest > max(last, self._scheduler.now - OPENS_US - SLACK_US):
            self._scheduler.after(SLACK_US, self._has_ended, one, bank, n, pulsed, starts)
            return
        self._promises.checks["ending"] += 1
        self._promises.red("ending", f"{one.name} compartment {n}: its lock got current, and nothing is told of it")

    # Contacts.

    def _moved(self, one: "VirtualController", bank: "VirtualBank", n: int) -> None:
        """The contact says something else."""
        now, seen = self._scheduler.now, self._seen[one.name][n - 1]
        seen.before_us, seen.moved_at = now - seen.moved_at, now
        is_open = bank.bank[n].contact
        self._promises.building.record(one.name, "compartment", n, is_open)
        self._scheduler.after(SETTLED_US, self._was_told, one, bank, n, now, is_open, one.chip.starts)

    def _was_told(
        self, one: "VirtualController", bank: "VirtualBank", n: int, moved: int, is_open: bool, starts: int
    ) -> None:
        """Each move is told once, as what it is."""
        seen = self._seen[one.name][n - 1]
        if seen.moved_at != moved or seen.before_us < SETTLED_US or self._ails(bank, moved):
            return
        if not self._at_work(one, starts, moved - SETTLED_US):
            return
        told = [code for at, code in seen.told if at >= moved and code in _MOVES]
        if told[:1] == [codes.COMPARTMENT_FORCED]:  # and then somebody had it opened
            told = [code for code in told if code != codes.COMPARTMENT_BLIND]
        right = self._right(seen, moved, is_open)
        if right:
            self._promises.checks["compartment told"] += 1
            if len(told) != 1 or told[0] not in right:
                text = f"{one.name} compartment {n}: {'opened' if is_open else 'shut'}, and told {told}"
                self._promises.red("compartment told", text)

    def _right(self, seen: _Seen, moved: int, is_open: bool) -> tuple[int, ...]:
        """What a move should be told as; nothing: that cannot be said."""
        pulsed = seen.pulsed_at == moved  # soon after a pulse that jammed a crowbar may do it
        waits = not seen.ends or seen.pulsed_at > moved - SETTLED_US or seen.why or seen.asks
        if not is_open:
            return () if waits else (codes.COMPARTMENT_CLOSED,)
        if pulsed:
            return (codes.COMPARTMENT_OPENED,)
        if waits:
            return (codes.COMPARTMENT_OPENED, codes.COMPARTMENT_FORCED, codes.COMPARTMENT_BLIND)
        return (codes.COMPARTMENT_FORCED,)

    # Events.

    def recorded(self, one: "VirtualController", event: "LoggedEvent") -> None:
        """An event is on flash."""
        code, n, extra, now = event[2], event[3], event[4], self._scheduler.now
        if one.bank is None or not codes.COMPARTMENT_RELEASED <= code <= codes.COMPARTMENT_FOUND_OPEN:
            return
        seen = self._seen[one.name][n - 1]
        seen.told = [*((at, what) for at, what in seen.told if at > now - TWICE_US), (now, code)]
        if code == codes.COMPARTMENT_RELEASED:
            self._released(one, seen, n, extra)
        elif code in _ENDINGS:
            self._promises.checks["ending"] += not seen.ends
            seen.ends = True
        if code in _SAYS and (code != codes.COMPARTMENT_STUCK or extra == 1):
            self._true(one, one.bank, seen, n, code)
        if code in (codes.COMPARTMENT_STUCK, codes.COMPARTMENT_BLIND, codes.COMPARTMENT_RIGHT):
            seen.out = code != codes.COMPARTMENT_RIGHT
        if code in _MOVES:
            seen.by_right = code == codes.COMPARTMENT_OPENED
        if code == codes.COMPARTMENT_LEFT_OPEN:
            seen.left += 1
        elif code == codes.COMPARTMENT_OPENED:
            seen.left, seen.opened_at = 0, now
            due = one.bank.left_open_us + SETTLED_US
            self._scheduler.after(due, self._left_open, one, one.bank, n, now, 1, one.chip.starts)

    def _released(self, one: "VirtualController", seen: _Seen, n: int, why: int) -> None:
        """1: somebody with a right asked for it."""
        promises, now = self._promises, self._scheduler.now
        promises.checks["compartment right"] += 1
        text = f"{one.name} compartment {n}: released"
        if why == AGAIN:
            if seen.last_why == AGAIN or (seen.ends and not seen.why):
                promises.red("one pulse", f"{text} once more, and its opening has had its ending")
            seen.ends = True  # the next pulse begins its own
        elif why == AUDIT:
            if one.name not in self._walks:
                promises.red("compartment right", f"{text} by an audit walk that nobody asked for")
        elif why in (ASKED, ALL):  # of a code: parcels.py
            seen.asks = [until for until in seen.asks if until >= now]
            if seen.asks:
                seen.asks.pop(0)
            else:
                promises.red("compartment right", f"{text}, and nobody with a right asked for it")
        seen.why = seen.last_why = why

    def _true(self, one: "VirtualController", bank: "VirtualBank", seen: _Seen, n: int, code: int) -> None:
        """What is told of a contact is what it says, or said a moment ago."""
        now = self._scheduler.now
        if seen.moved_at > now - SETTLED_US or self._ails(bank, now - SETTLED_US):
            return
        self._promises.checks["compartment true"] += 1
        if bank.bank[n].contact != _SAYS[code]:
            how = "open" if bank.bank[n].contact else "shut"
            self._promises.red("compartment true", f"{one.name} compartment {n}: event {code}, and it is {how}")

    def _left_open(
        self, one: "VirtualController", bank: "VirtualBank", n: int, opened: int, times: int, starts: int
    ) -> None:
        """So often it should have been told by now that it stands open."""
        seen = self._seen[one.name][n - 1]
        if seen.moved_at > opened or not self._at_work(one, starts, opened) or self._ails(bank, opened):
            return
        if not bank.bank[n].contact:
            return
        self._promises.checks["left open"] += 1
        if seen.left != times:
            text = f"it stands open for {times} times {bank.left_open_us // SECOND} s, told {seen.left} times"
            self._promises.red("left open", f"{one.name} compartment {n}: {text}")
        elif times < LOOKS:
            self._scheduler.after(bank.left_open_us, self._left_open, one, bank, n, opened, times + 1, starts)

    # What is known, to others too.

    def pulsed_at(self, one: "VirtualController", n: int) -> int:
        return self._seen[one.name][n - 1].pulsed_at

    def moved_at(self, one: "VirtualController", n: int) -> int:
        return self._seen[one.name][n - 1].moved_at

    def in_use(self, one: "VirtualController", n: int) -> bool:
        """Whether it was not told that it is out of use."""
        return not self._seen[one.name][n - 1].out

    def rests(self, one: "VirtualController", bank: "VirtualBank", n: int) -> bool:
        """Whether the board must know that it is shut, and that nobody wants it opened."""
        seen, at = self._seen[one.name][n - 1], bank.bank[n]
        settled = seen.moved_at < self._scheduler.now - SETTLED_US
        return settled and not at.open and at.lies is None and not seen.why and seen.ends and not seen.asks

    def was_seen_shut(self, one: "VirtualController", n: int, since: int, starts: int) -> bool:
        """Whether the board must have seen that it was shut then, after its lock had opened it for a while."""
        seen, bank = self._seen[one.name][n - 1], one.bank
        assert bank is not None
        by_lock = 0 <= since - seen.before_us - seen.pulsed_at < SECOND and seen.opened_at > seen.pulsed_at
        steady = seen.moved_at == since and seen.before_us >= SETTLED_US and not bank.bank[n].contact
        quiet = self.was_quiet(one, bank, seen.pulsed_at, starts)  # a start knows of the last opening only
        return by_lock and steady and quiet

    def stands_open(self, one: "VirtualController", n: int) -> bool:
        """Whether it has stood open, for all to see, since its lock got current."""
        seen, bank = self._seen[one.name][n - 1], one.bank
        assert bank is not None
        at = bank.bank[n]
        since_pulse = 0 <= seen.moved_at - seen.pulsed_at < SECOND
        return at.open and at.lies is None and since_pulse and not self._ails(bank, seen.pulsed_at)

    def was_quiet(self, one: "VirtualController", bank: "VirtualBank", since: int, starts: int) -> bool:
        """Whether nothing has put an opening off since then."""
        waves = self._wave.get(one.name, -1) >= since or one.name in self._walks
        return self._at_work(one, starts, since - SETTLED_US) and not self._ails(bank, since) and not waves

    def _at_work(self, one: "VirtualController", starts: int, since: int) -> bool:
        """Whether the board worked all the time since then."""
        began = self._promises.started.get(one.name)
        return one.chip.on and one.chip.starts == starts and began is not None and began <= since

    def _ails(self, bank: "VirtualBank", since: int) -> bool:
        return bank.troubled_until >= since

    def _clear(self, bank: "VirtualBank", seen: _Seen, since: int) -> bool:
        """Whether the contact has stood, readable, for a while."""
        return seen.moved_at < self._scheduler.now - SECOND and not self._ails(bank, since)
