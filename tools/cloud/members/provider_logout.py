"""A provider says that somebody has signed out there: here it ends at once (OpenID Connect Back-Channel Logout 1.0)."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from allauth.account.signals import user_logged_in
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.db import IntegrityError, transaction
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from requests import RequestException

from .. import openid
from ..models import LogoutHeard, Session
from ..sessions import PROVIDER
from .identities import KEPT

LONGEST = 16_384  # letters of a token


@receiver(user_logged_in)
def note(request: HttpRequest, sociallogin: Any = None, **_: Any) -> None:
    """Which session at the provider this one came of."""
    if sociallogin is not None:
        request.session[PROVIDER] = sociallogin.said.session


@never_cache
@csrf_exempt  # it comes from the provider's server, and its token says so
@require_POST
def heard(request: HttpRequest, provider_id: str) -> HttpResponse:
    token = request.POST.get("logout_token", "")
    try:
        adapter = openid.Adapter(request, provider_id)
        client = adapter.get_provider().app.client_id
        if not openid.seems_for(token[:LONGEST], client):  # nobody makes us ask the provider for anything
            raise OAuth2Error("no token for us")
        claims = openid.verified_logout(token, adapter.keys(), client, adapter.openid_config["issuer"])
        _end(claims)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (OAuth2Error, RequestException, ValueError) as fault:
        told = str(fault) if isinstance(fault, OAuth2Error) else "the provider does not answer"
        return JsonResponse({"error": "invalid_request", "error_description": told}, status=400)
    return HttpResponse()


def _end(claims: dict[str, Any]) -> None:
    """The sessions of one at the provider, where it names one; else all of the account."""
    mark = sha256(f"{claims['iss']} {claims['jti']}".encode()).hexdigest()
    until = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=openid.SKEW_S)
    session = openid.session_of(claims)
    with transaction.atomic():
        try:
            with transaction.atomic():
                LogoutHeard.objects.create(mark=mark, until=until)
        except IntegrityError:
            raise OAuth2Error("this has been said before") from None
        if session:
            Session.objects.filter(provider_session=session).delete()
        else:
            identity = openid.identity_of(claims["iss"], claims["sub"])
            accounts = SocialAccount.objects.filter(provider=KEPT, uid=identity).values("user")
            Session.objects.filter(user__in=accounts).delete()


def forget(now: datetime) -> None:
    """What would be refused for its age alone."""
    LogoutHeard.objects.filter(until__lte=now).delete()
