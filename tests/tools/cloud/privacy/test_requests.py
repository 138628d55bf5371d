"""Requests about one's own data: asked by the person or for them, answered in time or overdue, with a receipt."""

import re
from datetime import timedelta
from typing import Any

import pytest
from asking import ENGLISH, Asking
from cloud_world import House, Stopped
from django.test import Client

from tools.cloud.models import Change, DataRequest, RequestStep, Role, User
from tools.cloud.privacy import requests
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal

DAY = 86_400.0


def steps(row: DataRequest) -> list[tuple[str, str]]:
    return [(one.what, one.user.email if one.user else "") for one in row.steps.select_related("user")]


def test_a_person_asks_on_their_page_and_reads_the_answer(home: Asking) -> None:
    me = home.browser(home.person)
    page = f"/me/{home.person.pk}/requests"
    answer = me.post(page, {"kind": "correction", "said": "Jeg heter Ingerid,\nmed e."})
    assert answer.status_code == 200
    row = home.last()
    assert (row.kind, row.way, row.state, bytes(row.said).decode()) == (
        "correction", "own", "open", "Jeg heter Ingerid,\nmed e.",
    )  # fmt: skip
    assert row.due_at - row.made_at == timedelta(days=30)
    office = home.office()
    assert "Ingrid Solheim" in office.get("/privacy/").content.decode()
    shown = office.get(f"/requests/{row.pk}/").content.decode()
    assert "med e." in shown and "by the sign-in" in shown
    assert office.post(f"/requests/{row.pk}/answer", {"answer": "Rettet.", "outcome": "done"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "done" and row.closed_at == clock.now()
    assert home.person.user
    assert steps(row) == [("made", home.person.user.email), ("done", home.owner.email)]
    mine = me.get(page).content.decode()
    assert "Rettet." in mine and home.owner.email not in mine, "who it was among those is the house's to say"


def test_how_it_goes_is_seen_without_an_account_by_the_address_that_was_told_once(home: Asking) -> None:
    answer = home.browser(home.person).post(f"/me/{home.person.pk}/requests", {"kind": "objection"})
    [address] = re.findall(r"/request/[\w-]+", answer.content.decode())
    token = address.rsplit("/", 1)[1]
    assert not DataRequest.objects.filter(page__contains=token).exists(), "only its hash is kept"
    stranger = Client(headers=ENGLISH)
    seen = stranger.get(address)
    assert seen.status_code == 200 and b"30 days left" in seen.content and b"Received" in seen.content
    assert b"Ingrid" not in seen.content and seen["X-Robots-Tag"] == "noindex"
    assert stranger.get("/request/nonsense").status_code == 404
    requests.answer(home.last(), "Nei, loggen trengs.", done=False)
    assert "Nei, loggen trengs." in stranger.get(address).content.decode()


def test_an_administrator_enters_what_came_by_telephone(home: Asking) -> None:
    office, page = home.office(home.admin), f"/people/{home.person.pk}/requests/new"
    said = {"kind": "restriction", "asked_by": "Ingrid, per telefon", "checked": "ringte tilbake"}
    assert office.post(page, said | {"checked": ""}).status_code == 422
    assert office.post(page, said).status_code == 200
    row = home.last()
    assert (row.way, row.asked_by, row.checked, row.made_by) == (
        "behalf", "Ingrid, per telefon", "ringte tilbake", home.admin,
    )  # fmt: skip
    assert "ringte tilbake" in office.get(f"/requests/{row.pk}/").content.decode()
    assert Change.objects.filter(kind="request", what="made", user=home.admin, person=home.person).exists()


def test_the_same_asked_twice_is_one_request(home: Asking) -> None:
    row, _ = requests.make(home.person, "erasure")
    with pytest.raises(Refusal, match="asked for already"):
        requests.make(home.person, "erasure")
    requests.make(home.person, "access")
    requests.take_back(row)
    requests.make(home.person, "erasure")
    assert DataRequest.objects.filter(state="open").count() == 2


def test_nobody_floods_the_queue(home: Asking, time_now: Stopped) -> None:
    for _ in range(requests.OPEN_AT_ONCE):
        requests.take_back(requests.make(home.person, "complaint")[0])
    with pytest.raises(Refusal, match="tomorrow"):
        requests.make(home.person, "complaint")
    time_now.now += DAY
    requests.make(home.person, "complaint")


def test_a_deadline_is_extended_once_for_a_reason_and_before_it_ends(home: Asking, time_now: Stopped) -> None:
    row, token = requests.make(home.person, "access")
    with pytest.raises(Refusal, match="why"):
        requests.extend(row, "  ")
    office = home.office()
    refused = office.post(f"/requests/{row.pk}/extend", {"reason": "for langt " * 500})
    assert refused.status_code == 422 and b"for langt" in refused.content, "as it was typed"
    assert office.post(f"/requests/{row.pk}/extend", {"reason": "Arkivet må hentes"}).status_code == 302
    row.refresh_from_db()
    assert row.due_at - row.made_at == timedelta(days=90)
    assert office.post(f"/requests/{row.pk}/extend", {"reason": "igjen"}).status_code == 422
    assert "Arkivet må hentes" in Client(headers=ENGLISH).get(f"/request/{token}").content.decode()
    late, _ = requests.make(home.person, "objection")
    time_now.now += 30 * DAY + 1
    with pytest.raises(Refusal, match="over"):
        requests.extend(late, "glemt")


def badge(client: Client) -> bool:
    return "is overdue" in client.get("/").content.decode()


def test_what_is_overdue_shows_to_owners_on_every_page(home: Asking, time_now: Stopped) -> None:
    row, _ = requests.make(home.person, "access")
    guard, owner = home.office(home.member(Role.GUARD)), home.office()
    time_now.now += 30 * DAY - 1
    assert not badge(owner)
    time_now.now += 1
    assert badge(owner) and badge(home.office(home.admin)) and not badge(guard)
    assert "overdue" in owner.get("/privacy/").content.decode()
    time_now.now += 2 * DAY
    assert "overdue by 2 days" in owner.get(f"/requests/{row.pk}/").content.decode()
    requests.answer(row, "Beklager, her er den.", done=True)
    assert not badge(owner)


def test_another_house_and_another_person_see_nothing(home: Asking, time_now: Stopped) -> None:
    other = Asking(time_now, "Nabohuset", 1)
    row, _ = requests.make(home.person, "complaint", "Det er trekk")
    assert other.office().get(f"/requests/{row.pk}/").status_code == 404
    assert other.office().post(f"/requests/{row.pk}/answer", {"answer": "x", "outcome": "done"}).status_code == 404
    assert "complaint" not in other.office().get("/privacy/").content.decode().lower()
    ola = home.add_person("Ola Nordmann")
    mine = home.browser(ola)
    assert mine.get(f"/me/{home.person.pk}/requests").status_code == 404
    assert mine.post(f"/me/{ola.pk}/requests/back", {"request": row.pk}).status_code == 404
    assert DataRequest.objects.get().state == "open"


def test_a_person_asks_no_longer(home: Asking) -> None:
    row, _ = requests.make(home.person, "erasure")
    me = home.browser(home.person)
    assert me.post(f"/me/{home.person.pk}/requests/back", {"request": row.pk}).status_code == 302
    row.refresh_from_db()
    assert row.state == "taken back" and steps(row)[-1][0] == "taken back"
    with pytest.raises(Refusal, match="closed"):
        requests.answer(row, "x", done=False)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.GUARD, Role.INSTALLER, Role.AUDITOR, Role.RECEPTIONIST])
