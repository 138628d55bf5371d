"""A resident's parcels, on their own page: to fetch, to leave, to send back."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..models import Delivery
from ..pages import access, telling
from ..services import clock, entered, local_time
from . import own, parcels, shown
from .forms import HandOverForm
from .views import frame


@never_cache
@require_GET
@access.signed_in
def page(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    told = {**frame(request, person, "my_parcels"), "may": parcels.allowed(person), **shown.all_parcels(person)}
    return render(request, "pages/residents/parcels.html", told | {"banks": parcels.banks_of(person).exists()})


@never_cache
@require_http_methods(["GET", "POST"])
@access.signed_in
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Something for somebody else. The code to put it in stands on the page of their parcels."""
    person = own.find(request, pk)
    user: Any = request.user
    form = HandOverForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            row = parcels.hand_over(person, form.bank, form.to, form.due_at(), user, form.wants_low())
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("Leave it at %(bank)s: the code stands here.") % {"bank": row.bank.name})
            return redirect("pages:my_parcels", pk=pk)
    told = {**frame(request, person, "my_parcels"), "form": form, "days": parcels.days(person).days}
    status = 422 if form.is_bound else 200
    return render(request, "pages/residents/leave.html", told, status=status)


@require_POST
@access.signed_in
def do(request: HttpRequest, pk: int) -> HttpResponse:
    """With one of them, as `do` says: never_mind, send_back, or more (days of more time)."""
    person = own.find(request, pk)
    user: Any = request.user
    number = entered.number(request.POST.get("delivery", ""))
    row = get_object_or_404(parcels.of(person), pk=number)
    asked = request.POST.get("do", "")
    try:
        if asked == "never_mind":
            parcels.never_mind(person, row, user)
        elif asked == "send_back":
            back = parcels.send_back(person, row)
            messages.success(request, _("Leave it at %(bank)s: the code stands here.") % {"bank": back.bank.name})
        elif asked == "more":
            parcels.more_time(person, row, _later(row, entered.number(request.POST.get("days", "")) or 1))
            messages.success(request, _("You have more time."))
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:my_parcels", pk=pk)


def _later(row: Delivery, days: int) -> datetime:
    """Until the end of a day, so many after the one that it has."""
    zone = row.bank.controller.site.zone
    last = local_time.there(max(row.due_at or clock.now(), clock.now()), zone).date()
    return local_time.ends(last + timedelta(days=min(days, 31)), None, zone)
