"""Requests for help, for those who answer them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tools.terminal import Problem

from ..lockers import sending
from ..models import HelpRequest, Right, lock, visible
from ..pages import access, telling
from ..services import entered
from . import policy, requests, shown
from .forms import HelpAnswerForm, HelpPolicyForm

PER_PAGE = 40


@never_cache
@require_GET
@access.needs(Right.HELP)
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, forms: dict[int, HelpPolicyForm] | None = None, status: int = 200) -> HttpResponse:
    user: Any = request.user
    state = request.GET.get("state", "")
    state = state if state in HelpRequest.State else HelpRequest.State.WAITING
    rows: Any = visible(HelpRequest, user).filter(state=state).select_related("tenant", "person", "user")
    before = entered.number(request.GET.get("before", ""))
    found = list((rows if before is None else rows.filter(pk__lt=before))[: PER_PAGE + 1])
    older = found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None
    tenants = access.tenants(user, Right.HELP).order_by("name")
    told = {
        "rows": shown.lines(found[:PER_PAGE]),
        "states": HelpRequest.State.choices,
        "state": state,
        "older": older,
        "first": before is None,
        "policies": [
            {"tenant": one, "form": (forms or {}).get(one.pk) or HelpPolicyForm(row=policy.of(one.pk))}
            for one in tenants
        ],
        "leaves": sending.is_set_up(),
        "here": "help",
    }
    return render(request, "pages/help/requests.html", told, status=status)


@require_POST
@access.needs(Right.HELP)
@access.whole
def keep(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    """How long closed ones are kept."""
    user: Any = request.user
    tenant = lock(get_object_or_404(access.tenants(user, Right.HELP), pk=tenant_pk))
    form = HelpPolicyForm(request.POST, row=policy.of(tenant.pk))
    if form.is_valid():
        policy.change(tenant, form.cleaned_data["days"])
        messages.success(request, _("It is saved how long requests are kept."))
        telling.meanwhile(request, form)
        return redirect("pages:help")
    return _page(request, {tenant.pk: form}, status=422)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.HELP)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them; posted: an answer."""
    user: Any = request.user
    row = get_object_or_404(visible(HelpRequest, user).select_related("tenant", "person", "user"), pk=pk)
    form = HelpAnswerForm(request.POST or None)
    if form.is_valid():
        try:
            requests.answer(row, form.cleaned_data["text"], user, close_it=request.POST.get("close") == "yes")
        except Problem as problem:
            form.add_error("text", telling.sentence(problem))
        else:
            messages.success(request, _("Your answer stands on their page now."))
            return redirect("pages:help_request", pk=pk)
    told = {**shown.whole(row, for_house=True), "form": form, "leaves": sending.is_set_up(), "here": "help"}
    return render(request, "pages/help/request.html", told, status=422 if form.is_bound else 200)


@require_POST
@access.needs(Right.HELP)
def close(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = get_object_or_404(visible(HelpRequest, user), pk=pk)
    requests.close(row)
    messages.success(request, _("It is closed."))
    return redirect("pages:help")
