"""The record of changes: everything that can be asked for by page or API leaves what it should, and nothing secret.

The cases stand beside each other by the list of URLs and the API's description: one that is missing here is told.
"""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.apps import apps
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from firmware.controller import events
from tools.cloud import models, signals
from tools.cloud.alarms import alarms
from tools.cloud.api.subjects import api
from tools.cloud.audit import author, changes, export, recorded
from tools.cloud.audit.author import Author
from tools.cloud.controllers import rotation
from tools.cloud.doors import commands, door_rules
from tools.cloud.lockers import deliveries, webhooks
from tools.cloud.lockers.about import entered as as_entered
from tools.cloud.log import retention
from tools.cloud.members import links, members
from tools.cloud.models import Alarm, Change, Command, Membership, Person, Reading, Right, Role, Schedule, User
from tools.cloud.models.rights import ROLES
from tools.cloud.pages import urls as pages
from tools.cloud.people import erasure, groups, people, pins
from tools.cloud.services import clock, propagate
from tools.cloud.sites import sites, tenants
from tools.cloud.updates import updates
from tools.terminal import Problem

PIN = "827364"
Entries = list[tuple[str, str]]


class Full(House):
    """A house with one of everything that somebody can change, and who may."""

    def __init__(self, time_now: Stopped, name: str = "Solsiden", seed: int = 0) -> None:
        super().__init__(name, time_now, seed)
        now = clock.now()
        self.schedule = Schedule.objects.create(tenant=self.tenant, name="dag", number=7, times=[[31, 480, 960]])
        self.holiday = models.Holiday.objects.create(
            tenant=self.tenant, name="fri", first=date(2027, 2, 1), last=date(2027, 2, 1)
        )
        self.area = models.Area.objects.create(site=self.site, number=1, name="gården")
        self.empty = models.Site.objects.create(tenant=self.tenant, name="tomt")
        self.other = models.AccessGroup.objects.create(tenant=self.tenant, name="ingen")
        self.grant = self.person.grants.get()
        pins.give(self.person, digits=PIN)
        self.bank, self.delivery = self.add_bank()
        self.lying, _ = deliveries.make(self.bank, as_entered(unit="H0302"))
        models.Delivery.objects.filter(pk=self.lying.pk).update(state="deposited", compartment=2)
        self.users = {}
        for role in Role.values:
            user = self.users[role] = User.objects.named(f"{role}-{seed}@example.test")
            Membership.objects.create(user=user, tenant=self.tenant, role=role)
        self.member = Membership.objects.get(tenant=self.tenant, role="viewer")
        self.secret = links.make_token(self.tenant, "program", Role.ADMINISTRATOR, self.users["owner"])
        self.token = self.tenant.tokens.get()
        self.alarm = Alarm.objects.create(
            controller=self.controller, kind="event", code=events.DOOR_FORCED, door_number=1, raised_at=now
        )
        self.reading = self.read(17 << 16 | 815)
        Change.objects.all().delete()

    def read(self, number: int) -> Reading:
        command = Command.objects.create(
            controller=self.controller, door=self.doors[0], do="learn", state="done", requested_at=clock.now(),
            expires_at=clock.now() + timedelta(seconds=45),
        )  # fmt: skip
        return Reading.objects.create(
            command=command, person=self.person, state="read", bits=26, number=number, read_at=clock.now()
        )

    def browser(self, role: str = "owner") -> Client:
        client = Client()
        client.force_login(self.users[role], backend="django.contrib.auth.backends.ModelBackend")
        return client

    def program(self) -> Client:
        return Client(headers={"authorization": f"Bearer {self.secret}"})

    def entries(self) -> list[Change]:
        return list(Change.objects.filter(tenant=self.tenant).order_by("pk"))


@pytest.fixture
def full(time_now: Stopped) -> Full:
    return Full(time_now)


def told(entries: list[Change]) -> Entries:
    return [(one.kind, one.what) for one in entries]


def secrets_now() -> set[str]:
    """Everything secret that the database knows, as text; and whole numbers of cards."""
    found = set(models.SignInLink.objects.values_list("hash", flat=True))
    found |= set(models.ApiToken.objects.values_list("hash", flat=True))
    for row in models.Controller.objects.all():
        keys = (row.link_secret, row.next_secret, row.table_key, row.broker_key)
        found |= {bytes(key).hex() for key in keys if key}
    for row in models.Credential.objects.exclude(mark=""):
        found |= {row.mark, bytes(row.sealed).hex(), pins.digits(row.sealed)}
    found |= {str(number) for number in models.Credential.objects.filter(kind="card").values_list("number", flat=True)}
    return found