def test_only_owners_and_administrators_work_them(home: Asking, role: Any) -> None:
    row, _ = requests.make(home.person, "access")
    client = home.office(home.member(role))
    assert client.get("/privacy/").status_code == 403
    assert client.post(f"/requests/{row.pk}/answer", {"answer": "x", "outcome": "done"}).status_code == 403


def test_what_is_said_is_sealed_and_each_line_is_a_line(home: Asking) -> None:
    row, _ = requests.make(home.person, "complaint", "  Jeg liker\r\nikke dette ")
    assert bytes(row.said) and b"liker" not in DataRequest.objects.get(pk=row.pk).said.kept
    with pytest.raises(Refusal, match="control"):
        requests.make(home.person, "objection", "x\x1b[2J")
    with pytest.raises(Refusal, match="at most"):
        requests.make(home.person, "objection", "x" * 2001)
    with pytest.raises(Refusal, match="who asked"):
        requests.make(home.person, "objection", asked_by="mor")
    with pytest.raises(Refusal, match="choose"):
        requests.make(home.person, "everything")


def test_a_request_goes_when_its_days_after_the_answer_are_over(house: House, time_now: Stopped) -> None:
    open_, _ = requests.make(house.person, "access")
    closed, _ = requests.make(house.person, "objection")
    requests.answer(closed, "Nei.", done=False)
    time_now.now += 3 * 365 * DAY - 1
    requests.forget(clock.now())
    assert DataRequest.objects.count() == 2
    time_now.now += 1
    requests.forget(clock.now())
    assert DataRequest.objects.get() == open_ and RequestStep.objects.count() == 1
    assert User.objects.count() == 0
