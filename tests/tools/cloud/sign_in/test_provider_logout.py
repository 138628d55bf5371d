"""Back-channel logout: a certified provider says that somebody has signed out there, and they are here too, at once."""

import time
from typing import Any

import jwt
import pytest
from certified import OLA, Certified, browser, who
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from tools.cloud import openid
from tools.cloud.members import members, provider_logout
from tools.cloud.models import LogIn, LogoutHeard, Role, Session, User
from tools.cloud.services import clock

HERE = "/accounts/oidc/one/logout/"
KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))


def say(token: str, provider: str = "one") -> int:
    answer = Client(headers={"host": "127.0.0.1"}, enforce_csrf_checks=True).post(
        f"/accounts/oidc/{provider}/logout/", {"logout_token": token}
    )
    assert answer.status_code != 200 or "no-store" in answer.headers["Cache-Control"]
    return answer.status_code


def test_who_signs_out_at_the_provider_is_signed_out_here_where_they_came_from_there(
    provider: Certified, ola: User
) -> None:
    phone, desk = browser(), browser()
    for one in (phone, desk):
        assert provider.sign_in(client=one, **OLA) == "ola@example.org"
    assert Session.objects.exclude(provider_session="").count() == 2
    token = provider.sign_out()  # at the desk
    assert "sid" in jwt.decode(token, options={"verify_signature": False})
    assert say(token) == 200
    assert who(desk) is None and desk.get("/").status_code == 302
    assert who(phone) == "ola@example.org"
    assert sorted(LogIn.objects.values_list("end", flat=True)) == ["", "cut"]


def test_each_time_counts_once(provider: Certified, ola: User) -> None:
    client = browser()
    provider.sign_in(client=client, **OLA)
    token = provider.sign_out()
    assert [say(token), say(token)] == [200, 400] and LogoutHeard.objects.count() == 1
    provider_logout.forget(clock.now())
    assert LogoutHeard.objects.count() == (LogoutHeard.objects.filter(until__gt=clock.now()).count())
    LogoutHeard.objects.update(until=clock.now())
    provider_logout.forget(clock.now())
    assert not LogoutHeard.objects.exists()


def test_without_a_session_of_theirs_all_of_the_account_end(provider: Certified, ola: User) -> None:
    phone, desk, other = browser(), browser(), browser()
    for one in (phone, desk):
        provider.sign_in(client=one, **OLA)
    members.invite(ola.memberships.get().tenant, "eva@example.org", Role.VIEWER)
    provider.sign_in(client=other, sub="43", email="eva@example.org", email_verified=True)
    provider_logout._end({"iss": f"{provider.base}/one", "sub": "42", "jti": "1", "exp": int(time.time()) + 60})
    assert (who(phone), who(desk), who(other)) == (None, None, "eva@example.org")
    provider_logout._end({"iss": "https://evil.example", "sub": "43", "jti": "1", "exp": int(time.time()) + 60})
    assert who(other) == "eva@example.org"


def test_what_is_no_logout_token_of_the_provider_ends_nothing(provider: Certified, ola: User) -> None:
    client = browser()
    provider.sign_in(client=client, **OLA)
    [sid] = Session.objects.exclude(provider_session="").values_list("provider_session", flat=True)
    forged = jwt.encode(claims(iss=f"{provider.base}/one", aud="portvakt", sub="42"), OTHER, "RS256")
    for token in ("", "x", forged, jwt.encode(claims(), "secret" * 8, "HS256"), "a" * 20_000):
        assert say(token) == 400, token[:20]
    assert say(provider.sign_out(), "entra") == 400, "said by another provider"
    assert say(forged, "nobody") == 404
    assert client.get(HERE).status_code == 405
    assert who(client) == "ola@example.org" and Session.objects.filter(provider_session=sid).exists()


def claims(**said: Any) -> dict[str, Any]:
    now = int(time.time())
    right = {"iss": "https://issuer.example", "aud": "portvakt", "iat": now, "exp": now + 120, "jti": "7", "sid": "s"}
    return {**right, "events": {openid.LOGOUT: {}}, **said}


def check(said: dict[str, Any], key: Any = KEY) -> dict[str, Any]:
    keys = {"keys": [{**jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "use": "sig"}]}
    said = {name: value for name, value in said.items() if value is not None}
    return openid.verified_logout(jwt.encode(said, key, "RS256"), keys, "portvakt", "https://issuer.example")


def test_a_logout_token_that_is_right_is_taken() -> None:
    assert check(claims())["sid"] == "s" and check(claims(sid=None, sub="42"))["sub"] == "42"


@pytest.mark.parametrize(
    "said",
    [
        {"iss": "https://evil.example"}, {"aud": "somebody"}, {"exp": 1}, {"exp": None}, {"iat": None}, {"jti": None},
        {"jti": 7}, {"jti": ""}, {"sid": None}, {"sid": ""}, {"sid": 7}, {"sid": "x" * 300}, {"events": None},
        {"events": {}}, {"events": {openid.LOGOUT: True}}, {"events": [openid.LOGOUT]}, {"nonce": "n"},
        {"aud": ["portvakt", "other"]}, {"sub": 42},
    ],
)  # fmt: skip
def test_a_logout_token_that_says_something_else_is_not(said: dict[str, Any]) -> None:
    with pytest.raises(openid.OAuth2Error):
        check(claims(**said))
    with pytest.raises(openid.OAuth2Error):
        check(claims(), OTHER)