def secrets_before(full: Full) -> set[str]:
    found = secrets_now() | {full.secret, PIN, "long enough"}
    assert len(found) > 8
    return found


def assert_no_secret_is_kept(full: Full, before: set[str], answer: str) -> None:
    """before: what was secret before the change. Tokens and links that the answer tells are secret too."""
    secrets = before | secrets_now()
    secrets |= set(re.findall(r"\d+\.[A-Za-z0-9_-]{43}|(?<=/enter/)[A-Za-z0-9_-]{43}", answer))
    kept = json.dumps([[one.name, one.account, one.before, one.after] for one in full.entries()])
    words = set(re.findall(r"[\w.-]+", kept))
    assert kept != "[]" and not [one for one in secrets if one in (words if one.isdigit() else kept)]


# --- what the API can do

Case = Callable[[Full], tuple[dict[str, Any], Any, Entries]]  # the numbers in the path, what is sent, what is kept


API: dict[tuple[str, str], Case] = {
    ("post", "/doors/{door_id}/release"): lambda h: ({"door_id": h.doors[0].pk}, None, [("door", "asked")]),
    ("post", "/doors/{door_id}/hold"): lambda h: (
        {"door_id": h.doors[0].pk}, {"until": int(h.time.now) + 600}, [("door", "asked")],
    ),
    ("post", "/people"): lambda h: ({}, {"name": "Ny"}, [("person", "made")]),
    ("patch", "/people/{person_id}"): lambda h: (
        {"person_id": h.person.pk}, {"active": False}, [("person", "changed")],
    ),
    ("delete", "/people/{person_id}"): lambda h: ({"person_id": h.person.pk}, None, [("person", "removed")]),
    ("post", "/credentials"): lambda h: ({}, {"person": h.person.pk, "number": 99}, [("card", "made")]),
    ("post", "/pins"): lambda h: ({}, {"person": h.person.pk}, [("pin", "made")]),
    ("post", "/credentials/{credential_id}/revoke"): lambda h: (
        {"credential_id": h.card.pk}, None, [("card", "changed")],
    ),
    ("post", "/groups"): lambda h: ({}, {"name": "nye", "doors": [h.doors[0].pk]}, [("group", "made")]),
    ("patch", "/groups/{group_id}"): lambda h: (
        {"group_id": h.group.pk}, {"doors": [h.doors[1].pk]}, [("group", "changed")],
    ),
    ("patch", "/groups/{group_id}/rules"): lambda h: (
        {"group_id": h.group.pk}, {"doors": [{"door": h.doors[0].pk, "schedule": h.schedule.pk}]},
        [("group", "changed")],
    ),
    ("post", "/grants"): lambda h: ({}, {"person": h.person.pk, "group": h.other.pk}, [("grant", "made")]),
    ("delete", "/grants/{grant_id}"): lambda h: ({"grant_id": h.grant.pk}, None, [("grant", "removed")]),
    ("post", "/people/{person_id}/readings"): lambda h: (
        {"person_id": h.person.pk}, {"door": h.doors[0].pk}, [("door", "asked")],
    ),
    ("post", "/readings/{reading_id}/give"): lambda h: ({"reading_id": h.reading.pk}, None, [("card", "made")]),
    ("patch", "/tenants/{tenant_id}"): lambda h: (
        {"tenant_id": h.tenant.pk}, {"retention_days": 30}, [("tenant", "changed")],
    ),
    ("post", "/schedules"): lambda h: ({}, {"name": "natt", "times": [[1, 0, 60]]}, [("schedule", "made")]),
    ("put", "/schedules/{schedule_id}"): lambda h: (
        {"schedule_id": h.schedule.pk}, {"name": "dag", "times": [[1, 0, 60]]}, [("schedule", "changed")],
    ),
    ("delete", "/schedules/{schedule_id}"): lambda h: (
        {"schedule_id": h.schedule.pk}, None, [("schedule", "removed")],
    ),
    ("post", "/holidays"): lambda h: ({}, {"name": "ny", "first": "2027-03-01"}, [("holiday", "made")]),
    ("post", "/holidays/norway"): lambda h: ({}, {"year": 2028}, [("holiday", "made")] * 12),
    ("delete", "/holidays/{holiday_id}"): lambda h: ({"holiday_id": h.holiday.pk}, None, [("holiday", "removed")]),
    ("put", "/sites/{site_id}/areas"): lambda h: (
        {"site_id": h.site.pk}, {"number": 1, "name": "bakgård"}, [("area", "changed")],
    ),
    ("patch", "/doors/{door_id}/rules"): lambda h: (
        {"door_id": h.doors[0].pk},
        {"name": "Ny", "retention_days": 7, "who": [{"what": "card", "when": h.schedule.pk}]}, [("door", "changed")],
    ),
    ("post", "/alarms/{alarm_id}/acknowledge"): lambda h: ({"alarm_id": h.alarm.pk}, None, [("alarm", "changed")]),
    ("post", "/sites/{site_id}/emergency"): lambda h: (
        {"site_id": h.site.pk}, {"do": "lockdown"}, [("site", "asked")],
    ),
    ("post", "/controllers/{controller_id}/identify"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/restart"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/diagnostics"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/commissioning"): lambda h: (
        {"controller_id": h.controller.pk}, {"minutes": 15}, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/commissioning/alarm"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/sites"): lambda h: ({}, {"name": "ny"}, [("site", "made")]),
    ("patch", "/sites/{site_id}"): lambda h: (
        {"site_id": h.site.pk}, {"zone": "Europe/Helsinki"}, [("site", "changed")],
    ),
    ("delete", "/sites/{site_id}"): lambda h: ({"site_id": h.empty.pk}, None, [("site", "removed")]),
    ("post", "/controllers"): lambda h: (
        {}, {"site": h.empty.pk, "name": "Ny", "board": boards_load(), "broker": BROKER}, [("controller", "made")],
    ),
    ("patch", "/controllers/{controller_id}"): lambda h: (
        {"controller_id": h.controller.pk}, {"name": "Oppgang B"}, [("controller", "changed")],
    ),
    ("post", "/controllers/{controller_id}/lost"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "changed")],
    ),
    ("post", "/members"): lambda h: ({}, {"email": "ny@example.test", "role": "viewer"}, [("member", "made")]),
    ("patch", "/members/{member_id}"): lambda h: (
        {"member_id": h.member.pk}, {"role": "guard"}, [("member", "changed")],
    ),
    ("delete", "/members/{member_id}"): lambda h: ({"member_id": h.member.pk}, None, [("member", "removed")]),
    ("post", "/members/{member_id}/sign-out"): lambda h: ({"member_id": h.member.pk}, None, [("member", "changed")]),
    ("put", "/members/{member_id}/active"): lambda h: (
        {"member_id": h.member.pk}, {"active": False}, [("member", "changed")],
    ),
    ("post", "/tokens"): lambda h: ({}, {"name": "nytt", "role": "viewer"}, [("token", "made")]),
    ("patch", "/banks/{bank_id}"): lambda h: (
        {"bank_id": h.bank.pk}, {"address": "Storgata 1"}, [("controller", "changed")],
    ),
    ("post", "/banks/{bank_id}/open"): lambda h: (
        {"bank_id": h.bank.pk}, {"compartment": 1}, [("controller", "asked")],
    ),
    ("post", "/deliveries"): lambda h: (
        {}, {"bank": h.bank.pk, "recipient": {"unit": "H0301"}}, [("delivery", "made")],
    ),
    ("post", "/deliveries/{delivery_id}/extend"): lambda h: (
        {"delivery_id": h.lying.pk}, {"due_at": "2026-05-03T12:00:00Z"}, [("delivery", "changed")],
    ),
    ("post", "/deliveries/{delivery_id}/take-back"): lambda h: (
        {"delivery_id": h.lying.pk}, None, [("delivery", "asked")],
    ),
    ("post", "/shipments"): lambda h: (
        {}, {"bank": h.bank.pk, "reference": "r-17", "recipient": {"unit": "H0301"}}, [("delivery", "made")],
    ),
    ("post", "/shipments/{delivery_id}/cancel"): lambda h: (
        {"delivery_id": shipment(h).pk}, None, [("controller", "asked")],
    ),
    ("put", "/tokens/{token_id}/webhook"): lambda h: (
        {"token_id": h.token.pk}, {"url": "https://courier.example.test/"}, [("token", "changed")],
    ),
    ("delete", "/tokens/{token_id}/webhook"): lambda h: (
        {"token_id": hooked(h).pk}, None, [("token", "changed")],
    ),
    ("post", "/deliveries/{delivery_id}/cancel"): lambda h: (
        {"delivery_id": h.delivery.pk}, None, [("controller", "asked")],
    ),
    ("delete", "/tokens/{token_id}"): lambda h: ({"token_id": h.token.pk}, None, [("token", "changed")]),
}  # fmt: skip
BROKER = {"host": "10.0.0.9", "port": 1883, "tls": False, "user": "", "password": ""}
# What changes nothing that is kept, and why not.
API_NOTHING = {("delete", "/readings/{reading_id}"): "a number of minutes is forgotten"}
OWNERS = ("/members", "/tokens")  # no token may


