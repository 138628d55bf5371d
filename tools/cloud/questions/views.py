"""The pages of questions: answers only."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tools.terminal import Problem

from ..alarms import codes
from ..audit import looks
from ..log.words import card
from ..models import AccessGroup, Controller, Credential, Door, Event, Look, Person, Right, Site, Tenant, visible
from ..pages import access, telling
from ..services import clock, entered, local_time
from . import held, inside, since, unused, who, words
from .forms import DaysForm, DoorQuestionForm, MomentForm

PER_PAGE = 100
FOUND = 12  # people that a name finds
REFUSALS = 50


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    sought = entered.text(request.GET.get("q", ""), 100)
    people = visible(Person, user).filter(name__icontains=sought).order_by("name", "pk")[:FOUND] if sought else []
    shown = {
        "form": DoorQuestionForm(user=user),
        "q": sought,
        "people": people,
        "sites": visible(Site, user).filter(areas__isnull=False).distinct().order_by("name"),
        "here": "access",
    }
    return render(request, "pages/questions/page.html", shown)


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def door(request: HttpRequest) -> HttpResponse:
    """Who can open this door now, last night, next Sunday at 14:00."""
    user: Any = request.user
    form = DoorQuestionForm(request.GET or None, user=user)
    shown: dict[str, Any] = {"form": form, "here": "access"}
    number = entered.number(request.GET.get("door", ""))
    if number is not None:
        doors = visible(Door, user).select_related("controller__site__tenant", "rules")
        row = get_object_or_404(doors, pk=number)
        zone, now = row.controller.site.zone, clock.now()
        try:
            at = form.at(zone, now)
            found = who.of_door(row, at, now, visible(Person, user), _groups(user))
        except Problem as problem:
            shown["refused"] = telling.sentence(problem)
        else:
            shown |= _who(request, row, found) | {"at": words.shown(at, zone), "past": at < now}
    return render(request, "pages/questions/door.html", shown)


def _who(request: HttpRequest, row: Door, found: who.Who) -> dict[str, Any]:
    told: dict[Any, str] = {}

    def line(one: who.Told) -> dict[str, Any]:
        person = people[one.person]
        if one.answer not in told:
            told[one.answer] = words.of_answer(person, row, one.answer)
        return {"person": person, "says": told[one.answer], "since": person.pk in found.since.people}

    page = Paginator(found.may, PER_PAGE).get_page(request.GET.get("page"))
    not_now = found.not_now[:PER_PAGE]
    people = Person.objects.in_bulk([one.person for one in (*page, *not_now)])
    also = sorted({one for answer in {one.answer for one in found.may} for one in words.also(answer)})
    return {
        "door": row,
        "all": found.all,
        "page": page,
        "can": [line(one) for one in page],
        "not_now": [line(one) for one in not_now],
        "more": max(0, len(found.not_now) - PER_PAGE),
        "also": also,
        "since": found.since,
        "rules": _rules(found.since, row),
        "others": found.others[:PER_PAGE],
    }


def _groups(user: Any) -> set[int]:
    return set(visible(AccessGroup, user).values_list("pk", flat=True))


def _rules(later: since.Since, row: Door) -> list[dict[str, str]]:
    """What else was changed that has a say at the door, and when."""
    zone = row.controller.site.zone
    return [{"label": one.label, "name": one.name, "at": words.shown(one.at, zone)} for one in later.rules(row)]


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody can open, and what they were refused."""
    user: Any = request.user
    row = get_object_or_404(visible(Person, user), pk=pk)
    form = MomentForm(request.GET or None)
    zones = local_time.of_tenant(row.tenant_id)
    doors = visible(Door, user).filter(controller__site__tenant=row.tenant_id, controller__lost_at=None)
    now = clock.now()
    shown: dict[str, Any] = {"person": row, "form": form, "here": "people", "refusals": _refusals(request, row)}
    shown["shows_log"] = row.tenant_id in access.somewhere(user, Right.LOG)
    try:
        at = form.at(zones[0], now)
        answers = who.of_person(row, doors.select_related("controller__site__tenant", "rules").order_by("name"), at)
        later = since.of(row.tenant_id, at, now, _groups(user))
        own = row.pk in later.people
        told = [(one, words.of_answer(row, one, found), found.may, bool(later.rules(one))) for one, found in answers]
        shown |= {
            "at": words.shown(at, zones[0]),
            "past": at < now,
            "since": later,
            "own": own,
            "can": [(one, says, marked) for one, says, may, marked in told if may],
            "cannot": [(one, says, marked) for one, says, may, marked in told if not may],
        }
    except Problem as problem:
        shown["refused"] = telling.sentence(problem)
    return render(request, "pages/questions/person.html", shown)


