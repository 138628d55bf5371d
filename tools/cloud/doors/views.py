"""The doors, live: the page, its stream of changes, and the release of a door."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ..alarms import alarming
from ..audit import looks
from ..models import Door, Right, Site, visible
from ..pages import access
from ..residents import own
from ..services import clock, entered
from ..sessions import hashed
from . import commands, door_status, live, locks
from .doors_page import EVERY, Sought

STILL_S = 15.0  # a comment so often keeps proxies from closing a quiet stream


@never_cache
@require_GET
@access.signed_in
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not user.memberships.living().exists() and own.persons(request).exists():
        return redirect("pages:mine")
    looks.at_doors(user, clock.now())
    alarms = alarming.now_standing(user)
    sought = Sought.of(request.GET)
    part = door_status.page(user, sought)
    shown = {
        "part": part,
        "earlier": Sought(sought.q, before=part.previous).address(),
        "later": Sought(sought.q, after=part.next).address(),
        "sought": sought,
        "is_part": sought != EVERY or part.next is not None,
        "alarms": alarms,
        "alarms_standing": len(alarms),
        "releasable": access.somewhere(user, Right.RELEASE),
        "sites_releasable": access.reached(user, Site, Right.RELEASE),
        "here": "doors",
    }
    return render(request, "pages/doors.html", shown)


@require_POST
@access.signed_in
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for a release; its fate shows on the door's card. During a lockdown, first whether it is meant."""
    user: Any = request.user
    door = releasable(request, pk)
    if not_sure(request, door):
        if access.by_htmx(request):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("pages:release_sure", args=[pk])})
        return ask(request, door)
    commands.release(door, user)
    if access.by_htmx(request):
        return render(request, "pages/_door.html", {"door_status": door_status.doors(user, only=pk)[0]})
    if request.POST.get("from") == "door":
        return redirect("pages:door", pk=pk)
    return redirect(reverse("pages:doors") + f"#door-{pk}")


@never_cache
@require_GET
@access.signed_in
def release_sure(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a release by script asks whether it is meant."""
    return ask(request, releasable(request, pk))


def releasable(request: HttpRequest, pk: int) -> Door:
    user: Any = request.user
    door = get_object_or_404(visible(Door, user).select_related("controller__site"), pk=pk)
    access.must(user, door, Right.RELEASE)
    return door


def not_sure(request: HttpRequest, door: Door) -> bool:
    """Whether the door is in a lockdown and the user has not said that it is meant."""
    return locks.lock(door, clock.now()).state == "lockdown" and request.POST.get("sure") != "1"


def ask(request: HttpRequest, door: Door, minutes: str = "") -> HttpResponse:
    """Whether it is meant. minutes: of a hold; empty: one release."""
    shown = {
        "door": door,
        "minutes": minutes,
        "action": reverse("pages:hold" if minutes else "pages:release", args=[door.pk]),
        "from": request.POST.get("from", ""),
        "here": "doors",
    }
    return render(request, "pages/sure.html", shown)


@never_cache
@require_GET
async def stream(request: HttpRequest) -> HttpResponseBase:
    """The parts of the page that changed, as server-sent events: {element id: HTML}. door, bank, log: of that page,
    else of the page of doors, which says what is sought there."""
    user: Any = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    door, bank, log = (entered.number(request.GET.get(name, "")) for name in ("door", "bank", "log"))
    tenants = frozenset([pk async for pk in user.memberships.living().values_list("tenant", flat=True)])
    key = hashed(request.session.session_key or "")
    one = live.DoorStream(user, key, get_language() or "en", door, bank, log, Sought.of(request.GET), tenants)
    if bank is None and log is None:
        await sync_to_async(looks.at_doors)(user, clock.now())
    hub = live.hub()
    try:
        hub.join(one)
    except live.Crowded:
        said = _("Too many pages follow the doors at once. Close some of them.")
        return HttpResponse(said, status=429, headers={"Retry-After": "10"}, content_type="text/plain; charset=utf-8")
    response = StreamingHttpResponse(_written(hub, one), content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


async def _written(hub: live.Hub, one: live.DoorStream) -> AsyncIterator[bytes]:
    """The stream as bytes. Its last event says that the page is to be loaded anew: access has changed."""
    quiet = 0.0
    yield b"retry: 2000\n\n"
    async with aclosing(live.changes(hub, one)) as changes:
        async for changed in changes:
            quiet += live.LOOK_S
            if changed:
                quiet = 0.0
                yield f"data: {json.dumps(changed)}\n\n".encode()
            elif quiet >= STILL_S:
                quiet = 0.0
                yield b": still here\n\n"
    if one.end is live.End.OVER:
        yield b"event: over\ndata: \n\n"