def shipment(house: Full) -> models.Delivery:
    """One of the program's own."""
    models.Delivery.objects.filter(pk=house.delivery.pk).update(token=house.token, reference="r-18")
    return house.delivery


def hooked(house: Full) -> models.ApiToken:
    webhooks.put(house.token, "https://courier.example.test/")
    models.Change.objects.all().delete()
    return house.token


def boards_load() -> dict[str, Any]:
    from tools import boards

    return boards.load("virtual-two-door")


def operations() -> list[tuple[str, str]]:
    described = api.get_openapi_schema()["paths"]
    return [
        (method, path.removeprefix("/api"))
        for path, methods in described.items()
        for method in methods
        if method != "get"
    ]


def test_every_operation_of_the_api_has_a_case_here() -> None:
    assert set(operations()) == API.keys() | API_NOTHING.keys()


@pytest.mark.parametrize("operation", API, ids=" ".join)
def test_what_a_call_changes_is_kept_once_with_who_called(operation: tuple[str, str], full: Full) -> None:
    method, path = operation
    numbers, body, expected = API[operation](full)
    by_owner = path.startswith(OWNERS)
    client = full.browser() if by_owner else full.program()
    sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    secrets = secrets_before(full)
    answer = getattr(client, method)("/api" + path.format(**numbers), **sent)
    assert 200 <= answer.status_code < 300, answer.content
    found = full.entries()
    assert told(found) == expected
    for one in found:
        assert (one.way, one.account) == ("api", "")
        assert (one.user, one.token) == ((full.users["owner"], None) if by_owner else (None, full.token))
        assert_true_to_its_kind(one)
    assert_no_secret_is_kept(full, secrets, answer.content.decode())