def _refusals(request: HttpRequest, row: Person) -> list[dict[str, Any]]:
    """Why they were refused, newest first: to whom the log shows."""
    user: Any = request.user
    events = visible(Event, user).filter(credential__person=row, code__in=codes.DENIED)
    found = list(events.select_related("controller__site", "credential").order_by("-pk")[:REFUSALS])
    if access.somewhere(user, Right.LOG) & {row.tenant_id}:
        looks.note([row.tenant_id], Look.What.LOG, clock.now(), user=user, person=row)
    doors = {
        (one.controller_id, one.number): one
        for one in Door.objects.filter(controller__in={event.controller_id for event in found}).select_related(
            "controller__site"
        )
    }
    told, duress = [], access.somewhere(user, Right.DURESS)
    for event in found:
        at = doors.get((event.controller_id, event.door_number))
        when = words.shown(event.utc or event.received_at, event.controller.site.zone)
        told.append({"at": when, "door": at, "why": words.of_event(event, at, row.tenant_id in duress)})
    return told


@never_cache
@require_GET
@access.needs(Right.LOG)
def roll_call(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is inside: to be printed."""
    user: Any = request.user
    site = get_object_or_404(visible(Site, user), pk=pk)
    access.must(user, site, Right.LOG)
    access.must(user, site, Right.PEOPLE)
    now = clock.now()
    looks.note([site.tenant_id], Look.What.LOG, now, user=user)
    areas: list[dict[str, Any]] = [
        {
            "area": one.area,
            "people": [
                {"name": it.person.name, "at": words.clock(it.since, site.zone, now), "door": it.door}
                for it in one.people
            ],
        }
        for one in inside.of_site(site, now)
    ]
    total = sum(len(one["people"]) for one in areas)
    shown = {"site": site, "areas": areas, "total": total, "now": words.shown(now, site.zone), "here": "sites"}
    return render(request, "pages/questions/inside.html", shown)


@never_cache
@require_GET
@access.needs(Right.LOG)
def unused_cards(request: HttpRequest) -> HttpResponse:
    """Which cards were not used for so many days."""
    user: Any = request.user
    form = DaysForm({"days": request.GET.get("days") or unused.DAYS})
    days = form.cleaned_data["days"] if form.is_valid() else unused.DAYS
    now, groups = clock.now(), []
    tenants = access.tenants(user, Right.LOG) & access.tenants(user, Right.PEOPLE)
    for tenant in Tenant.objects.filter(pk__in=tenants.values("pk")).order_by("name", "pk"):
        looks.note([tenant.pk], Look.What.LOG, now, user=user)
        found = unused.of_tenant(tenant, days, now, visible(Credential, user))
        zone = local_time.of_tenant(tenant.pk)[0]
        page = Paginator(found.cards, PER_PAGE).get_page(request.GET.get("page"))
        cards = [
            {"card": one, "name": card(one.bits, one.number), "last": one.last and words.shown(one.last, zone)}
            for one in page
        ]
        groups.append({"tenant": tenant, "page": page, "cards": cards, "doors": found.doors})
    shown = {"form": form, "days": days, "groups": groups, "here": "people"}
    return render(request, "pages/questions/unused.html", shown)


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def controller(request: HttpRequest, pk: int) -> HttpResponse:
    """What a controller holds, beside what it should."""
    user: Any = request.user
    row = get_object_or_404(visible(Controller, user).select_related("site"), pk=pk)
    access.must(user, row, Right.PEOPLE)
    shown = {"controller": row, "held": held.of(row, visible(Person, user)), "here": "sites"}
    return render(request, "pages/questions/held.html", shown)
