"""A bank as people meet it: leaves that spring open when a lock lets go, latches that jam, contacts that lie, parcels.

Beside it the lock boards on its line, as lock_boards.py has them, wired to these leaves.
"""

from collections.abc import Callable
from typing import Any

from .lock_boards import Kerong12Board, KerongBoard, LockBoard, LockBus, ModbusRelays, XorBoard

FAMILIES: dict[str, type[LockBoard]] = {
    "xor": XorBoard, "kerong": KerongBoard, "kerong12": Kerong12Board, "modbus": ModbusRelays,
}  # fmt: skip
BAUDS = {"kerong": 19200, "kerong12": 19200}
MOST = {"xor": 24, "kerong": 16, "kerong12": 12, "modbus": 16}  # locks of a board, as they are sold


class Compartment:
    """One of them. jams: so many pulses of its lock let go of nothing.

    lies: what its contact says whatever the leaf does (True: open); None: the truth. slips: so often the latch does not
    catch when the leaf is shut, and it springs open again. inside: deliveries that lie in it.
    """

    def __init__(self, contacts: list[bool], at: int) -> None:
        """contacts[at]: where its contact is kept; lock boards look there thousands of times a simulated hour."""
        self._contacts = contacts
        self._at = at
        self._open = False
        self._lies: bool | None = None
        self.jams = 0
        self.slips = 0
        self.inside: list[int] = []

    @property
    def open(self) -> bool:
        return self._open

    @open.setter
    def open(self, is_open: bool) -> None:
        self._open = is_open
        self._contacts[self._at] = is_open if self._lies is None else self._lies

    @property
    def lies(self) -> bool | None:
        return self._lies

    @lies.setter
    def lies(self, says: bool | None) -> None:
        self._lies = says
        self._contacts[self._at] = self._open if says is None else says

    @property
    def contact(self) -> bool:
        """Whether its contact says that it is open."""
        return self._contacts[self._at]


class Bank:
    """Compartments, the first is 1. on_pulse(n): a lock gets current; the leaf has not moved yet.

    on_contact(n): the contact of that one says something else. on_open(n): its leaf has sprung open.
    """

    def __init__(self, count: int) -> None:
        self.contacts = [False] * count
        self.compartments = [Compartment(self.contacts, n) for n in range(count)]
        self.on_pulse: Callable[[int], None] = lambda n: None
        self.on_contact: Callable[[int], None] = lambda n: None
        self.on_open: Callable[[int], None] = lambda n: None

    def __getitem__(self, n: int) -> Compartment:
        return self.compartments[n - 1]

    @property
    def numbers(self) -> range:
        return range(1, len(self.compartments) + 1)

    def pulse(self, n: int) -> None:
        """Its lock gets current for a moment."""
        self.on_pulse(n)
        one = self[n]
        if one.jams:
            one.jams -= 1
        else:
            self._move(n, True)

    def force(self, n: int) -> None:
        """Somebody opens it without a release: a crowbar, or the key for emergencies."""
        self._move(n, True)

    def shut(self, n: int) -> bool:
        """Somebody pushes the leaf to. False: its latch does not catch."""
        one = self[n]
        self._move(n, False)
        if one.slips:
            one.slips -= 1
            return False
        return True

    def lie(self, n: int, says: bool | None) -> None:
        """Its contact is stuck, or bridged; None: it is mended."""
        before = self[n].contact
        self[n].lies = says
        if self[n].contact != before:
            self.on_contact(n)

    def _move(self, n: int, is_open: bool) -> None:
        one = self[n]
        before, was_open, one.open = one.contact, one.open, is_open
        if one.contact != before:
            self.on_contact(n)
        if is_open and not was_open:
            self.on_open(n)


class _Contacts:
    """The doors of one lock board, in place of its own: contacts of a bank, from `first` on."""

    def __init__(self, bank: Bank, first: int) -> None:
        self._contacts = bank.contacts
        self._first = first - 1

    def __getitem__(self, n: Any) -> Any:
        if isinstance(n, slice):
            return self._contacts[self._first + n.start : self._first + n.stop]
        return self._contacts[self._first + n]


def lock_boards(bank: Bank, locks: dict[str, Any]) -> list[LockBoard]:
    """The boards that `locks` of board.json names, with the leaves of the bank at them."""
    boards: list[LockBoard] = []
    each = locks["locks"]
    for n, address in enumerate(locks["addresses"]):
        first = n * each + 1
        board: Any = FAMILIES[locks["driver"]](address, each, locks["sensor"])
        board.doors = _Contacts(bank, first)
        board.opened = lambda lock, now_us, first=first: bank.pulse(first + lock - 1)
        boards.append(board)
    return boards


READER = {"d0": 16, "d1": 17, "light": 12, "sound": 2, "cards": 1}  # pins that no board of ours has for its doors


def table(count: int, driver: str = "xor", doors: int = 2, cards: bool = False, **more: Any) -> dict[str, Any]:
    """The `bank` of board.json for so many compartments: as few boards as that takes, all of one size.

    Its keypad is that of the second door, where there are so many; cards: one of its own, which reads cards as well.
    more: other fields of it.
    """
    boards = next(n for n in range(-(-count // MOST[driver]), count + 1) if count % n == 0)
    first = 0 if driver.startswith("kerong") else 1
    locks = {
        "driver": driver, "uart": 2, "tx": 5, "rx": 36, "de": 15, "baud": BAUDS.get(driver, 9600), "sensor": 1,
        "locks": count // boards, "addresses": list(range(first, first + boards)),
    }  # fmt: skip
    sizes = "".join("SSMSSMSL"[n % 8] for n in range(count))
    return {
        "supply_ma": 1500,
        "coil_ma": 700,
        "locks": locks,
        "sizes": sizes,
        "keypad": dict(READER) if cards else {"door": min(2, doors)},
        **more,
    }


def line(bank: Bank, locks: dict[str, Any], now_us: Callable[[], int]) -> LockBus:
    """The serial line with its boards."""
    return LockBus(lock_boards(bank, locks), now_us, locks["baud"], "de" in locks)
