"""Help for whoever is signed in: written from any page, and what was answered."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from tools.terminal import Problem

from ..pages import access, telling
from ..residents import own
from ..residents.views import frame
from ..services import local_time
from . import asker, diagnostics, requests, shown
from .forms import MoreForm, RequestForm

SHOWN = 50


def _frame(request: HttpRequest) -> dict[str, Any]:
    """Who is a member sees the pages of the house around it, who is only somebody there those of their own."""
    user: Any = request.user
    person = own.persons(request).first()
    if person is None or user.memberships.living().exists():
        return {"here": "help"}
    return frame(request, person, "help")


@never_cache
@require_http_methods(["GET", "POST"])
@access.signed_in
def new(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    houses = asker.houses(request)
    found = diagnostics.gather(request)
    zone = local_time.of_tenant(next(iter(houses)))[0] if houses else local_time.NOWHERE
    form = RequestForm(request.POST or None, houses=houses, found=found, zone=zone)
    if form.is_valid():
        said, house = form.cleaned_data, houses[form.cleaned_data["tenant"]]
        try:
            row = requests.write(user, house.tenant, house.person, said["kind"], said["text"], said["about"])
        except Problem as problem:
            form.add_error("text", telling.sentence(problem))
        else:
            messages.success(request, _("It is sent. The answer comes here."))
            return redirect("pages:help_own", pk=row.pk)
    page = form.shown.get("page", "")
    back = "" if diagnostics.HIDDEN in page else page
    told = {**_frame(request), "form": form, "houses": houses, "back": back}
    return render(request, "pages/help/new.html", told, status=422 if form.is_bound else 200)


@never_cache
@require_GET
@access.signed_in
def mine(request: HttpRequest) -> HttpResponse:
    rows = shown.lines(list(asker.mine(request)[:SHOWN]))
    return render(request, "pages/help/mine.html", {**_frame(request), "rows": rows})


@never_cache
@require_http_methods(["GET", "POST"])
@access.signed_in
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """What was written and answered; posted: more."""
    user: Any = request.user
    row = get_object_or_404(asker.mine(request), pk=pk)
    form = MoreForm(request.POST or None)
    if form.is_valid():
        try:
            requests.add(row, form.cleaned_data["text"], user)
        except Problem as problem:
            form.add_error("text", telling.sentence(problem))
        else:
            messages.success(request, _("It is sent. The answer comes here."))
            return redirect("pages:help_own", pk=pk)
    told = {**_frame(request), **shown.whole(row, for_house=False), "form": form}
    return render(request, "pages/help/own.html", told, status=422 if form.is_bound else 200)
