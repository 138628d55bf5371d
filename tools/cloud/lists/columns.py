"""The columns of lists, by the names that people give them, and what a cell of each may say.

An empty cell says nothing: what is there stays. "-" takes away.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from .. import limits
from ..services import local_time
from ..services.refusal import Refusal, text

PEOPLE = (
    "id", "name", "active", "extended", "escort", "groups", "from", "until", "uses", "cards", "card_until", "pin",
)  # fmt: skip
GROUPS = ("id", "name", "doors", "pin", "hold", "office", "exempt", "lockdown", "no_clock")

# As others name them: small letters, without blanks and signs.
NAMES: dict[str, str] = {
    "number": "id", "personid": "id", "nummer": "id",
    "fullname": "name", "navn": "name", "fulltnavn": "name", "person": "name", "user": "name", "username": "name",
    "firstname": "first", "fornavn": "first", "givenname": "first",
    "lastname": "last", "etternavn": "last", "surname": "last", "familyname": "last",
    "aktiv": "active", "enabled": "active",
    "lenger": "extended", "dørenestårulåstlenger": "extended",
    "følge": "escort",
    "group": "groups", "gruppe": "groups", "grupper": "groups", "access": "groups", "adgang": "groups",
    "validfrom": "from", "fra": "from", "gyldigfra": "from", "start": "from",
    "validuntil": "until", "to": "until", "til": "until", "gyldigtil": "until", "end": "until", "slutt": "until",
    "ganger": "uses",
    "card": "cards", "kort": "cards", "cardnumber": "cards", "kortnummer": "cards", "cardno": "cards",
    "kortgyldigtil": "card_until", "carduntil": "card_until",
    "facility": "facility", "facilitycode": "facility", "anleggskode": "facility", "site": "facility",
    "bits": "bits", "kode": "pin", "pincode": "pin", "pinkode": "pin",
    "dører": "doors", "dør": "doors", "door": "doors",
    "noclock": "no_clock",
}  # fmt: skip
EXTRA = ("first", "last", "facility", "bits")  # parts of others
_YES = {"yes", "y", "true", "1", "on", "x", "ja", "j", "sann", "aktiv", "active"}
_NO = {"no", "n", "false", "0", "off", "nei", "usann", "inaktiv", "inactive", "-"}
NOTHING = "-"
_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d")
_TIMES = ("%H:%M", "%H:%M:%S", "%H.%M")


def key(name: str) -> str:
    return re.sub(r"[^0-9a-zæøåäö]", "", str(name).casefold())


def known(header: Iterable[str], columns: Iterable[str]) -> dict[str, str]:
    """{name in the file: our name}. Raises Refusal for what is not known: unread, it would seem to be taken."""
    ours = {key(name): name for name in (*columns, *EXTRA)}
    found: dict[str, str] = {}
    for name in header:
        mine = ours.get(key(name)) or ours.get(key(NAMES.get(key(name), "")))
        if mine is None:
            raise Refusal(
                "there is no column %(name)s here; remove it, or name it as one of %(known)s",
                name=str(name)[:40] or "–",
                known=", ".join(columns),
            )
        if mine in found.values():
            raise Refusal("two columns of the list are both %(name)s; leave one of them", name=mine)
        found[name] = mine
    return found


def said(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The cells of a row that say something, by our names; what is split over several is put together."""
    found = {mine: row[name] for name, mine in names.items() if row.get(name) not in (None, "", [])}
    parts = [str(found.pop(name)) for name in ("first", "last") if name in found]
    if parts and "name" not in found:
        found["name"] = " ".join(parts)
    facility, bits = found.pop("facility", None), found.pop("bits", None)
    if facility is not None and "cards" in found:
        found["cards"] = f"{facility}-{found['cards']}"
    if bits is not None and "cards" in found:
        found["cards"] = f"{bits}:{found['cards']}"
    return found


def yes(column: str, cell: Any) -> bool:
    word = str(cell).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise Refusal("%(column)s is yes or no, not %(said)s", column=column, said=str(cell)[:40])


def several(cell: Any) -> list[str]:
    """Things in one cell: a list of JSON, or with ; or | or line breaks between."""
    if isinstance(cell, list):
        return [one for one in cell if one]
    if str(cell).strip() == NOTHING:
        return []
    return [one.strip() for one in re.split(r"[;|\n]", str(cell)) if one.strip()]


def number(column: str, cell: Any, least: int, most: int) -> int:
    word = str(cell).strip().removeprefix("#")
    if re.fullmatch(r"\d{1,18}(\.0)?", word, re.ASCII) and least <= int(word.partition(".")[0]) <= most:
        return int(word.partition(".")[0])
    raise Refusal(
        "%(column)s is a number from %(least)d to %(most)d, not %(said)s",
        column=column, least=least, most=most, said=str(cell)[:40],
    )  # fmt: skip


def escort(cell: Any) -> str:
    word = str(cell).strip().casefold()
    words = {"": "", NOTHING: "", "needs": "needs", "gives": "gives", "trenger": "needs", "gir": "gives"}
    if word not in words:
        raise Refusal("an escort is needed (needs), given (gives) or neither; choose one")
    return words[word]


def uses(cell: Any) -> int | None:
    return None if str(cell).strip() == NOTHING else number("uses", cell, *limits.USES)


def moment(cell: Any, zone: str, end: bool) -> datetime | None:
    """A day, a day and a time by the clock of the tenant's sites, or a moment with its offset. None: no end.

    A day alone lasts until its end.
    """
    word = " ".join(str(cell).split())
    if word == NOTHING:
        return None
    if re.search(r"(Z|[+-]\d\d:?\d\d)$", word) and "T" in word:
        try:
            found = datetime.fromisoformat(word).astimezone(UTC)
        except (ValueError, OverflowError):
            raise _no_time(word) from None
        local_time.check(found)
        return found
    day, _, at = word.replace("T", " ").partition(" ")
    when, clock = _day(day, word), _time(at, word) if at else None
    local_time.check(when)
    return local_time.ends(when, clock, zone) if end else local_time.begins(when, clock, zone)


def _day(said: str, word: str) -> date:
    for form in _DAYS:
        try:
            return datetime.strptime(said, form).date()
        except ValueError:
            continue
    raise _no_time(word)


def _time(said: str, word: str) -> time:
    for form in _TIMES:
        try:
            return datetime.strptime(said, form).time()
        except ValueError:
            continue
    raise _no_time(word)


_NO_TIME = text("%(said)s is no day; write it as 2027-05-31 or 31.05.2027, with a time as 2027-05-31 17:00")


def _no_time(said: str) -> Refusal:
    return Refusal(_NO_TIME, said=said[:40])


def shown(moment_: datetime | None, zone: str, end: bool) -> str:
    """As it is written into a list, so that reading it again gives the same moment."""
    if moment_ is None:
        return ""
    if end and (day := local_time.last_day(moment_, zone)):
        return day.isoformat()
    there = local_time.there(moment_, zone)
    if not end and there.time() == time():
        return there.date().isoformat()
    if there.second or there.microsecond:
        return moment_.astimezone(UTC).isoformat()
    said = f"{there:%Y-%m-%d %H:%M}"
    return said if moment(said, zone, end) == moment_ else moment_.astimezone(UTC).isoformat()
