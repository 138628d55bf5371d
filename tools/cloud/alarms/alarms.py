"""Alarms: raised from what comes in, ended when the thing is over, acknowledged by a person and that is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from firmware.controller import events

from ..access_list.prepared import Given, Prepared
from ..audit import changes
from ..controllers.troubles import Troubles, Work
from ..models import Alarm, Change, Controller, Door, Event, Gap, Progress, User
from ..models.alarms import SILENT
from ..services import entered
from ..services.refusal import Refusal
from . import codes

SILENT_FOR = timedelta(minutes=10)
AGAIN = timedelta(seconds=10)  # nothing new: looked back again only so often
LOOK_BACK = 500  # rows of another worker that took their number earlier and were committed later
AT_ONCE = 2000
NOTE_LONGEST: int = Alarm._meta.get_field("note").max_length  # type: ignore[assignment, union-attr]
_LINES = (events.LINE_CUT, events.LINE_SHORT)
_OVER = (events.COMMISSIONING_ENDED, events.STARTED)  # commissioning is
_ENDS: dict[int, list[int]] = {}
for _code, _end in codes.ALARMS.items():
    if _end:
        _ENDS.setdefault(_end, []).append(_code)

_LAST = Prepared(lambda: Event.objects.order_by("-pk").values_list("pk")[:1])
_NEXT = Prepared(lambda: Event.objects.filter(pk__gt=Given("after")).order_by("pk").values_list("pk")[:1])
_LOOKED = Prepared(lambda: Progress.objects.filter(name="alarms").values_list("value", "at"))
_LOOKS = Prepared(lambda: Progress.objects.filter(name="alarms"), at=Given("at"))
_SEEN_UP_TO = Prepared(lambda: Progress.objects.filter(name="alarms"), value=Given("value"))
_ALARMING = Prepared(
    lambda: (
        Event.objects.filter(pk__gt=Given("after"), pk__lte=Given("last"), controller__lost_at=None)
        .filter(code__in=sorted({*codes.ALARMS, *_ENDS, *_OVER}))
        .order_by("pk")
        .values_list("pk", "code", "controller", "door_number", "compartment")
    )
)
_KNOWN = Prepared(lambda: Alarm.objects.filter(event__gt=Given("after"), event__lte=Given("last")).values_list("event"))
_STANDING = Prepared(
    lambda: Alarm.objects.filter(ended_at=None).values_list("controller", "door_number", "compartment")
)
_GAPS = Prepared(lambda: Gap.objects.filter(alarm=None).values_list("pk", "controller", "noticed_at")[:AT_ONCE])
_BACK = Prepared(
    lambda: Alarm.objects.filter(
        Q(controller__last_seen__gt=Given("before")) | Q(controller__lost_at__isnull=False),
        kind=Alarm.Kind.SILENT,
        ended_at=None,
    ).values_list("pk")
)
_AWAY = Prepared(
    lambda: (
        Controller.objects.filter(last_seen__lte=Given("before"), lost_at=None)
        .exclude(pk__in=Alarm.objects.filter(kind=Alarm.Kind.SILENT, ended_at=None).values("controller"))
        .values_list("pk", "last_seen")
    )
)


@dataclass(frozen=True)
class Standing:
    """Alarms of one kind at one place, as one: the newest of them, and how many there are."""

    alarm: Alarm
    count: int
    over: bool


def gather(now: datetime, troubles: Troubles | None = None) -> int:
    """Raises and ends alarms from what came in since the last time. Returns how many were raised."""
    last = sum(pk for (pk,) in _LAST.rows())
    if any(value == last and at and now - AGAIN < at <= now for value, at in _LOOKED.rows()):
        return _from_gaps() + _silent(now)
    with transaction.atomic():
        if not _LOOKS.update(at=now):  # it locks the row
            Progress.objects.get_or_create(name="alarms", defaults={"at": now})
        [(value, _)] = _LOOKED.rows()
        # From the next there is: numbers that a database has left out, or a backup has put back, are no work.
        begin = sum(pk for (pk,) in _NEXT.rows(after=value)) - 1
        up_to = min(last, max(begin, value) + AT_ONCE)
        raised = _from_events(max(0, value - LOOK_BACK), up_to, value, troubles or Troubles())
        _SEEN_UP_TO.update(value=max(up_to, value))
    return raised + _from_gaps() + _silent(now)


def standing(alarms: QuerySet[Alarm]) -> list[Standing]:
    """What stands now among these alarms, newest first."""
    rows = alarms.filter(acknowledged_at=None).filter(Q(ended_at=None) | Q(code__in=codes.LATCHED) | Q(kind="gap"))
    found: dict[tuple[Any, ...], list[Alarm]] = {}
    related = ("controller__site", "event__credential__person", "gap")
    for alarm in rows.select_related(*related).order_by("-raised_at", "-pk"):
        what = alarm.extra if alarm.kind == Alarm.Kind.TROUBLE else 0
        place = alarm.controller_id, alarm.door_number, alarm.compartment
        found.setdefault((*place, alarm.kind, alarm.code, what), []).append(alarm)
    return [Standing(same[0], len(same), all(one.ended_at for one in same)) for same in found.values()]


def number(alarm: Alarm, all_of_it: bool) -> int:
    """What an alarm is called. Their row numbers would tell who may not know that there was one in between."""
    if all_of_it:
        return int(alarm.pk)
    what = (alarm.kind, alarm.event_id, alarm.gap_id, alarm.controller_id, alarm.extra, alarm.raised_at.isoformat())
    return int.from_bytes(sha256(repr(what).encode()).digest()[:6], "big")  # exact as a number of JSON


def acknowledge(alarm: Alarm, user: User | None, now: datetime, note: str = "") -> int:
    """Somebody has seen it, with all before it of the same kind at the same place. Returns how many these are.

    note: what it was, at most 200 letters. Raises Refusal.
    """
    note = " ".join(note.split())
    if len(note) > NOTE_LONGEST:
        raise Refusal("a note has at most %(most)d letters; shorten it", most=NOTE_LONGEST)
    entered.lines(note)
    same = Alarm.objects.filter(
        controller=alarm.controller_id,
        kind=alarm.kind,
        code=alarm.code,
        door_number=alarm.door_number,
        compartment=alarm.compartment,
    )
    if alarm.kind == Alarm.Kind.TROUBLE:
        same = same.filter(extra=alarm.extra)
    with changes.together():
        done = same.filter(acknowledged_at=None, pk__lte=alarm.pk).update(
            acknowledged_at=now, acknowledged_by=user, note=note
        )
        if done:
            _keep(alarm, done)
    return done


def _keep(alarm: Alarm, count: int) -> None:
    """Who acknowledged it, in the record of changes."""
    at = Controller.objects.select_related("site").get(pk=alarm.controller_id)
    door = Door.objects.filter(controller=at, number=alarm.door_number).first()
    name = codes.NAMES.get(alarm.code, str(alarm.code)) if alarm.kind == Alarm.Kind.EVENT else alarm.kind
    changes.note(
        at.site.tenant_id,
        Change.Kind.ALARM,
        Change.What.CHANGED,
        number=alarm.pk,
        name=door.name if door else f"{at.name} {alarm.compartment}" if alarm.compartment else at.name,
        after={"alarm": name, "acknowledged": count},
        hidden=alarm.code in SILENT,
    )


def _from_events(after: int, last: int, seen: int, troubles: Troubles) -> int:
    """seen: up to which event this was done before. Of a start that is enough: most end no commissioning."""
    known = {event for (event,) in _KNOWN.rows(after=after, last=last)}
    standing = set(_STANDING.rows())
    raised = 0
    for pk, code, *place in _ALARMING.rows(after=after, last=last):
        raises = (code in codes.ALARMS and pk not in known) or (code in _OVER and (code != events.STARTED or pk > seen))
        if not raises and (code not in _ENDS or tuple(place) not in standing):
            continue
        with troubles.aside(Work.ALARMS, place[0]), transaction.atomic():
            event = Event.objects.get(pk=pk)
            new = _raised_by(event, known)
            standing.update(_place(one) for one in new)
            raised += len(new)
            if event.code in _ENDS and _place(event) in standing:
                _end_by(event)
    return raised


def _place(event: Event) -> tuple[int, int, int]:
    return event.controller_id, event.door_number, event.compartment


def _raised_by(event: Event, known: set[int]) -> list[Event]:
    """Raises what an event is an alarm of. known: events that have theirs."""
    new = []
    if event.code in codes.ALARMS and event.pk not in known:
        new = [] if _is_tried(event) else [event]
    elif event.code in _OVER:
        new = _left_over(event)
    for one in new:
        Alarm.objects.create(
            controller_id=one.controller_id,
            kind=Alarm.Kind.EVENT,
            code=one.code,
            door_number=one.door_number,
            compartment=one.compartment,
            extra=one.extra,
            event=one,
            raised_at=event.utc or event.received_at,
        )
    return new


def _end_by(event: Event) -> None:
    """Ends the alarms of what an event says is over."""
    open_ones = Alarm.objects.filter(
        controller=event.controller_id,
        door_number=event.door_number,
        compartment=event.compartment,
        code__in=_ENDS[event.code],
        ended_at=None,
        event__lt=event.pk,
    )
    if event.code == events.LINE_RIGHT:
        open_ones = open_ones.filter(extra=event.extra)
    open_ones.update(ended_at=event.utc or event.received_at)


def _is_tried(event: Event) -> bool:
    """Whether an installer made it who tries the doors: no alarm, as long as that goes on."""
    return bool(event.flags & events.COMMISSIONING) and event.code in codes.TRYING


def _left_over(end: Event) -> list[Event]:
    """What was tried in a commissioning and still stands when it ends."""
    said = Event.objects.filter(controller=end.controller_id, pk__lt=end.pk)
    begun = said.filter(door_number=0, code__in=(events.COMMISSIONING_BEGAN, *_OVER)).order_by("-pk").first()
    if begun is None or begun.code != events.COMMISSIONING_BEGAN:
        return []
    within = said.filter(pk__gt=begun.pk)
    found: dict[tuple[int, int, int], Event] = {}
    for event in within.filter(code__in=codes.TRYING, alarm=None).order_by("pk"):
        over = within.filter(pk__gt=event.pk, code=codes.ALARMS[event.code], door_number=event.door_number)
        if event.code in _LINES:
            over = over.filter(extra=event.extra)
        if _is_tried(event) and not over.exists():
            found[event.code, event.door_number, event.extra] = event
    same = Alarm.objects.filter(controller=end.controller_id, ended_at=None)
    stands = set(same.values_list("code", "door_number", "extra"))
    return [event for what, event in found.items() if what not in stands]


def _from_gaps() -> int:
    made = [
        Alarm(controller_id=controller, kind=Alarm.Kind.GAP, gap_id=gap, raised_at=noticed_at)
        for gap, controller, noticed_at in _GAPS.rows()
    ]
    return len(Alarm.objects.bulk_create(made))


def _silent(now: datetime) -> int:
    """A controller that was linked once and is not heard any more; its alarm ends by itself when it is back."""
    before = now - SILENT_FOR
    back = [pk for (pk,) in _BACK.rows(before=before)]
    if back:
        Alarm.objects.filter(pk__in=back).update(ended_at=now)
    made = [
        Alarm(controller_id=controller, kind=Alarm.Kind.SILENT, raised_at=last_seen)
        for controller, last_seen in _AWAY.rows(before=before)
    ]
    return len(Alarm.objects.bulk_create(made))
