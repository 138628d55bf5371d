"""Guests: within limits, never more than their host; a link that works once, and nothing left of who they are."""

import re
from datetime import timedelta
from typing import Any

import pytest
from cloud_world import Stopped, Wire, ends
from django.apps import apps
from django.db import connection
from django.test import Client
from resident import ENGLISH, Residence

from firmware.controller import events
from tools.cloud.doors import door_rules
from tools.cloud.guests import guests, invitations
from tools.cloud.lists import people_list, tables
from tools.cloud.lists.people_rows import Options
from tools.cloud.lockers import sending
from tools.cloud.members import links
from tools.cloud.models import (
    AclEntry,
    Change,
    Credential,
    Event,
    Guest,
    Invitation,
    Person,
    Right,
    Role,
    Schedule,
    User,
)
from tools.cloud.people import erasure, groups, people, pins
from tools.cloud.questions import access_at
from tools.cloud.residents import accounts, policy
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal

EMAIL = "tante.kari@gjest.example"


def invited(home: Residence, hours: float = 24, **said: Any) -> tuple[Guest, str]:
    until = said.pop("until", clock.now() + timedelta(hours=hours))
    values = {"doors": [home.doors[0].pk], "valid_from": None, "uses": None, "by": home.admin, **said}
    return guests.invite(home.person, valid_until=until, **values)


def pin_of(guest: Guest) -> str:
    return pins.digits(guest.person.credentials.get(active=True).sealed)


def may(guest: Guest, home: Residence, door: int = 0) -> bool:
    """As the board is told, and as the question is answered: both say the same."""
    person = Person.objects.get(pk=guest.pk)
    at = home.controller.doors.select_related("controller__site").get(pk=home.doors[door].pk)
    answer = access_at.of(person, at, clock.now()).may
    listed = AclEntry.objects.filter(credential__person=guest.pk).exists()
    assert listed or not answer
    return answer


def test_a_guest_opens_the_door_that_was_chosen_and_no_other(keypad: Residence, time_now: Stopped) -> None:
    door_rules.change(keypad.doors[1], {"who": [["card/pin", None]]})
    Change.objects.all().delete()
    guest, _ = invited(keypad)
    assert may(guest, keypad, 0) and not may(guest, keypad, 1)
    assert re.fullmatch(r"Gjest [A-Z2-9]{4}|Guest [A-Z2-9]{4}", str(guest)) and guest.invited_by == keypad.admin
    wire = Wire(time_now)
    wire.connect(keypad.settings).connect()
    for _n in range(5):
        wire.poll(1)
    assert keypad.row().in_sync
    kinds = Change.objects.filter(person=guest.pk).values_list("kind", "what")
    assert set(kinds) == {("person", "made"), ("pin", "made")}


def test_never_more_than_the_host_and_no_longer(keypad: Residence) -> None:
    guest, _ = invited(keypad)
    grant = keypad.person.grants.get()
    never = Schedule.objects.create(tenant=keypad.tenant, name="aldri", number=7, times=[])
    first, second = (door.pk for door in keypad.doors)
    groups.save(keypad.group, "alle", {}, {first: never.pk, second: None})
    assert not may(guest, keypad), "at the host's times"
    groups.save(keypad.group, "alle", {"lockdown": True, "exempt": True}, {first: None, second: None})
    assert may(guest, keypad)
    from tools.cloud.access_list import grants, rights

    here = grants.granted(keypad.tenant.pk, [guest.pk], rights.minutes(clock.now()))[guest.pk][keypad.controller.pk]
    assert here.flags == {} and here.doors == [1], "what the group allows beyond its doors is the host's alone"
    people.limit(grant, valid_until=clock.now() + timedelta(hours=2))
    until = {row.until for row in AclEntry.objects.filter(credential__person=guest.pk)}
    assert until == {rights.minutes(clock.now() + timedelta(hours=2))}, "it ends with the host's, offline too"
    people.limit(grant, uses=3)
    assert not may(guest, keypad), "a number of uses is not to be multiplied"
    people.limit(grant)
    people.change(keypad.person, escort="needs")
    assert not may(guest, keypad)
    people.change(keypad.person, escort="")
    assert may(guest, keypad)
    people.change(keypad.person, active=False)
    assert not may(guest, keypad) and not AclEntry.objects.filter(credential__person=guest.pk).exists()
    people.change(keypad.person, active=True)
    people.take_out(grant)
    assert not may(guest, keypad) and not AclEntry.objects.filter(credential__person=guest.pk).exists()


