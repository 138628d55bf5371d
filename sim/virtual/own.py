"""Own and shared compartments, judged by whose things lie in the compartments that open, and to whose card.

Whom the board says that it opens one for stands on record, as the hash of a card. Which card was held to the bank's
reader, and whose things lie where, is known here from what people did, not from the board.
"""

from typing import TYPE_CHECKING

from firmware.controller import events as codes
from firmware.controller.points.why import AGAIN, LEFT, OWN
from sim.world.tables import Holder

from .links import key_of
from .parcels import GOOD_US, OPENS_US

if TYPE_CHECKING:
    from .bank import VirtualBank
    from .controller import VirtualController
    from .logged import LoggedEvent
    from .promises import Promises


class OwnChecks:
    """Things of somebody lie in a compartment as the negative number of who they are; parcels have numbers of theirs.

    opened_for: by compartment, whose card it was released to and why; 0: nobody knows.
    """

    def __init__(self, promises: "Promises") -> None:
        self._promises = promises
        self._scheduler = promises.scheduler
        self.opened_for: dict[tuple[str, int], tuple[int, int]] = {}
        self._keys: dict[str, dict[bytes, int]] = {}  # by board: who has the card of that hash
        self._until: dict[tuple[str, int], int] = {}  # by board and holder: so long a release may come
        self._freed: dict[tuple[str, int], int] = {}  # by compartment: when its board last told that it is free

    def knows(self, one: "VirtualController", holders: list[Holder]) -> None:
        """Who may come: their numbers are their places here, from 1 on."""
        self._keys[one.name] = {key_of(one, holder["card"]): n for n, holder in enumerate(holders, 1)}

    # What people do.

    def held(self, one: "VirtualController", who: int, opens: int = 0) -> None:
        """The last bit of a card is out. opens: the compartment that must open to it now; 0: that cannot be said."""
        now, bank = self._scheduler.now, one.bank
        self._until[one.name, who] = now + GOOD_US
        if opens and bank is not None and self._promises.compartments.rests(one, bank, opens):
            self._scheduler.after(OPENS_US, self._opened, one, bank, opens, now, one.chip.starts)

    def put_in(self, one: "VirtualController", n: int, who: int) -> None:
        assert one.bank is not None
        if -who not in one.bank.bank[n].inside:
            one.bank.bank[n].inside.append(-who)

    def take_out(self, one: "VirtualController", n: int, who: int = 0) -> None:
        """What is theirs; who 0: whoever looks after the bank takes the things of all to the office."""
        assert one.bank is not None
        inside = one.bank.bank[n].inside
        inside[:] = [thing for thing in inside if thing > 0 or (who and thing != -who)]

    def has(self, one: "VirtualController", who: int) -> list[int]:
        """Where their things lie."""
        assert one.bank is not None
        return [n for n in one.bank.bank.numbers if -who in one.bank.bank[n].inside]

    # What the board does.

    def recorded(self, one: "VirtualController", event: "LoggedEvent") -> None:
        code, n, extra, key = event[2], event[3], event[4], event[6]
        if code == codes.COMPARTMENT_STUCK and (one.name, n) in self.opened_for:  # another one may open to them
            self._until[one.name, self.opened_for[one.name, n][0]] = self._scheduler.now + GOOD_US
        if code == codes.ALLOTMENT_TAKEN and one.bank is not None:
            now = self._scheduler.now
            self._scheduler.after(OPENS_US, self._opened, one, one.bank, n, now, one.chip.starts)
        elif code == codes.ALLOTMENT_FREE:
            self._freed[one.name, n] = self._scheduler.now
        if code != codes.COMPARTMENT_RELEASED or extra == AGAIN:
            return
        self.opened_for.pop((one.name, n), None)
        if extra in (OWN, LEFT):
            who = self._keys.get(one.name, {}).get(bytes(key), -1) if key else 0
            self.opened_for[one.name, n] = who, extra
            self._released(one, n, who)

    def _released(self, one: "VirtualController", n: int, who: int) -> None:
        """1: to a card that was held there a moment ago."""
        if who == 0:
            return
        self._promises.checks["own card"] += 1
        if self._until.get((one.name, who), -1) < self._scheduler.now:
            text = f"{one.name} compartment {n}: released to a card that nobody held there"
            self._promises.red("own card", text)

    def pulsed(self, one: "VirtualController", bank: "VirtualBank", n: int, why: int) -> None:
        """15: a lock gets current for a card: nobody else's things lie there."""
        who, _ = self.opened_for.get((one.name, n), (0, 0))
        if why not in (OWN, LEFT, AGAIN) or not who:
            return
        self._promises.checks["own things"] += 1
        others = [thing for thing in bank.bank[n].inside if thing != -who]
        if others:
            what = f"delivery {others[0]}" if others[0] > 0 else f"card holder {-others[0]}"
            text = f"{one.name} compartment {n}: opened to card holder {who}, and the things of {what} lie in it"
            self._promises.red("own things", text)

    def _opened(self, one: "VirtualController", bank: "VirtualBank", n: int, since: int, starts: int) -> None:
        """16: who has one of their own, or has just taken one, gets at it."""
        if not self._promises.compartments.was_quiet(one, bank, since, starts):
            return
        if self._freed.get((one.name, n), -1) >= since:
            return
        self._promises.checks["own found"] += 1
        if self._promises.compartments.pulsed_at(one, n) < since:
            text = f"{one.name} compartment {n}: its holder's card was held there, and it stays shut"
            self._promises.red("own found", text)
