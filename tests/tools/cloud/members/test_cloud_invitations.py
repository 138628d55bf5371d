"""Who belongs to two organisations: neither owner decides for the other, and what one vouched for ends with them."""

import pytest
from cloud_world import House
from django.test import Client

from tools.cloud.members import links, members
from tools.cloud.members.terms import Terms
from tools.cloud.models import Membership, Role, Session, SignInLink, User
from tools.cloud.services.refusal import Refusal

ENGLISH = {"accept-language": "en"}


def signed_in(user: User, by: User | None = None) -> Client:
    client = Client(headers=ENGLISH)
    assert client.post(f"/enter/{links.make(user, by=by)}").status_code == 302
    return client


def may(client: Client) -> int:
    return client.get("/api/doors").status_code


@pytest.fixture
def other(house: House) -> House:
    return House("Fremmed", house.time, seed=1)


@pytest.fixture
def owner(house: House) -> User:
    return members.invite(house.tenant, "eier@example.org", Role.OWNER).user


@pytest.fixture
def stranger(other: House) -> User:
    return members.invite(other.tenant, "fremmed@example.org", Role.OWNER).user


@pytest.fixture
def ola(house: House, owner: User) -> Membership:
    return members.invite(house.tenant, "ola@example.org", Role.VIEWER)


def test_an_invitation_changes_nothing_until_it_is_accepted(
    house: House, other: House, owner: User, stranger: User, ola: Membership
) -> None:
    client, left = signed_in(ola.user), links.make(ola.user, by=owner)
    page = signed_in(stranger).post(
        f"/tenants/{other.tenant.pk}/members/new", {"email": "Ola@example.org", "role": "guard"}
    )
    assert b"They have an account already" in page.content
    path = page.content.decode().split("http://127.0.0.1:8000")[1].split("<")[0]
    assert may(client) == 200 and links.whose(left) == ola.user and links.may_vouch(owner, ola.user)
    assert members.of(other.tenant, ola.user) is None
    # It signs nobody in: neither who holds it, nor who is in the account by a link of the first owner's.
    nobody = Client(headers=ENGLISH)
    assert b"Sign in as you are used to" in nobody.post(path).content and may(nobody) == 401
    assert signed_in(owner).post(path).status_code == 409
    assert b"You are invited to join" in client.get(path).content
    assert members.of(other.tenant, ola.user) is None
    by_owner = signed_in(ola.user, by=owner)
    client.post(path)
    row = members.of(other.tenant, ola.user)
    assert row is not None and row.role == Role.GUARD
    assert may(client) == 200 and may(by_owner) == 401 and links.whose(left) is None
    assert not links.may_vouch(owner, ola.user)
    members.end(row)
    signed_in(ola.user).post(path)
    assert members.of(other.tenant, ola.user) is None, "it works once"
    late = links.invite(ola.user, other.tenant, Terms(Role.OWNER), 60, stranger)
    row = members.invite(other.tenant, ola.user.email, Role.GUARD)
    assert members.accept(late, ola.user, "") == row and row.role == Role.GUARD, "who is a member already stays what"


def test_an_invitation_by_the_api_is_a_link_too(other: House, stranger: User, ola: Membership) -> None:
    client = signed_in(stranger)
    asked = {"email": ola.user.email, "role": "guard"}
    answer = client.post("/api/members", asked, "application/json")
    assert answer.status_code == 202 and "/enter/" in answer.json()["invitation"]
    assert client.post("/api/members", asked, "application/json").status_code == 202
    assert SignInLink.objects.filter(tenant=other.tenant).count() == 1, "the newest counts"


@pytest.mark.parametrize("way", ["end", "inactive", "role"])
def test_an_invitation_ends_with_the_owner_who_made_it(other: House, stranger: User, ola: Membership, way: str) -> None:
    leaving = members.invite(other.tenant, "leaves@example.org", Role.OWNER)
    kept = members.invite_by(leaving.user, other.tenant, ola.user.email, Role.OWNER, 60)
    assert isinstance(kept, str)
    if way == "end":
        members.end(leaving)
    elif way == "inactive":
        members.set_active(leaving.user, False)
    else:
        members.set_role(leaving, Role.VIEWER)
    assert members.accept(kept, ola.user, "") is None
    assert members.of(other.tenant, ola.user) is None
    if way != "inactive":
        with pytest.raises(Refusal):
            members.invite_by(leaving.user, other.tenant, "per@example.org", Role.OWNER, 60)


def test_an_owner_of_both_needs_no_invitation(house: House, other: House, owner: User, ola: Membership) -> None:
    Membership.objects.create(user=owner, tenant=other.tenant, role=Role.OWNER)
    assert isinstance(members.invite_by(owner, other.tenant, ola.user.email, Role.GUARD, 60), Membership)


def test_an_owner_signs_nobody_out_of_another_tenant(
    house: House, other: House, owner: User, stranger: User, ola: Membership
) -> None:
    Membership.objects.create(user=ola.user, tenant=other.tenant, role=Role.OWNER)
    client, by = signed_in(ola.user), signed_in(owner)
    with pytest.raises(Refusal, match="other organisations too"):
        members.sign_out_by(owner, ola.user)
    answer = by.post(f"/api/members/{ola.pk}/sign-out")
    assert answer.status_code == 400 and "other organisations too" in answer.json()["error"]
    assert b"other organisations too" in by.post(f"/members/{ola.pk}/sign-out", follow=True).content
    assert may(client) == 200


def test_at_how_many_places_somebody_is_signed_in_is_told_to_who_owns_all_of_it(
    house: House, other: House, owner: User, ola: Membership
) -> None:
    by, _ola = signed_in(owner), signed_in(ola.user)

    def told() -> tuple[int | None, int]:
        [row] = [one for one in by.get("/api/members").json() if one["id"] == ola.pk]
        return row["sessions"], by.get("/members/").content.count(b"signed in at 1 place")

    assert told() == (1, 2)
    Membership.objects.create(user=ola.user, tenant=other.tenant, role=Role.VIEWER)
    assert told() == (None, 1)


@pytest.mark.parametrize("way", ["end", "inactive", "role"])
def test_sessions_that_were_opened_by_a_link_end_with_who_made_it(house: House, owner: User, way: str) -> None:
    leaving = members.invite(house.tenant, "leaves@example.org", Role.OWNER)
    kari, per = (members.invite(house.tenant, f"{name}@example.org", Role.OWNER) for name in ("kari", "per"))
    own, by_host = signed_in(owner, by=leaving.user), signed_in(kari.user)
    as_kari = signed_in(kari.user, by=leaving.user)
    as_per = signed_in(per.user, by=kari.user)  # made by who was in by that link
    this = Session.objects.get(user=owner).session_key
    if way == "end":
        members.end(leaving, this)
    elif way == "inactive":
        members.set_active(leaving.user, False, this)
    else:
        members.set_role(leaving, Role.VIEWER, this)
    assert [may(one) for one in (own, by_host, as_kari, as_per)] == [200, 200, 401, 401]


def test_a_page_says_who_made_the_link(house: House, owner: User, ola: Membership) -> None:
    page = signed_in(owner).post(f"/members/{ola.pk}/link").content.decode()
    client = Client(headers=ENGLISH)
    client.post(page.split("http://127.0.0.1:8000")[1].split("<")[0])
    assert Session.objects.get(user=ola.user).vouched_by == owner
    assert may(client) == 200
