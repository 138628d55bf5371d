"""The privacy statement of an organisation: read by anybody who has its address, and whom it names to be asked."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..models import Right, Statement
from ..pages import access, telling
from ..services import clock, entered, local_time
from . import statement

SHOWN = 20  # earlier versions


@never_cache
@require_GET
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Without an account: for the notice board, and for whoever wants to know before they give anything."""
    said = request.GET.get("version", "")
    number = entered.number(said)
    row = None if said and number is None else statement.find(token, number, clock.now())
    if row is None:
        raise Http404
    versions = Statement.objects.filter(tenant=row.tenant_id).exclude(pk=row.pk)
    told = {
        "row": row,
        "sections": statement.sections(row),
        "changed": statement.changed(row),
        "versions": versions.only("number", "at")[:SHOWN],
        "zone": local_time.of_tenant(row.tenant_id)[0],
    }
    return render(request, "pages/privacy/statement.html", told)


@require_POST
@access.needs(Right.PRIVACY)
def contact(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    """Whom people ask about their data."""
    user: Any = request.user
    tenant = get_object_or_404(access.tenants(user, Right.PRIVACY), pk=tenant_pk)
    try:
        statement.ask(tenant, request.POST.get("contact", ""))
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    else:
        messages.success(request, _("It is saved whom people ask about their data."))
    return redirect("pages:privacy")
