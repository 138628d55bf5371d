"""A resident's guests, on their own page: invited, and ended."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..models import Guest
from ..pages import access, telling
from ..residents import own, policy
from ..residents.views import frame
from ..services import entered
from . import guests, shown
from .forms import HostForm

SHOWN = 20


@never_cache
@require_GET
@access.signed_in
def page(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    told = {
        **frame(request, person, "my_guests"),
        "guests": shown.each(Guest.objects.filter(host=person)[:SHOWN]),
        "policy": policy.of(person.tenant_id),
    }
    return render(request, "pages/guests/mine.html", told)


@never_cache
@require_http_methods(["GET", "POST"])
@access.signed_in
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """The link is shown once, in the answer itself."""
    person = own.find(request, pk)
    user: Any = request.user
    form = HostForm(request.POST or None, host=person)
    if request.method == "POST" and form.is_valid() and form.end is not None:
        said = form.cleaned_data
        try:
            guest, token = guests.invite(
                person, said["doors"], form.begin, form.end, said["uses"], user, said.get("email", "")
            )
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            told = {**frame(request, person, "my_guests"), **invited(guest, token, said.get("email", ""))}
            return render(request, "pages/guests/invited.html", told | {"back": reverse("pages:my_guests", args=[pk])})
    told = {**frame(request, person, "my_guests"), "form": form, "policy": policy.of(person.tenant_id)}
    status = 422 if form.is_bound else 200
    return render(
        request, "pages/guests/add.html", told | {"back": reverse("pages:my_guests", args=[pk])}, status=status
    )


def invited(guest: Guest, token: str, email: str) -> dict[str, Any]:
    link = settings.PORTVAKT_URL.rstrip("/") + reverse("pages:guest", args=[token])
    return {"guest": guest, "link": link, "email": email}


@require_POST
@access.signed_in
def end(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    number = entered.number(request.POST.get("guest", ""))
    guest = get_object_or_404(Guest.objects.filter(host=person).select_related("person"), pk=number)
    guests.end(guest)
    messages.success(request, _("%(name)s may come in no longer.") % {"name": str(guest)})
    return redirect("pages:my_guests", pk=pk)
