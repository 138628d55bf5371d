"""Who may sign in to a tenant and as what, and the tokens of its programs: for its owners."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.terminal import Problem

from ..models import ApiToken, Membership, Right, Role, Tenant, User, lock, visible
from ..pages import access, telling
from ..services import clock, entered, local_time
from ..sessions import hashed
from . import links, log_in_places, members, sign_in
from .forms import SAYS, InviteForm, MemberForm, SignInForm, TokenForm
from .shown import said as in_words

INVITED_MINUTES = 24 * 60


@never_cache
@require_GET
@access.needs(Right.MEMBERS)
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@never_cache
@require_POST
@access.needs(Right.MEMBERS)
def invite(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    tenant = _tenant(request, tenant_pk)
    form = InviteForm(request.POST, tenant=tenant)
    if form.is_valid():
        try:
            said = form.cleaned_data
            row = members.invite_by(_user(request), tenant, said["email"], form.wanted(), INVITED_MINUTES)
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            return _invited(request, said["email"], row) if isinstance(row, str) else _with_link(request, row)
    return _page(request, {tenant.pk: {"invite": form}}, status=400)


@never_cache
@require_POST
@access.needs(Right.MEMBERS)
def link(request: HttpRequest, pk: int) -> HttpResponse:
    return _with_link(request, _membership(request, pk))


@require_POST
@access.needs(Right.MEMBERS)
@access.whole
def role(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody is, until when and where."""
    row = lock(_membership(request, pk))
    form = MemberForm(request.POST, tenant=row.tenant, row=row)
    if form.is_valid():
        try:
            members.set_terms(row, form.wanted(), _session(request))
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            said = {"name": row.user.get_full_name(), "role": form.cleaned_data["role"].label}
            messages.success(request, _("%(name)s is now: %(role)s.") % said)
            telling.meanwhile(request, form)
            return _back(request, pk)
    return _page(request, {row.tenant_id: {row.pk: form}}, status=400)


@require_POST
@access.needs(Right.MEMBERS)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    row = _membership(request, pk)
    done = _("%(name)s has no access any more.") % {"name": row.user.get_full_name()}
    return _do(request, lambda: members.end(row, _session(request)), done)


@require_POST
@access.needs(Right.MEMBERS)
def sign_out(request: HttpRequest, pk: int) -> HttpResponse:
    row = _membership(request, pk)
    done = _("%(name)s is signed out everywhere.") % {"name": row.user.get_full_name()}
    return _do(request, lambda: members.sign_out_by(_user(request), row.user), done, pk)


@require_POST
@access.needs(Right.MEMBERS)
def active(request: HttpRequest, pk: int) -> HttpResponse:
    row = _membership(request, pk)
    wanted = request.POST.get("active") == "yes"
    said = _("%(name)s can sign in again.") if wanted else _("The account of %(name)s is not active any more.")
    done = said % {"name": row.user.get_full_name()}
    return _do(request, lambda: members.set_active_by(_user(request), row.user, wanted, _session(request)), done, pk)


