"""A person's requests about their own data, on their own page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tools.terminal import Problem

from ..models import DataRequest
from ..pages import access, telling
from ..residents import own
from ..residents.views import frame
from ..services import entered
from . import copies, requests, shown
from .forms import OwnForm

SHOWN = 20


@never_cache
@require_http_methods(["GET", "POST"])
@access.signed_in
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """What was asked, and asking. The address where one sees how it goes is shown once, in the answer itself."""
    person = own.find(request, pk)
    form = OwnForm(request.POST or None)
    framed: dict[str, Any] = frame(request, person, "my_profile")
    if request.method == "POST" and form.is_valid():
        try:
            row, token = requests.make(person, **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            back = {"back": reverse("pages:my_requests", args=[pk])}
            if row.kind in copies.KINDS:  # nobody has to look for it: it is made at once
                made = copies.answer(row, themself=True)
                told = {**framed, **shown.request(row), **copies.told(made), "link": copies.address(made.token), **back}
                return render(request, "pages/privacy/my_copy_told.html", told)
            told = {**framed, **shown.request(row, names=False), "link": requests.address(token), **back}
            return render(request, "pages/privacy/my_told.html", told)
    rows = DataRequest.objects.filter(person=person).order_by("-made_at", "-pk")[:SHOWN]
    told = {
        **framed,
        "form": form,
        "means": [(kind.label, text) for kind, text in ((DataRequest.Kind(k), t) for k, t in shown.MEANS.items())],
        "requests": [shown.request(row, names=False) for row in rows],
    }
    return render(request, "pages/privacy/mine.html", told, status=422 if form.is_bound else 200)


@require_POST
@access.signed_in
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    number = entered.number(request.POST.get("request", ""))
    row = get_object_or_404(DataRequest.objects.filter(person=person), pk=number)
    try:
        requests.take_back(row)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    else:
        messages.success(request, _("Your request is withdrawn."))
    return redirect("pages:my_requests", pk=pk)
