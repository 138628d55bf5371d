"""Whom a breach concerns: by the access list of a board, by what a role shows, by all that is kept."""

from typing import Any

import pytest
from breached import Breached, accounts, found, kinds, names, person
from cloud_world import BOARD, House, Stopped, counted_bytes
from django.apps import apps
from django.utils.translation import override

from tools.cloud.audit import author, changes, looks
from tools.cloud.breaches import board, recorded
from tools.cloud.controllers import enrol, lost
from tools.cloud.members import links, members
from tools.cloud.models import (
    AccessGroup,
    AclChange,
    Alarm,
    Change,
    Grant,
    Look,
    Membership,
    Partner,
    Person,
    Role,
)
from tools.cloud.models.personal import personal
from tools.cloud.partners import partners
from tools.cloud.people import people
from tools.cloud.privacy import erasing
from tools.cloud.services import clock

MODELS = [model for model in apps.get_models() if personal(model) is not None]


@pytest.fixture
def stranger(time_now: Stopped) -> House:
    return House("Naboen", time_now, seed=9)


def elsewhere(hit: Breached) -> Person:
    """Who passes the door of another controller of the same organisation."""
    board, _settings = enrol.enrol(hit.site, "Oppgang B", BOARD, doors=["Bakdør", "Kjeller"], urandom=counted_bytes(7))
    group = AccessGroup.objects.create(tenant=hit.tenant, name="oppgang B")
    group.doors.set(board.doors.all())
    other = hit.add_person("Ola Bakke", group)
    people.give_card(other, 26, 77)
    return other


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_model_with_data_of_people_is_on_a_board_or_says_why_not(model: Any) -> None:
    on_it, way = model in board.ON_IT, board.way_to(model, "controller")
    assert (way is not None) == (on_it or model in board.NOT_ON_IT), f"{model.__name__}: ON_IT or NOT_ON_IT?"
    assert not (on_it and model in board.NOT_ON_IT)


def test_a_stolen_board_concerns_who_was_on_its_access_list_and_nobody_else(hit: Breached, stranger: House) -> None:
    elsewhere(hit)
    hit.wait(days=1)
    hit.passed(hit.card, 1)
    row = hit.opened("controller", hit.controller)
    assert names(row) == {"Ingrid Solheim"} and not accounts(row)
    assert {"Access lists: keyed hashes of cards and PINs, as each controller holds them"} < kinds(row)
    assert "Passages: the log of doors and compartments" in kinds(row)
    assert not any("Names, cards" in one for one in kinds(row)), "a board knows no names"


def test_who_is_taken_off_while_others_have_it_is_concerned_and_who_was_before_only_perhaps(hit: Breached) -> None:
    before, during = hit.add_card("Før Før", 300), hit.add_card("Under Under", 301)
    hit.wait(hours=1)
    people.revoke(before)
    hit.wait(days=2)
    begin = clock.now()
    hit.wait(hours=1)
    people.revoke(during)
    hit.wait(hours=1)
    AclChange.objects.filter(credential=during, op=AclChange.Op.PUT).delete()  # a step that was forgotten
    row = hit.opened("controller", hit.controller, since=begin)
    told = found(row)
    assert set(told.people) == {hit.person.pk, during.person_id} and set(told.perhaps) == {before.person_id}
    assert person(row, before.person)["removed_before"] and not person(row, during.person)["removed_before"]


def test_who_came_after_it_was_over_is_not_concerned(hit: Breached) -> None:
    since = clock.now()
    hit.wait(hours=5)
    over = clock.now()
    hit.wait(hours=1)
    new = Person(tenant=hit.tenant, name="Ny Nyberg")
    with changes.of(new):
        new.save()
    people.give_card(new, 26, 900)
    Grant.objects.create(person=new, group=hit.group)
    for scope, of in (("controller", hit.controller), ("whole", None)):
        row = hit.opened(scope, of, since=since, until=over)
        assert names(row) == {"Ingrid Solheim"}, scope
        row = hit.opened(scope, of, since=since)
        assert names(row) == {"Ingrid Solheim", "Ny Nyberg"}, scope
        assert person(row, new)["since"] == clock.now(), "since they were entered"


def test_the_whole_is_everybody_here_and_nobody_next_door(hit: Breached, stranger: House) -> None:
    elsewhere(hit)
    guard = hit.member(Role.GUARD)
    row = hit.opened()
    assert names(row) == {"Ingrid Solheim", "Ola Bakke"} and accounts(row) == {hit.owner.email, guard.email}
    fields = {field for one in found(row).kinds for field in one.fields}
    assert {"person.name", "credential.number", "user.email", "membership.role"} <= fields


def test_everything_that_holds_data_of_people_is_in_the_whole(hit: Breached) -> None:
    parts = {one.model for one in found(hit.opened()).parts}
    assert parts == set(MODELS)