@pytest.mark.parametrize("end", ["host", "administrator", "time", "uses", "host erased", "host gone"])
def test_a_guest_ends_in_time_and_nothing_opens_any_more(keypad: Residence, end: str) -> None:
    client = keypad.browser(keypad.person)
    guest, token = invited(keypad, uses=1)
    page = invitations.take_up(token)
    assert page is not None and may(guest, keypad)
    digits, before = pin_of(guest), clock.now()
    if end == "host":
        client.post(f"/me/{keypad.person.pk}/guests/end", {"guest": guest.pk})
    elif end == "administrator":
        keypad.administrator().post(f"/guests/{guest.pk}/end")
    elif end == "time":
        guests.tidy(guest.valid_until)
    elif end == "uses":
        Event.objects.create(
            controller=keypad.controller, epoch=1, sequence=1, code=events.GRANTED, door_number=1, extra=1, flags=1,
            utc=before, received_at=before, credential=guest.person.credentials.get(),
        )  # fmt: skip
        guests.tidy(before)
    elif end == "host erased":
        erasure.erase(keypad.person, before)
    else:
        people.change(keypad.person, active=False)
        guests.tidy(before)
    assert not may(guest, keypad) and Client().get(f"/pass/{page}").status_code == 404
    assert not Credential.objects.filter(person=guest.pk, active=True).exists()
    assert digits not in str(list(Credential.objects.values_list("sealed", "mark")))
    kept = Guest.objects.get(pk=guest.pk)
    assert kept.ended_at is not None and kept.page is None
    assert kept.host_id == (None if end == "host erased" else keypad.person.pk), "who invited is kept"
    guests.tidy(clock.now() + timedelta(days=89))
    assert Guest.objects.exists()
    guests.tidy(clock.now() + timedelta(days=91))
    assert not Guest.objects.exists() and not Person.objects.filter(pk=guest.pk).exists()


def test_the_limits_of_the_house_hold(keypad: Residence) -> None:
    policy.change(keypad.tenant, {"guests_at_once": 2, "guest_days": 3})
    now, first, second = clock.now(), *(door.pk for door in keypad.doors)
    for wrong in (
        {"hours": 73}, {"until": now}, {"valid_from": now + timedelta(days=2)},
        {"uses": 0}, {"uses": 10_000}, {"doors": []}, {"doors": [second]}, {"doors": [first, second]},
        {"doors": [10**9]},
        {"valid_from": now + timedelta(days=400), "until": now + timedelta(days=401)},
    ):  # fmt: skip
        with pytest.raises(Refusal):
            invited(keypad, **wrong)  # type: ignore[arg-type]
    assert not Guest.objects.exists() and Person.objects.count() == 2, "nothing half done"
    guest, _ = invited(keypad, hours=72)
    invited(keypad)
    with pytest.raises(Refusal, match="already"):
        invited(keypad)
    guests.end(guest)
    invited(keypad)
    policy.change(keypad.tenant, {"guests_at_once": 20})
    for _n in range(guests.A_DAY - 3):
        invited(keypad)
    with pytest.raises(Refusal, match="within a day"):
        invited(keypad)
    for off in ({"guests": False}, {"guests": True}):
        policy.change(keypad.tenant, off)
        people.change(keypad.person, active=off["guests"] is False)
        with pytest.raises(Refusal, match="cannot invite"):
            invited(keypad)


