"""The record of changes: who it was and what it was, who sees it, how long it is kept, and that nothing is left out."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from changed_house import Full, told
from cloud_world import Stopped
from django.apps import apps
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from firmware.controller import events
from tools.cloud import models, signals
from tools.cloud.alarms import alarms
from tools.cloud.audit import author, changes, changing, recorded
from tools.cloud.audit.author import Author
from tools.cloud.controllers import rotation
from tools.cloud.doors import commands, door_rules
from tools.cloud.log import retention
from tools.cloud.members import links, members
from tools.cloud.models import Alarm, Change, Membership, Person, Right, Role
from tools.cloud.models.rights import ROLES
from tools.cloud.people import erasure, groups, people, pins
from tools.cloud.privacy import archive
from tools.cloud.services import clock, propagate
from tools.cloud.sites import sites, tenants
from tools.cloud.updates import updates
from tools.terminal import Problem


def test_before_and_after_are_what_it_was_and_is(full: Full) -> None:
    people.change(full.person, name="Ingrid Berg", active=False)
    [one] = full.entries()
    assert (one.name, one.object, one.person) == ("Ingrid Berg", full.person.pk, full.person)
    assert one.before == {"name": "Ingrid Solheim", "active": True}
    assert one.after == {"name": "Ingrid Berg", "active": False}
    assert (one.way, one.user, one.token, one.at) == ("itself", None, None, clock.now())


def test_of_a_group_and_a_door_their_parts_are_told_by_name(full: Full) -> None:
    groups.save(full.group, "alle", {"lockdown": True}, {full.doors[0].pk: full.schedule.pk})
    door_rules.change(full.doors[0], {"held_ms": 9000, "who": [["pin", full.schedule.pk], ["card", None]]})
    group, door = full.entries()
    assert group.before == {"lockdown": False, "doors": [["Hovedinngang", None], ["Postrom", None]]}
    assert group.after == {"lockdown": True, "doors": [["Hovedinngang", "dag"]]}
    assert door.before == {"held_ms": 30000, "who": []}
    assert door.after == {"held_ms": 9000, "who": [["pin", "dag"], ["card", None]]}


def test_what_changes_nothing_leaves_nothing(full: Full) -> None:
    people.change(full.person, name=full.person.name)
    people.put_into(full.person, [full.group.pk])
    groups.save(full.group, "alle", {}, dict.fromkeys((door.pk for door in full.doors), None))
    tenants.keep_for(full.tenant, full.tenant.retention_days)
    assert full.entries() == []


def test_a_change_that_is_refused_or_rolled_back_leaves_nothing(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Problem):
        people.give_card(full.person, 26, full.card.number or 0)
    with pytest.raises(Problem):
        groups.save(full.other, "alle", {}, {})
    assert full.program().patch(f"/api/people/{full.person.pk}", {"name": ""}).status_code >= 400
    assert full.browser("viewer").post(f"/people/{full.person.pk}/active", {"active": "no"}).status_code == 403

    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(propagate.acl, "refresh", full_disk)
        with pytest.raises(OSError, match="full"):
            people.revoke(full.card)
    assert models.Credential.objects.get(pk=full.card.pk).active
    assert full.entries() == []


def test_a_change_without_its_entry_is_no_change(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Change, "save", full_disk)
    with pytest.raises(OSError, match="full"):
        people.revoke(full.card)
    assert models.Credential.objects.get(pk=full.card.pk).active


def test_the_command_line_and_the_worker_are_authors_too(full: Full) -> None:
    with author.speaking(lambda: Author(Change.Way.COMMAND, account="root")):
        tenants.keep_for(full.tenant, 12)
        pins.revoke(full.person.credentials.get(kind="pin"))
        pins.set_length(full.tenant, 8)
        rotation.begin(full.controller.pk)
    rotation.begin(full.controller.pk)  # it is on its way: nothing new
    found = full.entries()
    assert [(one.way, one.account, one.kind) for one in found] == [
        ("command", "root", "tenant"), ("command", "root", "pin"), ("command", "root", "tenant"),
        ("command", "root", "controller"),
    ]  # fmt: skip
    assert found[-1].after == {"link_secret": "new"}
    assert author.now() == Author(Change.Way.ITSELF)


def test_under_asgi_the_author_is_the_same(full: Full) -> None:
    from asgiref.sync import async_to_sync

    client = AsyncClient()
    answer = async_to_sync(client.patch)(
        f"/api/people/{full.person.pk}", {"active": False}, content_type="application/json",
        headers={"authorization": f"Bearer {full.secret}"},
    )  # fmt: skip
    assert answer.status_code == 200
    signed_in = AsyncClient()
    signed_in.force_login(full.users["owner"], backend="django.contrib.auth.backends.ModelBackend")
    answer = async_to_sync(signed_in.post)(f"/people/{full.person.pk}/active", {"active": "yes"})
    assert answer.status_code == 302
    assert [(one.way, one.user, one.token) for one in full.entries()] == [
        ("api", None, full.token), ("page", full.users["owner"], None),
    ]  # fmt: skip


def test_who_leaves_takes_their_tokens_along_each_in_its_own_entry(full: Full) -> None:
    second = members.invite(full.tenant, "second@example.test", Role.OWNER)
    links.make_token(full.tenant, "hers", Role.VIEWER, second.user)
    Change.objects.all().delete()
    members.set_role(second, Role.VIEWER)
    assert [(one.kind, one.name, list(one.after)) for one in full.entries()] == [
        ("token", "hers", ["revoked_at"]), ("member", "second@example.test", ["role"]),
    ]  # fmt: skip


def test_an_invitation_is_kept_where_it_was_made_and_who_accepted_it(full: Full, time_now: Stopped) -> None:
    neighbour = Full(time_now, "Nabo", 1)
    form = {"email": neighbour.users["viewer"].email, "role": "guard"}
    answer = full.browser().post(f"/tenants/{full.tenant.pk}/members/new", form)
    [path] = re.findall(r"/enter/[A-Za-z0-9_-]{43}", answer.content.decode())
    assert told(full.entries()) == [("link", "made")] and neighbour.entries() == []
    neighbour.browser("viewer").post(path)
    made = full.entries()[1]
    assert (made.kind, made.what, made.way, made.user) == ("member", "made", "page", neighbour.users["viewer"])
    assert neighbour.entries() == [] and path[-43:] not in json.dumps([one.after for one in full.entries()])


def test_a_site_goes_with_its_areas_each_in_its_own_entry(full: Full) -> None:
    models.Area.objects.create(site=full.empty, number=1, name="gård")
    Change.objects.all().delete()
    sites.remove(full.empty)
    assert told(full.entries()) == [("area", "removed"), ("site", "removed")]


def test_a_person_who_is_deleted_past_the_services_is_forgotten_too(full: Full) -> None:
    people.change(full.person, name="Ingrid Berg")
    full.person.delete()
    connection.check_constraints()
    assert all(one.erased for one in full.entries())
    assert told(full.entries()) == [("person", "changed"), ("person", "changed"), ("person", "removed")]
    full.tenant.sites.filter(pk=full.empty.pk).delete()
    assert told(full.entries())[3:] == [("site", "removed")]


def test_a_pin_in_place_of_another_is_one_change(full: Full) -> None:
    pins.give(full.person)
    assert told(full.entries()) == [("pin", "made")]
    pins.revoke(full.person.credentials.get(kind="pin", active=True))
    assert told(full.entries())[1:] == [("pin", "changed")]


def test_a_rollout_is_kept_in_each_tenant_whose_controllers_are_in_it(full: Full, time_now: Stopped) -> None:
    neighbour = Full(time_now, "Nabo", 1)
    release = models.Release.objects.create(build="0123456789ab", folder="", size=1, added_at=clock.now())
    rollout = updates.start(release, 100, controllers=[full.controller.pk])
    updates.abort(rollout, "it smells")
    assert told(full.entries()) == [("rollout", "made"), ("rollout", "changed")]
    assert full.entries()[1].after == {"state": "aborted", "why": "it smells", "controllers": 1}
    assert neighbour.entries() == []


def test_an_account_that_belongs_to_two_tenants_is_told_in_both(full: Full, time_now: Stopped) -> None:
    neighbour = Full(time_now, "Nabo", 1)
    both = full.users["viewer"]
    Membership.objects.create(user=both, tenant=neighbour.tenant, role="guard")
    Change.objects.all().delete()
    members.set_active(both, False)
    for house in (full, neighbour):
        [one] = house.entries()
        assert (one.name, one.before, one.after) == (both.email, {"active": True}, {"active": False})


def test_only_owners_and_auditors_see_it_and_nobody_of_another_tenant(full: Full, time_now: Stopped) -> None:
    neighbour = Full(time_now, "Nabo", 1)
    people.change(full.person, name="Ingrid Berg")
    assert [role for role, rights in ROLES.items() if Right.AUDIT in rights] == ["owner", "auditor"]
    for role in Role.values:
        here, there = full.browser(role), neighbour.browser(role)
        mine = here.get("/api/changes").json()["changes"]
        assert [one["name"] for one in mine] == (["Ingrid Berg"] if Right.AUDIT in ROLES[role] else []), role
        assert here.get("/changes/").status_code == (200 if Right.AUDIT in ROLES[role] else 403), role
        assert there.get("/api/changes").json() == {"changes": [], "next": None}
        assert b"Ingrid Berg" not in there.get(f"/changes/?person={full.person.pk}").content
    assert full.program().get("/api/changes").json()["changes"] == []


def test_what_is_of_duress_shows_only_with_that_right(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    pins.give(full.person, "duress")
    duress = Alarm.objects.create(
        controller=full.controller, kind="event", code=events.GRANTED_DURESS, door_number=1, raised_at=clock.now()
    )
    alarms.acknowledge(duress, full.users["guard"], clock.now())
    assert [(one.kind, one.hidden) for one in full.entries()] == [("duress", True), ("alarm", True)]
    assert len(full.browser().get("/api/changes").json()["changes"]) == 2
    monkeypatch.setitem(ROLES, "owner", ROLES["owner"] - {Right.DURESS})
    assert full.browser().get("/api/changes").json()["changes"] == []
    assert "pages.css" not in full.browser().get("/changes/").content.decode()
    assert b'class="entries' not in full.browser().get("/changes/").content


def test_the_api_narrows_and_pages(full: Full) -> None:
    at = clock.now()
    people.change(full.person, name="Ingrid Berg")
    full.time.now += 3600
    with author.speaking(lambda: Author(Change.Way.PAGE, user=full.users["administrator"])):
        groups.save(full.other, "noen", {}, {})
        commands.release(full.doors[0], full.users["administrator"])
    client = full.browser()

    def kinds(query: str) -> list[str]:
        return [one["kind"] for one in client.get(f"/api/changes?{query}").json()["changes"]]

    assert kinds("") == ["door", "group", "person"]
    assert kinds(f"person={full.person.pk}") == ["person"]
    assert kinds(f"kind=door&object={full.doors[0].pk}") == ["door"]
    assert kinds(f"user={full.users['administrator'].email}") == ["door", "group"]
    assert kinds(f"token={full.token.pk}") == []
    assert kinds("way=itself") == ["person"]
    between = (at + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert kinds(f"since={between}") == ["door", "group"] and kinds(f"until={between}") == ["person"]
    first = client.get("/api/changes?limit=2").json()
    assert len(first["changes"]) == 2 and first["next"]
    assert kinds(f"before={first['next']}") == ["person"]


def test_an_erased_person_is_in_no_entry_but_that_something_was_is(full: Full) -> None:
    people.change(full.person, name="Ingrid Berg")
    people.limit(full.grant, uses=3)
    people.give_card(full.person, 26, 4242)
    groups.save(full.other, "noen", {}, {})
    [kept] = archive.data_of(full.person, False, clock.now())["kinds"]["change"]["rows"][:1]
    assert kept["after"] == {"name": "Ingrid Berg"}
    number = full.person.pk
    erasure.erase(full.person, clock.now(), user=full.users["owner"])
    found = full.entries()
    assert [(one.kind, one.what, one.erased) for one in found] == [
        ("person", "changed", True), ("grant", "changed", True), ("card", "made", True), ("group", "changed", False),
        ("person", "removed", True),
    ]  # fmt: skip
    for one in found:
        if one.erased:
            assert (one.name, one.before, one.after, one.person, one.object) == ("", {}, {}, None, None)
    rows = json.dumps(list(Change.objects.values()), default=str)
    assert "Ingrid" not in rows and "242" not in rows and not Person.objects.filter(pk=number).exists()
    page = full.browser().get("/changes/").content.decode()
    assert page.count("en som er slettet") == 4


def test_after_a_year_an_entry_is_gone(full: Full) -> None:
    people.change(full.person, name="Ingrid Berg")
    full.time.now += timedelta(days=365).total_seconds()
    retention.forget(clock.now())
    assert len(full.entries()) == 1
    full.time.now += 1
    retention.forget(clock.now())
    assert full.entries() == []


def test_of_every_model_it_is_said_whether_it_is_kept() -> None:
    said = [*recorded.FIELDS, *recorded.PARTS, *recorded.BY_HAND, *recorded.NOT]
    assert len(said) == len(set(said))
    assert set(said) == set(apps.get_app_config("cloud").get_models())
    secret = {"sealed", "mark", "hash", "link_secret", "next_secret", "table_key", "broker_key", "key", "number"}
    for model, fields in {**recorded.FIELDS, **recorded.PARTS}.items():
        assert set(fields) <= {field.name for field in model._meta.get_fields()}, model
        assert not set(fields) & secret or model is models.Area, model


def test_what_no_service_says_is_done_all_the_same_and_told(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[str] = []
    monkeypatch.setattr(signals, "caught", caught.append)
    version = full.row().acl_version
    ways: list[Callable[[], Any]] = [
        lambda: models.Credential.objects.filter(pk=full.card.pk).update(active=False),
        lambda: full.grant.delete(),
        lambda: models.Grant.objects.bulk_create([models.Grant(person=full.person, group=full.group)]),
        lambda: full.group.doors.set([]),
        lambda: models.Holiday.objects.all().delete(),
    ]
    for do in ways:
        before = len(caught), Change.objects.count()
        do()
        assert len(caught) > before[0], do
        assert do is ways[2] or Change.objects.count() > before[1], do
    assert full.row().acl_version > version and not full.controller.entries.exists()


def test_in_a_change_what_is_not_said_to_follow_is_made_up_for_at_its_end(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    caught: list[str] = []
    monkeypatch.setattr(signals, "caught", caught.append)
    with changes.of(full.card):
        propagate.access_of(full.tenant.pk, [full.person.pk])  # too early: nothing is saved yet
        full.card.active = False
        full.card.save()
        assert full.controller.entries.filter(credential=full.card).exists()
    assert caught == ["a Credential was changed"]
    assert not full.controller.entries.filter(credential=full.card).exists()
    with changes.of(full.card):
        full.person.active = False
        full.person.save()  # another row than the one whose change this is
        propagate.access_of(full.tenant.pk, [full.person.pk])
    assert caught[1:] == ["a Person was changed"]
    assert told(full.entries()) == [("card", "changed"), ("person", "changed")]


def test_a_revocation_asks_the_database_no_more_often_than_it_must(full: Full) -> None:
    """22 before changes were kept; with it the state before and after, the entry, the guests of a host, and nothing
    per controller."""
    with CaptureQueriesContext(connection) as asked:
        people.revoke(full.card)
    assert len(asked) <= REVOCATION, [one["sql"][:80] for one in asked]


REVOCATION = 27


def test_a_change_by_a_program_is_shown_under_the_name_of_its_token(full: Full) -> None:
    answer = Client().post(
        "/api/people", {"name": "Kari"}, "application/json", headers={"Authorization": f"Bearer {full.secret}"}
    )
    assert answer.status_code == 201
    change = Change.objects.get(kind="person")
    assert changing.row(change, "Europe/Oslo")["by"] == "program"
