"""The log: what happened, newest first, with what is missing shown as missing."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from firmware.controller.events import COMMISSIONING

from ..alarms import codes
from ..audit import looks
from ..doors import door_status
from ..models import Door, Event, Gap, Look, Person, Right, Site, visible
from ..pages import access
from ..rules.forms import day
from ..services import clock, entered, local_time, spreadsheet
from . import export as table_file
from . import retention, words

PER_PAGE = 60


class LogFilters(forms.Form):
    """What the log is narrowed to. Days are those of each site."""

    door = forms.ModelChoiceField(Door.objects.none(), required=False, label=gettext_lazy("Door"))
    person = forms.ModelChoiceField(Person.objects.none(), required=False, label=gettext_lazy("Person"))
    kind = forms.ChoiceField(required=False, label=gettext_lazy("What"))
    since = day(gettext_lazy("From day"))
    until = day(gettext_lazy("To day"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
        fields: Any = self.fields
        fields["door"].queryset = visible(Door, user).select_related("controller").order_by("name")
        fields["person"].queryset = visible(Person, user)
        fields["door"].empty_label = _("All doors")
        fields["person"].empty_label = _("Everybody")
        fields["kind"].choices = [("", _("Everything"))] + [(key, text) for key, (text, codes) in words.KINDS.items()]


@never_cache
@require_GET
@access.needs(Right.LOG)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    filters = LogFilters(request.GET, user=user)
    all_of_it = access.somewhere(user, Right.DURESS)
    wanted, zones, events = _wanted(user, filters, all_of_it)
    looks.note(_seen(user), Look.What.LOG, clock.now(), user=user, person=wanted.get("person"))
    before, after = _number(request, "before"), _number(request, "after")
    if after is not None:
        found = list(events.filter(pk__gt=after).order_by("pk")[: PER_PAGE + 1])
        more = len(found) > PER_PAGE
        found = found[:PER_PAGE][::-1]
        newer, older = more, True
    else:
        found = list((events if before is None else events.filter(pk__lt=before)).order_by("-pk")[: PER_PAGE + 1])
        newer, older = before is not None, len(found) > PER_PAGE
        found = found[:PER_PAGE]
    chosen = {key: value for key, value in request.GET.items() if key in filters.fields and value}
    shown = {
        "filters": filters,
        "narrowed": bool(chosen),
        "chosen": urlencode(chosen),
        "days": _days(found, all_of_it, [] if _by_content(wanted) else _gaps(user, found, wanted)),
        "several_zones": len(zones) > 1,
        "newer": newer and found and urlencode({**chosen, "after": found[0].pk}),
        "older": older and found and urlencode({**chosen, "before": found[-1].pk}),
        "first_page": before is None and after is None,
        "here": "log",
    }
    return render(request, "pages/log.html", shown)


@never_cache
@require_GET
@access.needs(Right.LOG)
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """What the filters leave, as a file: csv or json. That it was taken is kept."""
    user: Any = request.user
    filters = LogFilters(request.GET, user=user)
    if not filters.is_valid():  # all of it instead of what was meant would be the wrong file
        raise Http404
    all_of_it = access.somewhere(user, Right.DURESS)
    wanted, _zones, events = _wanted(user, filters, all_of_it)
    found = list(events.order_by("pk")[: table_file.MOST + 1])
    if len(found) > table_file.MOST:
        messages.error(request, _("These are more than %(n)d entries. Choose fewer days.") % {"n": table_file.MOST})
        return redirect(f"{reverse('pages:log')}?{request.GET.urlencode()}")
    looks.note(_seen(user), Look.What.LOG_FILE, clock.now(), user=user, person=wanted.get("person"))
    missing = [] if _by_content(wanted) else visible(Gap, user).select_related("controller__site")
    rows = table_file.rows(found, missing, visible(Door, user), all_of_it)
    if kind == "csv":
        answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")  # the mark by which Excel knows UTF-8
        answer.writelines(spreadsheet.lines(table_file.COLUMNS, rows))
    else:
        answer = HttpResponse(content_type="application/json")
        answer.write(json.dumps(list(rows), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
    answer["Content-Disposition"] = f'attachment; filename="log-{clock.now():%Y-%m-%d}.{kind}"'
    return answer


def _wanted(user: Any, filters: LogFilters, all_of_it: set[int]) -> tuple[dict[str, Any], list[str], QuerySet[Event]]:
    """What the filters say (nothing where they are wrong), the zones of the sites, and the events they leave."""
    wanted = filters.cleaned_data if filters.is_valid() else {}
    kept = visible(Event, user).exclude(code=codes.EXPIRED, extra=retention.ERASED_HERE)
    zones = sorted(set(visible(Site, user).values_list("zone", flat=True)))
    return wanted, zones, _narrowed(kept, wanted, all_of_it, zones)


def _number(request: HttpRequest, name: str) -> int | None:
    return entered.number(request.GET.get(name, ""))


def _narrowed(
    events: QuerySet[Event], wanted: dict[str, Any], all_of_it: set[int], zones: Iterable[str]
) -> QuerySet[Event]:
    events = events.select_related("controller__site", "credential__person")
    if wanted.get("door"):
        events = events.filter(controller=wanted["door"].controller_id, door_number=wanted["door"].number)
    if wanted.get("person"):
        events = events.filter(credential__person=wanted["person"])
    if wanted.get("kind"):
        events = events.filter(code__in=words.KINDS[wanted["kind"]][1])
        if wanted["kind"] == "alarm":  # a silent one would be told by standing there
            events = events.exclude(Q(code__in=codes.SILENT) & ~Q(controller__site__tenant__in=all_of_it))
    if wanted.get("since") or wanted.get("until"):
        events = events.filter(_in_days(zones, wanted.get("since"), wanted.get("until")))
    return events


def _in_days(zones: Iterable[str], since: date | None, until: date | None) -> Q:
    """Between two days, both included: at each site those of its own clock, under which the log shows its events."""
    found = Q(pk=None)
    for zone in zones:
        here = Q(controller__site__zone=zone)
        if since:
            start = local_time.begins(since, None, zone)
            here &= Q(utc__gte=start) | Q(utc=None, received_at__gte=start)
        if until:
            end = local_time.ends(until, None, zone)
            here &= Q(utc__lt=end) | Q(utc=None, received_at__lt=end)
        found |= here
    return found


def _by_content(wanted: dict[str, Any]) -> bool:
    """Of a gap nobody knows who or what was in it: it is shown where every event of a controller would be."""
    return bool(wanted.get("person") or wanted.get("kind"))


def _gaps(user: Any, found: list[Event], wanted: dict[str, Any]) -> list[Gap]:
    """The gaps that lie between, or right beside, the events shown."""
    if not found:
        return list(visible(Gap, user).select_related("controller__site").order_by("-noticed_at")[:PER_PAGE])
    near = Q()
    for controller, epoch in {(event.controller_id, event.epoch) for event in found}:
        numbers = [e.sequence for e in found if (e.controller_id, e.epoch) == (controller, epoch)]
        near |= Q(controller=controller, epoch=epoch, first__gte=min(numbers) - 1, last__lte=max(numbers) + 1)
        near |= Q(controller=controller, epoch=epoch, last=min(numbers) - 1)
    return list(visible(Gap, user).filter(near).select_related("controller__site"))


def _days(found: list[Event], all_of_it: set[int], gaps: list[Gap]) -> list[dict[str, Any]]:
    """Rows under their days. A gap stands right after (in time: before) the event that followed it."""
    doors = {
        (door.controller_id, door.number): door
        for door in Door.objects.filter(controller__in={event.controller_id for event in found})
    }
    after = {(gap.controller_id, gap.epoch, gap.last + 1): gap for gap in gaps}
    days: list[dict[str, Any]] = []
    for event in found:
        at = door_status.local(event.utc or event.received_at, event.controller.site.zone)
        if not days or days[-1]["date"] != at.date():
            days.append({"date": at.date(), "name": _day(at.date()), "rows": []})
        everything = event.controller.site.tenant_id in all_of_it
        days[-1]["rows"].append(_row(event, everything, doors.get((event.controller_id, event.door_number)), at))
        gap = after.pop((event.controller_id, event.epoch, event.sequence), None)
        if gap is not None:
            days[-1]["rows"].append({"gap": gap, "count": gap.last - gap.first + 1})
    for gap in after.values():
        if not days:
            days.append({"date": None, "name": "", "rows": []})
        days[-1]["rows"].append({"gap": gap, "count": gap.last - gap.first + 1})
    return days


def _seen(user: Any) -> list[int]:
    return sorted(access.somewhere(user, Right.LOG))


def _row(event: Event, all_of_it: bool, door: Door | None, at: datetime) -> dict[str, Any]:
    code = codes.shown(event.code, all_of_it)
    called = words.words(code)
    return {
        "event": event,
        "time": at.strftime("%H:%M:%S"),
        "iso": at.isoformat(timespec="seconds"),
        "city": local_time.city(event.controller.site.zone),
        "untimed": event.utc is None,
        "unsure": event.utc is not None and not event.time_trusted,
        "tried": bool(event.flags & COMMISSIONING),
        "late": event.utc is not None and event.received_at - event.utc > timedelta(minutes=1),
        "look": called.look,
        "icon": called.icon,
        "text": words.sentence(code, event.extra, event.credential is not None, event.count),
        "place": _place(event, door),
        "controller": event.controller.name,
        "person": event.credential.person if event.credential else None,
        "card": words.credential(event.credential, all_of_it) if event.credential else "",
    }


def _place(event: Event, door: Door | None) -> str:
    if event.compartment:
        return words.compartment(event.compartment, event.controller.name)
    return door.name if door else event.controller.name


def _day(day: date) -> str:
    return formats.date_format(day, "l ") + formats.date_format(day)
