"""A resident's own page: doors, log, profile. Each looks for the person of the account that asks, and for no role."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..models import Command, Credential, Person
from ..pages import access, telling
from ..people import people, pictures, square
from ..privacy import statement
from ..services import clock, entered
from ..sessions import hashed
from . import own, parcels, passages, policy, shown, unlocking

LATEST = int(datetime(9998, 1, 1, tzinfo=UTC).timestamp())  # what a database keeps


def frame(request: HttpRequest, person: Person, here: str) -> dict[str, Any]:
    """What the frame of each of these pages needs."""
    user: Any = request.user
    return {
        "mine": person,
        "guests_allowed": policy.of(person.tenant_id).guests,
        "has_parcels": policy.of(person.tenant_id).parcels or parcels.of(person).exists(),
        "several": own.persons(request).count() > 1,
        "member": user.memberships.exists(),
        "statement_changed": statement.news(person.tenant, clock.now()),
        "here": here,
    }


@never_cache
@require_GET
@access.signed_in
def choose(request: HttpRequest) -> HttpResponse:
    """Which of the places where the account is somebody; where it is one, that."""
    found = list(own.persons(request))
    if len(found) == 1:
        return redirect("pages:my_doors", pk=found[0].pk)
    return render(request, "pages/residents/choose.html", {"persons": found, "here": "mine"})


@never_cache
@require_GET
@access.signed_in
def doors(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    told = {
        **frame(request, person, "my_doors"),
        "doors": shown.doors(person),
        "parcels": shown.parcels(person),
        "compartments": shown.compartments(person),
        "cards": shown.cards(person),
    }
    return render(request, "pages/residents/doors.html", told)


@require_POST
@access.signed_in
def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for it; what becomes of it shows on the door's card."""
    person = own.find(request, pk)
    number = entered.number(request.POST.get("door", ""))
    try:
        command = unlocking.unlock(person, number)
    except Problem as problem:
        if not access.by_htmx(request):
            messages.error(request, telling.sentence(problem))
            return redirect("pages:my_doors", pk=pk)
        return render(request, "pages/residents/_asked.html", {"mine": person, "fault": telling.sentence(problem)})
    if command is None:
        return HttpResponse(status=404)
    if not access.by_htmx(request):
        return redirect(reverse("pages:my_doors", args=[pk]) + f"#door-{number}")
    return render(request, "pages/residents/_asked.html", {"mine": person, "asked": shown.asked(command)})


@never_cache
@require_GET
@access.signed_in
def asked(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of it: asked for every second until that is known."""
    person = own.find(request, pk)
    rows = Command.objects.filter(person=person, do=Command.Do.RELEASE).select_related("controller__site")
    command = get_object_or_404(rows, pk=entered.number(request.GET.get("command", "")))
    return render(request, "pages/residents/_asked.html", {"mine": person, "asked": shown.asked(command)})


@require_POST
@access.signed_in
def lost(request: HttpRequest, pk: int) -> HttpResponse:
    """A card is blocked at once."""
    person = own.find(request, pk)
    card = _card(person, request.POST.get("credential", ""))
    if card.active:
        people.revoke(card)
        messages.success(request, _("%(card)s is blocked.") % {"card": shown.card(card)["name"]})
    return redirect(reverse("pages:my_doors", args=[pk]) + f"#card-{card.pk}")


@never_cache
@require_GET
@access.signed_in
def blocked(request: HttpRequest, pk: int) -> HttpResponse:
    """How far that has come; an empty answer when there is nothing new (people/views.py)."""
    person = own.find(request, pk)
    card = shown.card(_card(person, request.GET.get("credential", ""), active=False))
    if request.GET.get("seen") == card["arrival"].mark:
        return HttpResponse(status=204)
    return render(request, "pages/residents/_blocked.html", {"mine": person, "card": card})


@never_cache
@require_GET
@access.signed_in
def log(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    before = entered.number(request.GET.get("before", ""))
    page = passages.page(person, None if before is None else datetime.fromtimestamp(min(before, LATEST), UTC))
    told = {**frame(request, person, "my_log"), "page": page, "first": before is None}
    return render(request, "pages/residents/log.html", told)


@never_cache
@require_GET
@access.signed_in
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    user: Any = request.user
    told = {
        **frame(request, person, "my_profile"),
        **shown.held(person, user, _session(request)),
        "cards": shown.cards(person),
        "picture": pictures.of(person),
        "picture_size": square.SIZE,
        "retention": person.tenant.retention_days,
        "reason": person.tenant.retention_reason,
        "longer": unlocking.doors_of(person).exclude(rules__retention_reason="").exclude(rules=None),
    }
    return render(request, "pages/residents/profile.html", told)


@require_POST
@access.signed_in
def sign_out_elsewhere(request: HttpRequest, pk: int) -> HttpResponse:
    own.find(request, pk)
    user: Any = request.user
    gone, _rows = user.sessions.exclude(session_key=_session(request)).delete()
    messages.success(request, _("Signed out elsewhere: %(n)d.") % {"n": gone})
    return redirect("pages:my_profile", pk=pk)


def _session(request: HttpRequest) -> str:
    return hashed(request.session.session_key or "")


def _card(person: Person, number: str, **narrowed: Any) -> Credential:
    cards = person.credentials.filter(kind=Credential.Kind.CARD, **narrowed).select_related("person")
    card: Credential = get_object_or_404(cards, pk=entered.number(number))
    return card
