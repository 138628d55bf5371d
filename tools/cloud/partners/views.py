"""Partners of a tenant: what each may ask for and what it asked, for owners."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tools.terminal import Problem

from ..members import members
from ..models import ApiToken, Partner, Right, Tenant, visible
from ..pages import access, telling
from ..services import clock, local_time
from . import partners
from .forms import PartnerForm

SHOWN = timedelta(days=7)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.MEMBERS)
@access.whole
def page(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    """All of a tenant; posted: one more, its token shown this once."""
    user: Any = request.user
    tenant = get_object_or_404(access.tenants(user, Right.MEMBERS), pk=tenant_pk)
    form = PartnerForm(request.POST or None, tenant=tenant)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            token = partners.make(tenant, said["name"], list(said["doors"]), said["scopes"], by=user)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            return render(request, "pages/told_once.html", {"name": said["name"], "token": token, "here": "members"})
    status = 422 if form.is_bound and form.errors else 200
    shown = {"tenant": tenant, "form": form, "partners": _rows(tenant), "here": "members"}
    return render(request, "pages/partners/partners.html", shown, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@access.needs(Right.MEMBERS)
@access.whole
def partner(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them: changed, and what it asked for in these days."""
    row = get_object_or_404(visible(Partner, _user(request)).select_related("token__tenant"), pk=pk)
    tenant = row.token.tenant
    was = {"name": row.token.name, "scopes": row.scopes, "doors": list(row.doors.values_list("pk", flat=True))}
    form = PartnerForm(request.POST or None, tenant=tenant, initial=was)
    form.fields["name"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            partners.change(row, list(form.cleaned_data["doors"]), form.cleaned_data["scopes"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": row.token.name})
            return redirect("pages:partner", pk=pk)
    status = 422 if form.is_bound and form.errors else 200
    shown = {
        "partner": row,
        "form": form,
        "calls": row.calls.filter(hour__gt=clock.now() - SHOWN)[:500],
        "zone": local_time.of_tenant(tenant.pk)[0],
        "here": "members",
    }
    return render(request, "pages/partners/partner.html", shown, status=status)


@require_POST
@access.needs(Right.MEMBERS)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(visible(Partner, _user(request)).select_related("token"), pk=pk)
    members.revoke(row.token)
    messages.success(request, _("%(name)s is refused from now on.") % {"name": row.token.name})
    return redirect("pages:partners", tenant_pk=row.token.tenant_id)


def _user(request: HttpRequest) -> Any:
    return request.user


def _rows(tenant: Tenant) -> list[dict[str, Any]]:
    living = ApiToken.objects.filter(tenant=tenant, revoked_at=None)
    rows = Partner.objects.filter(token__in=living).select_related("token").prefetch_related("doors")
    since = clock.now() - SHOWN
    counts = dict(rows.filter(calls__hour__gt=since).order_by().values_list("pk").annotate(total=Sum("calls__count")))
    return [
        {
            "row": row,
            "scopes": [Partner.Scope(one).label for one in row.scopes],
            "doors": [door.name for door in row.doors.all()],
            "calls": counts.get(row.pk, 0),
        }
        for row in rows.order_by("token__name")
    ]
