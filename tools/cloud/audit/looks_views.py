"""Who looked at whose passages."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ..models import Look, Right, visible
from ..pages import access
from ..services import local_time

PER_PAGE = 60


@never_cache
@require_GET
@access.needs(Right.AUDIT)
def page(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    rows = visible(Look, user).select_related("user", "token", "person")
    found = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    zones = local_time.of_tenants({look.tenant_id for look in found})
    for look in found:
        look.zone = zones[look.tenant_id][0]
    return render(request, "pages/looks.html", {"page": found, "here": "log"})
