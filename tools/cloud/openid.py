"""OpenID Connect, to the letter: what a provider did not say, or said in another way, signs nobody in.

allauth sends the browser there and back; what comes of the token is judged here. It leaves signatures and nonces out
where the token came over TLS (Core 3.1.3.7 allows it); a provider behind a proxy of ours may not have spoken TLS to us.
"""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Any

import jwt
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from .national import numbers_in

UID_LONGEST = 191  # allauth's column
SUBJECT_LONGEST = 255  # Core 2
VERIFIED = (True, "true")  # some providers write all claims as text
# By a key that only the provider has: "none" is nobody's, and with HS* the client's own secret would sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SKEW_S = 60  # that two clocks may differ by
ENTRA = "entra"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
TENANT_ID = "{tenantid}"  # in the issuer of Entra's directories that are many
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Claims:
    """Whom a provider says this is. identity: never changes, and is never given to somebody else.

    email: empty where the provider does not vouch for it. directory: of Entra, whose word its addresses are.
    birthdate: as it came; people/births.py reads it, and keeps it only where a house wants it. session: the mark of
    theirs at the provider, by which it says that this one has ended (members/provider_logout.py).
    """

    provider: str
    identity: str
    subject: str
    issuer: str
    name: str = ""
    email: str = ""
    directory: str = ""
    birthdate: str = ""
    session: str = ""


def identity_of(issuer: str, subject: str) -> str:
    identity = f"{issuer} {subject}"
    return identity if len(identity) <= UID_LONGEST else sha256(identity.encode()).hexdigest()


def session_of(claims: dict[str, Any]) -> str:
    """The mark of a session at a provider; empty where it has none."""
    sid = claims.get("sid")
    return sha256(f"{claims['iss']} {sid}".encode()).hexdigest() if type(sid) is str and sid else ""


def said_of(provider: str, kind: str, token: dict[str, Any], info: dict[str, Any]) -> Claims:
    """token, info: verified claims. Raises OAuth2Error where they do not say who this is."""
    if numbers_in(token) or numbers_in(info):
        # Who has it can act as that person elsewhere; nothing here needs it, so it is neither kept nor taken.
        raise OAuth2Error("the provider sends a national identity number; leave its scope out")
    claims = {**token, **info}
    subject, issuer = token.get("sub"), str(token["iss"])
    if type(subject) is not str or not 0 < len(subject) <= SUBJECT_LONGEST or info.get("sub", subject) != subject:
        raise OAuth2Error("the provider does not say who this is (sub)")
    session, name = session_of(token), claims.get("name")
    name = " ".join(name.split())[:100] if type(name) is str else ""
    if kind == ENTRA:
        directory, person = token.get("tid"), token.get("oid")
        if not (_guid(directory) and _guid(person)):
            raise OAuth2Error("Entra does not say who this is (tid, oid)")
        address = token.get("email") or token.get("preferred_username")
        email = address if type(address) is str and "@" in address else ""
        return Claims(
            provider, f"entra {directory} {person}", subject, issuer, name, email, str(directory), "", session
        )
    born = claims.get("birthdate")
    vouched = _vouched(info if "email" in info else token)
    identity, born = identity_of(issuer, subject), born if type(born) is str else ""
    return Claims(provider, identity, subject, issuer, name, vouched, "", born, session)


def _guid(of: Any) -> bool:
    return type(of) is str and GUID.fullmatch(of) is not None


def _vouched(claims: dict[str, Any]) -> str:
    email, verified = claims.get("email"), claims.get("email_verified")
    # 1 is equal to True, and no answer of a provider.
    sure = type(verified) in (bool, str) and verified in VERIFIED
    return email if sure and type(email) is str else ""


