"""A profile picture on the page of the person for administrators: shown, and deleted."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ..models import Person, Right, visible
from ..pages import access
from . import pictures


@never_cache
@require_GET
@access.needs(Right.CHANGE)
def shown(request: HttpRequest, pk: int) -> HttpResponse:
    return answer(_changeable(request, pk))


@require_POST
@access.needs(Right.CHANGE)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    pictures.forget(_changeable(request, pk))
    messages.success(request, _("The profile picture is deleted."))
    return redirect("pages:person", pk=pk)


def answer(person: Person) -> HttpResponse:
    """As the person's own page shows it, too."""
    row = pictures.of(person)
    if row is None:
        raise Http404
    response = HttpResponse(bytes(row.content), content_type="image/jpeg")
    response["Content-Disposition"] = 'inline; filename="picture.jpg"'
    response["Cross-Origin-Resource-Policy"] = "same-origin"  # no page of others shows it
    return response


def _changeable(request: HttpRequest, pk: int) -> Person:
    user: Any = request.user
    person = get_object_or_404(visible(Person, user), pk=pk)
    access.must_change(user, person)
    return person
