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
from ...services import commands
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
    """Asks for a release; its fate shows on the door's card."""
    user: Any = request.user
    door = get_object_or_404(visible(Door, user).select_related("controller__site"), pk=pk)
    access.must(user, door.controller.site.tenant_id, Right.RELEASE)
    commands.release(door, user)
    if access.by_htmx(request):
        return render(request, "pages/_door.html", {"standing": standing.doors(user, only=pk)[0]})
    return redirect(reverse("pages:doors") + f"#door-{pk}")


@never_cache
@require_GET
async def stream(request: HttpRequest) -> HttpResponseBase:
    """The parts of the page that changed, as server-sent events: {element id: HTML}."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse(status=401)
    language = get_language() or "en"
    response = StreamingHttpResponse(_changes(user, language), content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


async def _changes(user: Any, language: str) -> AsyncIterator[bytes]:
    sent: dict[str, str] = {}
    seen: Any = None
    quiet = 0.0
    yield b"retry: 2000\n\n"
    try:
        while True:
            print_now = await sync_to_async(standing.fingerprint)(user)
            if print_now != seen:
                seen, quiet = print_now, 0.0
                parts = await sync_to_async(_parts)(user, language)
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


def _parts(user: User, language: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    with override(language):
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
