"""The profile picture on a resident's own page: shown to them, given and deleted by them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..pages import access, telling
from ..people import picture_views, pictures, square
from . import own


@never_cache
@require_GET
@access.signed_in
def shown(request: HttpRequest, pk: int) -> HttpResponse:
    return picture_views.answer(own.find(request, pk))


@require_POST
@access.signed_in
def give(request: HttpRequest, pk: int) -> HttpResponse:
    person = own.find(request, pk)
    file = request.FILES.get("picture")
    try:
        pictures.give(person, file.read(square.MOST_BYTES + 1) if file else b"")
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    else:
        messages.success(request, _("Your profile picture is saved."))
    return redirect("pages:my_profile", pk=pk)


@require_POST
@access.signed_in
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    pictures.forget(own.find(request, pk))
    messages.success(request, _("Your profile picture is deleted."))
    return redirect("pages:my_profile", pk=pk)
