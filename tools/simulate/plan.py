"""The plan of a soak: which building, for how long, and what happens to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

CHANGES = 6.0  # of rights, a day and door


@dataclass(frozen=True)
class Plan:
    """One building of a soak. The same plan, the same steps."""

    seed: int
    doors: int
    days: float
    taps: float = 200  # a day, in the whole building
    rates: dict[str, float] = field(default_factory=dict)  # of faults a day, where they are not as usual
    first: bool = False  # stop at the first broken promise
    tell: Callable[[float, int], None] = lambda days, events: None  # how far it is
    changes: float | None = None  # of rights, a day; by default CHANGES a door
    sectors: dict[str, int] = field(default_factory=dict)  # of partitions, when not the board's
    worn: bool = False  # the stores of the boards are nearly full
    tls: bool = False  # every connection costs a board a handshake's arithmetic
    report: Path | None = None  # where a picture of the last of it goes
    readers: str = "wiegand"  # or "osdp" for polled ones
    lockers: int = 0  # compartments of a bank at the first controller
    locks: str = ""  # the family of their lock boards; by default the seed chooses
    opens: float = 60  # of compartments from afar, a day
    parcels: float | None = None  # a day; by default one for each compartment, and three in December
    patience_s: float = 72_000  # a recipient comes within
    cards: float | None = None  # held to the reader of the bank, a day; by default two for each compartment

    @property
    def changes_a_day(self) -> float:
        return CHANGES * self.doors if self.changes is None else self.changes

    @property
    def cards_a_day(self) -> float:
        return 2.0 * self.lockers if self.cards is None else self.cards
