"""Whose page somebody sees: that of the person whom an administrator has linked with their account. No role does."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from ..models import Person, Right, User
from ..pages import access
from ..sessions import VOUCHED


def persons(request: HttpRequest) -> QuerySet[Person]:
    """All that the account is, in whichever tenant.

    A session that was opened by a link shows what whoever made the link may change anyhow: an account may be a
    person of two tenants, and the administrator of one of them could keep a link and look into the other's rows.
    """
    user: Any = request.user
    if not user.is_authenticated:
        return Person.objects.none()
    rows = Person.objects.filter(user=user).select_related("tenant")
    by = request.session.get(VOUCHED)
    if by is not None:
        rows = rows.filter(pk__in=access.reached(User(pk=by), Person, Right.CHANGE))
    return rows.order_by("tenant__name", "pk")


def find(request: HttpRequest, pk: int) -> Person:
    """One of these; anybody else does not exist."""
    found: Person | None = persons(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
