"""Who may open and change what on the pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ..models import Role, Tenant, User

View = Callable[..., HttpResponse]


def changeable(user: User) -> QuerySet[Tenant]:
    """The tenants whose things this user may change, and not only see."""
    roles = [role for role in Role if role.may_change]
    return Tenant.objects.filter(memberships__user=user, memberships__role__in=roles).distinct()


def may_change(user: User, tenant_id: int) -> bool:
    return changeable(user).filter(pk=tenant_id).exists()


def must_change(user: User, tenant_id: int) -> None:
    """Refuses a change by somebody who may only look."""
    if not may_change(user, tenant_id):
        raise PermissionDenied(_("You may look here, but changes are made by administrators."))


def signed_in(view: View) -> View:
    """Sends whoever is not signed in to the sign-in page; an htmx request takes the whole page there."""
    guarded = login_required(view)

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = guarded(request, *args, **kwargs)
        if request.headers.get("HX-Request") and response.status_code == 302 and not request.user.is_authenticated:
            response.headers["HX-Redirect"] = response.headers["Location"]
            del response.headers["Location"]
            response.status_code = 204
        return response

    return answer


def by_htmx(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))
