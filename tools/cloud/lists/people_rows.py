"""The rows of a list of people, read: what each says of somebody, before anybody is looked up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from tools.terminal import Problem

from ..services import entered
from ..services.refusal import Refusal
from . import card_forms, columns
from .card_forms import CardNumber, Form
from .report import Row

_ABSENT: Any = object()


class Options(NamedTuple):
    """form, bits: how the cards of the list are written. whole: cards and groups that a row does not name are taken
    away from its person. apart: rows that are right are kept also where others are refused. groups: those of rows that
    name none. zone: whose clock the times go by."""

    form: str = Form.ANY
    bits: int | None = None
    whole: bool = False
    apart: bool = False
    groups: tuple[str, ...] = ()
    zone: str = "Europe/Oslo"


@dataclass
class Wanted:
    """What a row says. None: nothing of it. validity: of the groups, those fields that are said."""

    row: Row
    id: int | None = None
    name: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    cards: list[CardNumber] | None = None
    card_until: Any = _ABSENT
    groups: list[str] | None = None
    validity: dict[str, Any] = field(default_factory=dict)
    pin: str | None = None  # yes, no, or its digits
    person: Any = None  # whom it is about, once that is known
    new_name: str = ""  # of somebody who is not here yet, where the file names nobody

    @property
    def says_card_end(self) -> bool:
        return self.card_until is not _ABSENT


def read(line: int, cells: Mapping[str, Any], options: Options) -> Wanted:
    """cells: by our names of columns. What is wrong is in its row."""
    wanted = Wanted(Row(line, str(cells.get("name", ""))[:100]))
    for name, cell in cells.items():
        try:
            _READERS[name](wanted, cell, options)
        except Problem as problem:
            wanted.row.refuse(problem)
    if wanted.groups is None and options.groups:
        wanted.groups = list(options.groups)
    if not wanted.row.wrong:
        try:
            _check(wanted)
        except Problem as problem:
            wanted.row.refuse(problem)
    return wanted


def _check(wanted: Wanted) -> None:
    if wanted.id is None and not wanted.name and not wanted.cards:
        raise Refusal("nobody is named; give a name, the number of a person, or a card")
    if wanted.validity and not wanted.groups:
        raise Refusal("from, until and uses are said of groups; name the groups in the row")
    if wanted.says_card_end and not wanted.cards:
        raise Refusal("card_until is said of cards; name the cards in the row")
    begins, ends = wanted.validity.get("valid_from"), wanted.validity.get("valid_until")
    if begins and ends and ends <= begins:
        raise Refusal("a right ends after it begins; exchange the two")


def _id(wanted: Wanted, cell: Any, options: Options) -> None:
    wanted.id = columns.number("id", cell, 1, (1 << 63) - 1)


def _name(wanted: Wanted, cell: Any, options: Options) -> None:
    wanted.name = " ".join(str(cell).split())
    entered.lines(wanted.name)
    if not 0 < len(wanted.name) <= 100:
        raise Refusal("a name has 1 to %(most)d letters; correct it", most=100)


def _flag(name: str) -> Callable[[Wanted, Any, Options], None]:
    def read_flag(wanted: Wanted, cell: Any, options: Options) -> None:
        wanted.fields[name] = columns.yes(name, cell)

    return read_flag


def _escort(wanted: Wanted, cell: Any, options: Options) -> None:
    wanted.fields["escort"] = columns.escort(cell)


def _cards(wanted: Wanted, cell: Any, options: Options) -> None:
    said = columns.several(cell) if cell != columns.NOTHING else []
    found = [card_forms.read(one, options.form, options.bits) for one in said]
    wanted.cards = list(dict.fromkeys(found))


def _card_until(wanted: Wanted, cell: Any, options: Options) -> None:
    wanted.card_until = columns.moment(cell, options.zone, end=True)


def _groups(wanted: Wanted, cell: Any, options: Options) -> None:
    wanted.groups = columns.several(cell)


def _validity(name: str, end: bool) -> Callable[[Wanted, Any, Options], None]:
    def read_moment(wanted: Wanted, cell: Any, options: Options) -> None:
        found: datetime | None = columns.moment(cell, options.zone, end)
        wanted.validity[name] = found

    return read_moment


def _uses(wanted: Wanted, cell: Any, options: Options) -> None:
    wanted.validity["uses"] = columns.uses(cell)


def _pin(wanted: Wanted, cell: Any, options: Options) -> None:
    word = str(cell).strip()
    if word.isascii() and word.isdigit() and len(word) > 1:
        wanted.pin = word
    else:
        wanted.pin = "yes" if columns.yes("pin", cell) else "no"


def _new_name(wanted: Wanted, cell: Any, options: Options) -> None:
    wanted.new_name = str(cell)


_READERS: dict[str, Callable[[Wanted, Any, Options], None]] = {
    "id": _id,
    "name": _name,
    "active": _flag("active"),
    "extended": _flag("extended"),
    "escort": _escort,
    "cards": _cards,
    "card_until": _card_until,
    "groups": _groups,
    "from": _validity("valid_from", end=False),
    "until": _validity("valid_until", end=True),
    "uses": _uses,
    "pin": _pin,
    "new name": _new_name,  # of importers only: no column is called so
}
