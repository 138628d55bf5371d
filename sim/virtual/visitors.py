"""Who comes to a bank: couriers with parcels, recipients with codes, who mistype, guess, or leave a leaf open."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from .parcels import AGAIN_US, DEPOSIT, PICK_UP, SIZES, KnownDelivery
from .scheduler import MS, SECOND
from .verdicts import ANYTHING

if TYPE_CHECKING:
    from .building import VirtualBuilding
    from .controller import VirtualController

KEY_US = 300 * MS  # between two keys
WAITS_US = 12 * SECOND  # who sees nothing open for so long types again
TRIES = 4  # how often somebody types before he goes away
MISFITS = 3  # and how often he asks for a larger one when his parcel does not fit
SHORT, LONG = 10, 13
# Of all, how many ...
WRONG = 0.06  # mistype a digit
PAST = 0.05  # recipients type a code of the past first
OTHER_SLIP = 0.08  # recipients type the courier's code first
ALL_DIGITS = 0.1  # have all digits read from a screen
TOO_SMALL = 0.08  # couriers ask for a compartment that their parcel does not fit into
LEFT = 0.04  # leave the leaf open for minutes
SLIPS = 0.03  # latches do not catch when they are shut


def _keys(digits: str) -> str:
    """What is pressed: what stood there is forgotten; all digits need no # at their end."""
    return f"*{digits}" + "#" * (len(digits) < LONG)


