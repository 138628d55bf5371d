"""Alarms: acknowledged by somebody, and all that were."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..audit import looks
from ..models import Alarm, Right, visible
from ..pages import access, telling
from ..services import clock, entered
from . import alarming, alarms

PER_PAGE = 60


@never_cache
@require_GET
@access.needs(Right.LOOK)
def page(request: HttpRequest) -> HttpResponse:
    """Every alarm, with who acknowledged it."""
    user: Any = request.user
    log = access.somewhere(user, Right.LOG)
    related = ("controller__site", "event__credential__person", "gap", "acknowledged_by")
    rows = visible(Alarm, user).select_related(*related)
    found = Paginator(rows.order_by("-raised_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    may = access.somewhere(user, Right.ALARMS)
    looks.at_doors(user, clock.now())
    doors = alarming.doors_of(found)
    shown = [alarming.row(one, 1, one.ended_at is not None, log, may, doors) for one in found]
    return render(request, "pages/alarms.html", {"page": found, "alarms": shown, "here": "log"})


@require_POST
@access.needs(Right.ALARMS)
def acknowledge(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    wanted = entered.number(request.POST.get("alarm", ""))
    # Where they may not do it nothing is there: the answer tells nothing of alarms that are hidden from them.
    mine = visible(Alarm, user).filter(controller__site__tenant__in=access.somewhere(user, Right.ALARMS))
    alarm = get_object_or_404(mine, pk=wanted)
    try:
        alarms.acknowledge(alarm, user, clock.now(), request.POST.get("note", ""))
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:alarms" if request.POST.get("from") == "alarms" else "pages:doors")
