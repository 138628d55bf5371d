"""The page of a tenant's directory, for its owners: tokens, and which groups the directory looks after."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..models import AccessGroup, Person, Right, ScimToken, ScimUser, Tenant, visible
from ..pages import access, telling
from ..services import entered, local_time
from . import groups, joining, tokens
from .messages import base


@never_cache
@require_GET
@access.needs(Right.MEMBERS)
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@never_cache
@require_POST
@access.needs(Right.MEMBERS)
def make(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    """The token, shown once: in the answer itself."""
    user: Any = request.user
    tenant = get_object_or_404(access.tenants(user, Right.MEMBERS), pk=tenant_pk)
    try:
        token = tokens.make(tenant, request.POST.get("name", ""), user)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
        return _page(request, status=422)
    return render(request, "pages/scim/made.html", {"token": token, "base": base(request), "here": ""})


@require_POST
@access.needs(Right.MEMBERS)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    row = get_object_or_404(visible(ScimToken, user), pk=pk)
    tokens.revoke(row)
    messages.success(request, _("%(name)s is refused from its next request on.") % {"name": row.name})
    return redirect("pages:directory")


@require_POST
@access.needs(Right.MEMBERS)
@access.whole
def let(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether the directory looks after who is in a group."""
    user: Any = request.user
    group = get_object_or_404(visible(AccessGroup, user), pk=pk)
    access.must(user, group.tenant_id, Right.MEMBERS)
    groups.let(group, request.POST.get("may") == "yes")
    return redirect("pages:directory")


@require_POST
@access.needs(joining.RIGHT)
def join(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether somebody who was entered by hand is a user of the directory: `is` same, or other."""
    user: Any = request.user
    person = get_object_or_404(visible(Person, user).select_related("user"), pk=pk)
    access.must(user, person.tenant_id, joining.RIGHT)
    users = visible(ScimUser, user).filter(tenant=person.tenant_id)
    row = get_object_or_404(users, pk=entered.number(request.POST.get("scim_user", "")))
    try:
        if request.POST.get("is") == "same":
            joining.join(person, row)
            messages.success(request, _("The directory looks after %(name)s from now on.") % {"name": person.name})
        else:
            joining.set_apart(person, row)
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    return redirect("pages:person", pk=pk)


def of_person(user: Any, person: Person) -> dict[str, Any]:
    """For the page of a person: who of the directory they are, or may be."""
    row = visible(ScimUser, user).filter(person=person).first()
    may = (
        access.may(user, person.tenant_id, joining.RIGHT) and ScimUser.objects.filter(tenant=person.tenant_id).exists()
    )
    return {"row": row, "suggestions": joining.suggestions(person) if may else []}


def _page(request: HttpRequest, status: int = 200) -> HttpResponse:
    user: Any = request.user
    shown = [_of(tenant) for tenant in access.tenants(user, Right.MEMBERS).order_by("name", "pk")]
    return render(request, "pages/scim/page.html", {"tenants": shown, "base": base(request), "here": ""}, status=status)


def _of(tenant: Tenant) -> dict[str, Any]:
    return {
        "row": tenant,
        "zone": local_time.of_tenant(tenant.pk)[0],
        "tokens": tenant.scim_tokens.filter(revoked_at=None).order_by("pk"),
        "people": ScimUser.objects.filter(tenant=tenant).count(),
        "groups": AccessGroup.objects.filter(tenant=tenant).select_related("scim").order_by("name"),
    }
