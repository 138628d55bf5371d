"""OpenID Connect, to the letter: what a provider did not say, or said in another way, signs nobody in."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest

UID_LONGEST = 191  # allauth's column; OpenID Connect Core 2: at most 255 letters
VERIFIED = (True, "true")  # some providers write all claims as text


class Provider(OpenIDConnectProvider):
    """allauth's takes any text for verified ("false" too), and a token without a subject."""

    @classmethod
    def get_package(cls) -> str:
        """Where its URLs are."""
        return str(OpenIDConnectProvider.get_package())

    def sociallogin_from_response(self, request: HttpRequest, response: dict[str, Any]) -> Any:
        """Core 2 and 5.3.2: `sub` is in the token, and that of the user info is the same."""
        token, info = response.get("id_token"), response.get("userinfo")
        subjects = [said.get("sub") if isinstance(said, dict) else None for said in (token, info or token)]
        subject = subjects[0]
        if type(subject) is not str or not 0 < len(subject) <= UID_LONGEST or subjects[1] != subject:
            raise OAuth2Error("the provider does not say who this is (sub)")
        return super().sociallogin_from_response(request, response)

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        claims = data.get("userinfo") or data["id_token"]
        email, verified = claims.get("email"), claims.get("email_verified")
        if type(email) is not str or not email:
            return []
        # 1 is equal to True, and no answer of a provider.
        sure = type(verified) in (bool, str) and verified in VERIFIED
        return [EmailAddress(email=email, verified=sure, primary=True)]