@require_POST
@access.needs(Right.MEMBERS)
@access.whole
def choose_sign_in(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    """Through which providers members sign in."""
    tenant = lock(_tenant(request, tenant_pk))
    form = SignInForm(request.POST, tenant=tenant)
    if form.is_valid():
        try:
            shown = "directory" in request.POST
            sign_in.choose(
                tenant, form.cleaned_data["providers"], form.cleaned_data["directory"] if shown else tenant.entra
            )
            if "log_in_places" in form.fields:
                log_in_places.turn(tenant, form.cleaned_data["log_in_places"])
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            messages.success(request, _("How members sign in is saved."))
            telling.meanwhile(request, form)
            return redirect("pages:members")
    return _page(request, {tenant.pk: {"sign_in": form}}, status=400)


@never_cache
@require_POST
@access.needs(Right.MEMBERS)
def token(request: HttpRequest, tenant_pk: int) -> HttpResponse:
    tenant = _tenant(request, tenant_pk)
    form = TokenForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            secret = links.make_token(tenant, name, form.cleaned_data["role"], by=_user(request))
        except Problem as problem:
            form.add_error(None, telling.sentence(problem))
        else:
            return render(request, "pages/told_once.html", {"name": name, "token": secret, "here": "members"})
    return _page(request, {tenant.pk: {"token": form}}, status=400)


@require_POST
@access.needs(Right.MEMBERS)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(visible(ApiToken, _user(request)), pk=pk)
    done = _("The API token %(name)s does not work any more.") % {"name": row.name}
    return _do(request, lambda: members.revoke(row), done)


def _user(request: HttpRequest) -> Any:
    return request.user


def _session(request: HttpRequest) -> str:
    return hashed(request.session.session_key or "")


def _tenant(request: HttpRequest, pk: int) -> Tenant:
    return get_object_or_404(access.tenants(_user(request), Right.MEMBERS), pk=pk)


def _membership(request: HttpRequest, pk: int) -> Membership:
    return get_object_or_404(visible(Membership, _user(request)).select_related("user", "tenant"), pk=pk)


def _do(request: HttpRequest, what: Callable[[], object], done: str, member: int | None = None) -> HttpResponse:
    try:
        what()
    except Problem as problem:
        messages.error(request, telling.sentence(problem))
    else:
        messages.success(request, done)
    return _back(request, member)


def _back(request: HttpRequest, member: int | None = None) -> HttpResponse:
    """To the member who was changed. Who has just ended their own access has no such page any more."""
    if not access.everything(_user(request)):
        return redirect("pages:doors")
    return redirect(reverse("pages:members") + (f"?change={member}#member-{member}" if member else ""))


def _invited(request: HttpRequest, email: str, token: str) -> HttpResponse:
    """The page that shows an invitation, this once, of somebody who has an account elsewhere."""
    link = settings.PORTVAKT_URL.rstrip("/") + reverse("enter", args=[token])
    shown = {"name": email, "hours": INVITED_MINUTES // 60, "invitation": link, "here": "members"}
    return render(request, "pages/told_once.html", shown)


def _with_link(request: HttpRequest, row: Membership) -> HttpResponse:
    """The page that shows a link, this once; where the account is of other tenants too, they sign in as they do."""
    shown: dict[str, Any] = {"name": row.user.email, "hours": INVITED_MINUTES // 60, "here": "members"}
    if row.user.is_active and links.may_vouch(_user(request), row.user):
        path = reverse("enter", args=[links.make(row.user, INVITED_MINUTES, by=_user(request))])
        shown["link"] = settings.PORTVAKT_URL.rstrip("/") + path
    return render(request, "pages/told_once.html", shown)


def _page(request: HttpRequest, forms: dict[int, dict[Any, Any]] | None = None, status: int = 200) -> HttpResponse:
    """forms: {tenant: {what for: form}}: invite, token, or the number of a membership."""
    user = _user(request)
    change = entered.number(request.GET.get("change", ""))
    tenants = access.tenants(user, Right.MEMBERS)
    rows = [_of(tenant, user, (forms or {}).get(tenant.pk, {}), change) for tenant in tenants]
    says = [(role.label, SAYS[role]) for role in Role]
    shown = {"rows": rows, "says": says, "here": "members"}
    return render(request, "pages/members.html", shown, status=status)


def _of(tenant: Tenant, by: User, forms: dict[Any, Any], change: int | None) -> dict[str, Any]:
    """change: the one whose form is there; one for each member would be a page without end."""
    living = Q(user__sessions__used_at__gt=timezone.now() - settings.SESSION_IDLE)
    found = Membership.objects.filter(tenant=tenant).select_related("user", "tenant")
    found = found.annotate(sessions=Count("user__sessions", filter=living), used_at=Max("user__sessions__used_at"))
    found = found.order_by("user__name", "user__email").prefetch_related(*Membership.PLACES)
    zone, now = local_time.of_tenant(tenant.pk)[0], clock.now()
    vouched = links.vouched_for(by, [row.user_id for row in found])

    def form(row: Membership) -> MemberForm | None:
        if row.pk not in forms and row.pk != change:
            return None
        return forms.get(row.pk) or MemberForm(tenant=tenant, row=row, auto_id=f"id_{row.pk}_%s")

    return {
        "tenant": tenant,
        "zone": zone,
        "members": [
            {
                "row": row,
                "own": row.user_id == by.pk,
                "vouch": row.user_id in vouched,
                "ended": row.until is not None and row.until <= now,
                "form": form(row),
                **in_words(row, zone),
            }
            for row in found
        ],
        "tokens": ApiToken.objects.filter(tenant=tenant, revoked_at=None)
        .exclude(role=ApiToken.PARTNER)
        .select_related("made_by")
        .order_by("name"),
        "invite": forms.get("invite") or InviteForm(tenant=tenant, auto_id=f"id_{tenant.pk}_%s"),
        "token": forms.get("token") or TokenForm(auto_id=f"id_{tenant.pk}_token_%s"),
        "sign_in": forms.get("sign_in") or SignInForm(tenant=tenant, auto_id=f"id_{tenant.pk}_sign_%s"),
        "inviting": "invite" in forms,
        "making": "token" in forms,
    }
