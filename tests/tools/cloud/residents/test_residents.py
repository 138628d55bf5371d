"""A resident's own page: what is theirs and nothing else, a button that does no more than their card, a lost card."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cloud_world import Stopped, Wire
from django.test import Client
from resident import ENGLISH, Residence

from firmware.controller import events
from firmware.controller.access import modes
from tools.cloud.doors import door_rules
from tools.cloud.lockers import deliveries
from tools.cloud.lockers.about import entered as as_entered
from tools.cloud.members import links, members
from tools.cloud.models import (
    Allotment,
    Change,
    Command,
    Controller,
    Credential,
    Delivery,
    Event,
    Look,
    Membership,
    Person,
    Role,
    Schedule,
    Session,
    SignInLink,
    User,
)
from tools.cloud.people import erasure, people
from tools.cloud.privacy import archive
from tools.cloud.residents import accounts, policy, unlocking
from tools.cloud.residents import tidy as residents
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal
from tools.cloud.sites import tenants


def passed(home: Residence, card: Any, sequence: int) -> Event:
    return Event.objects.create(
        controller=home.controller, epoch=1, sequence=sequence, code=events.GRANTED, door_number=1, extra=0, flags=1,
        utc=clock.now(), received_at=clock.now(), credential=card,
    )  # fmt: skip


def page(client: Client, person: Person, of: str = "") -> str:
    answer = client.get(f"/me/{person.pk}/{of}")
    assert answer.status_code == 200, (of, answer.status_code)
    return answer.content.decode()


def test_an_account_without_a_membership_lands_on_its_own_page(home: Residence) -> None:
    client = home.browser(home.person)
    answer = client.get("/", follow=True)
    assert answer.redirect_chain[-1][0] == f"/me/{home.person.pk}/"
    assert "Ingrid Solheim" in answer.content.decode() and "Hovedinngang" in answer.content.decode()
    for forbidden in ("/people/", "/log/", "/residents/", f"/people/{home.person.pk}/", "/members/"):
        assert client.get(forbidden).status_code == 403, forbidden
    # Who has both gets a link, and lands on the doors of the house.
    owner = User.objects.named("both@example.test")
    home.tenant.memberships.create(user=owner, role=Role.VIEWER)
    accounts.invite(home.other, owner.email, home.admin)
    both = home.administrator(owner)
    doors = both.get("/")
    assert doors.status_code == 200 and b'href="/me/"' in doors.content
    assert both.get("/me/").headers["Location"] == f"/me/{home.other.pk}/"


def test_another_residents_rows_are_not_found(home: Residence, time_now: Stopped) -> None:
    next_door = Residence(time_now, "Nabo", 1)
    mine, theirs = home.browser(home.person), home.browser(home.other)
    card = people.give_card(home.other, 26, 4711)
    passed(home, card, 1)
    command = unlocking.unlock(home.other, home.doors[0].pk)
    assert command is not None
    people.revoke(people.give_card(home.other, 26, 4712))
    blocked = home.other.credentials.get(active=False)
    for person in (home.other, next_door.person):
        for of in ("", "log", "profile", "copy", f"asked?command={command.pk}", f"blocked?credential={blocked.pk}"):
            assert mine.get(f"/me/{person.pk}/{of}").status_code == 404, of
        for of, said in (("unlock", {"door": home.doors[0].pk}), ("lost", {"credential": card.pk})):
            assert mine.post(f"/me/{person.pk}/{of}", said).status_code == 404, of
    # Nor by one's own page.
    me = f"/me/{home.person.pk}/"
    assert mine.get(f"{me}asked?command={command.pk}").status_code == 404
    assert mine.get(f"{me}blocked?credential={blocked.pk}").status_code == 404
    assert mine.post(f"{me}lost", {"credential": card.pk}).status_code == 404
    assert mine.post(f"{me}unlock", {"door": next_door.doors[0].pk}).status_code == 404
    assert Credential.objects.get(pk=card.pk).active and Command.objects.count() == 1
    assert "Hovedinngang" not in page(mine, home.person, "log") and "Hovedinngang" in page(theirs, home.other, "log")
    assert Client().get(me).status_code == 302 and home.administrator().get(me).status_code == 404


def test_a_link_that_another_house_made_shows_nothing_of_this_one(home: Residence, time_now: Stopped) -> None:
    next_door = Residence(time_now, "Nabo", 1)
    spy = next_door.browser(next_door.person)
    email = next_door.person.user.email
    assert accounts.invite(home.person, email, home.admin) is None, "no link into an account of others"
    assert spy.get(f"/me/{home.person.pk}/").status_code == 404
    assert spy.get(f"/me/{next_door.person.pk}/").status_code == 200
    # By a provider it is they themselves: nobody vouches.
    themselves = home.administrator(User.objects.get(email=email))
    assert {themselves.get(f"/me/{one.pk}/").status_code for one in (home.person, next_door.person)} == {200}
    owner = User.objects.named("owner@example.test")
    home.tenant.memberships.create(user=owner, role=Role.OWNER)
    assert accounts.invite(home.other, owner.email, home.admin) is None, "nor into that of an owner here"
    assert not SignInLink.objects.filter(user=owner).exists()


def test_what_an_administrator_vouched_for_ends_with_them(home: Residence) -> None:
    client = home.browser(home.person)
    home.tenant.memberships.filter(user=home.admin).update(role=Role.VIEWER)
    assert client.get(f"/me/{home.person.pk}/").status_code == 404


def test_what_an_administrator_opened_does_not_become_a_members(home: Residence) -> None:
    """They gave the account of a resident a link, and are in it: nobody comes in with that when it is made an owner."""
    inside = home.browser(home.person)
    assert home.person.user is not None
    kept = accounts.link(home.person, home.admin)
    assert kept is not None and links.whose(kept) == home.person.user
    members.invite(home.tenant, home.person.user.email, Role.OWNER)
    assert inside.get("/api/doors").status_code == 401
    assert links.whose(kept) is None and links.use(kept) is None


def test_an_administrators_link_is_as_good_as_their_role(home: Residence) -> None:
    kept = accounts.invite(home.person, "ingrid@example.test", home.admin)
    assert kept is not None and links.whose(kept) is not None
    home.tenant.memberships.filter(user=home.admin).update(role=Role.VIEWER)
    assert links.whose(kept) is None and links.use(kept) is None


def test_ending_the_account_ends_the_page_and_forgets_the_address(home: Residence) -> None:
    client = home.browser(home.person)
    accounts.link(home.person, home.admin)
    email = home.person.user.email
    answer = home.administrator().post(f"/people/{home.person.pk}/account/end")
    assert answer.status_code == 302
    assert client.get(f"/me/{home.person.pk}/").status_code == 302, "signed out"
    assert not User.objects.filter(email=email).exists() and not SignInLink.objects.exists()
    kept = json.dumps(list(Change.objects.filter(person=home.person).values_list("before", "after", "name")))
    assert email not in kept and '"account": false' in kept
    home.browser(home.other)
    email = home.other.user.email
    erasure.erase(home.other, clock.now())
    assert not User.objects.filter(email=email).exists() and not Session.objects.filter(user__email=email).exists()


def test_who_works_here_too_keeps_the_account(home: Residence) -> None:
    home.browser(home.person)
    user = home.person.user
    Membership.objects.create(user=user, tenant=home.tenant, role=Role.VIEWER)
    accounts.end(home.person)
    assert User.objects.filter(pk=user.pk).exists() and user.memberships.exists()


def test_the_button_is_there_only_where_house_and_door_say_so(home: Residence) -> None:
    client, me = home.browser(home.person), f"/me/{home.person.pk}/"
    first, second = home.doors
    shown = page(client, home.person)
    assert shown.count('class="button unlock"') == 1 and f'name="door" value="{first.pk}"' in shown
    assert client.post(me + "unlock", {"door": second.pk}, headers={"hx-request": "true"}).content.count(b"card") == 1
    policy.change(home.tenant, {"unlock": False})
    assert 'class="button unlock"' not in page(client, home.person)
    client.post(me + "unlock", {"door": first.pk})
    assert not Command.objects.exists()


def test_the_button_does_no_more_than_the_card_would(home: Residence) -> None:
    door = home.doors[0]
    group = home.group

    def refused() -> bool:
        try:
            return unlocking.unlock(home.person, door.pk) is None
        except Refusal:
            return True

    assert not refused()
    Command.objects.all().delete()
    day = Schedule.objects.create(tenant=home.tenant, name="dag", number=7, times=[[255, 0, 1]])
    group.places.filter(door=door).update(schedule=day)
    assert refused(), "only near its time"
    group.places.update(schedule=None)
    grant = home.person.grants.get()
    for limits in ({"valid_until": clock.now()}, {"valid_from": clock.now() + timedelta(hours=1)}, {"uses": 3}):
        people.limit(grant, **limits)  # type: ignore[arg-type]
        assert refused(), limits
    people.limit(grant)
    people.change(home.person, escort="needs")
    assert refused()
    people.change(home.person, escort="", active=False)
    assert refused()
    people.change(home.person, active=True)
    door_rules.change(door, {"two_person": True})
    assert refused()
    door_rules.change(door, {"two_person": False})
    Controller.objects.filter(pk=home.controller.pk).update(door_status={"1": [modes.LOCKDOWN, 0, 0]})
    assert refused()
    Controller.objects.filter(pk=home.controller.pk).update(door_status={})
    people.revoke(home.card)
    assert not refused(), "who has lost the card still comes home: it goes by the right, and the card was only its key"
    people.take_out(grant)
    assert refused() and Command.objects.count() == 1


def test_what_became_of_it_is_said_as_it_is(home: Residence, time_now: Stopped) -> None:
    client, me = home.browser(home.person), f"/me/{home.person.pk}/"
    wire = Wire(time_now)
    board = wire.connect(home.settings).connect()
    for _ in range(5):
        wire.poll(1)
    first = client.post(me + "unlock", {"door": home.doors[0].pk}, headers={"hx-request": "true"}).content.decode()
    assert "On its way to the door" in first and "hx-get" in first
    command = Command.objects.get()
    client.post(me + "unlock", {"door": home.doors[0].pk})
    assert Command.objects.count() == 1, "asked once"
    for _ in range(10):
        wire.poll(0.2)
    said = client.get(f"{me}asked?command={command.pk}").content.decode()
    assert board.released == [1] if hasattr(board, "released") else True
    assert ("Unlocked: go in" in said) == (Command.objects.get().state == "done")
    for state, why, words in (
        ("done", "", "Unlocked: go in"), ("sent", "", "waiting for the door"),
        ("refused", "too many at once", "too many at once"), ("expired", "", "Not reached in time"),
        ("unknown", "", "nobody knows"),
    ):  # fmt: skip
        Command.objects.update(state=state, why=why)
        said = client.get(f"{me}asked?command={command.pk}").content.decode()
        assert words in said and ("hx-get" in said) == (state == "sent")
        assert ("Nobody is told" in said) == (state in ("refused", "expired", "unknown"))
    Command.objects.update(state="queued")
    time_now.now += 11
    assert "Not reached in time" in client.get(f"{me}asked?command={command.pk}").content.decode(), "no worker is there"
    home.controller.alarms.create(kind="silent", raised_at=clock.now())
    assert "are told since" in client.get(f"{me}asked?command={command.pk}").content.decode()


def test_a_lost_card_is_blocked_at_once_and_told_door_by_door(home: Residence, time_now: Stopped) -> None:
    client, me = home.browser(home.person), f"/me/{home.person.pk}/"
    wire = Wire(time_now)
    board = wire.connect(home.settings).connect()
    for _ in range(5):
        wire.poll(1)
    assert board.may_pass(26, 1204, 1)
    assert "Lost my card" in page(client, home.person)
    wire.holding = True
    client.post(me + "lost", {"credential": home.card.pk})
    assert not Credential.objects.get(pk=home.card.pk).active
    assert "Refused at 0 of your 2 doors" in page(client, home.person)
    wire.holding = False
    board.connect()
    for _ in range(5):
        wire.poll(1)
    assert not board.may_pass(26, 1204, 1)
    said = client.get(f"{me}blocked?credential={home.card.pk}").content.decode()
    assert "Refused at all your 2 doors" in said and "hx-get" not in said
    assert Change.objects.filter(kind="card", what="changed", user=home.person.user).count() == 1


def test_parcels_and_compartments_are_those_of_the_person(home: Residence) -> None:
    bank, _ = home.add_bank()
    early, _ = deliveries.make(bank, as_entered(email=f"INGRID-{home.person.pk}@example.test", description="Skjerf"))
    client = home.browser(home.person)
    email = home.person.user.email
    late, _ = deliveries.make(bank, as_entered(email=email, description="Sykkelhjelm"))
    deliveries.make(bank, as_entered(email="ola@example.test", description="Hemmelig"))
    Delivery.objects.filter(pk=late.pk).update(state="deposited", compartment=2, deposited_at=clock.now())
    Allotment.objects.create(bank=bank, compartment=5, mark=1, person=home.person, made_at=clock.now(), held=True)
    Allotment.objects.create(bank=bank, compartment=6, mark=1, person=home.other, made_at=clock.now(), held=True)
    assert {row.recipient for row in Delivery.objects.filter(pk__in=[early.pk, late.pk])} == {home.person}
    shown = page(client, home.person)
    assert "Skjerf" in shown and "Sykkelhjelm" in shown and "/parcel/" in shown and "Hemmelig" not in shown
    assert "Compartment 5" in shown and "Compartment 6" not in shown
    from tools.cloud.lockers import privacy

    Delivery.objects.update(state="picked up", ended_at=clock.now())
    privacy.forget(clock.now() + timedelta(days=91))
    assert not Delivery.objects.exclude(recipient=None).exists()


def test_the_own_log_has_ones_own_passages_and_looking_leaves_no_trace(home: Residence) -> None:
    client = home.browser(home.person)
    passed(home, home.card, 1)
    passed(home, people.give_card(home.other, 26, 4711), 2)
    unlocking.unlock(home.person, home.doors[0].pk)
    shown = page(client, home.person, "log")
    assert shown.count('class="own-line"') == 2 and "ending in 204" in shown and "ending in 711" not in shown
    assert not Look.objects.exists() and not Change.objects.filter(kind="door", what="asked").exists()
    kept = archive.data_of(home.person, True, clock.now())["kinds"]
    assert kept["user"]["rows"][0]["email"] == home.person.user.email and len(kept["command"]["rows"]) == 1
    door_rules.change(home.doors[0], {"retention_days": 1})
    residents.forget(clock.now() + timedelta(hours=23))
    assert Command.objects.exclude(person=None).exists()
    residents.forget(clock.now() + timedelta(hours=25))
    assert not Command.objects.exclude(person=None).exists(), "as the log of the door"


@pytest.mark.parametrize("role", ["viewer", "guard", "installer", "courier"])
def test_only_who_may_change_people_gives_accounts(home: Residence, role: str) -> None:
    user = User.objects.named(f"{role}@example.test")
    home.tenant.memberships.create(user=user, role=role)
    client = home.administrator(user)
    assert client.post(f"/people/{home.person.pk}/account", {"email": "x@example.test"}).status_code in (403, 404)
    assert not User.objects.filter(email="x@example.test").exists()


def test_the_administrator_types_an_address_once_and_gets_a_link_once(home: Residence) -> None:
    client, at = home.administrator(), f"/people/{home.person.pk}/account"
    answer = client.post(at, {"email": "Ingrid@Example.test"})
    assert answer.content.count(b"/enter/") == 1
    assert b"/enter/" not in client.get(f"/people/{home.person.pk}/").content
    assert client.post(at, {"email": "other@example.test"}).status_code == 302, "one account a person"
    assert not User.objects.filter(email="other@example.test").exists()
    taken = client.post(f"/people/{home.other.pk}/account", {"email": "ingrid@example.test"}, follow=True)
    assert b"another person" in taken.content and Person.objects.exclude(user=None).count() == 1
    saved = client.post(
        f"/tenants/{home.tenant.pk}/residents", {"guests_at_once": 2, "guest_days": 7, "parcel_days": 5}
    )
    assert saved.status_code == 302 and not policy.of(home.tenant.pk).unlock
    [one] = Change.objects.filter(kind="tenant").order_by("-pk")[:1]
    assert one.after == {"unlock": False, "guests": False, "guests_at_once": 2, "guest_days": 7, "parcel_days": 5}
    assert Client(headers=ENGLISH).post(at, {"email": "z@example.test"}).status_code == 302


def test_why_a_log_is_kept_long_can_be_read_by_who_passes(home: Residence) -> None:
    client = home.browser(home.person)
    assert "Why:" not in page(client, home.person, "profile")
    tenants.keep_for(home.tenant, 120, "Innbrudd i kjelleren")
    door_rules.change(home.doors[0], {"retention_days": 365, "retention_reason": "Bankboksene"})
    shown = page(client, home.person, "profile")
    assert "Why: Innbrudd i kjelleren" in shown and "Hovedinngang: 365 days." in shown and "Why: Bankboksene" in shown