def test_an_account_concerns_whom_its_role_shows(hit: Breached) -> None:
    guard, viewer = hit.member(Role.GUARD), hit.member(Role.VIEWER)
    at = {"controller": hit.controller, "door_number": 1, "raised_at": clock.now()}
    Alarm.objects.create(kind="event", code=1, event=hit.passed(hit.card, 1), **at)
    row = hit.opened("account", guard)
    assert not names(row) and accounts(row) == {guard.email}, "a guard sees no names"
    row = hit.opened("account", viewer)
    assert names(row) == {"Ingrid Solheim"} and accounts(row) == {viewer.email}
    row = hit.opened("account", hit.owner)
    assert accounts(row) == {guard.email, viewer.email, hit.owner.email}, "who sees the members"


def test_what_an_account_was_in_that_time_counts_and_not_what_it_is_now(hit: Breached) -> None:
    user = hit.member(Role.VIEWER)
    member = Membership.objects.get(user=user)
    row = hit.opened("account", user)
    hit.wait(hours=1)
    members.set_role(member, Role.GUARD)
    assert names(row) == {"Ingrid Solheim"}, "it was a viewer"
    hit.wait(hours=1)
    members.end(Membership.objects.get(user=user))
    assert names(row) == {"Ingrid Solheim"}, "the first that an owner does is to end it"


def test_an_account_bound_to_places_concerns_who_passes_there(hit: Breached) -> None:
    elsewhere(hit)
    user = hit.member(Role.VIEWER)
    member = Membership.objects.get(user=user)
    Membership.objects.filter(pk=member.pk).update(bound=True)
    member.doors.set(hit.doors)
    hit.wait(days=1)
    assert names(hit.opened("account", user)) == {"Ingrid Solheim"}


def test_what_it_is_recorded_to_have_looked_at_is_named(hit: Breached) -> None:
    other = hit.add_person("Ola Bakke")
    user = hit.member(Role.ADMINISTRATOR)
    looks.note([hit.tenant.pk], Look.What.EXPORT, clock.now(), user=user, person=other)
    hit.wait(days=2)
    row = hit.opened("account", user, hours=5)
    looks.note([hit.tenant.pk], Look.What.LOG, clock.now(), user=user, person=hit.person)
    looks.note([hit.tenant.pk], Look.What.LOG, clock.now(), user=hit.owner, person=other)
    with author.speaking(lambda: author.Author(Change.Way.PAGE, user)), changes.of(other):
        other.name = "Ola B"
        other.save()
    assert person(row, hit.person)["looked_at"] == 1 and person(row, other)["looked_at"] == 0
    with override("en"):
        done = recorded.newest(row, 10)
    assert {(one.what, one.person) for one in done} == {("the log", hit.person), ("Person: changed", other)}


def test_whom_it_looked_at_is_concerned_also_where_its_role_shows_them_no_longer(hit: Breached) -> None:
    other = elsewhere(hit)
    user = hit.member(Role.VIEWER)
    member = Membership.objects.get(user=user)
    Membership.objects.filter(pk=member.pk).update(bound=True)
    member.doors.set(hit.doors)
    hit.wait(days=1)
    row = hit.opened("account", user)
    assert names(row) == {"Ingrid Solheim"}
    looks.note([hit.tenant.pk], Look.What.LOG, clock.now(), user=user, person=other)
    assert names(row) == {"Ingrid Solheim", "Ola Bakke"}


def test_a_token_concerns_what_it_is_good_for(hit: Breached) -> None:
    links.make_token(hit.tenant, "Kalender", Role.GUARD, hit.owner)
    links.make_token(hit.tenant, "Register", Role.VIEWER, hit.owner)
    guard, viewer = hit.tenant.tokens.order_by("pk")
    assert not names(hit.opened("token", guard)) and names(hit.opened("token", viewer)) == {"Ingrid Solheim"}


def test_a_partner_concerns_who_belongs_to_its_doors(hit: Breached) -> None:
    elsewhere(hit)
    partners.make(hit.tenant, "Renhold", hit.doors[:1], [Partner.Scope.PEOPLE], by=hit.owner)
    row = hit.opened("token", hit.tenant.tokens.get())
    assert names(row) == {"Ingrid Solheim"}
    assert kinds(row) == {"Names, cards, PINs and what they open"}
    hit.passed(hit.card, 1)
    Partner.objects.update(scopes=[Partner.Scope.LOG])
    assert kinds(row) == {"Passages: the log of doors and compartments"}


def test_who_is_erased_since_is_counted_and_named_no_more(hit: Breached) -> None:
    gone = hit.add_card("Borte Borg", 300).person
    row = hit.opened("controller", hit.controller)
    assert len(found(row).people) == 2 and found(row).erased == 0
    hit.wait(hours=1)
    erasing.at_once(gone, members=True)
    told = found(row)
    assert names(row) == {"Ingrid Solheim"} and told.erased == 1


def test_a_board_that_was_given_up_still_says_whom_it_knew(hit: Breached) -> None:
    row = hit.opened("controller", hit.controller)
    before = names(row)
    lost.lost(hit.controller, hit.owner)
    assert names(row) == before == {"Ingrid Solheim"}