class Visitors:
    """Of the bank at one controller. chance: what they do follows from it. patience_s: a recipient comes within."""

    def __init__(
        self, building: "VirtualBuilding", one: "VirtualController", chance: Random, patience_s: float = 7_200
    ) -> None:
        assert one.bank is not None
        self.building = building
        self.controller = one
        self.bank = one.bank
        self.scheduler = building.scheduler
        self.parcels = building.promises.parcels
        self.counts: Counter[str] = Counter()
        self.on = True
        self._chance = chance
        self._patience_s = patience_s
        door = self.bank.table["keypad"].get("door", 0)
        self._keypad = one.doors[door - 1] if door else self.bank.reader
        self.on_own: Callable[[int], None] = lambda n: None  # the leaf of a compartment that is opened to a card
        self._free_at = 0  # when the keypad is nobody's
        self._past: list[KnownDelivery] = []  # taken out
        self._misfits: Counter[int] = Counter()  # by delivery
        self.bank.bank.on_open = self._opened

    # Couriers.

    def brings(self, delivery: KnownDelivery, after_us: int = 0) -> None:
        """A courier has a parcel, and its deposit code."""
        self.scheduler.after(after_us, self._deposit, delivery, TRIES)

    def _deposit(self, delivery: KnownDelivery, tries: int, size: int = 0) -> None:
        if not self.on or delivery.lies or delivery.dead is not None:
            return
        if not size:
            small = delivery.size > 1 and self._chance.random() < TOO_SMALL
            size = delivery.size - 1 if small else delivery.size
        digits = self._digits(delivery.codes[DEPOSIT], tries)
        right = digits in (delivery.codes[DEPOSIT], delivery.codes[DEPOSIT][:SHORT])
        short = len(digits) == SHORT

        def done(sure: bool) -> None:
            self.counts["deposit codes typed"] += 1
            delivery.asked = size
            if right:
                self.parcels.typed(self.controller, delivery, DEPOSIT, short, sure and size == delivery.size)
            else:
                self.parcels.typed_wrong(self.controller, short, sure)
            if tries > 1:
                self.scheduler.after(WAITS_US, self._deposit_again, delivery, tries - 1)

        self._type(f"{_keys(digits)}{size}#", done)

    def _deposit_again(self, delivery: KnownDelivery, tries: int) -> None:
        if not delivery.given:
            self._deposit(delivery, tries)

    def _put_in(self, n: int, delivery: KnownDelivery) -> None:
        """The courier stands before a leaf that has opened."""
        if not self.bank.bank[n].open or delivery.given != n or delivery.lies == n:
            return
        if SIZES.index(self.bank.table["sizes"][n - 1]) + 1 < delivery.size:
            self.counts["parcels that did not fit"] += 1
            self._misfits[delivery.number] += 1
            if self._misfits[delivery.number] > MISFITS:
                return
            self.scheduler.after(8 * SECOND, self._deposit, delivery, 2, delivery.size)
            return
        self.counts["parcels put in"] += 1
        self.parcels.put_in(self.controller, n, delivery)
        wait_s = 60 + self._chance.random() * self._patience_s
        self.scheduler.after(int(wait_s * SECOND), self._fetch, delivery, TRIES)

    # Recipients.

    def _fetch(self, delivery: KnownDelivery, tries: int) -> None:
        if not self.on or not delivery.lies:
            return
        code = delivery.codes[PICK_UP]
        digits = self._digits(code, tries)
        over = [each for each in self._past if each.dead is not None]
        if over and tries == TRIES and self._chance.random() < PAST:
            digits = self._chance.choice(over).codes[PICK_UP][: len(digits)]
        slip = tries == TRIES and self._chance.random() < OTHER_SLIP and self._is_deposited(delivery)
        if slip:
            digits = delivery.codes[DEPOSIT][: len(digits)]
        right, short = digits in (code, code[:SHORT]), len(digits) == SHORT

        def done(sure: bool) -> None:
            self.counts["pick-up codes typed"] += 1
            if right:
                self.parcels.typed(self.controller, delivery, PICK_UP, short, sure)
                if delivery.lies and self.bank.bank[delivery.lies].open:  # by somebody else
                    self._take_out(delivery.lies, delivery)
            else:
                self.parcels.typed_wrong(self.controller, short, sure)
            self.scheduler.after(WAITS_US, self._fetch_again, delivery, tries - 1)

        self._type(_keys(digits) + "1#" * slip, done)

    def _is_deposited(self, delivery: KnownDelivery) -> bool:
        """So long ago that its deposit code opens nothing any more."""
        open_now = self.bank.bank[delivery.lies].open or delivery.given != delivery.lies
        return not open_now and 0 <= delivery.shut_at < self.scheduler.now - AGAIN_US - 10 * SECOND

    def _fetch_again(self, delivery: KnownDelivery, tries: int) -> None:
        """Nothing opened: once more, and later, when the keypad may take codes again."""
        if not delivery.lies or self.bank.bank[delivery.lies].open:
            return
        if tries > 0:
            self._fetch(delivery, tries)
        else:
            self.scheduler.after(int(self._chance.uniform(600, 3_600) * SECOND), self._fetch, delivery, TRIES)

    def _take_out(self, n: int, delivery: KnownDelivery) -> None:
        if not self.bank.bank[n].open:
            return
        self.counts["parcels taken out"] += n == delivery.lies
        self.parcels.take_out(self.controller, n)
        self._past = [*self._past[-20:], delivery]

    # Others.

    def guess(self, times: int) -> None:
        """Somebody tries codes that he has from nowhere."""
        for n in range(times):
            length = self._chance.choice((SHORT, SHORT, LONG))
            digits = "".join(self._chance.choice("0123456789") for _ in range(length))
            self.scheduler.after(n * 8 * SECOND, self._try, digits)

    def _try(self, digits: str) -> None:
        def done(sure: bool) -> None:
            self.counts["codes guessed"] += 1
            self.parcels.typed_wrong(self.controller, len(digits) == SHORT, sure)

        self._type(_keys(digits), done)

    # At the keypad.

    def _digits(self, code: str, tries: int) -> str:
        """What somebody makes of a code. Who was not understood twice reads all digits."""
        digits = code if tries <= TRIES - 2 or self._chance.random() < ALL_DIGITS else code[:SHORT]
        if self._chance.random() >= WRONG:
            return digits
        self.counts["digits mistyped"] += 1
        at = self._chance.randrange(len(digits))
        return digits[:at] + str((int(digits[at]) + self._chance.randrange(1, 10)) % 10) + digits[at + 1 :]

    def card(self, bits: str, done: Callable[[bool], None], leaves: bool = False) -> None:
        """A card is held to the bank's reader, after 0 and # by who leaves. done(sure): after its last bit."""

        def hold() -> None:
            self._free_at = max(self._free_at, self.scheduler.now + 4 * SECOND)
            one, door = self.controller, self._keypad
            door.tap(bits, lambda began: done(one.chip.on and self.building.seen(one, door, began)))

        if leaves:
            self._type("*0#", lambda sure: hold())
        else:
            self._free_at = max(self.scheduler.now, self._free_at) + 4 * SECOND
            self.scheduler.at(self._free_at - 3 * SECOND, hold)

    def _type(self, keys: str, done: Callable[[bool], None]) -> None:
        """When the keypad is free. done(sure): after the last key; sure: the board has read every one."""
        begin = max(self.scheduler.now, self._free_at) + SECOND
        self._free_at = begin + len(keys) * KEY_US + 2 * SECOND
        unsure: list[int] = []
        for n, key in enumerate(keys):
            last = n == len(keys) - 1
            self.scheduler.at(begin + n * KEY_US, self._press, key, unsure, done if last else None)

    def _press(self, key: str, unsure: list[int], done: Callable[[bool], None] | None) -> None:
        one, door = self.controller, self._keypad

        def read(began: int) -> None:
            if not one.chip.on or not self.building.seen(one, door, began):
                unsure.append(began)
                if one.chip.on and door.number:
                    self.building.verdicts.tapped(one.name, door.number, ANYTHING)
            if done is not None:
                done(not unsure)

        door.tap(f"{'0123456789*#'.index(key):04b}", read)

    # At the leaves.

    def _opened(self, n: int) -> None:
        """A leaf has sprung open: who is it for, and for how long does it stay open?"""
        chance = self._chance
        stays_s = chance.uniform(9, 25)
        if chance.random() < LEFT:
            self.counts["compartments left open"] += 1
            stays_s = chance.uniform(60, 700)
        what = self.parcels.opened_for.get((self.controller.name, n))
        by_lock = self.building.promises.compartments.pulsed_at(self.controller, n) == self.scheduler.now
        if by_lock and what is not None:
            delivery = self.parcels.deliveries[self.controller.name].get(what[0])
            if delivery is not None:
                does = self._put_in if what[1] == DEPOSIT else self._take_out
                self.scheduler.after(int(chance.uniform(3, 8) * SECOND), does, n, delivery)
        elif by_lock:
            self.on_own(n)
        self.scheduler.after(int(stays_s * SECOND), self._shut, n)

    def _shut(self, n: int) -> None:
        one = self.bank.bank[n]
        if not one.open:
            return
        for number in [
            thing for thing in one.inside if thing > 0
        ]:  # a courier whose compartment was taken back takes his parcel along
            delivery = self.parcels.deliveries[self.controller.name][number]
            if delivery.given != n and delivery.dead is None:
                self.parcels.take_out(self.controller, n)
        one.slips = int(self._chance.random() < SLIPS)
        if self.bank.shut(n):
            self.parcels.shut(self.controller, n)
