"""On PostgreSQL: what the database lets a request see and write, whatever the application asks for."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cloud_world import House
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from tools.cloud.members import links, members
from tools.cloud.models import (
    AccessGroup,
    Controller,
    Door,
    Event,
    Grant,
    Membership,
    Person,
    Role,
    Session,
    Site,
    Tenant,
    User,
)
from tools.cloud.row_security import admitted, middleware, policies
from tools.terminal import Problem

pytestmark = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL keeps tenants apart by itself")


@pytest.fixture
def other(house: House, time_now: Any) -> House:
    return House("Fjellveien", time_now, 1)


@pytest.fixture
def asked(house: House, other: House) -> Iterator[None]:
    """A request of one of ours: nothing of the application's own is asked."""
    with admitted.asking():
        admitted.to_tenants(house.tenant.pk)
        yield


def told() -> tuple[Any, ...]:
    """(role, tenants, everybody) as the connection has them, past what is told before a statement."""
    row = connection.connection.execute(
        "SELECT current_user, current_setting('portvakt.tenants', true), current_setting('portvakt.everybody', true)"
    ).fetchone()
    return tuple(row)


def names(model: Any) -> set[str]:
    return set(model.objects.values_list("name", flat=True))


def test_a_request_of_nobody_sees_nothing(house: House, other: House) -> None:
    with admitted.asking():
        for model in (Tenant, Site, Controller, Door, Person, Grant, Membership, Event):
            assert not model.objects.exists(), model
        assert User.objects.count() == Session.objects.count() == 0  # that is, they may be asked for
    assert Tenant.objects.count() == 2


def test_it_sees_the_tenants_that_were_said_and_no_other(house: House, other: House, asked: None) -> None:
    assert names(Tenant) == {"Solsiden"}
    assert Person.objects.get().tenant_id == house.tenant.pk
    assert {door.controller_id for door in Door.objects.all()} == {house.controller.pk}
    assert Grant.objects.filter(person__tenant=other.tenant).count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cloud_door")
        assert cursor.fetchone() == (2,)
    admitted.to_tenants(house.tenant.pk, other.tenant.pk)
    assert Door.objects.count() == 4


def test_a_session_sees_where_its_account_is_a_member_or_a_person(house: House, other: House) -> None:
    user = User.objects.named("ingrid@example.test")
    with admitted.asking():
        admitted.to_user(user.pk)
        assert names(Tenant) == set()
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.VIEWER)
    with admitted.asking():
        admitted.to_user(user.pk)
        assert names(Tenant) == {"Solsiden"}
    Person.objects.filter(pk=other.person.pk).update(user=user)
    with admitted.asking():
        admitted.to_user(user.pk)
        assert names(Tenant) == {"Solsiden", "Fjellveien"}


def test_rows_of_others_are_neither_changed_nor_removed(house: House, other: House, asked: None) -> None:
    assert Person.objects.filter(pk=other.person.pk).update(name="x") == 0
    assert Site.objects.filter(tenant=other.tenant).delete()[0] == 0
    with pytest.raises(Person.DoesNotExist):
        Person.objects.select_for_update().get(pk=other.person.pk)


REFUSED = "violates row-level security policy"


def refused(write: Any) -> None:
    with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        write()


def test_nothing_is_written_to_others(house: House, other: House, asked: None) -> None:
    refused(lambda: Site.objects.create(tenant=other.tenant, name="Nytt"))
    refused(lambda: Tenant.objects.create(name="Nytt"))
    refused(lambda: Site.objects.filter(pk=house.site.pk).update(tenant=other.tenant))


def test_nothing_is_written_that_refers_to_a_row_of_others(house: House, other: House, asked: None) -> None:
    """Foreign keys alone would take it: they see all rows."""
    refused(lambda: Grant(person=house.person, group=other.group).save())
    group = AccessGroup.objects.create(tenant=house.tenant, name="Bod")
    refused(lambda: group.doors.add(other.doors[0]))
    user = User.objects.named("x@example.test")
    row = Membership.objects.create(user=user, tenant=house.tenant, role=Role.VIEWER, bound=True)
    row.doors.add(house.doors[0])
    refused(lambda: row.doors.add(other.doors[0]))


