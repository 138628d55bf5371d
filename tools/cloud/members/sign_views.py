"""Signing out. Signing in is a one-time link or OpenID Connect: tools/cloud/accounts.py."""

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST


@require_POST
def out(request: HttpRequest) -> HttpResponse:
    """Goes on to `next` where that is a sign-in link of ours: it was opened by somebody who was signed in."""
    logout(request)
    then = request.POST.get("next", "")
    ours = then.startswith("/enter/") and url_has_allowed_host_and_scheme(then, {request.get_host()})
    return redirect(then if ours else settings.LOGIN_URL)