def assert_true_to_its_kind(one: Change) -> None:
    """A grant without an end has no values: that it is there says it."""
    if one.what == "made" or one.what == "asked":
        assert one.before == {} and (one.after or one.kind == "grant")
    elif one.what == "removed":
        assert one.after == {} and (one.before or one.erased or one.kind == "grant")
    elif one.kind != "alarm" and "sessions" not in one.after:
        assert one.before.keys() == one.after.keys() and one.before != one.after


# --- what the pages can do

PAGES: dict[str, Case] = {
    "release": lambda h: ({"pk": h.doors[0].pk}, {}, [("door", "asked")]),
    "hold": lambda h: ({"pk": h.doors[0].pk}, {"minutes": "15"}, [("door", "asked")]),
    "door": lambda h: ({"pk": h.doors[0].pk}, door_form(h, name="Ny"), [("door", "changed")]),
    "areas": lambda h: ({"site_pk": h.site.pk}, {"number": 2, "name": "ny"}, [("area", "made")]),
    "area_remove": lambda h: ({"pk": h.area.pk}, {}, [("area", "removed")]),
    "group_add": lambda h: ({}, {"name": "nye", f"door-{h.doors[0].pk}": "0"}, [("group", "made")]),
    "group": lambda h: ({"pk": h.group.pk}, {"name": "andre"}, [("group", "changed")]),
    "group_remove": lambda h: ({"pk": h.group.pk}, {}, [("grant", "removed"), ("group", "removed")]),
    "schedule_add": lambda h: (
        {}, {"name": "natt", "day0-0-from": "08:00", "day0-0-to": "09:00"}, [("schedule", "made")],
    ),
    "schedule": lambda h: (
        {"pk": h.schedule.pk}, {"name": "natt", "day0-0-from": "08:00", "day0-0-to": "09:00"},
        [("schedule", "changed")],
    ),
    "schedule_remove": lambda h: ({"pk": h.schedule.pk}, {}, [("schedule", "removed")]),
    "holiday_add": lambda h: ({}, {"name": "ny", "first": "2027-03-01"}, [("holiday", "made")]),
    "holidays_fill": lambda h: ({}, {"year": "2028"}, [("holiday", "made")] * 12),
    "holiday_remove": lambda h: ({"pk": h.holiday.pk}, {}, [("holiday", "removed")]),
    "grant": lambda h: ({"pk": h.grant.pk}, {"valid_until": "2027-01-01"}, [("grant", "changed")]),
    "pin": lambda h: ({"pk": h.person.pk}, {"kind": "duress"}, [("duress", "made")]),
    "person_needs": lambda h: ({"pk": h.person.pk}, {"extended": "on", "escort": ""}, [("person", "changed")]),
    "person_add": lambda h: ({}, {"name": "Ny"}, [("person", "made")]),
    "person_erase": lambda h: ({"pk": h.person.pk}, {}, [("person", "removed")]),
    "card_add": lambda h: (
        {"pk": h.person.pk}, {"bits": "26", "facility": "17", "number": "99"}, [("card", "made")],
    ),
    "read": lambda h: ({"pk": h.person.pk}, {"door": h.doors[0].pk}, [("door", "asked")]),
    "reading_give": lambda h: ({"pk": h.reading.pk}, {}, [("card", "made")]),
    "groups": lambda h: (
        {"pk": h.person.pk}, {"groups": [h.other.pk]}, [("grant", "removed"), ("grant", "made")],
    ),
    "person_active": lambda h: ({"pk": h.person.pk}, {"active": "no"}, [("person", "changed")]),
    "revoke": lambda h: ({"pk": h.card.pk}, {}, [("card", "changed")]),
    "site_add": lambda h: ({}, {"name": "ny", "zone": "Europe/Oslo"}, [("site", "made")]),
    "site": lambda h: ({"pk": h.site.pk}, {"name": "ny", "zone": "Europe/Oslo"}, [("site", "changed")]),
    "site_remove": lambda h: ({"pk": h.empty.pk}, {}, [("site", "removed")]),
    "enrol": lambda h: (
        {"site_pk": h.empty.pk}, {"name": "Ny", "board": "virtual-two-door", "host": "10.0.0.9", "port": "1883",
         "tls": "", "wifi_name": "w", "wifi_password": "long enough"}, [("controller", "made")],
    ),
    "controller_name": lambda h: ({"pk": h.controller.pk}, {"name": "Oppgang B"}, [("controller", "changed")]),
    "commission": lambda h: ({"pk": h.controller.pk}, {"do": "begin"}, [("controller", "asked")]),
    "controller_lost": lambda h: ({"pk": h.controller.pk}, {}, [("controller", "changed")]),
    "acknowledge": lambda h: ({}, {"alarm": h.alarm.pk}, [("alarm", "changed")]),
    "emergency": lambda h: ({"pk": h.site.pk}, {"do": "lockdown"}, [("site", "asked")]),
    "controller_do": lambda h: ({"pk": h.controller.pk}, {"do": "identify"}, [("controller", "asked")]),
    "member_role": lambda h: ({"pk": h.member.pk}, {"role": "guard"}, [("member", "changed")]),
    "member_link": lambda h: ({"pk": h.member.pk}, {}, [("link", "made")]),
    "member_active": lambda h: ({"pk": h.member.pk}, {"active": "no"}, [("member", "changed")]),
    "member_sign_out": lambda h: ({"pk": h.member.pk}, {}, [("member", "changed")]),
    "member_end": lambda h: ({"pk": h.member.pk}, {}, [("member", "removed")]),
    "member_add": lambda h: (
        {"tenant_pk": h.tenant.pk}, {"email": "ny@example.test", "role": "viewer"},
        [("member", "made"), ("link", "made")],
    ),
    "token_add": lambda h: ({"tenant_pk": h.tenant.pk}, {"name": "nytt", "role": "viewer"}, [("token", "made")]),
    "bank_change": lambda h: ({"pk": h.bank.pk}, {"name": "Skapet"}, [("controller", "changed")]),
    "bank_open": lambda h: ({"pk": h.bank.pk}, {"compartment": "1"}, [("controller", "asked")]),
    "delivery_add": lambda h: ({"pk": h.bank.pk}, {"unit": "H0301"}, [("delivery", "made")]),
    "delivery_cancel": lambda h: ({"pk": h.delivery.pk}, {}, [("controller", "asked")]),
    "delivery_extend": lambda h: ({"pk": h.lying.pk}, {"due": "2026-05-03"}, [("delivery", "changed")]),
    "delivery_take_back": lambda h: ({"pk": h.lying.pk}, {}, [("delivery", "asked")]),
    "token_revoke": lambda h: ({"pk": h.token.pk}, {}, [("token", "changed")]),
}  # fmt: skip
PAGES_NOTHING = {
    "reading_discard": "a number of minutes is forgotten",
    "export": "kept as a look (Who looked)",
    "sign_out_elsewhere": "one's own sessions",
    "sign_out": "one's own session",
    "language": "of one's own pages",
}


