"""Sign-in through a certified OpenID provider, any one and one as Entra is: who gets in, as whom, and who does not."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from certified import OLA, TID, Certified, browser, leads_to, who
from cloud_world import House, Stopped
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.cloud import openid, providers
from tools.cloud.members import identities, members
from tools.cloud.models import Role, Tenant, User
from tools.cloud.national import numbers_in
from tools.terminal import Problem

OID = "9b2d7c1e-0a4f-4f53-8f0e-1d2c3b4a5968"
ISSUER, NONCE = "https://issuer.example", "n-0S6_WzA2Mj"
KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))


def test_the_provider_alone_lets_nobody_in(provider: Certified) -> None:
    assert provider.sign_in(**OLA) is None and not User.objects.exists() and not SocialAccount.objects.exists()


def test_an_address_joins_once_and_the_identity_counts_from_then_on(provider: Certified, ola: User) -> None:
    for verified in (False, "false", "TRUE", 1, None):
        assert provider.sign_in(**OLA | {"email_verified": verified}) is None, verified
    assert provider.sign_in(**OLA) == "ola@example.org"
    [row] = SocialAccount.objects.all()
    assert row.uid == f"{provider.base}/one 42" and row.extra_data == {}
    # The address is somebody else's by now, at the provider.
    assert provider.sign_in(**OLA | {"sub": "43", "name": "Eva"}) is None
    assert provider.sign_in(sub="42", name="Ola N.", email="o.n@example.org", email_verified=True) == "o.n@example.org"
    ola.refresh_from_db()
    assert (ola.name, ola.email) == ("Ola N.", "o.n@example.org")
    members.invite(ola.memberships.get().tenant, "kari@example.org", Role.VIEWER)
    # An address that is another account's here is not taken over by saying so; nor one that nobody vouches for.
    for claims in ({"email": "kari@example.org", "email_verified": True}, {"email": "x@example.org"}):
        assert provider.sign_in(sub="42", **claims) == "o.n@example.org"
    assert identities.forget(ola) == 1
    assert provider.sign_in(sub="44", email="o.n@example.org", email_verified=True) == "o.n@example.org"
    assert provider.sign_in(**OLA | {"email": "o.n@example.org"}) is None


def test_who_signed_in_before_identities_had_their_issuer_is_still_known(provider: Certified, ola: User) -> None:
    row = SocialAccount.objects.create(user=ola, provider="oidc", uid="42", extra_data={"id_token": {"iss": "else"}})
    assert provider.sign_in(**OLA) is None
    SocialAccount.objects.filter(pk=row.pk).update(extra_data={"id_token": {"iss": f"{provider.base}/one"}})
    assert provider.sign_in(**OLA) == "ola@example.org"
    row.refresh_from_db()
    assert (row.uid, row.extra_data) == (f"{provider.base}/one 42", {})


def test_a_way_back_is_gone_once_and_only_where_it_began(provider: Certified, ola: User) -> None:
    client, other = browser(), browser()
    back = provider.way_back(client, **OLA)
    other.get(back)
    assert who(other) is None
    for wrong in ("&iss=https://evil.example", "&state=x"):
        start = browser()
        start.get(provider.way_back(start, **OLA).replace("&iss=", "&was=") + wrong)
        assert who(start) is None, wrong
    client.get(back)
    assert who(client) == "ola@example.org"
    client.post("/sign-out")
    client.get(back)
    assert who(client) is None
    # A code of one sign-in with the state of another: verifier and nonce are of that one.
    first, second = (parse_qs(urlsplit(provider.way_back(client, **OLA)).query) for _ in range(2))
    client.get("/accounts/oidc/one/login/callback/", {"code": first["code"][0], "state": second["state"][0]})
    assert who(client) is None


def test_what_is_asked_for_is_ours_to_say(provider: Certified) -> None:
    address = leads_to(browser().post("/accounts/oidc/one/login/?scope=offline_access&auth_params=nonce%3Dmine"))
    asked = parse_qs(urlsplit(address).query)
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"} and asked["nonce"] != ["mine"]
    assert asked["code_challenge_method"] == ["S256"]


def test_keys_are_changed_without_notice(provider: Certified, ola: User) -> None:
    assert provider.sign_in(**OLA) == "ola@example.org"
    provider.control(rotate=True)
    assert provider.sign_in(**OLA) == "ola@example.org"


def test_a_national_number_is_refused(provider: Certified, ola: User) -> None:
    for claims in ({"pid": "01017012345"}, {"sub": "17857010000"}, {"name": "178570 10000"}):
        assert provider.sign_in(**OLA | claims) is None, claims
    assert not SocialAccount.objects.exists()


def test_entra_is_known_by_directory_and_object_and_only_where_a_tenant_is_bound(
    provider: Certified, house: House, ola: User, time_now: Stopped
) -> None:
    person: dict[str, Any] = {"oid": OID, "tid": TID, "preferred_username": "ola@example.org", "name": "Ola"}
    assert provider.sign_in("entra", **person) is None, "the tenant is bound to no directory"
    Tenant.objects.update(entra="11111111-2222-3333-4444-555555555555")
    assert provider.sign_in("entra", **person) is None, "somebody else's directory says what it likes"
    Tenant.objects.update(entra=TID)
    for wrong in ({"oid": None}, {"tid": None}, {"tid": "../common"}, {"tid": OID}):
        assert provider.sign_in("entra", **person | wrong) is None, wrong
    elsewhere = House("Fjordgata", time_now, seed=9)
    other = members.of(elsewhere.tenant, members.invite(elsewhere.tenant, ola.email, Role.VIEWER).user)
    assert provider.sign_in("entra", **person) is None, "the account is of a tenant that is not of this directory too"
    assert other is not None
    other.delete()
    assert provider.sign_in("entra", **person) == "ola@example.org"
    assert SocialAccount.objects.get().uid == f"entra {TID} {OID}"
    renamed = {**person, "sub": "77", "preferred_username": "ola.n@example.org"}
    assert provider.sign_in("entra", **renamed) == "ola.n@example.org"
    # A new person there who was given the old address.
    assert provider.sign_in("entra", **person | {"oid": OID.replace("9", "8"), "preferred_username": ola.email}) is None
    assert provider.sign_in(**OLA | {"email": "ola.n@example.org"}) is None, "and another provider joins nobody to it"


def test_a_tenant_chooses_its_providers(provider: Certified, house: House, ola: User) -> None:
    Tenant.objects.update(providers=["entra"])
    assert provider.sign_in(**OLA) is None
    Tenant.objects.update(providers=["entra", "one"])
    assert provider.sign_in(**OLA) == "ola@example.org"
    Tenant.objects.update(providers=["entra"])
    assert provider.sign_in(**OLA) is None


def test_nobody_adds_a_way_in_to_an_account(provider: Certified, ola: User) -> None:
    """Who is in it by a link would keep a way back in."""
    client = browser()
    client.force_login(ola, backend="django.contrib.auth.backends.ModelBackend")
    client.get(provider.way_back(client, process="connect", sub="666", email="eva@example.org", email_verified=True))
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("subject", [None, "", 42, ["42"], "x" * 256])
def test_who_it_is_has_to_be_said(subject: Any) -> None:
    for token, info in (({"sub": subject}, {}), ({"sub": "42"}, {"sub": subject})):
        with pytest.raises(OAuth2Error):
            openid.said_of("one", "", {"iss": ISSUER, **token}, info)
    said = openid.said_of("one", "", {"iss": ISSUER, "sub": "x" * 255}, {})
    assert len(said.identity) == 64 and said.email == ""


def claims_of(**said: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {"iss": ISSUER, "sub": "42", "aud": "portvakt", "iat": now, "exp": now + 300, "nonce": NONCE, **said}
    return {name: value for name, value in made.items() if value is not None}


def keys(*made: rsa.RSAPrivateKey) -> dict[str, Any]:
    dump = jwt.algorithms.RSAAlgorithm.to_jwk
    return {"keys": [{**json.loads(dump(one.public_key())), "kid": str(n)} for n, one in enumerate(made)]}


def judged(
    claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", issuer: str = ISSUER, **header: Any
) -> Any:
    token = jwt.encode(claims, key, algorithm, headers={"kid": "0", **header})
    return openid.verified(token, keys(KEY), "portvakt", issuer, NONCE)


def test_a_token_that_is_right_is_taken_and_clocks_may_differ_a_little() -> None:
    now = int(time.time())
    for said in ({}, {"exp": now - 40}, {"iat": now + 40}, {"aud": ["portvakt", "b"], "azp": "portvakt"}):
        assert judged(claims_of(**said))["sub"] == "42", said
    entra = claims_of(iss=f"https://login.example/{TID}/v2.0", tid=TID)
    assert judged(entra, issuer="https://login.example/{tenantid}/v2.0")["tid"] == TID


AGO, AHEAD = "an hour ago", "an hour ahead"


@pytest.mark.parametrize(
    "said",
    [
        {"iss": "https://evil.example"}, {"iss": ISSUER + "/"}, {"iss": None}, {"aud": "other"}, {"aud": None},
        {"aud": ["portvakt", "other"]}, {"aud": ["portvakt", "b"], "azp": "b"}, {"azp": "b"}, {"nonce": None},
        {"nonce": "of-another"}, {"nonce": ["n"]}, {"exp": 1}, {"exp": None}, {"iat": None}, {"sub": None},
        {"exp": AGO}, {"iat": AHEAD}, {"nbf": AHEAD},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_says_something_else_is_not(said: dict[str, Any]) -> None:
    now = {AGO: int(time.time()) - 3600, AHEAD: int(time.time()) + 3600}
    with pytest.raises(OAuth2Error):
        judged(
            claims_of(**{name: now.get(value, value) if type(value) is str else value for name, value in said.items()})
        )


def test_a_token_that_is_signed_by_nobody_or_somebody_else_is_not() -> None:
    secret = "for tests" * 8
    for key, algorithm, header in (
        (None, "none", {}), (secret, "HS256", {}), (OTHER, "RS256", {}), (KEY, "RS256", {"kid": "7"}),
    ):  # fmt: skip
        with pytest.raises(OAuth2Error):
            judged(claims_of(), key, algorithm, **header)
    for token in (None, "", "a.b.c", 7, [], "." * 5):
        with pytest.raises(OAuth2Error):
            openid.verified(token, keys(KEY), "portvakt", ISSUER, NONCE)
    token = jwt.encode(claims_of(), KEY, "RS256", headers={"kid": "0"})
    for held in (
        None,
        [],
        {},
        {"keys": [7]},
        keys(KEY, KEY) | {"keys": keys(KEY)["keys"] * 2},
        {"keys": [{"kty": "RSA"}]},
    ):
        with pytest.raises(OAuth2Error):
            openid.verified(token, held, "portvakt", ISSUER, NONCE)
    with pytest.raises(OAuth2Error):
        openid.verified(token, keys(KEY), "portvakt", ISSUER, "")
    entra = claims_of(iss=f"https://login.example/{TID}/v2.0", tid=OID)
    with pytest.raises(OAuth2Error):
        judged(entra, issuer="https://login.example/{tenantid}/v2.0")


@pytest.mark.parametrize(
    "claims, found",
    [
        ({"pid": "x"}, True), ({"urn:x/nationalIdentityNumber": "1"}, True), ({"a": [{"b": "17857010000"}]}, True),
        ({"n": 17857010000}, True), ({"n": "17857010001"}, False), ({"sub": "42", "name": "Ola"}, False),
        ({"no.bankid.pid": "x"}, True), ({"phone": "+47 22 22 22 22"}, False), ({"updated_at": 1763800000}, False),
    ],
    ids=str,
)  # fmt: skip
def test_national_numbers_are_found_by_name_and_by_check_digits(claims: dict[str, Any], found: bool) -> None:
    assert numbers_in(claims) == found


def test_providers_come_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    rows = [{"id": "m", "name": "Microsoft", "kind": "entra", "client_id": "c", "secret": "s"}]
    file.write_text(json.dumps(rows))
    alone = {"OIDC_ISSUER": "https://issuer.example", "OIDC_CLIENT_ID": "p"}
    found = providers.configured({"OIDC_PROVIDERS": str(file), **alone})
    assert [one["provider_id"] for one in found] == ["m", "oidc"]
    assert found[0]["settings"]["issuer"] == "https://login.microsoftonline.com/{tenantid}/v2.0"
    assert providers.configured({}) == []
    doubled, unknown, nowhere = [rows[0]] * 2, [rows[0] | {"kind": "x"}], [{"id": "m", "name": "n", "client_id": "c"}]
    bad = [{}, [7], [rows[0] | {"id": "a b"}], doubled, unknown, nowhere]
    for wrong in ("[", *map(json.dumps, bad)):
        file.write_text(wrong)
        with pytest.raises(Problem):
            providers.configured({"OIDC_PROVIDERS": str(file)})
