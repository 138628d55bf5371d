"""A card read at a door for a person: the reader is armed, the page follows, and one press gives the card."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..doors import door_status
from ..log import words
from ..models import Command, Door, Person, Reading, Right, User, visible
from ..pages import access, telling
from ..services import clock, entered
from . import learning

SHOWN = timedelta(minutes=10)  # how long the last reading stands on a person's page

# Why nothing came of it -> look, icon, what to say and what to do.
FAILED: dict[Any, tuple[str, str, Any, Any]] = {
    Reading.State.MISREAD: (
        "warn",
        "unknown",
        gettext_lazy("What the reader sent is no card"),
        gettext_lazy("Length or parity is wrong. Hold the card still and try again; if it stays, look at the wiring."),
    ),
    Reading.State.OVER: (
        "warn",
        "clock",
        gettext_lazy("No card came in time"),
        gettext_lazy("Be at the door before you start, and hold the card against the reader."),
    ),
    Reading.State.ENDED: (
        "warn",
        "cross",
        gettext_lazy("Another reading ended this one"),
        gettext_lazy("Only one reader of a controller waits for a card at a time."),
    ),
    Command.State.EXPIRED: (
        "warn",
        "unlinked",
        gettext_lazy("The door was not reached"),
        gettext_lazy("Its controller has no link. Choose another door, or try again when it is back."),
    ),
    Command.State.REFUSED: (
        "bad",
        "cross",
        gettext_lazy("The controller did not do it"),
        gettext_lazy("Its firmware may be too old to learn cards."),
    ),
}
FAILED[Command.State.UNKNOWN] = FAILED[Command.State.EXPIRED]


@require_POST
@access.needs(Right.PEOPLE)
def arm(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    person = get_object_or_404(visible(Person, user), pk=pk)
    access.must_change(user, person)
    door = doors(person, user).filter(pk=entered.number(request.POST.get("door", ""))).first()
    if door is None:
        messages.error(request, _("Choose a door."))
        return _answer(request, person)
    try:
        learning.arm(person, door, user)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return _answer(request, person)


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def follow(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it has come; asked every second while it goes on. Nothing new: an empty answer."""
    reading = _find(request, pk)
    here = shown(reading.person, request.user)
    if request.GET.get("seen") == here["mark"]:
        return HttpResponse(status=204)
    return render(request, "pages/_reading.html", {"person": reading.person, "reading": here})


@require_POST
@access.needs(Right.PEOPLE)
def give(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    reading = _find(request, pk)
    try:
        card = learning.give(reading, user)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    else:
        said = _("%(card)s is given and on its way to the doors.")
        messages.success(request, said % {"card": words.credential(card)})
    return redirect("pages:person", pk=reading.person_id)


@require_POST
@access.needs(Right.PEOPLE)
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    reading = _find(request, pk)
    learning.discard(reading, request.user if isinstance(request.user, User) else None)
    return _answer(request, reading.person)


def doors(person: Person, user: Any) -> Any:
    """Where a card can be read for this person."""
    found = visible(Door, user).filter(controller__site__tenant=person.tenant_id, controller__lost_at=None)
    return found.select_related("controller__site").order_by("controller__site__name", "name", "pk")


def shown(person: Person, user: Any) -> dict[str, Any]:
    """What stands on the person's page: the last reading, if it is of now, and the doors to choose from."""
    now = clock.now()
    last = (
        Reading.objects.select_related("command__door__controller")
        .filter(person=person, command__requested_at__gt=now - SHOWN)
        .order_by("-pk")
        .first()
    )
    here = {"row": None, "mark": "", "stage": "", **(_stage(last, now, user) if last else {})}
    mine = Reading.objects.filter(command__requested_by=user, command__door__isnull=False).order_by("-pk")
    usual = mine.values_list("command__door", flat=True).first()
    here["doors"] = [
        {"row": door, "linked": door_status.linked(door.controller, now), "usual": door.pk == usual}
        for door in (doors(person, user) if here["stage"] not in ("way", "waits") else ())
    ]
    here["sites"] = len({one["row"].controller.site_id for one in here["doors"]})
    return here


def _stage(reading: Reading, now: Any, user: Any) -> dict[str, Any]:
    command = reading.command
    stage: dict[str, Any] = {"row": reading, "door": command.door, "command": command, "stage": "failed"}
    failure = FAILED.get(reading.state)
    if reading.state == Reading.State.WAITING:
        failure = FAILED.get(command.state)
        if failure is None and now > command.expires_at + learning.LATE:
            failure = FAILED[Reading.State.OVER]
        if failure is None:
            left = max(0, int((command.expires_at - now).total_seconds()))
            stage |= {"stage": "waits" if command.state == Command.State.DONE else "way", "left": left}
    elif reading.state == Reading.State.READ:
        holder = learning.holder(reading)
        if reading.read_at is None or now > reading.read_at + learning.KEPT:
            return {}
        named = holder is not None and visible(Person, user).filter(pk=holder.person_id).exists()
        stage |= {"stage": "read", "holder": holder, "named": named, "printed": learning.printed(reading)}
    elif reading.state == Reading.State.GIVEN or (reading.state == Reading.State.ENDED and reading.read_at is None):
        return {}
    if failure is not None:
        look, icon, text, advice = failure
        stage |= {"look": look, "icon": icon, "text": text, "advice": advice, "bits": reading.bits}
    return stage | {"mark": f"{reading.pk}-{stage['stage']}-{stage.get('text', '')}"}


def _find(request: HttpRequest, pk: int) -> Reading:
    user: Any = request.user
    reading = get_object_or_404(visible(Reading, user).select_related("person"), pk=pk)
    access.must_change(user, reading)
    return reading


def _answer(request: HttpRequest, person: Person) -> HttpResponse:
    if access.by_htmx(request):
        return render(request, "pages/_reading.html", {"person": person, "reading": shown(person, request.user)})
    return redirect("pages:person", pk=person.pk)
