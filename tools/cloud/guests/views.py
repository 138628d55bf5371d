"""Guests for administrators; and what guests themselves see, by addresses that nobody can guess, without an account."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..models import Guest, Right, visible
from ..pages import access, telling
from . import guests, invitations, shown
from .forms import HouseForm
from .own_views import invited

SHOWN = 100


@never_cache
@require_GET
@access.needs(Right.GUESTS)
def listing(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    told = {
        "guests": shown.each(visible(Guest, user)[:SHOWN]),
        "endable": access.reached(user, Guest, Right.GUESTS),
        "named": access.somewhere(user, Right.PEOPLE),  # where they may know whose guests these are
        "here": "people",
    }
    return render(request, "pages/guests/listing.html", told)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.GUESTS)
def add(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = HouseForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid() and form.end is not None:
        said = form.cleaned_data
        try:
            guest, token = guests.invite_to(
                form.chosen(), form.begin, form.end, said["uses"], user, said.get("email", "")
            )
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            told = {**invited(guest, token, said.get("email", "")), "back": reverse("pages:guests"), "here": "people"}
            return render(request, "pages/guests/invited.html", told)
    told = {"form": form, "back": reverse("pages:guests"), "here": "people"}
    return render(request, "pages/guests/add.html", told, status=422 if form.is_bound else 200)


@require_POST
@access.needs(Right.GUESTS)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    guest = get_object_or_404(visible(Guest, user).select_related("person"), pk=pk)
    access.must(user, guest, Right.GUESTS)
    guests.end(guest)
    messages.success(request, _("%(name)s may come in no longer.") % {"name": str(guest)})
    return redirect("pages:guests")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Looking uses nothing up. The button does, and goes on to the page of the pass."""
    if request.method == "POST":
        page = invitations.take_up(token)
        if page is not None:
            return private(redirect("pages:pass", token=page))
    row = invitations.find(token)
    if row is None:
        return private(render(request, "pages/guests/gone.html", status=404))
    told = {"guest": row.guest, "host": row.guest.host, "house": row.guest.person.tenant}
    return private(render(request, "pages/guests/invitation.html", told))


@never_cache
@require_GET
def pass_page(request: HttpRequest, token: str) -> HttpResponse:
    row = invitations.find_pass(token)
    if row is None:
        return private(render(request, "pages/guests/gone.html", status=404))
    return private(render(request, "pages/guests/pass.html", shown.pass_of(row)))


def private(answer: HttpResponse) -> HttpResponse:
    """No search engine keeps it. That no other site hears the address the settings say (same-origin); with no-referrer
    browsers would send `Origin: null` with the button, and be refused."""
    answer["X-Robots-Tag"] = "noindex"
    return answer