def everything() -> bytes:
    """Whatever lies in any column of any table, as text and as bytes."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            for row in cursor.fetchall():
                found += [bytes(one) if isinstance(one, (bytes, memoryview)) else str(one).encode() for one in row]
    return b"\n".join(found)


@pytest.mark.parametrize("how", ["taken up", "expired", "ended"])
def test_nothing_of_the_invitation_is_left(keypad: Residence, how: str) -> None:
    guest, token = invited(keypad, email=EMAIL)
    row = Invitation.objects.get()
    [kept] = Invitation.objects.values_list("email")
    marks = {"hash": row.hash.encode(), "nonce": bytes(row.nonce), "address": kept[0].kept}
    assert {what for what, mark in marks.items() if mark in everything()} == set(marks), "the search can find"
    secret = {"token": token.encode(), "address in plain": EMAIL.encode()}
    assert not [what for what, mark in secret.items() if mark in everything()], "only a hash, and sealed"
    if how == "taken up":
        assert invitations.take_up(token)
    elif how == "expired":
        housekeeping.tidy(guest.valid_until)
    else:
        guests.end(guest)
    left = everything()
    assert not [what for what, mark in (marks | secret).items() if mark in left]
    assert str(guest).encode() in left, "the pass lives under its pseudonym"
    assert invitations.find(token) is None and invitations.take_up(token) is None


def test_looking_uses_nothing_up_and_the_button_works_once(keypad: Residence) -> None:
    guest, token = invited(keypad)
    at, scanner, phone = f"/guest/{token}", Client(headers=ENGLISH), Client(headers=ENGLISH, enforce_csrf_checks=True)
    for _n in range(3):
        seen = scanner.get(at)
        assert seen.status_code == 200 and b"Ingrid Solheim" in seen.content and b"Show my code" in seen.content
        assert scanner.head(at).status_code == 200
    assert pin_of(guest).encode() not in seen.content and seen["X-Robots-Tag"] == "noindex"
    csrf = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', phone.get(at).content.decode())[-1]
    answer = phone.post(at, {"csrfmiddlewaretoken": csrf})
    assert answer.status_code == 302
    page = phone.get(answer.headers["Location"]).content.decode()
    digits = pin_of(guest)
    assert f"{digits[:3]} {digits[3:]}" in page and "<svg" in page and str(guest) in page and "Hovedinngang" in page
    assert "Ingrid" not in page
    for late in (scanner.get(at), scanner.post(at)):
        assert late.status_code == 404 and b"This link is over" in late.content
    assert phone.get(answer.headers["Location"]).status_code == 200, "the page of the pass stays"
    for wrong in ("x" * 500, "²", token, answer.headers["Location"].split("/")[-1][:-1]):
        assert scanner.get(f"/pass/{wrong}").status_code == 404
    assert Guest.objects.get().page not in page


def test_a_guest_with_a_number_of_passages_is_told_what_is_left(keypad: Residence) -> None:
    guest, token = invited(keypad, uses=2)
    page = invitations.take_up(token)
    client = Client(headers=ENGLISH)

    def came(sequence: int) -> str:
        Event.objects.create(
            controller=keypad.controller, epoch=1, sequence=sequence, code=events.GRANTED, door_number=1,
            extra=sequence, flags=1, utc=clock.now(), received_at=clock.now(),
            credential=guest.person.credentials.get(),
        )  # fmt: skip
        return client.get(f"/pass/{page}").content.decode()

    assert "<dd>1</dd>" in came(1)
    assert "Used up" in (last := came(2)) and pin_of(guest)[:3] + " " not in last and "Opens now" not in last


def test_the_letter_leaves_by_the_plug_in_and_its_troubles_name_nobody(
    keypad: Residence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTICES", "some.module:send")
    client = keypad.browser(keypad.person)
    form = client.get(f"/me/{keypad.person.pk}/guests/new").content.decode()
    assert 'name="email"' in form
    until = (clock.now() + timedelta(days=1)).date()
    said = {"doors": keypad.doors[0].pk, "valid_until": until, "email": EMAIL}
    shown = client.post(f"/me/{keypad.person.pk}/guests/new", said).content.decode()
    [link] = re.findall(r"/guest/[0-9a-f]{64}", shown)
    sent: list[tuple[str, ...]] = []

    def refuse(*_: str) -> None:
        raise OSError(f"550 <{EMAIL}> no such user")

    assert sending.once(refuse, clock.now()) == 0
    assert Invitation.objects.get().why == "550 <…> no such user"
    assert sending.once(lambda *words: sent.append(words), clock.now() + timedelta(minutes=1)) == 1
    [(way, to, subject, text)] = sent
    assert (way, to) == ("email", EMAIL) and link in text and "Solsiden" in subject and "\n" not in subject
    assert link not in client.get(f"/me/{keypad.person.pk}/guests").content.decode(), "shown once"
    guest = Guest.objects.get()
    other, _ = invited(keypad, email=EMAIL)
    guests.end(other)
    assert sending.once(lambda *words: sent.append(words), clock.now() + timedelta(hours=1)) == 0
    assert guest.invited_by == keypad.person.user


def test_another_residents_guests_are_not_found(keypad: Residence, time_now: Stopped) -> None:
    mine, theirs = keypad.browser(keypad.person), keypad.browser(keypad.other)
    guest, _ = invited(keypad)
    assert theirs.post(f"/me/{keypad.other.pk}/guests/end", {"guest": guest.pk}).status_code == 404
    for of in ("guests", "guests/new"):
        assert theirs.get(f"/me/{keypad.person.pk}/{of}").status_code == 404
    assert str(guest) not in theirs.get(f"/me/{keypad.other.pk}/guests").content.decode()
    assert str(guest) in mine.get(f"/me/{keypad.person.pk}/guests").content.decode()
    next_door = Residence(time_now, "Nabo", 1)
    assert next_door.administrator().post(f"/guests/{guest.pk}/end").status_code == 404
    assert next_door.administrator().get("/guests/").content.decode().count(str(guest)) == 0
    assert Guest.objects.get().ended_at is None
    wrong = {"doors": next_door.doors[0].pk, "valid_until": (clock.now() + timedelta(days=1)).date()}
    assert mine.post(f"/me/{keypad.person.pk}/guests/new", wrong).status_code == 422
    assert Guest.objects.count() == 1


@pytest.mark.parametrize("role", ["administrator", "receptionist"])
def test_the_house_invites_by_whose_right_it_is_and_where(keypad: Residence, time_now: Stopped, role: str) -> None:
    user = User.objects.named(f"{role}@example.test")
    member = keypad.tenant.memberships.create(user=user, role=role)
    client, first = keypad.administrator(user), keypad.doors[0]
    until = (clock.now() + timedelta(days=10)).date()
    answer = client.post("/guests/new", {"doors": first.pk, "valid_until": until, "uses": 5})
    assert answer.status_code == 200 and answer.content.count(b"/guest/") == 1
    guest = Guest.objects.get()
    assert may(guest, keypad) and guest.house and guest.invited_by == user
    with pytest.raises(Refusal, match="no address"):
        accounts.invite(guest.person, EMAIL, user)
    listed = client.get("/guests/").content.decode()
    assert str(guest) in listed and ("Invited by" in listed) == (role == "administrator")
    assert str(guest) not in keypad.administrator().get("/people/").content.decode()
    for wrong in ({"doors": keypad.doors[1].pk}, {"doors": first.pk, "valid_until": until + timedelta(days=30)}):
        assert client.post("/guests/new", {"valid_until": until, **wrong}).status_code == 422
    member.bound = True
    member.save()
    assert client.post("/guests/new", {"doors": first.pk, "valid_until": until}).status_code == 422, (
        "not at their places"
    )
    assert (
        client.post(f"/guests/{guest.pk}/end").status_code == 404
        and str(guest) not in client.get("/guests/").content.decode()
    )
    viewer = User.objects.named("viewer@example.test")
    keypad.tenant.memberships.create(user=viewer, role=Role.VIEWER)
    looking = keypad.administrator(viewer)
    assert {looking.get("/guests/").status_code, looking.get("/guests/new").status_code} == {403}
    assert looking.post(f"/guests/{guest.pk}/end").status_code == 403
    door_rules.change(first, {"who": []})
    assert keypad.administrator().post("/guests/new", {"doors": first.pk, "valid_until": until}).status_code == 422
    guests.tidy(guest.valid_until)
    assert not may(guest, keypad)


def test_a_guest_whose_host_is_gone_has_nothing_however_that_came(keypad: Residence) -> None:
    guest, _ = invited(keypad)
    Guest.objects.filter(pk=guest.pk).update(host=None)
    assert not access_at.of(
        guest.person, keypad.controller.doors.select_related("controller__site").first(), clock.now()
    ).may
    guests.tidy(clock.now())
    assert Guest.objects.get().ended_at is not None


def test_by_the_api_a_program_invites_and_makes_no_sign_in_link(keypad: Residence) -> None:
    program = Client(headers={"authorization": f"Bearer {links.make_token(keypad.tenant, 'p', Role.ADMINISTRATOR)}"})
    until = (clock.now() + timedelta(days=1)).isoformat()
    said = {"doors": [keypad.doors[0].pk], "valid_until": until}
    made = program.post("/api/guests", said, "application/json")
    assert made.status_code == 201 and "/guest/" in made.json()["link"]
    [guest] = program.get("/api/guests").json()
    assert guest == made.json()["guest"] and may(Guest.objects.get(), keypad)
    assert program.delete(f"/api/guests/{guest['id']}").status_code == 204 and Guest.objects.get().ended_at is not None
    assert program.post("/api/guests", said | {"doors": [10**9]}, "application/json").status_code == 404
    account = program.put(f"/api/people/{keypad.person.pk}/account", {"email": "i@example.test"}, "application/json")
    assert account.json() == {"email": "i@example.test", "link": None}, "nobody would answer for whom it lets in"
    by = keypad.administrator()
    assert (
        "/enter/"
        in by.put(f"/api/people/{keypad.other.pk}/account", {"email": "o@example.test"}, "application/json").json()[
            "link"
        ]
    )
    assert program.delete(f"/api/people/{keypad.person.pk}/account").status_code == 204
    at = f"/api/tenants/{keypad.tenant.pk}/residents"
    assert program.patch(at, {"guest_days": 7}, "application/json").json() == program.get(at).json()
    assert policy.of(keypad.tenant.pk).guest_days == 7 and policy.of(keypad.tenant.pk).unlock


def test_no_log_has_an_address_of_a_guest(keypad: Residence, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    _, token = invited(keypad)
    assert Client().get(f"/guest/{token}/x").status_code == 404 and Client().put(f"/pass/{token}").status_code == 405
    [console] = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    said = "\n".join(console.format(record) for record in caplog.records)
    assert "/guest/…" in said and token not in said


def test_no_list_has_guests_and_none_is_changed_by_one(keypad: Residence) -> None:
    """They are people of days, under a pseudonym, and *People* does not show them."""
    guest, _ = invited(keypad)
    listed = people_list.export(keypad.tenant)
    assert {row["name"] for row in listed} == {"Ingrid Solheim", "Ola Nordmann"}
    sheet = tables.read(f"id,name,groups,cards\n{guest.pk},,alle,26:1-1\n,{guest},alle,26:1-2\n".encode())
    report = people_list.carry_out(keypad.tenant, sheet, Options(apart=True), True)
    assert [row.what for row in report.rows] == ["refused", "made"]
    assert not guest.person.grants.exists() and guest.person.credentials.count() == 1
    people.give_card(guest.person, 26, 77)
    report = people_list.carry_out(keypad.tenant, tables.read(b"name,cards\n,26:0-77\n"), Options(), True)
    assert report.refused and guest.person.credentials.filter(kind="card").count() == 1


LISTS = ("/tenants/{tenant}/lists/people?as=csv", "/tenants/{tenant}/lists/people?as=json", "/api/lists/people")
LOGS = ("/log/export.csv", "/log/export.json", "/api/events")


def test_no_file_tells_more_of_a_guest_than_the_pseudonym_and_that_to_who_sees_the_log(keypad: Residence) -> None:
    guest, _ = invited(keypad, email=EMAIL)
    Event.objects.create(
        controller=keypad.controller, epoch=1, sequence=1, code=events.GRANTED, door_number=1, extra=0, flags=1,
        utc=clock.now(), received_at=clock.now(), credential=guest.person.credentials.get(),
    )  # fmt: skip
    for role in Role:
        user = User.objects.named(f"{role}@example.test")
        keypad.tenant.memberships.create(user=user, role=role, **ends(role))
        client = keypad.administrator(user)
        for path in (*LISTS, *LOGS):
            said = client.get(path.format(tenant=keypad.tenant.pk)).content.decode()
            assert EMAIL not in said, (role, path)
            assert (str(guest) in said) == (path in LOGS and Right.LOG in role.rights), (role, path)
