"""The doors, live: the page, its stream of changes, and the release of a door."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ...models import Door, Right, User, visible
from ...services import clock, commands, locks
from .. import access, alarming, standing

LOOK_S = 0.3
STILL_S = 15.0  # a comment so often keeps proxies from closing a quiet stream


@never_cache
@require_GET
@access.signed_in
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    tenants = set(access.tenants(user, Right.RELEASE).values_list("pk", flat=True))
    shown = {
        "sites": standing.sites(user),
        "alarms": alarming.now_standing(user),
        "releasable": tenants,
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
        return render(request, "pages/_door.html", {"standing": standing.doors(user, only=pk)[0]})
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
    access.must(user, door.controller.site.tenant_id, Right.RELEASE)
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
    """The parts of the page that changed, as server-sent events: {element id: HTML}. door: of that door's page."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    language = get_language() or "en"
    only = request.GET.get("door", "")
    door = int(only[:9]) if only.isascii() and only.isdigit() else None
    response = StreamingHttpResponse(_changes(user, language, door), content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


async def _changes(user: Any, language: str, door: int | None = None) -> AsyncIterator[bytes]:
    sent: dict[str, str] = {}
    seen: Any = None
    quiet = 0.0
    yield b"retry: 2000\n\n"
    try:
        while True:
            print_now = await sync_to_async(standing.fingerprint)(user)
            if print_now != seen:
                seen, quiet = print_now, 0.0
                parts = await sync_to_async(_parts)(user, language, door)
                changed = {name: html for name, html in parts.items() if sent.get(name) != html}
                sent = parts
                if changed:
                    yield f"data: {json.dumps(changed)}\n\n".encode()
            elif quiet >= STILL_S:
                quiet = 0.0
                yield b": still here\n\n"
            await asyncio.sleep(LOOK_S)
            quiet += LOOK_S
    finally:
        await sync_to_async(connections.close_all)()


def _parts(user: User, language: str, door: int | None) -> dict[str, str]:
    parts: dict[str, str] = {}
    with override(language):
        if door is not None:
            found = standing.doors(user, only=door)
            return {f"door-{door}-at": render_to_string("pages/_at.html", {"standing": one}) for one in found}
        parts["alarms"] = render_to_string("pages/_alarms.html", {"alarms": alarming.now_standing(user)})
        for site in standing.sites(user):
            for row in site["controllers"]:
                name = f"link-{row['controller'].pk}"
                parts[name] = render_to_string(
                    "pages/_link.html",
                    {name: row[name] for name in ("link", "controller", "emergency", "tried")},
                )
                for one in row["doors"]:
                    parts[f"door-{one.door.pk}-now"] = render_to_string("pages/_door.html", {"standing": one})
    return parts
