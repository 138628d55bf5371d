"""The log: what happened, newest first, with what is missing shown as missing."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ..alarms import codes
from ..audit import looks
from ..models import Door, Event, Gap, Look, Person, Right, Site, visible
from ..pages import access
from ..people.found import FoundPerson
from ..rules.forms import day
from ..services import clock, entered, local_time, spreadsheet
from . import export as table_file
from . import shown, words


class LogFilters(forms.Form):
    """What the log is narrowed to. Days are those of each site."""

    door = forms.ModelChoiceField(Door.objects.none(), required=False, label=gettext_lazy("Door"))
    person = FoundPerson(Person.objects.none(), required=False, label=gettext_lazy("Person"))
    kind = forms.ChoiceField(required=False, label=gettext_lazy("What"))
    since = day(gettext_lazy("From day"))
    until = day(gettext_lazy("To day"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, label_suffix="", **kwargs)
        fields: Any = self.fields
        fields["door"].queryset = visible(Door, user).select_related("controller").order_by("name")
        fields["person"].queryset = visible(Person, user)
        fields["door"].empty_label = _("All doors")
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
        found = list(events.filter(pk__gt=after).order_by("pk")[: shown.PER_PAGE + 1])
        more = len(found) > shown.PER_PAGE
        found = found[: shown.PER_PAGE][::-1]
        newer, older = more, True
    else:
        found = list((events if before is None else events.filter(pk__lt=before)).order_by("-pk")[: shown.PER_PAGE + 1])
        newer, older = before is not None, len(found) > shown.PER_PAGE
        found = found[: shown.PER_PAGE]
    chosen = {key: value for key, value in request.GET.items() if key in filters.fields and value}
    if wanted.get("person"):  # found by typing
        chosen["person"] = str(wanted["person"].pk)
    live = before is None and after is None and not chosen
    told = {
        "filters": filters,
        "narrowed": bool(chosen),
        "chosen": urlencode(chosen),
        "days": shown.days(found, all_of_it, [] if _by_content(wanted) else shown.gaps(user, found)),
        "several_zones": len(zones) > 1,
        "newer": newer and found and urlencode({**chosen, "after": found[0].pk}),
        "older": older and found and urlencode({**chosen, "before": found[-1].pk}),
        # What comes in after that is put on top as it comes; among what is looked for it would not belong.
        "live_after": (found[0].pk if found else _newest(user)) if live else None,
        "here": "log",
    }
    return render(request, "pages/log.html", told)


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
        answer = HttpResponse(spreadsheet.MARK, content_type="text/csv; charset=utf-8")
        answer.writelines(spreadsheet.lines(table_file.COLUMNS, rows))
    else:
        answer = HttpResponse(content_type="application/json")
        answer.write(json.dumps(list(rows), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
    answer["Content-Disposition"] = f'attachment; filename="log-{clock.now():%Y-%m-%d}.{kind}"'
    return answer


def _wanted(user: Any, filters: LogFilters, all_of_it: set[int]) -> tuple[dict[str, Any], list[str], QuerySet[Event]]:
    """What the filters say (nothing where they are wrong), the zones of the sites, and the events they leave."""
    wanted = filters.cleaned_data if filters.is_valid() else {}
    zones = sorted(set(visible(Site, user).values_list("zone", flat=True)))
    return wanted, zones, _narrowed(shown.there(user), wanted, all_of_it, zones)


def _newest(user: Any) -> int:
    """Also of those that do not show any more."""
    return visible(Event, user).order_by("-pk").values_list("pk", flat=True).first() or 0


def _number(request: HttpRequest, name: str) -> int | None:
    return entered.number(request.GET.get(name, ""))


def _narrowed(
    events: QuerySet[Event], wanted: dict[str, Any], all_of_it: set[int], zones: list[str]
) -> QuerySet[Event]:
    events = events.select_related("controller__site", "credential__person")
    if wanted.get("door"):
        events = events.filter(controller=wanted["door"].controller_id, door_number=wanted["door"].number)
    if wanted.get("person"):
        events = events.filter(credential__person=wanted["person"])
    if wanted.get("kind"):
        events = events.filter(code__in=words.KINDS[wanted["kind"]][1])
        if wanted["kind"] == "alarm":  # a silent one would be told by standing there
            events = events.exclude(Q(code__in=codes.SILENT) & ~Q(tenant__in=all_of_it))
    if wanted.get("since") or wanted.get("until"):
        since, until = wanted.get("since"), wanted.get("until")
        # Between the first beginning and the last end: what an index can be asked for. Then at each site its own.
        events = events.filter(_between([_bounds(since, until, zone) for zone in zones]))
        if len(zones) > 1:
            events = events.filter(_in_days(zones, since, until))
    return events


def _in_days(zones: Iterable[str], since: date | None, until: date | None) -> Q:
    """Between two days, both included: at each site those of its own clock, under which the log shows its events."""
    found = Q(pk=None)
    for zone in zones:
        found |= Q(controller__site__zone=zone) & _between([_bounds(since, until, zone)])
    return found


Bounds = tuple[datetime | None, datetime | None]


def _bounds(since: date | None, until: date | None, zone: str) -> Bounds:
    begins = local_time.begins(since, None, zone) if since else None
    return begins, local_time.ends(until, None, zone) if until else None


def _between(all_bounds: list[Bounds]) -> Q:
    """From the first of these beginnings to the last of these ends; of what has no time, by when it came in."""
    timed, untimed = Q(utc__isnull=False), Q(utc=None)
    begins, ends = [one for one, _ in all_bounds if one], [one for _, one in all_bounds if one]
    if begins:
        timed, untimed = Q(utc__gte=min(begins)), untimed & Q(received_at__gte=min(begins))
    if ends:
        timed, untimed = timed & Q(utc__lt=max(ends)), untimed & Q(received_at__lt=max(ends))
    return timed | untimed


def _by_content(wanted: dict[str, Any]) -> bool:
    """Of a gap nobody knows who or what was in it: it is shown where every event of a controller would be."""
    return bool(wanted.get("person") or wanted.get("kind"))


def _seen(user: Any) -> list[int]:
    return sorted(access.somewhere(user, Right.LOG))
