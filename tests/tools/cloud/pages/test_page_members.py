"""The members page for owners, and one's own account."""

from typing import Any

import pytest


def test_an_owner_invites_somebody_with_a_link_that_is_shown_once(browser: Any, house: Any) -> None:
    from django.test import Client

    from tools.cloud.models import Membership

    client = browser()
    where = f"/tenants/{house.tenant.pk}/members/new"
    page = client.post(where, {"email": "Kari@Example.org", "role": "guard"}).content.decode()
    link = page.split("http://127.0.0.1:8000")[1].split("<")[0]
    assert Membership.objects.get(user__email="kari@example.org").role == "guard"
    new = Client()
    new.post(link)
    assert new.get("/").status_code == 200
    again = client.post(where, {"email": "kari@example.org", "role": "owner"})
    assert again.status_code == 400 and "is a member already; change their role" in again.content.decode()
    assert "Guard · signed in at 1 place" in client.get("/members/").content.decode()


def test_an_owner_changes_a_role_and_ends_access(browser: Any, house: Any) -> None:
    from tools.cloud.models import Membership

    client, theirs = browser(), browser(role="administrator")
    row = Membership.objects.get(user=theirs.user)
    page = client.post(f"/members/{row.pk}/role", {"role": "viewer"}, follow=True).content.decode()
    assert "is now: Viewer." in page
    assert client.post(f"/members/{row.pk}/role", {"role": "king"}).status_code == 400
    page = client.post(f"/members/{row.pk}/sign-out", follow=True).content.decode()
    assert "is signed out everywhere." in page and theirs.get("/").status_code == 302
    page = client.post(f"/members/{row.pk}/active", {"active": "no"}, follow=True).content.decode()
    assert "is not active any more." in page and "Make the account active again" in page
    client.post(f"/members/{row.pk}/active", {"active": "yes"})
    page = client.post(f"/members/{row.pk}/end", follow=True).content.decode()
    assert "has no access any more." in page and not Membership.objects.filter(pk=row.pk).exists()


def test_the_last_owner_is_told_what_to_do_first(browser: Any, house: Any) -> None:
    from tools.cloud.models import Membership

    client = browser()
    row = Membership.objects.get(user=client.user)
    for what, fields in (("end", {}), ("role", {"role": "viewer"}), ("active", {"active": "no"})):
        page = client.post(f"/members/{row.pk}/{what}", fields, follow=True).content.decode()
        assert "Solsiden would have no owner; make somebody else an owner first." in page


def test_an_owner_who_ends_their_own_access_is_signed_out(browser: Any, house: Any) -> None:
    from tools.cloud.members import members
    from tools.cloud.models import Membership, Role, User

    members.invite(house.tenant, "kari@example.org", Role.OWNER)
    client = browser()
    client.post(f"/members/{Membership.objects.get(user=client.user).pk}/end")
    assert client.get("/").status_code == 302
    assert User.objects.filter(pk=client.user.pk).exists()


def test_a_token_is_shown_once_and_revoked(browser: Any, house: Any) -> None:
    from tools.cloud.members import links
    from tools.cloud.models import ApiToken

    client = browser()
    page = client.post(f"/tenants/{house.tenant.pk}/tokens/new", {"name": "Renhold", "role": "viewer"}).content.decode()
    token = page.split('translate="no">')[1].split("<")[0]
    assert links.read_token(token) is not None
    page = client.get("/members/").content.decode()
    assert "Renhold" in page and token not in page and "made by owner-" in page
    wrong = client.post(f"/tenants/{house.tenant.pk}/tokens/new", {"name": "", "role": "owner"})
    assert wrong.status_code == 400 and ApiToken.objects.count() == 1
    page = client.post(f"/tokens/{ApiToken.objects.get().pk}/revoke", follow=True).content.decode()
    assert "does not work any more" in page and links.read_token(token) is None


@pytest.mark.parametrize("language", ["en", "nb"])
def test_everybody_sees_where_they_are_signed_in_and_ends_it_elsewhere(browser: Any, language: str) -> None:
    here, elsewhere = browser(role="guard", language=language), browser(role="guard")
    page = here.get("/account/").content.decode()
    assert page.count("<time") + page.count("held-row") >= 3 and "/members/" not in page
    assert here.get("/members/").status_code == 403
    here.post("/account/sign-out-elsewhere")
    assert here.get("/account/").status_code == 200 and elsewhere.get("/account/").status_code == 302
