"""Who looked at whose passages; and everything about a person as a file for them."""

import json
from typing import Any

from django.core.paginator import Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ..models import Look, Person, Right, visible
from ..pages import access
from ..services import clock, local_time
from . import looks
from .export import of_person

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


@never_cache
@require_POST
@access.needs(Right.PEOPLE)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """A copy for the person it is about. That it was made is kept."""
    user: Any = request.user
    person = get_object_or_404(visible(Person, user), pk=pk)
    access.must(user, person, Right.CHANGE)
    looks.note([person.tenant_id], Look.What.EXPORT, clock.now(), user=user, person=person)
    kept = of_person(person, birth_date=request.POST.get("birth_date") == "yes")
    text = json.dumps(kept, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    return HttpResponse(
        text,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="person-{person.pk}.json"'},
    )
