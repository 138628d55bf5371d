"""Partners of a tenant: what each may ask for and what it asked, for owners."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tools.terminal import Problem

from ..members import members
from ..models import ApiToken, Partner, Right, Tenant, Webhook, WebhookCall, visible
from ..pages import access, telling
from ..services import clock, local_time
from . import feed, partners
from .forms import PartnerForm, WebhookForm

SHOWN = timedelta(days=7)
LATEST = 20  # deliveries to its system
LOOKS = {"waiting": ("warn", "clock"), "sent": ("good", "check"), "failed": ("bad", "cross")}


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
    form = _form(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            feed.change(row, list(form.cleaned_data["doors"]), form.cleaned_data["scopes"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": row.token.name})
            return redirect("pages:partner", pk=pk)
    return _page(request, row, form, WebhookForm())


def _page(request: HttpRequest, row: Partner, form: PartnerForm, hook: WebhookForm) -> HttpResponse:
    webhook = Webhook.objects.filter(token=row.token).first()
    shown = {
        "partner": row,
        "form": form,
        "calls": row.calls.filter(hour__gt=clock.now() - SHOWN)[:500],
        "zone": local_time.of_tenant(row.token.tenant_id)[0],
        "hook": hook,
        "webhook": webhook,
        "told": [_told(one) for one in webhook.calls.order_by("-pk")[:LATEST]] if webhook else [],
        "here": "members",
    }
    wrong = any(one.is_bound and one.errors for one in (form, hook))
    return render(request, "pages/partners/partner.html", shown, status=422 if wrong else 200)


def _told(call: WebhookCall) -> dict[str, Any]:
    look, icon = LOOKS[call.state]
    kinds = {feed.PASSAGES: _("Passages"), feed.PEOPLE: _("People")}
    return {"row": call, "kind": kinds[call.kind], "look": look, "icon": icon, "at": call.ended_at or call.made_at}


@never_cache
@require_POST
@access.needs(Right.MEMBERS)
def put_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    """Its system is told from now on; the secret that signs what it is told is shown this once."""
    row = get_object_or_404(visible(Partner, _user(request)).select_related("token__tenant"), pk=pk)
    hook = WebhookForm(request.POST)
    if hook.is_valid():
        try:
            secret = feed.put(row, hook.cleaned_data["url"].strip())
        except Problem as problem:
            hook.add_error("url", telling.sentence(problem))
        else:
            told = {"name": row.token.name, "secret": secret, "here": "members"}
            return render(request, "pages/told_once.html", told | {"back": reverse("pages:partner", args=[pk])})
    return _page(request, row, _form(row), hook)


@require_POST
@access.needs(Right.MEMBERS)
def end_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(visible(Partner, _user(request)).select_related("token"), pk=pk)
    feed.remove(row)
    messages.success(request, _("%(name)s is told nothing by itself from now on.") % {"name": row.token.name})
    return redirect("pages:partner", pk=pk)


@require_POST
@access.needs(Right.MEMBERS)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(visible(Partner, _user(request)).select_related("token"), pk=pk)
    members.revoke(row.token)
    messages.success(request, _("%(name)s is refused from now on.") % {"name": row.token.name})
    return redirect("pages:partners", tenant_pk=row.token.tenant_id)


def _form(row: Partner, posted: Any = None) -> PartnerForm:
    was = {"name": row.token.name, "scopes": row.scopes, "doors": list(row.doors.values_list("pk", flat=True))}
    form = PartnerForm(posted, tenant=row.token.tenant, initial=was)
    form.fields["name"].disabled = True
    return form


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
