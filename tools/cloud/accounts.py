"""Who may sign in: people whom an administrator has named, through OpenID Connect or a one-time link."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from .members import identities, links, members
from .models import User
from .pages import telling
from .services.refusal import Refusal
from .sessions import VOUCHED, hashed


class InvitedOnly(DefaultSocialAccountAdapter):
    """Who is known signs in: members/identities.py says who that is; the provider alone lets nobody in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Nobody adds a way of signing in to an account: who is in it by a link would keep a way back in."""
        if sociallogin.state.get("process") == "connect":
            raise PermissionDenied
        try:
            user = identities.find(sociallogin.said)
        except Refusal as refusal:  # under 18
            told = {"refused": telling.sentence(refusal)}
            raise ImmediateHttpResponse(render(request, "account/signup_closed.html", told, status=403)) from None
        if user is None:  # nobody's; or not an account that this provider may speak for
            raise ImmediateHttpResponse(render(request, "account/signup_closed.html", status=403))
        sociallogin.user, sociallogin.account.provider = user, identities.KEPT


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """A one-time sign-in link. Looking at it uses nothing up: mail scanners and previews do. The button signs in.

    Then it goes to `next` where that is a page of ours, else to the first page.
    """
    invitation = links.invitation(token)
    if invitation is not None and request.user == invitation.user:
        return _join(request, invitation, token)
    if request.user.is_authenticated:
        # Not over into another account: whoever sent the link would have them work there unawares.
        return render(request, "account/enter.html", {"signed_in": True}, status=409)
    if invitation is not None:
        return render(request, "account/enter.html", {"invited": invitation, "login": settings.LOGIN_URL})
    user = _signed_in(request, token) if request.method == "POST" else links.whose(token)
    if user is None:
        messages.error(request, _("This sign-in link has been used or has expired. Ask for a new one."))
        return redirect(settings.LOGIN_URL)
    if request.method != "POST":
        return render(request, "account/enter.html", {"email": user.email})
    then = request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(then, {request.get_host()}, require_https=request.is_secure())
    return redirect(then if ours else "/")


def _signed_in(request: HttpRequest, token: str) -> User | None:
    """Takes the link, and keeps the session with who vouched for it, in one transaction.

    Whoever is shut out at this moment loses their links, then the sessions that they vouched for: a link that is taken
    with no such session yet would slip between the two, and stay.
    """
    with transaction.atomic():
        link = links.take(token)
        if link is None:
            return None
        if link.made_by_id:
            request.session[VOUCHED] = link.made_by_id  # before login(), which keeps a row of the session
        login(request, link.user, backend="django.contrib.auth.backends.ModelBackend")
        request.session.save()
    return link.user


def _join(request: HttpRequest, invitation: Any, token: str) -> HttpResponse:
    """Who has an account already joins another tenant."""
    if request.method != "POST":
        return render(request, "account/enter.html", {"joining": invitation})
    user: Any = request.user
    row = members.accept(token, user, hashed(request.session.session_key or ""))
    if row is not None:
        messages.success(request, _("You are a member of %(name)s now.") % {"name": row.tenant.name})
    return redirect("/")
