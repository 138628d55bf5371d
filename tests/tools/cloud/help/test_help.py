"""Help: from any page, to the house one belongs to; what was seen and ticked goes along; answered, and forgotten."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.test import Client

from tools.cloud.help import diagnostics, policy, requests, shown
from tools.cloud.lockers import sending
from tools.cloud.models import Change, HelpLetter, HelpMessage, HelpRequest, Membership, Person, Role, User
from tools.cloud.people import erasure
from tools.cloud.privacy import archive
from tools.cloud.residents import accounts
from tools.cloud.services import clock, housekeeping
from tools.cloud.services.refusal import Refusal

ENGLISH = {"accept-language": "en", "user-agent": "Mozilla/5.0 (Android) Firefox/140.0"}
SAID = "The front door stays shut"


def member(house: House, role: str = "administrator") -> Client:
    user = User.objects.named(f"{role}@example.test")
    Membership.objects.get_or_create(user=user, tenant=house.tenant, role=role)
    client = Client(headers=ENGLISH)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def resident(person: Person, by: User | None = None) -> Client:
    email = f"person-{person.pk}@example.test"
    token = accounts.link(person, by) if person.user_id else accounts.invite(person, email, by)
    client = Client(headers=ENGLISH)
    assert client.post(f"/enter/{token}").status_code == 302
    person.refresh_from_db()
    return client


def form(client: Client, address: str = "/help/new") -> dict[str, Any]:
    """What the form sends that stands there, with all of its diagnostics ticked."""
    shown = client.get(address).context["form"]
    said = {"kind": "fault", "text": SAID, "along": [*shown.shown], "attached": shown.signed()}
    return said | {"tenant": shown.fields["tenant"].choices[0][0]}


def asked(client: Client, **changed: Any) -> HelpRequest:
    answer = client.post("/help/new", form(client) | changed)
    assert answer.status_code == 302, answer.content
    return HelpRequest.objects.latest("pk")


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Any:
    """mail(): what leaves now, with e-mail set up."""
    monkeypatch.setenv("NOTICES", "somewhere:send")

    def leaves() -> list[tuple[str, ...]]:
        left: list[tuple[str, ...]] = []
        sending.once(lambda *said: left.append(said), clock.now(), lambda *_, **__: 200)
        return left

    return leaves


def test_a_resident_asks_is_answered_and_reads_it_on_their_page(house: House) -> None:
    browser, office = resident(house.person), member(house)
    row = asked(browser)
    assert (row.tenant, row.person, row.user, row.state) == (house.tenant, house.person, house.person.user, "waiting")
    assert SAID in office.get("/help/").content.decode()
    assert b"(1)" in office.get("/").content
    page = office.get(f"/help/{row.pk}/").content.decode()
    assert SAID in page and house.person.name in page and "Firefox, Android" in page
    assert office.post(f"/help/{row.pk}/", {"text": "It was the battery"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "answered"
    mine = browser.get(f"/help/mine/{row.pk}/").content.decode()
    assert "It was the battery" in mine and SAID in mine and "administrator@" not in mine
    assert b"Answered" in browser.get("/help/mine/").content
    browser.post(f"/help/mine/{row.pk}/", {"text": "It is shut again"})
    row.refresh_from_db()
    assert row.state == "waiting" and row.messages.count() == 3
    office.post(f"/help/{row.pk}/", {"text": "We come today", "close": "yes"})
    row.refresh_from_db()
    assert row.state == "closed"
    kept = Change.objects.filter(kind="help").order_by("pk").values_list("name", "before", "after", "person")
    states = [({"state": "waiting"}, {"state": after}) for after in ("answered", "closed")]
    assert list(kept) == [("", before, after, house.person.pk) for before, after in states]


@pytest.mark.parametrize("role", [role for role in Role.values if role not in ("owner", "administrator", "support")])
def test_who_may_not_answer_asks_and_sees_their_own_alone(house: House, role: str) -> None:
    other = asked(resident(house.person))
    client = member(house, role)
    row = asked(client)
    assert row.person is None
    assert client.get(f"/help/mine/{row.pk}/").status_code == 200
    another = requests.write(User.objects.named("x@example.test"), house.tenant, None, "fault", SAID)
    for theirs in (other, another):
        assert client.get(f"/help/mine/{theirs.pk}/").status_code == 404
    for path in ("/help/", f"/help/{row.pk}/", f"/help/{other.pk}/"):
        assert client.get(path).status_code == 403
    assert b"Requests for help" not in client.get("/help/mine/").content


def test_nobody_writes_to_a_house_that_they_do_not_belong_to(house: House, time_now: Stopped) -> None:
    other = House("Fjordgata", time_now, seed=9)
    browser = resident(house.person)
    answer = browser.post("/help/new", form(browser) | {"tenant": other.tenant.pk})
    assert answer.status_code == 422 and not HelpRequest.objects.exists()
    nobody = Client(headers=ENGLISH)
    nobody.force_login(User.objects.named("x@example.test"), backend="django.contrib.auth.backends.ModelBackend")
    assert b"Nobody to write to" in nobody.get("/help/new").content
    assert nobody.post("/help/new", {"kind": "fault", "text": "x", "tenant": house.tenant.pk}).status_code == 422
    assert not HelpRequest.objects.exists()


def test_a_link_of_one_house_shows_nothing_that_was_asked_in_another(house: House, time_now: Stopped) -> None:
    other = House("Fjordgata", time_now, seed=9)
    by = User.objects.named("administrator@example.test")
    Membership.objects.create(user=by, tenant=other.tenant, role=Role.ADMINISTRATOR)
    first = asked(resident(house.person))
    user = house.person.user
    assert user is not None
    Person.objects.filter(pk=other.person.pk).update(user=user)
    second = requests.write(user, other.tenant, Person.objects.get(pk=other.person.pk), "fault", SAID)
    from tools.cloud.members import links

    browser = Client(headers=ENGLISH)
    browser.post(f"/enter/{links.make(user, 60, by=by)}")
    assert browser.get(f"/help/mine/{second.pk}/").status_code == 200
    assert browser.get(f"/help/mine/{first.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/people/?q=Ingrid&token=secret", "/people/"),
        ("/doors/7/", "/doors/7/"),
        ("/guest/very-secret", "/guest/…"),
        ("/pass/very-secret", "/pass/…"),
        ("/parcel/very-secret", "/parcel/…"),
        ("/enter/very-secret", "/enter/…"),
        ("https://evil.example/people/", "/people/"),
        ("https://evil.example/steal", ""),
        ("javascript:alert(1)", ""),
        ("//evil.example/x", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_of_an_address_the_page_is_kept_and_nothing_that_opens_something(address: str, kept: str) -> None:
    assert diagnostics.page(address) == kept


def test_every_page_leads_to_help_without_what_opens_something(house: House) -> None:
    client = member(house, "owner")
    page = client.get("/people/?q=Ingrid").content.decode()
    assert 'href="/help/new?page=/people/"' in page
    gone = client.get("/guest/very-secret").content.decode()
    assert "/help/new?page=/guest/%E2%80%A6" in gone and "secret" not in gone.partition('class="foot"')[2]
    assert "/help/new?page=&amp;error=404" in client.get("/nowhere/at-all").content.decode()
    assert "/help/new" not in Client(headers=ENGLISH).get("/accounts/login/").content.decode()


def test_what_goes_along_was_shown_and_is_only_what_was_ticked(house: House) -> None:
    browser = resident(house.person)
    at = clock.now().isoformat(timespec="seconds")
    shown = browser.get("/help/new?page=/me/%3Fq%3D1&error=500")
    assert shown.context["form"].shown == {"page": "/me/", "time": at, "browser": "Firefox, Android", "error": "500"}
    page = shown.content.decode()
    assert all(one in page for one in ("Firefox, Android", '<span class="quiet small">/me/</span>'))
    assert page.count(" checked") == 2, "the page, and of the kinds the first"
    row = asked(browser, attached=shown.context["form"].signed(), along=["error", "page"])
    assert row.about == {"error": "500", "page": "/me/"}
    assert asked(browser, along=[]).about == {}


@pytest.mark.parametrize("attached", ["", "made:up", "x" * 3000])
def test_what_was_not_shown_does_not_go_along(house: House, attached: str) -> None:
    browser = resident(house.person)
    answer = browser.post("/help/new", form(browser) | {"attached": attached})
    assert answer.status_code == 422 and not HelpRequest.objects.exists()
    again = answer.context["form"]
    assert asked(browser, attached=again.signed(), along=["browser"]).about == {"browser": "Firefox, Android"}


def test_an_error_page_that_knows_nothing_is_known_by_where_the_browser_came_from(house: House) -> None:
    browser = resident(house.person)
    seen = browser.get("/help/new?error=500", headers={"referer": "http://testserver/pass/very-secret?x=1"})
    shown = seen.context["form"].shown
    assert (shown["page"], shown["error"]) == ("/pass/…", "500")
    assert "secret" not in seen.content.decode()
    assert "error" not in browser.get("/help/new?error=<b>").context["form"].shown


def test_the_words_are_sealed_in_the_database(house: House) -> None:
    from django.db import connection

    asked(resident(house.person))
    with connection.cursor() as cursor:
        cursor.execute("SELECT said FROM cloud_helpmessage")
        [(kept,)] = cursor.fetchall()
    assert SAID.encode() not in bytes(kept) and requests.text(HelpMessage.objects.get()) == SAID


def test_words_that_nobody_can_read_break_no_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, office = resident(house.person), member(house)
    row = asked(browser)
    HelpMessage.objects.update(said=b"")
    with monkeypatch.context() as other:
        from tools.cloud.sealing import Unreadable

        def unreadable(_: Any) -> None:
            raise Unreadable("no")

        other.setattr("tools.cloud.sealing.SealedValue.__bytes__", unreadable)
        HelpMessage.objects.update(said=b"something")
        for client, path in ((browser, f"/help/mine/{row.pk}/"), (office, "/help/"), (office, f"/help/{row.pk}/")):
            assert "It cannot be read any more." in client.get(path).content.decode()


def test_an_e_mail_says_that_there_is_an_answer_and_no_more(house: House, mail: Any) -> None:
    row = asked(resident(house.person))
    assert mail() == []
    requests.answer(row, "It was the battery", None)
    [(way, to, subject, text)] = mail()
    assert (way, to) == ("email", f"person-{house.person.pk}@example.test")
    assert house.tenant.name in subject and f"/help/mine/{row.pk}/" in text
    assert "battery" not in subject + text and SAID not in subject + text
    assert mail() == []


def test_what_a_mail_server_says_names_nobody(house: House, mail: Any) -> None:
    row = asked(resident(house.person))
    requests.answer(row, "It was the battery", None)

    def refuses(way: str, to: str, *_: str) -> None:
        raise OSError(f"550 {to} is unknown, write to postmaster@example.test")

    sending.once(refuses, clock.now(), lambda *_, **__: 200)
    assert HelpLetter.objects.get().why == "550 … is unknown, write to …"


def test_no_letter_waits_where_none_leaves(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTICES", raising=False)
    requests.answer(asked(resident(house.person)), "It was the battery", None)
    assert not HelpLetter.objects.exists()


def test_closed_requests_are_gone_with_their_days(house: House, time_now: Stopped) -> None:
    office = member(house)
    browser = resident(house.person)
    row, other = asked(browser), asked(browser)
    assert office.post(f"/tenants/{house.tenant.pk}/help", {"days": 7}).status_code == 302
    assert office.post(f"/tenants/{house.tenant.pk}/help", {"days": 366}).status_code == 422
    assert policy.of(house.tenant.pk).days == 7
    requests.answer(row, "It was the battery", None, close_it=True)
    time_now.now += 7 * 86400 - 1
    housekeeping.tidy(clock.now())
    assert HelpRequest.objects.count() == 2
    time_now.now += 1
    housekeeping.tidy(clock.now())
    assert list(HelpRequest.objects.all()) == [other], "nobody has closed it"
    assert set(HelpMessage.objects.values_list("request", flat=True)) == {other.pk}


def test_what_nobody_goes_on_with_is_closed_by_itself(house: House, time_now: Stopped) -> None:
    row = asked(resident(house.person))
    requests.answer(row, "It was the battery", None)
    time_now.now += 30 * 86400 - 1
    requests.tidy(clock.now())
    row.refresh_from_db()
    assert row.state == "answered"
    time_now.now += 1
    requests.tidy(clock.now())
    row.refresh_from_db()
    assert row.state == "closed"
    time_now.now += 90 * 86400
    assert requests.tidy(clock.now()) == 1 and not HelpRequest.objects.exists()


def test_it_goes_with_the_person(house: House) -> None:
    person = house.add_person("Ola Nordmann")
    row, other = asked(resident(person)), asked(resident(house.person))
    requests.answer(row, "It was the battery", None)
    requests.answer(other, "It was the battery", None)
    kinds = archive.data_of(person, False, clock.now())["kinds"]
    said = [(one["by_house"], one["said"]) for one in kinds["helpmessage"]["rows"]]
    assert said == [(False, SAID), (True, "It was the battery")]
    assert kinds["helprequest"]["rows"][0]["about"]["browser"] == "Firefox, Android"
    erasure.erase(person, clock.now())
    assert list(HelpRequest.objects.all()) == [other]
    assert set(HelpMessage.objects.values_list("request", flat=True)) == {other.pk}
    assert not Change.objects.filter(kind="help", object=row.pk).exists()


def test_it_goes_with_an_account_that_was_nobodys_own(house: House) -> None:
    row = asked(member(house, "guard"))
    User.objects.filter(email="guard@example.test").delete()
    row.refresh_from_db()
    assert row.user is None
    requests.tidy(clock.now())
    assert not HelpRequest.objects.exists()


def test_nobody_floods_a_house(house: House) -> None:
    browser = resident(house.person)
    row = asked(browser)
    HelpMessage.objects.bulk_create(
        HelpMessage(request=row, user=row.user, by_house=False, at=clock.now(), said=b"x") for _ in range(29)
    )
    for path, said in (("/help/new", form(browser)), (f"/help/mine/{row.pk}/", {"text": "more"})):
        answer = browser.post(path, said)
        assert answer.status_code == 422 and "go on tomorrow" in answer.content.decode()
    HelpMessage.objects.update(at=clock.now() - timedelta(days=2))
    asked(browser)


@pytest.mark.parametrize("text", ["", "  \r\n ", "a\x1b[2J", "a\u202eb", "x" * 4001])
def test_a_text_that_is_none_is_refused(house: House, text: str) -> None:
    user = User.objects.named("x@example.test")
    with pytest.raises(Refusal):
        requests.write(user, house.tenant, None, "fault", text)
    assert not HelpRequest.objects.exists()
    row = requests.write(user, house.tenant, None, "fault", " one\r\ntwo\r\n")
    assert requests.text(row.messages.get()) == "one\ntwo"


def test_the_api_answers_as_the_pages_do(house: House, time_now: Stopped) -> None:
    from tools.cloud.members import links

    other = House("Fjordgata", time_now, seed=9)
    theirs = requests.write(User.objects.named("x@example.test"), other.tenant, None, "fault", "Theirs")
    row = asked(resident(house.person))
    client = Client(headers={"authorization": f"Bearer {links.make_token(house.tenant, 'p', Role.ADMINISTRATOR)}"})

    def send(method: str, path: str, body: Any) -> tuple[int, Any]:
        answer = getattr(client, method)(f"/api{path}", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()

    [listed] = client.get("/api/help?state=waiting").json()
    assert (listed["id"], listed["by"], listed["person_id"]) == (row.pk, house.person.name, house.person.pk)
    status, said = send("post", f"/help/{row.pk}/answers", {"text": "It was the battery"})
    assert status == 201 and [one["by_house"] for one in said["said"]] == [False, True] and said["state"] == "answered"
    assert send("post", f"/help/{row.pk}/answers", {"text": "x\x1b"})[0] == 400
    assert send("post", f"/help/{row.pk}/close", {})[1]["state"] == "closed"
    assert send("patch", f"/tenants/{house.tenant.pk}/help", {"days": 14}) == (200, {"days": 14})
    assert send("patch", f"/tenants/{house.tenant.pk}/help", {"days": 0})[0] == 422
    assert client.get(f"/api/help/{theirs.pk}").status_code == 404
    assert send("post", f"/help/{theirs.pk}/answers", {"text": "x"})[0] == 404
    assert send("patch", f"/tenants/{other.tenant.pk}/help", {"days": 14})[0] == 404
    viewer = Client(headers={"authorization": f"Bearer {links.make_token(house.tenant, 'v', Role.VIEWER)}"})
    assert viewer.get("/api/help").json() == [] and viewer.get(f"/api/help/{row.pk}").status_code == 404


def test_when_it_was_is_read_in_the_time_of_the_house() -> None:
    kept = {"time": "2026-01-05T12:00:00+00:00", "page": "2026-01-05T12:00:00+00:00"}
    said = {name: value for name, _label, value in shown.about(kept, "America/New_York")}
    assert "07:00" in said["time"] and said["page"] == kept["page"]


def test_the_api_tells_of_all_requests_where_none_is_asked_for(house: House) -> None:
    browser = resident(house.person)
    rows = [asked(browser).pk for _ in range(3)]
    HelpRequest.objects.filter(pk=rows[0]).update(state="closed")
    reader = member(house)

    def listed(**wanted: Any) -> list[int]:
        return [one["id"] for one in reader.get("/api/help", wanted).json()]

    assert listed() == rows[::-1] and listed(state="closed") == [rows[0]]
    assert listed(before=rows[2]) == [rows[1], rows[0]] and listed(limit=1) == [rows[2]]
