"""Alarms: raised from what comes in, ended when the thing is over, acknowledged by a person and that is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from firmware.controller import events

from ..models import Alarm, Controller, Event, Gap, Progress, User
from . import codes

SILENT_FOR = timedelta(minutes=10)
AGAIN = timedelta(seconds=10)  # nothing new: looked back again only so often
LOOK_BACK = 500  # rows of another worker that took their number earlier and were committed later
AT_ONCE = 2000
_LINES = (events.LINE_CUT, events.LINE_SHORT)
_ENDS: dict[int, list[int]] = {}
for _code, _end in codes.ALARMS.items():
    if _end:
        _ENDS.setdefault(_end, []).append(_code)


@dataclass(frozen=True)
class Standing:
    """Alarms of one kind at one place, as one: the newest of them, and how many there are."""

    alarm: Alarm
    count: int
    over: bool


def gather(now: datetime) -> int:
    """Raises and ends alarms from what came in since the last time. Returns how many were raised."""
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    looked = Progress.objects.filter(name="alarms").first()
    if looked is not None and looked.value == last and looked.at and now - AGAIN < looked.at <= now:
        return _from_gaps() + _silent(now)
    with transaction.atomic():
        progress, _ = Progress.objects.select_for_update().get_or_create(name="alarms")
        up_to = min(last, progress.value + AT_ONCE)
        raised = _from_events(max(0, progress.value - LOOK_BACK), up_to)
        progress.value, progress.at = max(up_to, progress.value), now
        progress.save()
    return raised + _from_gaps() + _silent(now)


def standing(alarms: QuerySet[Alarm], duress: Iterable[int]) -> list[Standing]:
    """What stands now among these alarms, newest first. duress: tenants in which silent ones are shown."""
    rows = alarms.filter(acknowledged_at=None).filter(Q(ended_at=None) | Q(code__in=codes.LATCHED) | Q(kind="gap"))
    rows = rows.exclude(Q(code__in=codes.SILENT) & ~Q(controller__site__tenant__in=list(duress)))
    found: dict[tuple[int, str, int, int], list[Alarm]] = {}
    related = ("controller__site", "event__credential__person", "gap")
    for alarm in rows.select_related(*related).order_by("-raised_at", "-pk"):
        found.setdefault((alarm.controller_id, alarm.kind, alarm.code, alarm.door_number), []).append(alarm)
    return [Standing(same[0], len(same), all(one.ended_at for one in same)) for same in found.values()]


def acknowledge(alarm: Alarm, user: User | None, now: datetime) -> int:
    """Somebody has seen it, with all before it of the same kind at the same place. Returns how many these are."""
    same = Alarm.objects.filter(
        controller=alarm.controller_id, kind=alarm.kind, code=alarm.code, door_number=alarm.door_number
    )
    return same.filter(acknowledged_at=None, pk__lte=alarm.pk).update(acknowledged_at=now, acknowledged_by=user)


def _from_events(after: int, last: int) -> int:
    wanted = set(codes.ALARMS) | set(_ENDS)
    rows = Event.objects.filter(pk__gt=after, pk__lte=last, code__in=wanted, controller__lost_at=None)
    known = set(Alarm.objects.filter(event__gt=after, event__lte=last).values_list("event", flat=True))
    standing = set(Alarm.objects.filter(ended_at=None).values_list("controller", "door_number"))
    raised = 0
    for event in rows.order_by("pk"):
        at = event.utc or event.received_at
        if event.code in codes.ALARMS and event.pk not in known:
            Alarm.objects.create(
                controller_id=event.controller_id,
                kind=Alarm.Kind.EVENT,
                code=event.code,
                door_number=event.door_number,
                extra=event.extra,
                event=event,
                raised_at=at,
            )
            standing.add((event.controller_id, event.door_number))
            raised += 1
        if event.code in _ENDS and (event.controller_id, event.door_number) in standing:
            open_ones = Alarm.objects.filter(
                controller=event.controller_id,
                door_number=event.door_number,
                code__in=_ENDS[event.code],
                ended_at=None,
                event__lt=event.pk,
            )
            if event.code == events.LINE_RIGHT:
                open_ones = open_ones.filter(extra=event.extra)
            open_ones.update(ended_at=at)
    return raised


def _from_gaps() -> int:
    new = Gap.objects.filter(alarm=None)[:AT_ONCE]
    made = [
        Alarm(controller_id=gap.controller_id, kind=Alarm.Kind.GAP, gap=gap, raised_at=gap.noticed_at) for gap in new
    ]
    return len(Alarm.objects.bulk_create(made))


def _silent(now: datetime) -> int:
    """A controller that was linked once and is not heard any more; its alarm ends by itself when it is back."""
    before = now - SILENT_FOR
    spoken = Alarm.objects.filter(kind=Alarm.Kind.SILENT, ended_at=None)
    back = spoken.filter(Q(controller__last_seen__gt=before) | Q(controller__lost_at__isnull=False))
    back.update(ended_at=now)
    away = Controller.objects.filter(last_seen__lte=before, lost_at=None).exclude(
        pk__in=spoken.values("controller")
    )
    made = [Alarm(controller=one, kind=Alarm.Kind.SILENT, raised_at=one.last_seen) for one in away]
    return len(Alarm.objects.bulk_create(made))
