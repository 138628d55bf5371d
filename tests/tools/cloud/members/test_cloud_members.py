"""Access to the cloud can be taken away: roles, memberships, sessions, accounts, tokens; and it is gone at once."""

from datetime import timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped, ends
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.db.models.signals import post_save
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from tools.cloud.data import idle
from tools.cloud.members import links, members
from tools.cloud.members.terms import Terms
from tools.cloud.models import ApiToken, Membership, Role, Session, SignInLink, User
from tools.cloud.services.refusal import Refusal
from tools.cloud.sessions import Middleware, SessionStore
from tools.terminal import Problem


def member(house: House, role: Role, email: str = "ola@example.org") -> Membership:
    return members.invite(house.tenant, email, Terms(role, **ends(role)))


def signed_in(user: User) -> Client:
    client = Client()
    assert client.post(f"/enter/{links.make(user)}").status_code == 302
    return client


def program(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"})


def may(client: Client) -> int:
    return client.get("/api/doors").status_code


@pytest.fixture
def owner(house: House) -> User:
    return member(house, Role.OWNER, "eier@example.org").user


def test_each_way_of_taking_access_away_ends_sessions_links_and_tokens_at_once(house: House, owner: User) -> None:
    ways = {
        "end": lambda row: members.end(row),
        "inactive": lambda row: members.set_active(row.user, False),
        "sign out": lambda row: members.sign_out(row.user),
    }
    for name, way in ways.items():
        row = member(house, Role.OWNER, f"{name.replace(' ', '')}@example.org")
        client, left = signed_in(row.user), links.make(row.user)
        token = program(links.make_token(house.tenant, "x", Role.VIEWER, row.user))
        assert (may(client), may(token)) == (200, 200)
        way(row)
        assert may(client) == 401 and not row.user.sessions.exists(), name
        assert links.use(left) is None, name
        assert may(token) == (200 if name == "sign out" else 401), name
        if name == "end":
            members.invite(house.tenant, row.user.email, Role.OWNER)
        elif name == "inactive":
            members.set_active(row.user, True)
        assert may(token) == (200 if name == "sign out" else 401), "it does not come back with who made it"
    assert may(signed_in(owner)) == 200


@pytest.mark.parametrize("way", ["end", "inactive", "role"])
def test_a_link_that_an_owner_made_for_somebody_ends_with_the_owner(house: House, owner: User, way: str) -> None:
    leaving = member(house, Role.OWNER, "leaves@example.org")
    kept = links.make(owner)  # it signs in as the one who stays
    if way == "end":
        members.end(leaving)
    elif way == "inactive":
        members.set_active(leaving.user, False)
    else:
        members.set_role(leaving, Role.VIEWER)
    assert links.use(kept) is None


def test_a_session_that_was_ended_does_not_come_back_with_the_answer_of_a_request_under_way(house: House) -> None:
    row = member(house, Role.VIEWER)
    client = signed_in(row.user)
    session = client.session
    assert session["_auth_user_id"] == str(row.user_id)
    members.sign_out(row.user)
    session["something"] = "new"
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_no_session_is_ever_kept_without_who_vouched_for_it(house: House, owner: User) -> None:
    """Else whoever is shut out between the two is looked for among those who vouched, and not found."""
    row, kept = member(house, Role.VIEWER), []

    def saved(instance: Session, **_: Any) -> None:
        kept.append(instance.vouched_by_id)

    post_save.connect(saved, sender=Session)
    try:
        assert Client().post(f"/enter/{links.make(row.user, by=owner)}").status_code == 302
    finally:
        post_save.disconnect(saved, sender=Session)
    assert set(kept) == {owner.pk}


def test_a_link_is_used_up_only_with_the_session_that_it_opened(
    house: House, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: who ends links, then sessions, finds the one or the other."""
    row = member(house, Role.VIEWER)
    link = links.make(row.user, by=owner)
    with monkeypatch.context() as broken:
        broken.setattr(SessionStore, "save", lambda *_args, **_more: (_ for _ in ()).throw(OSError("disk")))
        with pytest.raises(OSError, match="disk"):
            Client().post(f"/enter/{link}")
    assert links.whose(link) == row.user and not row.user.sessions.exists()


def test_another_role_counts_from_the_next_request_on(house: House, owner: User) -> None:
    row = member(house, Role.ADMINISTRATOR)
    client = signed_in(row.user)
    new = {"name": "Kari"}
    assert client.post("/api/people", new, "application/json").status_code == 201
    members.set_role(row, Role.VIEWER)
    assert client.post("/api/people", new, "application/json").status_code == 403


def test_who_may_no_longer_make_tokens_leaves_none(house: House, owner: User) -> None:
    row = member(house, Role.OWNER)
    token = links.make_token(house.tenant, "x", Role.ADMINISTRATOR, row.user)
    other = links.make_token(house.tenant, "y", Role.VIEWER, owner)
    members.set_role(row, Role.ADMINISTRATOR)
    members.set_role(row, Role.OWNER)
    assert links.read_token(token) is None and links.read_token(other) is not None


def test_what_somebody_made_at_the_moment_when_they_ceased_to_be_an_owner_opens_nothing(
    house: House, owner: User
) -> None:
    """The request that makes it may be answered after the one that takes the role: each use asks again."""
    row, viewer = member(house, Role.OWNER), member(house, Role.VIEWER, "viewer@example.org").user
    token = links.make_token(house.tenant, "x", Role.ADMINISTRATOR, row.user)
    link, other = links.make(viewer, by=row.user), links.make(viewer, by=owner)
    invitation = links.invite(viewer, house.tenant, Terms(Role.OWNER), 60, row.user)
    assert links.read_token(token) and links.whose(link) == viewer and links.invitation(invitation)
    client, path = Client(), f"/tenants/{house.tenant.pk}/tokens/new"
    client.force_login(row.user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(path, {"name": "a", "role": "viewer"}).status_code == 200
    Membership.objects.filter(pk=row.pk).update(role=Role.VIEWER)
    assert links.read_token(token) is None and links.invitation(invitation) is None
    assert links.whose(link) is None and links.use(link) is None and links.use(other) == viewer
    with pytest.raises(Refusal):
        links.make_token(house.tenant, "y", Role.VIEWER, row.user)
    assert client.post("/api/tokens", {"name": "y", "role": "viewer"}, "application/json").status_code >= 400
    Membership.objects.filter(pk=row.pk).update(role=Role.OWNER)
    assert links.read_token(token) is not None
    User.objects.filter(pk=row.user_id).update(is_active=False)
    assert links.read_token(token) is None and links.whose(link) is None and links.invitation(invitation) is None


def test_the_last_owner_stays(house: House, owner: User) -> None:
    row = Membership.objects.get(user=owner)
    second = member(house, Role.OWNER)
    members.set_active(second.user, False)  # who cannot sign in does not count
    members.set_role(row, Role.OWNER)
    for way in (
        lambda: members.end(row),
        lambda: members.set_role(row, Role.VIEWER),
        lambda: members.set_active(owner, False),
    ):
        with pytest.raises(Refusal, match="would have no owner; make somebody else an owner first"):
            way()
    owner.refresh_from_db()
    assert owner.is_active and members.of(house.tenant, owner).role == Role.OWNER  # type: ignore[union-attr]
    members.set_active(second.user, True)
    members.end(row)


def test_a_membership_that_has_ended_is_not_changed(house: House, owner: User) -> None:
    row = member(house, Role.VIEWER)
    members.end(Membership.objects.get(pk=row.pk))
    for way in (lambda: members.end(row), lambda: members.set_role(row, Role.OWNER)):
        with pytest.raises(Refusal, match="has ended already"):
            way()
    assert not Membership.objects.filter(user=row.user).exists()


def test_a_session_ends_when_it_is_not_used(house: House) -> None:
    client = signed_in(member(house, Role.VIEWER).user)
    row = Session.objects.get()
    almost = timezone.now() - settings.SESSION_IDLE + timedelta(minutes=1)
    Session.objects.update(used_at=almost)
    assert may(client) == 200
    assert Session.objects.get().used_at > almost, "it was used"
    Session.objects.update(used_at=timezone.now() - settings.SESSION_IDLE)
    assert may(client) == 401
    assert Session.over().get().pk == row.pk
    links.forget(timezone.now())
    assert not Session.objects.exists()


def test_a_session_ends_after_its_days_however_much_it_is_used(house: House) -> None:
    client = signed_in(member(house, Role.VIEWER).user)
    Session.objects.update(expire_date=timezone.now())
    assert may(client) == 401
    client = signed_in(User.objects.get())
    session = client.session
    session["began"] = int(timezone.now().timestamp()) - settings.SESSION_COOKIE_AGE
    session.save()
    assert may(client) == 401


@pytest.mark.parametrize("said", ["x", "0", "-1", "nan", "inf", "337"])
def test_a_time_without_use_that_is_none_is_refused_in_a_sentence(said: str) -> None:
    assert idle("") == timedelta(hours=12) and idle("0.5") == timedelta(minutes=30)
    with pytest.raises(Problem, match=f"SESSION_IDLE_HOURS is {said}; give hours"):
        idle(said)


def test_a_screen_that_is_left_on_is_no_use(house: House) -> None:
    client = signed_in(member(house, Role.VIEWER).user)
    before = timezone.now() - timedelta(hours=1)
    for path, used in (("/doors/stream", False), ("/", True)):
        Session.objects.update(used_at=before)
        request: Any = RequestFactory().get(path)
        request.COOKIES = {"sessionid": client.cookies["sessionid"].value}

        def answer(request: Any) -> HttpResponse:
            assert request.session["_auth_user_id"]
            return HttpResponse()

        Middleware(answer)(request)
        assert (Session.objects.get().used_at > before) is used, path


def test_who_joins_another_tenant_comes_there_without_what_others_hold_of_the_account(house: House) -> None:
    """The owner of the first tenant could have signed in as them."""
    row = member(house, Role.VIEWER)
    client, left = signed_in(row.user), links.make(row.user)
    other = House("Fremmed", house.time, seed=1)
    members.invite(other.tenant, row.user.email, Role.OWNER)
    assert may(client) == 401 and links.use(left) is None


def test_the_owner_of_one_tenant_does_not_decide_about_an_account_of_others(house: House, owner: User) -> None:
    row = member(house, Role.VIEWER)
    assert links.may_vouch(owner, row.user)
    other = House("Fremmed", house.time, seed=1)
    members.invite(other.tenant, row.user.email, Role.VIEWER)
    assert not links.may_vouch(owner, row.user)
    client = signed_in(owner)
    page = client.post(f"/members/{row.pk}/link", headers={"accept-language": "en"}).content.decode()
    assert "/enter/" not in page and "sign in as they are used to" in page
    assert not SignInLink.objects.filter(user=row.user, used_at=None).exists()
    client.post(f"/members/{row.pk}/active", {"active": "no"})
    answer = client.put(f"/api/members/{row.pk}/active", {"active": False}, "application/json")
    assert answer.status_code == 400 and "other organisations too" in answer.json()["error"]
    row.user.refresh_from_db()
    assert row.user.is_active


def test_only_owners_see_and_change_members_and_tokens(house: House, owner: User) -> None:
    row = member(house, Role.VIEWER, "mål@example.org".replace("å", "a"))
    links.make_token(house.tenant, "x", Role.VIEWER, owner)
    token = ApiToken.objects.get()
    stranger = House("Fremmed", house.time, seed=1)
    callers = [signed_in(member(house, role, f"{role}@example.org").user) for role in Role if role != Role.OWNER]
    callers += [signed_in(members.invite(stranger.tenant, "fremmed@example.org", Role.OWNER).user)]
    made = links.make_token(house.tenant, "y", Role.ADMINISTRATOR, owner)
    callers += [program(made)]
    tenant, email = house.tenant.pk, "ny@example.org"
    asked = [
        ("post", f"/members/{row.pk}/role", {"role": "owner"}),
        ("post", f"/members/{row.pk}/link", {}),
        ("post", f"/members/{row.pk}/sign-out", {}),
        ("post", f"/members/{row.pk}/active", {"active": "no"}),
        ("post", f"/members/{row.pk}/end", {}),
        ("post", f"/tenants/{tenant}/members/new", {"email": email, "role": "owner"}),
        ("post", f"/tenants/{tenant}/tokens/new", {"name": "z", "role": "viewer"}),
        ("post", f"/tokens/{token.pk}/revoke", {}),
        ("post", "/api/members", {"email": email, "role": "owner", "tenant": tenant}),
        ("patch", f"/api/members/{row.pk}", {"role": "owner"}),
        ("delete", f"/api/members/{row.pk}", {}),
        ("post", f"/api/members/{row.pk}/sign-out", {}),
        ("put", f"/api/members/{row.pk}/active", {"active": False}),
        ("post", "/api/tokens", {"name": "z", "tenant": tenant}),
        ("delete", f"/api/tokens/{token.pk}", {}),
    ]
    signed_in(row.user)
    sessions = Session.objects.count()
    for client in callers:
        for method, path, fields in asked:
            form = (fields,) if path[:5] != "/api/" else (fields, "application/json")
            assert getattr(client, method)(path, *form).status_code in (302, 403, 404), (client, path)
        for path in ("/api/members", "/api/tokens"):
            said = client.get(path)
            assert said.status_code == 200 and not [one for one in said.json() if one["tenant_id"] == tenant], path
    row.refresh_from_db()
    assert row.role == Role.VIEWER and row.user.is_active and Session.objects.count() == sessions
    assert not User.objects.filter(email=email).exists()
    assert sorted(ApiToken.objects.filter(revoked_at=None).values_list("name", flat=True)) == ["x", "y"]


def test_the_api_does_what_the_pages_do(house: House, owner: User) -> None:
    client = signed_in(owner)

    def ask(method: str, path: str, **fields: Any) -> Any:
        answer = getattr(client, method)(f"/api/{path}", fields, "application/json")
        return answer.status_code, answer.json() if answer.content else None

    status, made = ask("post", "members", email="Kari@Example.org", role="guard")
    assert status == 201 and (made["email"], made["role"], made["sessions"]) == ("kari@example.org", "guard", 0)
    assert ask("post", "members", email="kari@example.org", role="guard")[0] == 400
    assert ask("post", "members", email="kari", role="guard")[0] == 400
    where = f"members/{made['id']}"
    assert ask("patch", where, role="viewer")[1]["role"] == "viewer"
    assert ask("patch", where, role="king")[0] == 422
    theirs = signed_in(User.objects.get(email="kari@example.org"))
    assert [one["sessions"] for one in client.get("/api/members").json()] == [1, 1]
    assert ask("post", f"{where}/sign-out") == (200, {"sessions": 1}) and may(theirs) == 401
    assert ask("put", f"{where}/active", active=False)[1]["active"] is False
    assert ask("put", f"{where}/active", active=True)[1]["active"] is True
    status, token = ask("post", "tokens", name="port", role="installer")
    port = program(token["token"])
    assert status == 201 and may(port) == 200
    assert ask("post", "tokens", name="port", role="owner")[0] == 400
    [listed] = client.get("/api/tokens").json()
    assert listed["made_by"] == owner.email and listed["used_at"] and "token" not in listed
    assert ask("delete", f"tokens/{listed['id']}")[0] == 204 and may(port) == 401
    assert ask("delete", where)[0] == 204 and ask("delete", where)[0] == 404
    own = Membership.objects.get(user=owner)
    assert "no owner" in ask("delete", f"members/{own.pk}")[1]["error"]


def test_a_link_of_an_account_that_is_not_active_signs_nobody_in(house: House, owner: User, time_now: Stopped) -> None:
    row = member(house, Role.VIEWER)
    members.set_active(row.user, False)
    assert links.use(links.make(row.user)) is None
