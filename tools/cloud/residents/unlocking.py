"""A resident's doors, and the button that unlocks one: never more than their card would, and only where it is allowed.

The board's own rules say whether it would (questions/access_at.py). What they weigh that only the board knows (uses
that are left, who is inside), an escort, a second person and a lockdown leave it to the card.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from ..doors import commands, door_status, locks
from ..models import Alarm, Command, Door, DoorRules, Person, Tenant, lock
from ..questions.access_at import Answer, Moment
from ..services import clock
from ..services.refusal import Refusal
from . import policy

SHOWN = timedelta(seconds=door_status.RELEASE_SHOWN_S)
ANSWER = timedelta(seconds=10)  # after its expiry; then nobody knows
HARMLESS = {"offline_hours"}  # of what an answer does not reckon with: who hears us has a link
AT_ONCE = 2  # of one person: a controller has room for eight

State = Command.State


@dataclass
class Own:
    """A door of a person. button: whether the house offers one here; fault: why it would be refused now.

    asked: what they asked of it in the last minute.
    """

    door: Door
    answer: Answer
    button: bool
    fault: Refusal | None
    linked: bool
    asked: Command | None

    @property
    def opens(self) -> bool:
        return self.answer.may


def doors_of(person: Person) -> QuerySet[Door]:
    """All that some group of theirs has, at whatever times."""
    found = Door.objects.filter(places__accessgroup__grants__person=person, controller__lost_at=None)
    return found.select_related("controller__site", "rules").distinct().order_by("controller__site__name", "name", "pk")


def own(person: Person) -> list[Own]:
    """What opens now stands first."""
    now, rules = clock.now(), policy.of(person.tenant_id)
    moment = Moment(person.tenant_id, now, [person.pk])
    recent = Command.objects.filter(person=person, do=Command.Do.RELEASE, requested_at__gt=now - SHOWN).order_by("pk")
    asked = {row.door_id: row for row in recent.select_related("controller__site")}
    found = []
    for door in doors_of(person):
        answer = moment.by_right(person.pk, door)
        button, fault = rules.unlock and _offered(door), _fault(door, answer, now)
        linked = door_status.linked(door.controller, now)
        found.append(Own(door, answer, button, fault, linked, asked.get(door.pk)))
    return sorted(found, key=lambda one: not one.opens)


def unlock(person: Person, number: int | None) -> Command | None:
    """Asks once; what is asked already and not answered yet is not asked again. None: they have no such door."""
    with commands.changes.together():
        lock(Tenant(pk=person.tenant_id))  # a right that is taken away meanwhile is seen
        person.refresh_from_db()
        door = doors_of(person).filter(pk=number).first() if number is not None else None
        if door is None:
            return None
        now = clock.now()
        if not policy.of(person.tenant_id).unlock or not _offered(door):
            raise Refusal("this door is not unlocked from here; use your card")
        answer = Moment(person.tenant_id, now, [person.pk]).by_right(person.pk, door)
        fault = _fault(door, answer, now)
        if fault is not None:
            raise fault
        going = Command.objects.filter(person=person, do=Command.Do.RELEASE, expires_at__gt=now)
        same = going.filter(door=door, state__in=(State.QUEUED, State.SENT)).order_by("-pk").first()
        if same is not None:
            return same
        if going.count() >= AT_ONCE:
            raise Refusal("that is very often; wait ten seconds and try again")
        return commands.release_for(person, door)


def _offered(door: Door) -> bool:
    rules: DoorRules | None = getattr(door, "rules", None)
    return rules is not None and rules.residents


def _fault(door: Door, answer: Answer, now: datetime) -> Refusal | None:
    if not answer.may:
        return Refusal("your card does not open this door now")
    if answer.needs == "escort":
        return Refusal("you pass here with an escort; use your cards together")
    if answer.needs:
        return Refusal("two people pass here together; use your cards")
    if set(answer.also) - HARMLESS:
        return Refusal("this door counts passages, or who is inside; use your card, which is counted")
    if locks.lock(door, now).state == "lockdown":
        return Refusal("the house is in a lockdown; it is not unlocked from here")
    return None


def state(command: Command) -> str:
    """What became of it: what no worker has taken up or answered in its time is over all the same."""
    now = clock.now()
    if command.state == State.QUEUED and command.expires_at <= now:
        return State.EXPIRED.value
    if command.state == State.SENT and command.expires_at + ANSWER <= now:
        return State.UNKNOWN.value
    return command.state


def told_since(command: Command) -> datetime | None:
    """Since when those who look after the doors are told that its controller is silent; None: nobody is."""
    alarm = Alarm.objects.filter(controller=command.controller_id, kind=Alarm.Kind.SILENT, ended_at=None).first()
    return alarm and alarm.raised_at
