"""Residents for administrators: what the house lets them do, and who has an account for their own page."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..models import DoorRules, Person, Right, Tenant, lock, visible
from ..pages import access, telling
from . import accounts, policy
from .forms import AccountForm, PolicyForm


@never_cache
@require_GET
@access.needs(Right.PEOPLE)
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@access.needs(Right.CHANGE)
@access.whole
def change(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    user: Any = request.user
    tenant = lock(get_object_or_404(access.changeable(user), pk=tenant_pk))
    form = PolicyForm(request.POST, row=policy.of(tenant.pk))
    if form.is_valid():
        policy.change(tenant, form.cleaned_data)
        messages.success(request, _("What residents may do is saved."))
        telling.meanwhile(request, form)
        return redirect("pages:residents")
    return _page(request, {tenant.pk: form}, status=422)


def _page(request: HttpRequest, forms: dict[int, PolicyForm] | None = None, status: int = 200) -> HttpResponse:
    user: Any = request.user
    changeable = set(access.changeable(user).values_list("pk", flat=True))
    tenants = access.tenants(user, Right.PEOPLE).order_by("name")
    rows = [_of(tenant, user, tenant.pk in changeable, (forms or {}).get(tenant.pk)) for tenant in tenants]
    return render(request, "pages/residents/admin.html", {"rows": rows, "here": "people"}, status=status)


def _of(tenant: Tenant, user: Any, may_change: bool, form: PolicyForm | None) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "form": form or PolicyForm(row=policy.of(tenant.pk)),
        "may_change": may_change,
        "doors": DoorRules.objects.of(tenant).filter(residents=True).select_related("door").order_by("door__name"),
        "persons": visible(Person, user).filter(tenant=tenant, user__isnull=False).order_by("name"),
    }


@never_cache
@require_POST
@access.needs(Right.CHANGE)
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """An account for a person, and a link to sign in with: shown once, in the answer itself."""
    user: Any = request.user
    person = _person(request, pk)
    form = AccountForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This is no e-mail address. Correct it."))
        return redirect("pages:person", pk=pk)
    try:
        token = accounts.invite(person, form.cleaned_data["email"], user)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:person", pk=pk)
    return _told(request, person, token)


@never_cache
@require_POST
@access.needs(Right.CHANGE)
def link(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    person = _person(request, pk)
    try:
        return _told(request, person, accounts.link(person, user))
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return redirect("pages:person", pk=pk)


@require_POST
@access.needs(Right.CHANGE)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    accounts.end(person)
    messages.success(request, _("%(name)s sees their own page no longer.") % {"name": person.name})
    return redirect("pages:person", pk=pk)


def _told(request: HttpRequest, person: Person, token: str | None) -> HttpResponse:
    address = token and settings.PORTVAKT_URL.rstrip("/") + reverse("enter", args=[token])
    told = {"person": person, "link": address, "hours": accounts.MINUTES // 60, "here": "people"}
    return render(request, "pages/residents/told.html", told)


def _person(request: HttpRequest, pk: int) -> Person:
    user: Any = request.user
    person: Person = get_object_or_404(visible(Person, user).select_related("tenant", "user"), pk=pk)
    access.must_change(user, person)
    return person
