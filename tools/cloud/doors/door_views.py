"""One door: its name, its times and its rules; held released; and the areas of its site."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.db.models import Count, ProtectedError, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tools.terminal import Problem

from ..audit import looks
from ..models import AccessGroup, Area, Door, Right, Site, lock, visible
from ..pages import access, telling
from ..rules import areas as service
from ..rules.forms import AreaForm, DoorForm
from ..services import clock, entered
from . import commands, door_rules, door_status
from . import views as doors

HOLDS = {"15": 15, "60": 60, "480": 480}  # minutes that a door can be held released for


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.LOOK)
@access.whole
def page(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    door = get_object_or_404(visible(Door, user).select_related("controller__site__tenant"), pk=pk)
    tenant = door.controller.site.tenant
    if request.method == "POST":
        access.must(user, door, Right.CHANGE)
        lock(door)
    form = DoorForm(request.POST or None, door=door)
    if request.method == "POST" and form.is_valid():
        try:
            door_rules.change(door, form.wanted())
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is saved and on its way to the doors.") % {"name": door.name})
            telling.meanwhile(request, form)
            return redirect("pages:door", pk=pk)
    looks.at_doors(user, clock.now())
    shown = {
        "door": Door.objects.select_related("controller__site").get(pk=pk),
        "form": form,
        "retention": tenant.retention_days,
        "retention_reason": tenant.retention_reason,
        "pin_digits": tenant.pin_digits,
        "may_change": access.may(user, door, Right.CHANGE),
        "may_release": access.may(user, door, Right.RELEASE),
        "groups": _groups(door) if access.may(user, door, Right.PEOPLE) else None,
        "door_status": next(iter(door_status.doors(user, only=pk)), None),
        "here": "doors",
    }
    return render(request, "pages/door.html", shown, status=422 if form.is_bound and form.errors else 200)


def _groups(door: Door) -> QuerySet[AccessGroup]:
    """Those that open it, with how many people are in them now."""
    now = clock.now()
    holders = Q(grants__person__active=True) & (Q(grants__valid_until=None) | Q(grants__valid_until__gt=now))
    return door.groups.annotate(can_open=Count("grants__person", filter=holders, distinct=True)).order_by("name")


@require_POST
@access.needs(Right.LOOK)
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Held unlocked for a while, or no longer."""
    user: Any = request.user
    door = doors.releasable(request, pk)
    minutes = HOLDS.get(request.POST.get("minutes", ""))
    if minutes is not None and doors.not_sure(request, door):
        return doors.ask(request, door, str(minutes))
    commands.hold(door, user, None if minutes is None else int(clock.now().timestamp()) + minutes * 60)
    return redirect("pages:door", pk=pk)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.LOOK)
@access.whole
def areas(request: HttpRequest, site_pk: int) -> HttpResponse:
    user: Any = request.user
    site = get_object_or_404(visible(Site, user), pk=site_pk)
    may = access.may(user, site, Right.CHANGE)
    if request.method == "POST":
        access.must(user, site, Right.CHANGE)
        lock(site)
    number = entered.number(request.POST.get("number") or request.GET.get("number", ""))
    form = AreaForm(request.POST or None, area=site.areas.filter(number=number).first() if number else None)
    if request.method == "POST" and form.is_valid():
        try:
            service.put(site, **form.cleaned_data)
            telling.meanwhile(request, form)
            return redirect("pages:areas", site_pk=site_pk)
        except (IntegrityError, Problem) as problem:
            form.add_error(None, telling.sentence(Problem(str(problem))))
    shown = {"site": site, "areas": site.areas.all(), "form": form, "may_change": may, "here": "sites"}
    return render(request, "pages/areas.html", shown, status=422 if form.is_bound and form.errors else 200)


@require_POST
@access.needs(Right.LOOK)
def area_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    area = get_object_or_404(visible(Area, user).select_related("site"), pk=pk)
    access.must(user, area, Right.CHANGE)
    try:
        service.remove(area)
    except ProtectedError:
        messages.error(request, _("Doors lead to this area; change them first."))
    return redirect("pages:areas", site_pk=area.site_id)
