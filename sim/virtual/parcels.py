"""The promises to who sends and fetches parcels, judged by what lies in the compartments that open, and for whom.

A release of a delivery names it on record. Whether its code was typed, where its parcel lies and whether it should have
opened is known here from what people did, not from the board.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firmware.controller import events as codes

from .scheduler import SECOND

if TYPE_CHECKING:
    from .bank import VirtualBank
    from .controller import VirtualController
    from .logged import LoggedEvent
    from .promises import Promises

DEPOSIT, PICK_UP = "deposit", "pick-up"
AGAIN = 4
RELEASES = {5: DEPOSIT, 6: PICK_UP}  # extra of COMPARTMENT_RELEASED
SIZES = "SMLX"
GOOD_US = 60 * SECOND  # so long after its code a compartment may open: one that jams first, others before it
OPENS_US = 8 * SECOND  # and so soon it does in a quiet hour
AGAIN_US = 130 * SECOND  # a deposit code opens again so long after the leaf was shut, and a little for who looks late
DAY_US = 86_400 * SECOND
PAUSE_US = 1_000 * SECOND  # 15 minutes and a little: so long nothing may be taken after wrong codes
IN_A_ROW = 5  # wrong codes in a row after which a bank takes nothing for a while
FEW = 5  # wrong ones of ten digits in a day that do not make a bank ask for thirteen
MOST_SHORT = 17  # and so many it bears at the most
_OVER = (codes.DELIVERY_DEPOSITED, codes.DELIVERY_PICKED_UP, codes.DELIVERY_CANCELLED, codes.NO_ROOM)
TOLD_US = 4 * SECOND  # from a leaf that was shut to what that means for its delivery


@dataclass
class KnownDelivery:
    """number, and the two codes of 13 digits, as its sender has them. size: 1 to 4, what its parcel needs.

    claimed, given: the compartment that its board put on record for it, and whose lock got current; 0 for none. moves:
    the one before, until another one was shut. asked: the size that was typed last.
    lies: where its parcel lies. shut_at: when that one was last shut, -1 before. dead: since when its codes do nothing.
    his: all compartments that were given to it; keeps: those that stood open for it, and nobody has looked into since.
    typed: by kind, until when a release may come, and whether its code had ten digits.
    """

    number: int
    codes: dict[str, str]
    size: int = 1
    claimed: int = 0
    given: int = 0
    moves: int = 0
    lies: int = 0
    asked: int = 0
    shut_at: int = -1
    dead: int | None = None
    his: set[int] = field(default_factory=set)
    keeps: set[int] = field(default_factory=set)
    typed: dict[str, tuple[int, bool]] = field(default_factory=dict)


class ParcelChecks:
    def __init__(self, promises: "Promises") -> None:
        self._promises = promises
        self._scheduler = promises.scheduler
        self.deliveries: dict[str, dict[int, KnownDelivery]] = {}  # by board and number
        self.opened_for: dict[tuple[str, int], tuple[int, str]] = {}  # by compartment: delivery, what for
        self.not_for_parcels: set[int] = set()  # compartments that are somebody's own now and then
        self._may: dict[tuple[str, int], int] = {}  # by compartment: the delivery whose code was typed, open or not
        self._row: dict[str, int] = {}  # by board: wrong codes since a delivery went well, and when the last one came
        self._wrong_at: dict[str, int] = {}
        self._short: dict[str, list[int]] = {}  # by board: when a wrong code of ten digits was looked at for certain
        self._brief: dict[str, list[int]] = {}  # the same, and those that were perhaps looked at

    def made(self, one: "VirtualController", delivery: KnownDelivery) -> None:
        """Somebody has its codes."""
        known = self.deliveries.setdefault(one.name, {})
        self._promises.checks["own codes"] += 1
        if delivery.number in known:
            text = f"{one.name}: two senders have the codes of delivery {delivery.number}"
            self._promises.red("own codes", text)
        known[delivery.number] = delivery

    def of(self, one: "VirtualController") -> list[KnownDelivery]:
        return list(self.deliveries.get(one.name, {}).values())

    # What people do.

    def typed_wrong(self, one: "VirtualController", short: bool, sure: bool = True) -> None:
        """A code that must open nothing was typed. sure: the board has read every key."""
        now, name = self._scheduler.now, one.name
        if short and one.chip.on:
            self._brief.setdefault(name, []).append(now)
            if sure and self._row.get(name, 0) < IN_A_ROW and len(self._lately(self._short, name)) < MOST_SHORT:
                self._short.setdefault(name, []).append(now)
        self._row[name] = self._row.get(name, 0) + 1
        self._wrong_at[name] = now

    def typed(self, one: "VirtualController", delivery: KnownDelivery, kind: str, short: bool, sure: bool) -> None:
        """The last key of a right code, of a courier that of the size. sure: the board has read every one."""
        now, bank = self._scheduler.now, one.bank
        assert bank is not None
        delivery.typed[kind] = now + GOOD_US, short
        if kind == PICK_UP:
            for n in delivery.his:
                self._may[one.name, n] = delivery.number
        if not sure:
            self.typed_wrong(one, short, sure=False)
        elif not self._is_wary(one, short):
            check = self._found if kind == PICK_UP else self._taken_in
            if self._is_due(one, bank, delivery, kind):
                self._scheduler.after(OPENS_US, check, one, bank, delivery, now, one.chip.starts)

    def put_in(self, one: "VirtualController", n: int, delivery: KnownDelivery) -> None:
        assert one.bank is not None
        if delivery.lies:
            one.bank.bank[delivery.lies].inside.remove(delivery.number)
        one.bank.bank[n].inside.append(delivery.number)
        delivery.lies = n

    def take_out(self, one: "VirtualController", n: int) -> None:
        """Every parcel that lies in it; somebody's own things (own.py) stay."""
        assert one.bank is not None
        inside = one.bank.bank[n].inside
        for number in inside:
            if number > 0:
                self.deliveries[one.name][number].lies = 0
        inside[:] = [thing for thing in inside if thing < 0]

    def shut(self, one: "VirtualController", n: int) -> None:
        """A leaf was shut, and its latch caught."""
        now = self._scheduler.now
        for delivery in self.of(one):
            if n in (delivery.given, delivery.lies):
                delivery.shut_at = now
            if PICK_UP in delivery.typed and self.opened_for.get((one.name, n)) == (delivery.number, PICK_UP):
                delivery.typed[PICK_UP] = now + GOOD_US, False  # where he moved, he is shown the other one too
        if (one.name, n) in self.opened_for:
            self._scheduler.after(TOLD_US, self._was_told, one, n, self.opened_for[one.name, n], now, one.chip.starts)

    # What the board does.

    def stopped(self, name: str) -> None:
        """Its pauses begin anew. What it put on record and did not do yet it may do otherwise."""
        self._wrong_at[name] = self._scheduler.now

    def recorded(self, one: "VirtualController", event: "LoggedEvent") -> None:
        code, n, extra, key = event[2], event[3], event[4], event[6]
        number = int.from_bytes(key[:4], "little") if key else 0
        delivery = self.deliveries.get(one.name, {}).get(number)
        if code == codes.COMPARTMENT_RELEASED and extra in RELEASES:
            self._released(one, n, number, delivery, RELEASES[extra])
        elif code == codes.COMPARTMENT_RELEASED and extra != AGAIN:
            self.opened_for.pop((one.name, n), None)
        elif code == codes.COMPARTMENT_STUCK and (one.name, n) in self.opened_for:
            self._tries_another(one, *self.opened_for[one.name, n])
        elif code in (codes.COMPARTMENT_OPENED, codes.COMPARTMENT_CLOSED) and (one.name, n) in self.opened_for:
            self._keeps(one, n, code, *self.opened_for[one.name, n])
        elif delivery is not None and code in _OVER:
            self._went_on(one, n, delivery, code)

    def _keeps(self, one: "VirtualController", n: int, code: int, number: int, kind: str) -> None:
        """Where a courier stood before an open leaf his parcel may lie, until its recipient has looked into it."""
        delivery = self.deliveries.get(one.name, {}).get(number)
        if delivery is None or delivery.dead is not None:
            return
        if kind == DEPOSIT and code == codes.COMPARTMENT_OPENED:
            delivery.keeps.add(n)
        elif kind == PICK_UP and code == codes.COMPARTMENT_CLOSED:
            delivery.keeps.discard(n)
            if delivery.given == n and delivery.keeps:  # he is shown the other one now
                delivery.given = delivery.claimed = max(delivery.keeps)

    def _went_on(self, one: "VirtualController", n: int, delivery: KnownDelivery, code: int) -> None:
        if code == codes.NO_ROOM:
            if delivery.given == n:
                delivery.given = delivery.claimed = 0
            return
        if code == codes.DELIVERY_DEPOSITED:
            delivery.shut_at = max(delivery.shut_at, self._scheduler.now)  # its code opens again from now on
            delivery.moves *= delivery.moves == n
        if code != codes.DELIVERY_CANCELLED:
            self._proof(one, n, delivery, DEPOSIT if code == codes.DELIVERY_DEPOSITED else PICK_UP)
        if code != codes.DELIVERY_DEPOSITED:
            self._row[one.name] = 0
            delivery.dead, delivery.given, delivery.claimed = self._scheduler.now, 0, 0

    def _tries_another(self, one: "VirtualController", number: int, kind: str) -> None:
        """A compartment did not open: another one may, for the same code."""
        delivery = self.deliveries.get(one.name, {}).get(number)
        if delivery is not None and kind in delivery.typed:
            delivery.typed[kind] = self._scheduler.now + GOOD_US, delivery.typed[kind][1]

    def _released(
        self, one: "VirtualController", n: int, number: int, delivery: KnownDelivery | None, kind: str
    ) -> None:
        """1 and 17: its code was typed a moment ago, and is no code of the past; 16 wrong ones are borne in a day."""
        promises, now = self._promises, self._scheduler.now
        text = f"{one.name} compartment {n}: released for the {kind} of delivery {number}"
        self.opened_for[one.name, n] = number, kind
        for check in ("code", "code once", "tries"):
            promises.checks[check] += 1
        if delivery is None:
            promises.red("code", f"{text}, which nobody has a code of")
            return
        until, short = delivery.typed.get(kind, (-1, False))
        if until < now:
            promises.red("code", f"{text}, and nobody typed its code")
        if short and len(self._lately(self._short, one.name)) >= MOST_SHORT:
            promises.red("tries", f"{text}, by ten digits, after {MOST_SHORT} wrong ones in a day")
        if delivery.dead is not None:
            promises.red("code once", f"{text}, which was over {(now - delivery.dead) // SECOND} s ago")
        if kind == DEPOSIT:
            self._deposited_before(one, delivery, text)
            if not delivery.claimed:
                self._row[one.name] = 0
            elif delivery.claimed != n:
                delivery.moves = delivery.claimed
            delivery.claimed = n

    def _deposited_before(self, one: "VirtualController", delivery: KnownDelivery, text: str) -> None:
        """17: a deposit code opens again for two minutes after its parcel was put in, and no longer."""
        assert one.bank is not None
        if not delivery.given or delivery.shut_at < 0 or one.bank.bank[delivery.given].contact:
            return
        shut = max(delivery.shut_at, self._promises.compartments.moved_at(one, delivery.given))
        if self._scheduler.now > shut + AGAIN_US:
            ago = (self._scheduler.now - shut) // SECOND
            self._promises.red("code once", f"{text}, which was deposited {ago} s ago")

    def pulsed(self, one: "VirtualController", bank: "VirtualBank", n: int, why: int) -> None:
        """A lock gets current. 14 and 15: what lies in it belongs to who has typed the code."""
        if why not in (*RELEASES, AGAIN) or (one.name, n) not in self.opened_for:
            return
        number, kind = self.opened_for[one.name, n]
        promises, others = self._promises, [other for other in bank.bank[n].inside if other != number]
        text = f"{one.name} compartment {n}: opened for the {kind} of delivery {number}"
        promises.checks["right parcel"] += 1
        if kind == PICK_UP and others:
            promises.red("right parcel", f"{text}, and the parcel of {others[0]} lies in it")
        if kind == DEPOSIT:
            promises.checks["given once"] += 1
            others += [
                other.number
                for other in self.of(one)
                if other.number != number and (other.given == n or (n in other.keeps and other.dead is None))
            ]
            if others:
                promises.red("given once", f"{text}, and it is that of {others[0]}")
            delivery = self.deliveries.get(one.name, {}).get(number)
            if delivery is not None:
                promises.checks["out of use"] += 1
                if n not in delivery.his and not promises.compartments.in_use(one, n):
                    promises.red("out of use", f"{text}, and it was told that it is out of use")
                delivery.given = n
                # One that was given to it before opens again whatever is asked for: its parcel may lie there.
                if n not in delivery.his and SIZES.index(bank.table["sizes"][n - 1]) + 1 < delivery.asked:
                    promises.red("room", f"{text}, which asked for size {delivery.asked}")
                delivery.his.add(n)

    def _proof(self, one: "VirtualController", n: int, delivery: KnownDelivery, kind: str) -> None:
        """What the cloud will call a proof happened: it was given that compartment, or its pick-up code was typed."""
        self._promises.checks["proof"] += 1
        given = n in delivery.his or n == delivery.claimed
        if self._promises.compartments.stands_open(one, n):
            given = False  # since its lock got current
        if not given or (kind == PICK_UP and self._may.get((one.name, n)) != delivery.number):
            text = f"{one.name} compartment {n}: {kind} of delivery {delivery.number} is on record"
            self._promises.red("proof", f"{text}, and it was none")

    def _was_told(self, one: "VirtualController", n: int, what: tuple[int, str], since: int, starts: int) -> None:
        """A leaf that was opened for a delivery and shut ends its deposit, or the delivery."""
        promises, (number, kind) = self._promises, what
        delivery = self.deliveries.get(one.name, {}).get(number)
        if delivery is None or not promises.compartments.was_seen_shut(one, n, since, starts):
            return
        if self.opened_for.get((one.name, n)) != what or self._went_to_another(one, n, what, since):
            return
        promises.checks["proof"] += 1
        if kind == PICK_UP and delivery.dead is None:
            text = f"{one.name} compartment {n}: delivery {number} was picked up, and that is not on record"
            promises.red("proof", text)
        elif kind == DEPOSIT and not self._is_on_record(one, codes.DELIVERY_DEPOSITED, number):
            text = f"{one.name} compartment {n}: delivery {number} was deposited, and that is not on record"
            promises.red("proof", text)

    def _went_to_another(self, one: "VirtualController", n: int, what: tuple[int, str], since: int) -> bool:
        """Whether another compartment was opened for the same after this one: what becomes of it counts."""
        pulsed_at = self._promises.compartments.pulsed_at
        return any(
            other != n and name == one.name and each == what and pulsed_at(one, other) > pulsed_at(one, n)
            for (name, other), each in self.opened_for.items()
        )

    def _is_on_record(self, one: "VirtualController", code: int, number: int) -> bool:
        """Among the last events."""
        key = number.to_bytes(4, "little")
        return any(event[2] == code and event[6] and event[6][:4] == key for event in one.recorded[-200:])

    def _is_due(self, one: "VirtualController", bank: "VirtualBank", delivery: KnownDelivery, kind: str) -> bool:
        """Whether a right code must open something now."""
        if delivery.dead is not None:
            return False
        compartments = self._promises.compartments
        if kind == PICK_UP:
            if any(bank.bank[n].open for n in delivery.his):  # of two that are his he is shown one after the other
                return False
            return (
                bool(delivery.lies) and delivery.lies == delivery.given and compartments.rests(one, bank, delivery.lies)
            )
        if delivery.claimed or delivery.given:
            return False
        taken = {n for other in self.of(one) for n in (other.given, other.claimed, other.lies, other.moves)}
        taken |= {n for other in self.of(one) if other.dead is None for n in other.keeps}
        taken |= self.not_for_parcels
        sizes = bank.table["sizes"]
        return any(
            n not in taken
            and SIZES.index(sizes[n - 1]) + 1 >= delivery.size
            and compartments.rests(one, bank, n)
            and compartments.in_use(one, n)
            for n in bank.bank.numbers
        )

    def _found(
        self, one: "VirtualController", bank: "VirtualBank", delivery: KnownDelivery, since: int, starts: int
    ) -> None:
        """16: a parcel can be taken out by its code."""
        if not self._promises.compartments.was_quiet(one, bank, since, starts) or delivery.dead is not None:
            return
        self._promises.checks["found"] += 1
        if self._promises.compartments.pulsed_at(one, delivery.given) < since:
            text = f"{one.name} compartment {delivery.given}: the code of delivery {delivery.number} was typed"
            self._promises.red("found", f"{text}, and its parcel stays in it")

    def _taken_in(
        self, one: "VirtualController", bank: "VirtualBank", delivery: KnownDelivery, since: int, starts: int
    ) -> None:
        """0: who brings a parcel gets a compartment, where there is one."""
        if not self._promises.compartments.was_quiet(one, bank, since, starts) or delivery.dead is not None:
            return
        self._promises.checks["room"] += 1
        if not delivery.given and not self._room_went(one, delivery.number, since):
            text = f"{one.name}: delivery {delivery.number} of size {delivery.size} got no compartment, and one is free"
            self._promises.red("room", text)

    def _room_went(self, one: "VirtualController", number: int, since: int) -> bool:
        """Whether somebody else got one meanwhile: it may have been the last."""
        return any(other.number != number and other.typed.get(DEPOSIT, (0, 0))[0] > since for other in self.of(one))

    # How wary the board may be.

    def _lately(self, times: dict[str, list[int]], name: str) -> list[int]:
        """Of this day, and a little less."""
        lately = [at for at in times.get(name, ()) if at > self._scheduler.now - DAY_US + PAUSE_US]
        times[name] = lately
        return lately

    def _is_wary(self, one: "VirtualController", short: bool) -> bool:
        """Whether the board may take nothing now, or no short code."""
        name = one.name
        pauses = self._row.get(name, 0) >= IN_A_ROW and self._wrong_at[name] > self._scheduler.now - PAUSE_US
        return pauses or (short and len(self._brief.get(name, ())) > FEW)
