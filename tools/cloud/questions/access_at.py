"""May this person pass this door at this time? The firmware's own rules answer, asked about any moment.

    access_at.of(person, door, at).may

By what is granted now, as it would hold at that moment: of one that is past, since.py says what was changed after it.
What only the board knows then is not reckoned with, and
`Answer.also` names it: uses that are left, who is inside, other doors of an interlock, how long the link was away.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from firmware.controller import events as codes
from firmware.controller.access.decision import WAITS, decide
from firmware.controller.access.kinds import CARD, CARD_PIN, PIN
from firmware.controller.access.rules import Rules

from ..access_list import grants, rights
from ..access_list.grants import Granted
from ..access_list.rights import Entitlement
from ..models import Controller, Credential, Door, Person
from ..rules import rules as controller_rules

# What passes all the same, once somebody else is there.
_WITH = {codes.NEEDS_SECOND: "second", codes.NEEDS_ESCORT: "escort"}
_GRANTED = (codes.GRANTED, codes.GRANTED_DURESS)
# Fields of a door, and of a profile, whose rules look at what happened before.
_OF_DOOR = ("passback", "interlock", "offline_hours")
_OF_PROFILE = ("uses",)
MANY = 20_000  # people: of more of them all are read rather than these by their numbers
_KEY = bytes(7)  # nothing is known of any key, so one is as good as another


@dataclass(frozen=True)
class Answer:
    """code, extra: what would be on record. by: what it takes, "card", "pin" or "card+pin". needs: "second" (a second
    person), "escort", or nothing. also: rules of the door or the person that look at what happened before."""

    code: int
    extra: int = 0
    by: str = ""
    needs: str = ""
    also: tuple[str, ...] = ()

    @property
    def may(self) -> bool:
        return self.code in _GRANTED or bool(self.needs)


Held = tuple[tuple[int, frozenset[int]], ...]  # packed end and kinds of each

NOBODY = Answer(codes.DENIED_UNKNOWN)
_CARD, _CARD_PIN, _PIN = (frozenset({kind}) for kind in (CARD, CARD_PIN, PIN))
_BY = {CARD: "card", PIN: "pin", CARD_PIN: "card+pin"}


def access_at(fields: dict[str, Any], right: tuple[int, int], door: int, utc: int, kinds: Collection[int]) -> Answer:
    """Pure. fields: the rules of a controller as it gets them. right: (profile number, packed end of the record).

    kinds: what is held (access/kinds.py); of several the first that passes counts, otherwise what the first is told.
    """
    return _asked(board(fields), right, door, utc, kinds)


def board(fields: dict[str, Any]) -> Any:
    """The rules of a controller as the firmware reads them, with nothing remembered. Raises ValueError as that does."""
    read: Any = Rules({"version": 1, **fields}, max(map(int, fields["doors"]), default=0))
    read.memory = {name: memory() for name, memory in getattr(read, "memories", {}).items()}
    read.waiting, read.units = {}, ()
    read.heard = lambda utc: utc
    return read


def _asked(read: Any, right: tuple[int, int], door: int, utc: int, kinds: Collection[int]) -> Answer:
    first = NOBODY
    for kind in (CARD, CARD_PIN, PIN):
        if kind not in kinds:
            continue
        tap = read.tap()
        tap.begin(read, door, utc, 0)
        tap.found(right)
        tap.key, tap.kind = _KEY, kind
        verdict = decide(tap)
        if verdict == WAITS:  # a card whose PIN is to come, and there is none
            verdict = codes.DENIED_KIND | 3 << 8
        code = verdict & 255
        says = [name for name in _OF_DOOR if name in read.door(door)]
        says += [name for name in _OF_PROFILE if name in (tap.profile or ())]
        if any("limit" in getattr(read, "areas", {}).get(area, ()) for area in read.door(door).get("passage", ())[1:]):
            says.append("limit")
        found = Answer(code, verdict >> 8, _BY[kind], _WITH.get(code, ""), tuple(says))
        if found.may:
            return found
        if first is NOBODY:
            first = found
    return first


class Moment:
    """The controllers of a tenant at one moment: asked for many people at once, read once.

    people: who is asked about; None: everybody. controller: the only one that is asked about; None: all of them.
    """

    def __init__(self, tenant: int, at: datetime, people: Collection[int] | None = None, controller: int | None = None):
        self._at = at
        self._granted = grants.granted(tenant, people, rights.minutes(at), controller)
        if people is None and len(self._granted) < MANY:
            people = list(self._granted)
        self._held = _held(tenant, people)
        self._boards: dict[tuple[int, str], tuple[Any, int]] = {}
        self._answers: dict[tuple[Any, ...], Answer] = {}
        self._best: dict[tuple[int, int, int], Answer] = {}
        self._free: dict[int, Any] = {}

    def people(self, door: Door) -> list[int]:
        """Who is granted a door at some time, in the order of their numbers."""
        return sorted(
            person
            for person, there in self._granted.items()
            if door.controller_id in there and door.number in there[door.controller_id].doors
        )

    def answer(self, person: int, door: Door) -> Answer:
        """The best that any card or PIN of the person is told at the door."""
        granted, held = self._granted.get(person, {}).get(door.controller_id), self._held.get(person, ())
        if granted is None:
            return NOBODY
        # Who has the same as somebody has the same objects, which are kept here as long as this is.
        alike = id(granted), id(held), door.pk
        if alike not in self._best:
            self._best[alike] = self._best_of(granted, held, door)
        return self._best[alike]

    def _best_of(self, granted: Granted, held: Held, door: Door) -> Answer:
        best = NOBODY
        if door.controller.lost_at is not None:
            return best
        for end, kinds in held:
            found = self._decided(door, granted.ending(end), kinds)
            if found.may:
                return found
            best = found if best is NOBODY else best
        return best

    def by_right(self, person: int, door: Door) -> Answer:
        """The same for somebody with whatever the door asks for: what is granted alone, without a card of theirs."""
        granted = self._granted.get(person, {}).get(door.controller_id)
        if granted is None or door.controller.lost_at is not None:
            return NOBODY
        return self._decided(door, granted, frozenset(_BY))

    def open_to_all(self, door: Door) -> bool:
        """Whether the door is to stand unlocked then, by its schedule."""
        if door.controller_id not in self._free:
            self._free[door.controller_id] = board(controller_rules.asked(door.controller, ())[0])
        read = self._free[door.controller_id]
        free = read.door(door.number).get("free")
        return free is not None and bool(read.on(free, int(self._at.timestamp())))

    def _decided(self, door: Door, granted: Granted, kinds: frozenset[int]) -> Answer:
        asked = (door.controller_id, door.number, granted, kinds)
        if asked not in self._answers:
            right = granted.right(rights.minutes(self._at))
            read, number = self._board(door.controller, right)
            utc = int(self._at.timestamp())
            self._answers[asked] = _asked(read, (number, right.until), door.number, utc, kinds)
        return self._answers[asked]

    def _board(self, controller: Controller, right: Entitlement) -> tuple[Any, int]:
        at = controller.pk, right.content
        if at not in self._boards:
            fields, numbers = controller_rules.asked(controller, (right.content,))
            self._boards[at] = board(fields), numbers[right.content]
        return self._boards[at]


def of(person: Person, door: Door, at: datetime) -> Answer:
    """May they pass, and if not: what would be on record."""
    return Moment(person.tenant_id, at, [person.pk]).answer(person.pk, door)


def _held(tenant: int, people: Collection[int] | None) -> dict[int, Held]:
    """{person: what they can present, each with its packed end}: cards, then each with the PIN, then that alone.

    Who has the same as others has the same object.
    """
    rows = Credential.objects.filter(tenant=tenant, active=True, person__active=True)
    if people is not None:
        rows = rows.filter(person__in=people)
    cards: dict[int, set[int]] = {}
    pins: dict[int, int] = {}
    for person, kind, until in rows.values_list("person", "kind", "valid_until"):
        if kind == Credential.Kind.CARD:
            cards.setdefault(person, set()).add(rights.minutes(until))
        elif kind == Credential.Kind.PIN:
            pins[person] = rights.minutes(until)
    alike: dict[Held, Held] = {}
    found = {}
    for person in cards.keys() | pins.keys():
        ends, pin = sorted(cards.get(person, ()), reverse=True), pins.get(person)
        has = [(end, _CARD) for end in ends]
        if pin is not None:
            has += [(min(end, pin), _CARD_PIN) for end in ends] + [(pin, _PIN)]
        found[person] = alike.setdefault(tuple(has), tuple(has))
    return found