def test_what_must_be_once_is_once_among_all_that_nobody_sees(house: House, other: House, asked: None) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Controller.objects.filter(pk=house.controller.pk).update(public_id=other.controller.public_id)


def test_a_row_others_refer_to_does_not_go(house: House, other: House) -> None:
    """What is deleted here hangs on nothing that does not show; the database says no and nothing is left hanging."""
    user = User.objects.named("x@example.test")
    for one in (house, other):
        Membership.objects.create(user=user, tenant=one.tenant, role=Role.VIEWER)
    with pytest.raises(IntegrityError), transaction.atomic(), admitted.asking():
        admitted.to_tenants(house.tenant.pk)
        user.delete()
        connection.check_constraints()
    assert Membership.objects.filter(user__email="x@example.test").count() == 2


def test_a_table_cannot_be_changed_by_a_request(house: House, asked: None) -> None:
    for said in ("ALTER TABLE cloud_site DISABLE ROW LEVEL SECURITY", "DROP TABLE cloud_look", "TRUNCATE cloud_look"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(said)


# --- what is told stays with the connection


def test_everything_is_told_before_the_statement_and_taken_back_after_the_request(house: House, asked: None) -> None:
    assert names(Tenant) == {"Solsiden"}
    web = policies.role(connection.settings_dict["NAME"])
    assert told() == (web, f"{{{house.tenant.pk}}}", "")
    with admitted.everywhere():
        assert Tenant.objects.count() == 2
        assert told()[2] == "on"
    assert Tenant.objects.count() == 1
    with admitted.asking():  # the next one, on the same connection
        assert Tenant.objects.count() == 0
        assert told() == (web, "{}", "")


def test_what_a_rollback_takes_back_is_told_again(house: House, other: House, asked: None) -> None:
    assert names(Tenant) == {"Solsiden"}
    with transaction.atomic():
        admitted.to_tenants(other.tenant.pk)
        assert names(Tenant) == {"Fjellveien"}
        transaction.set_rollback(True)
    assert names(Tenant) == {"Fjellveien"}
    with pytest.raises(ProgrammingError), transaction.atomic(), admitted.everywhere(), connection.cursor() as cursor:
        assert Tenant.objects.count() == 2
        cursor.execute("SELECT nonsense")
    assert names(Tenant) == {"Fjellveien"}


def test_a_connection_of_its_own_begins_anew(house: House, asked: None) -> None:
    """In another thread, which is in no request: a process that has not said what it is sees nothing."""
    seen: list[Any] = []

    def look() -> None:
        ours = connections["default"]
        try:
            seen.append(Tenant.objects.exists())  # the test's rows are not committed; that it may ask is what counts
            row = ours.connection.execute("SELECT current_user").fetchone()
            seen.append(row[0])
        finally:
            ours.close()

    before = admitted._process
    admitted.from_now_on(admitted.NOBODY)
    try:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    finally:
        admitted.from_now_on(before)
    assert seen == [False, policies.role(connection.settings_dict["NAME"])]


def test_requests_one_after_the_other_see_each_their_own(house: House, other: House) -> None:
    """With sessions, tokens and nobody, on one connection, by pages that ask for everything."""
    seen: list[set[str]] = []

    def everything(request: Any) -> HttpResponse:
        str(request.user)
        seen.append(names(Tenant))
        return HttpResponse()

    users = []
    for one in (house, other):
        user = User.objects.named(f"owner@{one.tenant.name}.test")
        Membership.objects.create(user=user, tenant=one.tenant, role=Role.OWNER)
        users.append(user)
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.sessions.backends.cache import SessionStore

    def ask(user: Any) -> None:
        request = RequestFactory().get("/")
        request.session = SessionStore()  # type: ignore[assignment]
        request._cached_user = user  # type: ignore[attr-defined]
        chain = middleware.middleware(middleware.AuthenticationMiddleware(everything))
        chain(request)

    for who in (users[0], AnonymousUser(), users[1], users[0]):
        ask(who)
    assert seen == [{"Solsiden"}, set(), {"Fjellveien"}, {"Solsiden"}]
    token = links.make_token(house.tenant, "x", Role.VIEWER)
    client = Client()
    client.force_login(users[1], backend="django.contrib.auth.backends.ModelBackend")
    both = client.get("/api/tenants", headers={"authorization": f"Bearer {token}"}).json()
    assert [one["name"] for one in both] == ["Solsiden"]
    assert [one["name"] for one in client.get("/api/tenants").json()] == ["Fjellveien"]


def test_requests_of_the_server_see_their_own_too(house: House, other: House) -> None:
    """As uvicorn calls it: middleware and views in several threads and contexts."""
    from asgiref.sync import async_to_sync

    user = User.objects.named("owner@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.OWNER)
    client = AsyncClient()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = async_to_sync(client.get)("/api/tenants")
    assert [one["name"] for one in answer.json()] == ["Solsiden"]
    assert admitted.now() == admitted.HOST


def test_an_address_shows_its_tenant_as_well_and_a_token_its_own_alone(house: House, other: House) -> None:
    user = User.objects.named("owner@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.OWNER)
    with admitted.asking():
        admitted.to_tenant_too(other.tenant.pk)
        assert names(Tenant) == {"Fjellveien"}
        admitted.to_user(user.pk)
        assert names(Tenant) == {"Solsiden", "Fjellveien"}
        admitted.to_tenants(other.tenant.pk)
        admitted.to_user(user.pk)
        assert names(Tenant) == {"Fjellveien"}


# --- what must look further than the caller's tenants


def test_an_owner_does_not_vouch_for_an_account_that_is_of_others_too(house: House, other: House) -> None:
    """That it is cannot be seen from here: it is asked where all show."""
    by, user = (User.objects.named(f"{name}@example.test") for name in ("owner", "kari"))
    Membership.objects.create(user=by, tenant=house.tenant, role=Role.OWNER)
    for one in (house, other):
        Membership.objects.create(user=user, tenant=one.tenant, role=Role.VIEWER)
    with admitted.asking():
        admitted.to_user(by.pk)
        assert not links.may_vouch(by, user)
        with pytest.raises(Problem):
            members.sign_out_by(by, user)


# --- that it is there


def test_the_policies_are_in_force(house: House) -> None:
    policies.check(connection)


@pytest.mark.parametrize(
    "undo",
    [
        "ALTER TABLE cloud_person DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON cloud_person",
        "CREATE POLICY more ON cloud_person USING (true)",
    ],
)
def test_nothing_is_served_where_a_table_is_open(undo: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(undo)
    with pytest.raises(Problem, match=r"cloud_person.*portvakt cloud migrate"):
        policies.check(connection)


@pytest.mark.parametrize("power", ["SUPERUSER", "BYPASSRLS"])
def test_nothing_is_served_under_a_role_that_no_policy_holds(power: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER ROLE "{policies.role(connection.settings_dict["NAME"])}" {power}')
    with pytest.raises(Problem, match="no policy holds"):
        policies.check(connection)


def test_migrating_again_puts_back_what_is_missing_and_leaves_the_rest() -> None:
    def known() -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT polrelid::regclass::text, oid FROM pg_policy")
            return dict(cursor.fetchall())

    before = known()
    with connection.cursor() as cursor:
        cursor.execute("DROP POLICY tenant ON cloud_person")
    policies.put(connection)
    after = known()
    policies.check(connection)
    assert {name for name in before if before[name] != after[name]} == {"cloud_person"}
    policies.drop(connection)
    assert known() == {}
    with admitted.asking(), admitted.everywhere():
        assert not Tenant.objects.exists()  # no policy, no rows
    policies.put(connection)
    policies.check(connection)


def test_an_account_that_may_make_no_role_is_told_what_to_say(house: House) -> None:
    web = policies.role(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain")
        cursor.execute(f'ALTER ROLE "{web}" RENAME TO away')
        cursor.execute("SET LOCAL ROLE plain")
        with pytest.raises(Problem, match=f'CREATE ROLE "{web}" NOLOGIN; GRANT "{web}" TO "plain"'):
            policies.check(connection)
        with pytest.raises(Problem, match="run portvakt cloud migrate again"), transaction.atomic():
            policies.put(connection)
