"""Commissioning on a controller's page: begun, tried from here, ended; and the list that fills itself."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ..doors import commands, door_status
from ..models import Command, Controller, Door, Right, visible
from ..pages import access
from ..services import clock, entered
from . import commissioning as service

MINUTES = (15, 30, 60)
ASKED = timedelta(seconds=90)  # how long what became of a command stands there

# What is tried -> icon, when it worked, how to try it.
CHECKS: dict[str, tuple[str, Any, Any]] = {
    "reader": ("cardid", gettext_lazy("Reader: a card was read"), gettext_lazy("Reader: hold any card against it")),
    "keys": ("keypad", gettext_lazy("Keys: one was pressed"), gettext_lazy("Keys: press any")),
    "contact": ("door-open", gettext_lazy("Contact: the door moved"), gettext_lazy("Contact: open and shut the door")),
    "exit": ("exit", gettext_lazy("Exit button: pressed"), gettext_lazy("Exit button: press it")),
    "lock": (
        "unlock",
        gettext_lazy("Lock: unlocked, and the door opened"),
        gettext_lazy("Lock: unlock the door, then open it"),
    ),
    "strike": ("unlock", gettext_lazy("Lock: unlocked"), gettext_lazy("Lock: unlock the door, and look")),
    "fire": ("fire", gettext_lazy("Fire input: it spoke"), gettext_lazy("Fire input: have it raised")),
    "enclosure": ("chip", gettext_lazy("Enclosure: it spoke"), gettext_lazy("Enclosure: open the lid")),
    "mains": ("power", gettext_lazy("Mains: it spoke"), gettext_lazy("Mains: switch its supply off and on")),
    "battery": ("power", gettext_lazy("Battery: it spoke"), gettext_lazy("Battery: take it off and put it back")),
    "bell": ("bell", gettext_lazy("Bell: it rang"), gettext_lazy("Bell: ring")),
}
TAMPER = ("lock", gettext_lazy("Tamper switch: it spoke"), gettext_lazy("Tamper switch: take the reader off its plate"))


@never_cache
@require_GET
@access.needs(Right.LOOK)
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes; asked every other second while it goes on. Nothing new: an empty answer."""
    user: Any = request.user
    controller = _find(request, pk)
    here = shown(controller, user)
    if request.GET.get("seen") == here["mark"]:
        return HttpResponse(status=204)
    return render(request, "pages/_commissioning.html", {"controller": controller, "commissioning": here})


@require_POST
@access.needs(Right.LOOK)
def do(request: HttpRequest, pk: int) -> HttpResponse:
    """begin, end, alarm; identify or release with a door."""
    user: Any = request.user
    controller = _find(request, pk)
    asked = request.POST.get("do", "")
    access.must(user, controller, Right.RELEASE if asked == "release" else Right.INSTALL)
    if controller.lost_at is not None:
        return HttpResponseBadRequest()
    number = request.POST.get("door", "")
    if asked == "begin":
        minutes = request.POST.get("minutes", "")
        commands.commission(controller, user, int(minutes) if minutes in map(str, MINUTES) else service.MINUTES)
    elif asked == "end":
        commands.commission(controller, user, 0)
    elif asked == "alarm":
        commands.try_alarm(controller, user)
    elif asked in ("identify", "release") and entered.number(number) is not None:
        door = get_object_or_404(visible(Door, user), pk=entered.number(number), controller=controller)
        if asked == "release":
            commands.release(door, user)
        else:
            commands.identify(controller, user, door)
    else:
        return HttpResponseBadRequest()
    if access.by_htmx(request):
        here = shown(controller, user)
        return render(request, "pages/_commissioning.html", {"controller": controller, "commissioning": here})
    return redirect("pages:controller", pk=pk)


def shown(controller: Controller, user: Any) -> dict[str, Any]:
    """What stands on the controller's page."""
    now = clock.now()
    zone = controller.site.zone
    found = service.last(controller, now)
    asked = _asked(controller, found is not None and found.on, now)
    here: dict[str, Any] = {
        "on": found is not None and found.on,
        "minutes": MINUTES,
        "alarm": "alarm" in controller.table,
        "install": access.may(user, controller, Right.INSTALL) and controller.lost_at is None,
        "release": access.may(user, controller, Right.RELEASE) and controller.lost_at is None,
        "asked": asked,
        "pending": asked is not None and asked.state in (Command.State.QUEUED, Command.State.SENT),
        "places": [],
    }
    marks = [str(here["on"]), f"{asked.pk}{asked.state}" if asked else ""]
    if found is not None:
        here |= {
            "places": [_place(place) for place in found.places],
            "done": found.done,
            "all": len(found.checks),
            "left": max(0, int((found.until - now).total_seconds())),
            "until": door_status.moment(found.until, zone, now),
            "begun": door_status.moment(found.begun, zone, now),
        }
        here["minutes_left"] = -(-here["left"] // 60)
        marks += [str(found.done), str(found.until), str([place.misread for place in found.places])]
    return here | {"mark": "-".join(marks)}


def _asked(controller: Controller, on: bool, now: Any) -> Command | None:
    """The last command that belongs here, while its fate is news."""
    wanted = [Command.Do.COMMISSION, Command.Do.TRY] + ([Command.Do.IDENTIFY, Command.Do.RELEASE] if on else [])
    rows = Command.objects.filter(controller=controller, do__in=wanted, requested_at__gt=now - ASKED)
    return rows.select_related("door").order_by("-pk").first()


def _place(place: service.CheckedPlace) -> dict[str, Any]:
    rows = []
    for check in place.checks:
        icon, done, todo = TAMPER if check.what == "reader" and check.number else CHECKS[check.what]
        rows.append({"icon": icon, "text": done if check.at else todo, "done": check.at is not None})
    return {
        "door": place.door,
        "checks": rows,
        # Lines exchanged turn every bit round: the length is right, and both parities are wrong.
        "exchanged": sum(n for bits, n in place.misread.items() if bits in (26, 34)),
        "lengths": sorted((bits, n) for bits, n in place.misread.items() if bits not in (26, 34)),
    }


def _find(request: HttpRequest, pk: int) -> Controller:
    user: Any = request.user
    return get_object_or_404(visible(Controller, user).select_related("site"), pk=pk)