def door_form(house: Full, **changed: Any) -> dict[str, Any]:
    from tools.cloud.rules.forms import DoorForm

    form = DoorForm(door=house.doors[0])
    shown = {bound.name: bound.value() for bound in form}
    return {name: value for name, value in shown.items() if value not in (None, False)} | changed


def posts() -> set[str]:
    """The names of all addresses that take a POST."""
    found = set()
    client = Client()
    for one in pages.urlpatterns:
        assert isinstance(one, URLPattern)
        numbers = dict.fromkeys(one.pattern.converters, 1)
        if client.post(reverse(f"pages:{one.name}", kwargs=numbers)).status_code != 405:
            found.add(str(one.name))
    return found


def test_every_page_that_takes_a_post_has_a_case_here() -> None:
    assert posts() == PAGES.keys() | PAGES_NOTHING.keys()


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_changes_is_kept_once_with_who_was_signed_in(name: str, full: Full) -> None:
    numbers, body, expected = PAGES[name](full)
    secrets = secrets_before(full)
    answer = full.browser().post(reverse(f"pages:{name}", kwargs=numbers), body)
    assert answer.status_code in (200, 302), answer.content.decode()
    found = full.entries()
    assert told(found) == expected
    for one in found:
        assert (one.way, one.user, one.token) == ("page", full.users["owner"], None)
        assert_true_to_its_kind(one)
    assert_no_secret_is_kept(full, secrets, answer.content.decode())


