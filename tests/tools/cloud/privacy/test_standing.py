"""What somebody says that stands is done: each row of the table of processing, with each word that may stop it."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from asking import ENGLISH, Asking
from cloud_world import Stopped
from django.test import Client
from django.urls import URLPattern, get_resolver
from photographs import photograph
from test_copies import passes, program

from firmware.controller import events as codes
from tools.cloud.alarms import codes as alarm_codes
from tools.cloud.audit import looks
from tools.cloud.lists import people_list
from tools.cloud.lockers import about, deliveries, privacy, usage
from tools.cloud.log import retention
from tools.cloud.models import (
    AclEntry,
    Alarm,
    Birth,
    Change,
    DataRequest,
    Delivery,
    Door,
    Event,
    Look,
    Partner,
    Person,
    Role,
    ScimUser,
    WebhookCall,
    processing,
    standing,
)
from tools.cloud.models.processing import OBJECTION, RESTRICTION, WITHDRAWAL, Processing
from tools.cloud.partners import feed, partners, said
from tools.cloud.people import births, people, pictures
from tools.cloud.privacy import leaving, requests
from tools.cloud.residents import policy
from tools.cloud.scim import tokens
from tools.cloud.services import clock
from tools.cloud.services.refusal import Refusal

KINDS = (RESTRICTION, OBJECTION, WITHDRAWAL)
DAY = 86_400.0
BORN = date(1984, 2, 29)


class Known(Asking):
    """Ingrid with a birth date, a passage, an alarm, parcels; a partner that may know all of it."""

    def __init__(self, time_now: Stopped) -> None:
        super().__init__(time_now)
        births.change(self.person, BORN, "", None)
        pictures.give(self.person, photograph())
        passes(self, self.card, 1)
        self.event = Event.objects.get()
        self.bank, _ = self.add_bank(name="Kari Nabo")
        for number in range(usage.LEAST):
            row, _ = deliveries.make(self.bank, about.entered(name="Ingrid Solheim", unit=f"H{number}"))
            Delivery.objects.filter(pk=row.pk).update(
                recipient=self.person, size="S", compartment=1, state="deposited", deposited_at=clock.now()
            )
        partners.make(self.tenant, "Renhold", self.doors, list(Partner.Scope), None)
        self.partner = Partner.objects.get()
        names = {"user_name": "ingrid", "user_key": "ingrid", "said": {"display_name": "Ingrid"}}
        ScimUser.objects.create(tenant=self.tenant, person=self.person, **names)
        self.time.now += 10
        self.viewer, self.auditor = self.member(Role.VIEWER), self.member(Role.AUDITOR)
        self.receptionist = self.member(Role.RECEPTIONIST)

    def page(self, user: Any, address: str) -> str:
        answer = self.office(user).get(address)
        return str((b"".join(answer.streaming_content) if answer.streaming else answer.content).decode())  # type: ignore[arg-type]


@pytest.fixture
def known(time_now: Stopped) -> Known:
    return Known(time_now)


def alarmed(known: Known) -> bool:
    raised: dict[str, Any] = {"kind": "event", "code": codes.DENIED_PASSBACK, "raised_at": clock.now()}
    Alarm.objects.create(controller=known.controller, event=known.event, door_number=1, **raised)
    return "Ingrid Solheim" in known.page(known.viewer, "/alarms/")


def directory(known: Known) -> bool:
    client = Client(headers={"authorization": f"Bearer {tokens.make(known.tenant, 'Entra')}"})
    return client.get("/scim/v2/Users").json()["totalResults"] == 1


def log(known: Known) -> bool:
    name = "Ingrid Solheim"
    looks.note([known.tenant.pk], Look.What.EXPORT, clock.now(), person=known.person)
    listed = (("/log/", known.viewer), ("/log/export.json", known.viewer), ("/looks/", known.auditor))
    found = {name in known.page(user, address) for address, user in listed}
    found.add(bool(program(known, Role.VIEWER).get("/api/events").json()["events"]))
    found.add(Change.objects.visible_to(known.auditor).filter(person=known.person).exists())
    found.add(name in known.page(known.viewer, "/"))
    return one_of(found)


def seen_among_people(known: Known) -> bool:
    name, page = "Ingrid Solheim", f"/people/{known.person.pk}/"
    found = {name in known.page(known.viewer, address) for address in ("/people/", "/people/?q=ingrid", page)}
    found.add(name in program(known, Role.VIEWER).get("/api/people").content.decode())
    found.add(bool(program(known, Role.VIEWER).get("/api/credentials").json()))
    return one_of(found)


def purged(known: Known) -> bool:
    """Each in its own way, when its days are over."""
    Person.objects.filter(pk=known.person.pk).update(left_at=clock.now(), active=False)
    Delivery.objects.update(state="picked up", ended_at=clock.now())
    changed = Change.objects.filter(person=known.person)
    assert changed.exists()
    at = clock.now() + timedelta(days=800)
    retention.erase(at)
    retention.forget(at)
    privacy.forget(at)
    leaving.erase_due(at)
    known.event.refresh_from_db()
    gone = {known.event.code == alarm_codes.EXPIRED, not changed.exists()}
    gone.add(not Delivery.objects.filter(recipient=known.person.pk).exists())
    gone.add(not Person.objects.filter(pk=known.person.pk).exists())
    return one_of(gone)


def used(known: Known) -> bool:
    shares = usage.shares(known.bank, clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1))
    return any(one.hours for one in shares)


def told_to_partners(known: Known) -> bool:
    feed.put(known.partner, "https://partner.test/")
    passes(known, known.card, 100)
    known.time.now += 60
    feed.gather(clock.now())
    called = " ".join(WebhookCall.objects.values_list("content", flat=True))
    return one_of(
        {
            partners.people(known.partner, clock.now()).exists(),
            partners.events(known.partner).exists(),
            partners.pseudonym(known.partner, known.person.pk) in called,
        }
    )


def birth_told(known: Known) -> bool:
    return said.person(known.partner, known.person)["birth_date"] is not None


def one_of(found: set[bool]) -> bool:
    """All places agree."""
    assert len(found) == 1, "it is done in some places and not in others"
    return found.pop()


# Whether it is done for Ingrid now.
DONE: dict[str, Callable[[Known], bool]] = {
    "DOORS": lambda known: AclEntry.objects.filter(credential=known.card).exists(),
    "PARCELS": lambda known: "Ingrid Solheim" in known.page(known.receptionist, f"/lockers/{known.bank.pk}/"),
    "ALARMS": alarmed,
    "DIRECTORY": directory,
    "LOG": log,
    "PEOPLE": seen_among_people,
    "PURGE": purged,
    "USE": used,
    "PARTNERS": told_to_partners,
    "BIRTH": lambda known: births.of(known.person).born == BORN,
    "BIRTH_SHARED": birth_told,
    "PICTURE": lambda known: pictures.of(known.person) is not None,
}
NAMES = {name: value for name, value in vars(processing).items() if isinstance(value, Processing)}


def test_each_processing_is_tried_and_in_the_table() -> None:
    assert set(DONE) == set(NAMES) and list(NAMES.values()) == list(processing.TABLE)


@pytest.mark.parametrize("name", DONE)
def test_it_is_done_for_who_says_nothing(known: Known, name: str) -> None:
    requests.make(known.person, "complaint")
    assert DONE[name](known)


@pytest.mark.parametrize("granted", [False, True], ids=["asked", "granted"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DONE)
def test_it_is_stopped_by_what_the_table_says_and_by_nothing_else(
    known: Known, name: str, kind: str, granted: bool
) -> None:
    row, _ = requests.make(known.person, kind)
    if granted:
        requests.answer(row, "Ja.", done=True)
    assert DONE[name](known) is (kind not in NAMES[name].stopped_by)


@pytest.mark.parametrize("end", ["refused", "taken back", "lifted", "lifted by the person"])
@pytest.mark.parametrize("name", ["LOG", "PEOPLE", "PARTNERS", "USE", "PURGE"])
def test_it_is_done_again_when_it_stands_no_longer(known: Known, name: str, end: str) -> None:
    row, _ = requests.make(known.person, "restriction")
    if end.startswith("lifted"):
        requests.answer(row, "Ja.", done=True)
    ends: dict[str, Callable[[], None]] = {
        "refused": lambda: requests.answer(row, "Nei.", done=False),
        "lifted": lambda: requests.lift(row, "Saken er avgjort"),
    }
    ends.get(end, lambda: requests.take_back(row))()
    assert not standing.stops(NAMES[name], known.person) and DONE[name](known)


def test_who_handles_requests_sees_all_and_the_person_their_own(known: Known) -> None:
    me = known.browser(known.person)
    requests.make(known.person, "restriction")
    for user in (known.owner, known.admin):
        assert "Ingrid Solheim" in known.page(user, "/log/") and "Ingrid Solheim" in known.page(user, "/people/")
    assert any(row["name"] == "Ingrid Solheim" for row in people_list.export(known.tenant))
    assert "Hovedinngang" in me.get(f"/me/{known.person.pk}/log").content.decode()


def test_an_administrator_of_some_doors_handles_no_requests(known: Known) -> None:
    row = known.tenant.memberships.get(user=known.admin)
    row.bound = True
    row.save()
    row.doors.set(known.doors)
    assert "Ingrid Solheim" in known.page(known.admin, "/people/")
    requests.make(known.person, "restriction")
    assert "Ingrid Solheim" not in known.page(known.admin, "/people/") + known.page(known.admin, "/log/")


# What shows them all the same, and why: the rows DOORS to DIRECTORY of the table.
GOES_ON = {"bank", "delivery", "list_deliveries", "make_delivery", "show_delivery"}
LOOKING = ("viewer", "auditor")


def pages(patterns: Any, before: str = "/") -> list[tuple[str, str]]:
    found = []
    for one in patterns:
        address = before + str(one.pattern)
        if isinstance(one, URLPattern):
            found.append((one.name or "", address))
        else:
            found += pages(one.url_patterns, address)
    return found


@pytest.mark.parametrize("role", LOOKING)
def test_no_page_and_no_call_names_who_is_restricted(known: Known, role: str) -> None:
    """Every address that somebody may get, with each number there is in its place."""
    found = naming(known, role)
    assert found, "the search can find"
    requests.make(known.person, "restriction")
    left = {name for name in naming(known, role) if name not in GOES_ON}
    assert left == set()


def naming(known: Known, role: str) -> set[str]:
    client = known.office(known.viewer if role == "viewer" else known.auditor)
    numbers = {
        known.person.pk, known.card.pk, known.doors[0].pk, known.controller.pk, known.site.pk, known.group.pk,
        known.event.pk, known.bank.pk, known.tenant.pk, known.person.grants.get().pk,
    }  # fmt: skip
    found = set()
    for name, pattern in pages(get_resolver().url_patterns):
        if "stream" in pattern or "<str:" in pattern or re.search(r"[\\^$]", pattern):
            continue
        for number in numbers if "<" in pattern else {0}:
            answer = client.get(re.sub(r"<[^>]*>", str(number), pattern))
            text = answer.getvalue() if answer.status_code == 200 else b""
            if re.search(rb"Ingrid Solheim|1204", text):
                found.add(name)
    return found


# --- what follows


def test_a_call_that_waits_leaves_without_who_objects_meanwhile(known: Known) -> None:
    feed.put(known.partner, "https://partner.test/")
    passes(known, known.card, 7)
    known.time.now += 60
    feed.gather(clock.now())
    name = partners.pseudonym(known.partner, known.person.pk)
    call = WebhookCall.objects.get(kind=feed.PASSAGES)
    assert name in feed.still(call)
    requests.make(known.person, "objection")
    assert name not in feed.still(call)
    known.time.now += 60
    WebhookCall.objects.update(state="sent")
    feed.gather(clock.now())
    told = json.loads(WebhookCall.objects.filter(kind=feed.PEOPLE).latest("pk").content)
    assert told["data"]["left"] == [{"id": name}], "it is told to forget them"


def test_a_withdrawn_consent_ends_the_birth_date_and_it_comes_back_by_the_person_alone(known: Known) -> None:
    row, _ = requests.make(known.person, "withdrawal")
    assert not Birth.objects.exists()
    with pytest.raises(Refusal, match="withdrawn their consent"):
        births.change(known.person, BORN, "", None)
    policy.change(known.tenant, {"birth_dates": True})
    known.person.user = known.admin
    known.person.save()
    births.take(known.admin, BORN)
    assert not Birth.objects.exists(), "what a sign-in provider says neither"
    requests.take_back(row)
    births.change(known.person, BORN, "", None)
    assert births.of(known.person).born == BORN


def test_what_holds_is_not_asked_for_again_and_not_lifted_before_it_is_answered(known: Known) -> None:
    row, _ = requests.make(known.person, "restriction")
    with pytest.raises(Refusal, match="answer the request first"):
        requests.lift(row, "x")
    requests.answer(row, "Ja.", done=True)
    with pytest.raises(Refusal, match="and holds"):
        requests.make(known.person, "restriction")
    with pytest.raises(Refusal, match="say why"):
        requests.lift(row, " ")
    requests.lift(row, "Avgjort")
    with pytest.raises(Refusal, match="nothing to lift"):
        requests.lift(row, "Avgjort")
    requests.make(known.person, "restriction")


def test_what_holds_is_kept_however_old_the_answer(known: Known) -> None:
    row, _ = requests.make(known.person, "restriction")
    requests.answer(row, "Ja.", done=True)
    known.time.now += 4 * 365 * DAY
    requests.forget(clock.now())
    assert standing.of(known.person) == [row]
    requests.lift(row, "Avgjort")
    requests.forget(clock.now())
    assert not DataRequest.objects.exists()


def test_it_is_lifted_on_the_pages_and_the_person_reads_why(known: Known) -> None:
    row, token = requests.make(known.person, "restriction")
    office, me = known.office(), known.browser(known.person)
    assert "request_lift" not in office.get(f"/requests/{row.pk}/").content.decode()
    office.post(f"/requests/{row.pk}/answer", {"answer": "Ja.", "outcome": "done"})
    page = office.get(f"/requests/{row.pk}/").content.decode()
    assert "In force" in page and f"/requests/{row.pk}/lift" in page
    assert office.post(f"/requests/{row.pk}/lift", {"why": ""}).status_code == 422
    assert office.post(f"/requests/{row.pk}/lift", {"why": "Saken er avgjort"}).status_code == 302
    assert "Saken er avgjort" in Client(headers=ENGLISH).get(f"/request/{token}").content.decode()
    assert "In force" not in me.get(f"/me/{known.person.pk}/requests").content.decode()
    again, _ = requests.make(known.person, "objection")
    requests.answer(again, "Ja.", done=True)
    me.post(f"/me/{known.person.pk}/requests/back", {"request": again.pk})
    again.refresh_from_db()
    assert (
        again.lifted_at
        and not again.lifting
        and "· the person" in me.get(f"/me/{known.person.pk}/requests").content.decode()
    )


def test_it_is_lifted_by_the_api(known: Known) -> None:
    row, _ = requests.make(known.person, "objection")
    requests.answer(row, "Ja.", done=True)
    client = program(known)
    assert client.get(f"/api/requests/{row.pk}").json()["stands"] is True
    answer = client.post(f"/api/requests/{row.pk}/lift", {"reason": "Avgjort"}, content_type="application/json")
    assert answer.status_code == 200 and answer.json()["stands"] is False and answer.json()["lifting"] == "Avgjort"


def test_doors_go_on(known: Known) -> None:
    """A card that is given while somebody is restricted works as any."""
    requests.make(known.person, "restriction")
    card = people.give_card(known.person, 26, 99)
    assert AclEntry.objects.filter(credential=card).exists() and Door.objects.exists()