def verified(token: Any, keys: Any, client: str, issuer: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token (Core 3.1.3.7)."""
    claims = _signed(token, keys, client, issuer, "sub")
    if not nonce or type(claims.get("nonce")) is not str or not compare_digest(claims["nonce"], nonce):
        raise OAuth2Error("the provider's token belongs to another sign-in")
    return claims


def verified_logout(token: Any, keys: Any, client: str, issuer: str) -> dict[str, Any]:
    """The claims of a logout token (Back-Channel Logout 2.6). An ID token is none: it has no such event."""
    claims = _signed(token, keys, client, issuer, "jti")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT), dict) or "nonce" in claims:
        raise OAuth2Error("the provider's token says of no logout")
    named = [claims[name] for name in ("sid", "sub") if name in claims]
    if not named or not all(type(one) is str and 0 < len(one) <= SUBJECT_LONGEST for one in (claims["jti"], *named)):
        raise OAuth2Error("the provider's token does not say whose logout it is (sid, sub), or which (jti)")
    return claims


def seems_for(token: str, client: str) -> bool:
    """Whether a token, unread by any key so far, calls itself one for us."""
    try:
        audience = jwt.decode(token, options={"verify_signature": False}).get("aud")
    except (jwt.PyJWTError, ValueError):
        return False
    return client in audience if isinstance(audience, list) else client == audience


def _signed(token: Any, keys: Any, client: str, issuer: str, *needed: str) -> dict[str, Any]:
    """The claims of a token by the provider, for us, in its time.

    issuer: with {tenantid} one that names the directory of the token.
    """
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise OAuth2Error("the provider's token is not signed as it should be")
        claims: dict[str, Any] = jwt.decode(
            token, _key(keys, header), algorithms=[algorithm], audience=client, leeway=SKEW_S,
            options={"require": ["iss", "aud", "exp", "iat", *needed], "strict_aud": False},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise OAuth2Error("the provider's token is not right") from fault
    if TENANT_ID in issuer:
        if not _guid(claims.get("tid")):
            raise OAuth2Error("Entra does not say whose directory this is (tid)")
        issuer = issuer.replace(TENANT_ID, claims["tid"])
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims["iss"] != issuer or claims.get("azp", None if several else client) != client:
        raise OAuth2Error("the provider's token is for somebody else")
    return claims


def _key(keys: Any, header: dict[str, Any]) -> Any:
    """The provider's key that is named, or the only one. Read anew each time: keys are changed without notice."""
    fitting = [
        one
        for one in keys["keys"]
        if one.get("use", "sig") == "sig"
        and one.get("alg", header["alg"]) == header["alg"]
        and ("kid" not in header or one.get("kid") == header["kid"])
    ]
    if len(fitting) != 1:
        raise ValueError("no such key")
    return jwt.PyJWK(fitting[0], header["alg"]).key


class Adapter(OpenIDConnectOAuth2Adapter):
    """nonce: what this sign-in began with; empty: nothing did."""

    nonce = ""

    @property
    def kind(self) -> str:
        return str(self.get_provider().app.settings.get("kind", ""))

    @property
    def openid_config(self) -> dict[str, Any]:
        """Discovery 4.3: the issuer is who was asked."""
        config: dict[str, Any] = super().openid_config
        wanted = str(self.get_provider().app.settings["issuer"])
        if config.get("issuer") != wanted:
            raise OAuth2Error(f"the provider calls itself something else than {wanted}")
        return config

    def keys(self) -> Any:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            return answer.json()

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        config, keys = self.openid_config, self.keys()
        told = kwargs["response"].get("id_token")
        claims = verified(told, keys, app.client_id, config["issuer"], self.nonce)
        info: Any = {}
        if self.kind != ENTRA and "userinfo_endpoint" in config:  # Entra's tells nothing that its token does not
            info = self._fetch_user_info(token.token)
        if not isinstance(info, dict):
            raise OAuth2Error("the provider does not say who this is")
        said = said_of(self.provider_id, self.kind, claims, info)
        login = self.get_provider().sociallogin_from_response(request, {"said": said})
        login.said = said
        login.account.provider = "none yet"  # allauth finds nobody by it: members/identities.py does
        return login


class Provider(OpenIDConnectProvider):
    """Of what a provider says only who it is about is kept: no claims."""

    oauth2_adapter_class = Adapter

    @classmethod
    def get_package(cls) -> str:
        """Where its URLs are."""
        return str(OpenIDConnectProvider.get_package())

    def redirect(self, request: HttpRequest, process: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """What is asked for is ours to say, whatever stands in the address; and each sign-in has a nonce."""
        nonce = secrets.token_urlsafe(24)
        kwargs["auth_params"], kwargs["scope"] = {**self.get_auth_params(), "nonce": nonce}, self.get_scope()
        response: HttpResponse = super().redirect(request, process, *args, nonce=nonce, **kwargs)
        return response

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["said"].identity)

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        return []


class Callback(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        state, response = super()._get_state(request, provider)
        issuer, told = self.adapter.get_provider().app.settings["issuer"], request.GET.get("iss")
        if told is not None and TENANT_ID not in issuer and told != issuer:
            raise PermissionDenied  # RFC 9207: the browser comes from somebody else
        if state is not None:
            self.adapter.nonce = str(state.get("nonce") or "")  # type: ignore[attr-defined]
        return state, response


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """By a page of ours that goes to the provider, and by no redirect.

    Chromium and Safari hold `form-action` of our policy against wherever the answer to a form redirects
    (w3c/webappsec-csp#8), and a provider redirects further, to addresses that nobody here knows.
    """
    answer = _answer(OAuth2LoginView, request, provider_id)
    there = answer.get("Location", "")
    if not there or url_has_allowed_host_and_scheme(there, {request.get_host()}, request.is_secure()):
        return answer
    return render(request, "account/leaving.html", {"there": there})


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _answer(Callback, request, provider_id)


def _answer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        response: HttpResponse = view.adapter_view(Adapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return response