# --- who it was, and what it was


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


# --- who sees it


def test_only_owners_see_it_and_nobody_of_another_tenant(full: Full, time_now: Stopped) -> None:
    neighbour = Full(time_now, "Nabo", 1)
    people.change(full.person, name="Ingrid Berg")
    assert [role for role, rights in ROLES.items() if Right.AUDIT in rights] == ["owner"]
    for role in Role.values:
        here, there = full.browser(role), neighbour.browser(role)
        mine = here.get("/api/changes").json()["changes"]
        assert [one["name"] for one in mine] == (["Ingrid Berg"] if role == "owner" else []), role
        assert here.get("/changes/").status_code == (200 if role == "owner" else 403), role
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


# --- how long


def test_an_erased_person_is_in_no_entry_but_that_something_was_is(full: Full) -> None:
    people.change(full.person, name="Ingrid Berg")
    people.limit(full.grant, uses=3)
    people.give_card(full.person, 26, 4242)
    groups.save(full.other, "noen", {}, {})
    assert export.of_person(full.person)["changes"][0]["after"] == {"name": "Ingrid Berg"}
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
    retention.erase(clock.now())
    assert len(full.entries()) == 1
    full.time.now += 1
    retention.erase(clock.now())
    assert full.entries() == []


# --- that nothing is left out


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
    """22 before changes were kept; with it the state before and after, the entry, and nothing per controller."""
    with CaptureQueriesContext(connection) as asked:
        people.revoke(full.card)
    assert len(asked) <= REVOCATION, [one["sql"][:80] for one in asked]


REVOCATION = 25
