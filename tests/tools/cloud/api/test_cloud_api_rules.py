"""The API of rules, alarms and privacy: what it does, who may, and that every route of it keeps tenants apart."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped
from django.test import Client

from firmware.controller import events
from tools import boards
from tools.cloud.alarms import alarms
from tools.cloud.breaches import breaches
from tools.cloud.controllers import lost
from tools.cloud.members import links, members
from tools.cloud.models import Alarm, Allotment, ApiToken, Area, Command, Event, Look, Role, Schedule, Site
from tools.cloud.people import people, pins
from tools.cloud.privacy import requests
from tools.cloud.readings import learning
from tools.cloud.rules import holidays, schedules
from tools.cloud.services import clock


class Api:
    """A program with a bearer token."""

    def __init__(self, house: House, role: str = "administrator"):
        self.client = Client(headers={"Authorization": f"Bearer {links.make_token(house.tenant, role, Role(role))}"})

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.generic(
            method, f"/api{path}", json.dumps(body) if body is not None else b"", content_type="application/json"
        )
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def api(house: House) -> Api:
    return Api(house)


@pytest.fixture
def other(time_now: Stopped) -> House:
    return House("Fjordgata", time_now, seed=9)


def happen(house: House, code: int, door: int = 1, **more: Any) -> Event:
    return Event.objects.create(
        controller=house.controller, epoch=1, sequence=1 + Event.objects.count(), code=code, door_number=door,
        extra=0, flags=1, utc=clock.now(), received_at=clock.now(), **more,
    )  # fmt: skip


def test_a_schedule_goes_the_whole_way(house: House, api: Api) -> None:
    status, made = api("POST", "/schedules", {"name": "Kontor", "times": [[31, 480, 960]]})
    assert status == 201 and made["number"] == 1
    status, sunday = api("POST", "/schedules", {"name": "Søndag", "times": [[64, 600, 700]], "next": made["id"]})
    assert status == 201 and sunday["next_id"] == made["id"]
    places = [{"door": house.doors[0].pk, "schedule": sunday["id"]}, {"door": house.doors[1].pk}]
    status, group = api("PATCH", f"/groups/{house.group.pk}/rules", {"doors": places, "lockdown": True})
    assert status == 200 and group["lockdown"] and not group["exempt"]
    assert {place["door"]: place["schedule"] for place in group["doors"]} == {
        house.doors[0].pk: sunday["id"],
        house.doors[1].pk: None,
    }
    said = api("GET", f"/controllers/{house.controller.pk}/rules")[1]
    assert set(said["schedules"]) == {"1", "2"} and said["zone"].startswith("CET-1CEST")
    body = {"name": "Kontor", "times": [[31, 420, 960]], "first_day": "2026-12-01", "last_day": "2026-12-31"}
    assert api("PUT", f"/schedules/{made['id']}", body)[1]["times"] == [[31, 420, 960]]
    status, error = api("DELETE", f"/schedules/{made['id']}")
    assert status == 400 and "Kontor is used by Søndag" in error["error"]
    api("PATCH", f"/groups/{house.group.pk}/rules", {"doors": places[1:]})
    assert api("DELETE", f"/schedules/{sunday['id']}")[0] == api("DELETE", f"/schedules/{made['id']}")[0] == 204


def test_holidays_and_areas(house: House, api: Api) -> None:
    assert len(api("POST", "/holidays/norway", {"year": 2026})[1]) == 12
    status, made = api("POST", "/holidays", {"name": "Dugnad", "first": "2026-12-05"})
    assert status == 201 and made["last"] == "2026-12-05"
    assert api("DELETE", f"/holidays/{made['id']}")[0] == 204
    assert len(api("GET", "/holidays")[1]) == 12
    for limit in (5, 6):
        assert api("PUT", f"/sites/{house.site.pk}/areas", {"number": 1, "name": "Lager", "limit": limit})[0] == 200
    assert [area["limit"] for area in api("GET", "/areas")[1]] == [6]


def test_a_doors_rules(house: House, api: Api) -> None:
    path = f"/doors/{house.doors[0].pk}/rules"
    before = api("GET", path)[1]
    assert (before["release_ms"], before["retention_days"], before["who"], before["relock"]) == (5000, None, [], "time")
    work = api("POST", "/schedules", {"name": "Kontor", "times": [[31, 480, 960]]})[1]["id"]
    body = {"who": [{"what": "card+pin"}, {"what": "card", "when": work}], "free": work, "retention_days": 30}
    after = api("PATCH", path, body)[1]
    assert after == before | {
        "who": [{"what": "card+pin", "when": None}, {"what": "card", "when": work}],
        "free": work,
        "retention_days": 30,
    }
    assert api("PATCH", path, {"free": None, "name": "Ny"})[1]["free"] is None
    assert api("PATCH", path, {"relock": None}) == (
        400,
        {"error": "Relock cannot be null; leave it out to keep it as it is."},
    )
    assert api("PATCH", path, {"free": 987654})[0] == 400
    assert api("GET", path)[1]["name"] == "Ny"


def test_pins_grants_and_people(house: House, api: Api) -> None:
    status, made = api("POST", "/pins", {"person": house.person.pk})
    assert status == 201 and re.fullmatch(r"\d{6}", made["digits"]) and made["credential"]["number"] is None
    assert made["digits"] not in json.dumps(api("GET", f"/credentials?person={house.person.pk}")[1])
    assert api("POST", "/pins", {"person": house.person.pk, "digits": "111111"})[0] == 400
    body = {"person": house.person.pk, "group": house.group.pk, "uses": 2, "valid_from": "2026-12-01T00:00:00Z"}
    assert api("POST", "/grants", body)[1]["uses"] == 2
    assert api("POST", "/grants", body | {"uses": 251})[0] == 422
    assert api("POST", "/grants", body | {"valid_until": "2026-11-01T00:00:00Z"})[0] == 400
    assert house.person.grants.get().uses == 2
    assert api("PATCH", f"/people/{house.person.pk}", {"extended": True, "escort": "gives"})[1]["escort"] == "gives"
    assert api("PATCH", f"/people/{house.person.pk}", {"escort": "x"})[0] == 400
    assert api("PATCH", f"/tenants/{house.tenant.pk}", {"retention_days": 14})[1]["retention_days"] == 14
    said = api("GET", f"/controllers/{house.controller.pk}/rules")[1]
    assert said["doors"]["1"]["retention_days"] == 14


def test_sites_and_a_lost_controller(house: House, api: Api) -> None:
    status, site = api("POST", "/sites", {"name": "Brygga", "zone": "Europe/Madrid"})
    assert status == 201
    assert api("PATCH", f"/sites/{site['id']}", {"zone": "Mars/Base"})[0] == 400
    assert api("PATCH", f"/sites/{site['id']}", {"name": "Bryggen"})[1] == {**site, "name": "Bryggen"}
    assert api("DELETE", f"/sites/{site['id']}")[0] == 204 and not Site.objects.filter(pk=site["id"]).exists()
    assert api("DELETE", f"/sites/{house.site.pk}")[0] == 400
    controller = house.controller.pk
    assert api("PATCH", f"/controllers/{controller}", {"name": "Ny"})[1]["name"] == "Ny"
    hidden = Api(house, "installer")("POST", f"/controllers/{controller}/lost")[1]["replace"]
    assert hidden == [{"credential": house.card.pk, "kind": "card", "person": None, "name": None}]
    assert api("GET", f"/controllers/{controller}/lost")[1]["replace"][0]["name"] == "Ingrid Solheim"
    assert api("POST", f"/controllers/{controller}/lost")[0] == 400
    body = {"site": house.site.pk, "name": "Ny", "board": boards.load("esp32-two-door"), "replaces": controller}
    assert api("POST", "/controllers", body)[0] == 201
    assert [door["name"] for door in api("GET", "/doors")[1]][-2:] == ["Hovedinngang", "Postrom"]


def test_alarms_and_commands(house: House, api: Api) -> None:
    happen(house, events.DOOR_FORCED)
    happen(house, events.DOOR_FORCED)
    alarms.gather(clock.now())
    (one,) = api("GET", "/alarms")[1]
    assert (one["name"], one["count"], one["door"]) == ("door_forced", 2, 1)
    assert api("POST", f"/alarms/{one['id']}/acknowledge")[1]["acknowledged_at"]
    assert api("GET", "/alarms")[1] == []
    until = int(clock.now().timestamp()) + 3600
    assert api("POST", f"/doors/{house.doors[0].pk}/hold", {"until": until})[0] == 202
    assert Command.objects.get(do="hold").arguments == {"until": until}
    for wrong in (until - 7200, until - 3600, until + 90_000):
        assert api("POST", f"/doors/{house.doors[0].pk}/hold", {"until": wrong})[0] == 400
    assert api("POST", f"/sites/{house.site.pk}/emergency", {"do": "lockdown"})[0] == 202
    assert api("POST", f"/sites/{house.site.pk}/emergency", {"do": "party"})[0] == 400
    for do in ("identify", "restart", "diagnostics"):
        assert api("POST", f"/controllers/{house.controller.pk}/{do}")[1]["do"] == do


def test_duress_is_told_only_to_those_with_the_right(house: House, api: Api) -> None:
    happen(house, events.GRANTED_DURESS, credential=house.card)
    happen(house, events.GRANTED, credential=house.card)
    alarms.gather(clock.now())
    viewer = Api(house, "viewer")
    assert viewer("GET", "/alarms")[1] == [] and len(api("GET", "/alarms")[1]) == 1
    assert [event["name"] for event in viewer("GET", "/events")[1]["events"]] == ["granted", "granted"]
    assert {event["code"] for event in viewer("GET", "/events")[1]["events"]} == {events.GRANTED}
    assert len(viewer("GET", f"/events?code={events.GRANTED}")[1]["events"]) == 2
    assert viewer("GET", f"/events?code={events.GRANTED_DURESS}")[1]["events"] == []
    assert [e["name"] for e in api("GET", f"/events?code={events.GRANTED_DURESS}")[1]["events"]] == ["granted_duress"]
    alarm = Alarm.objects.get()
    assert viewer("POST", f"/alarms/{alarm.pk}/acknowledge")[0] == 403


def test_who_looks_through_the_api_is_kept(house: House, api: Api) -> None:
    api("GET", "/events")
    api("GET", f"/events?person={house.person.pk}")
    said = api("GET", f"/people/{house.person.pk}/export")[1]
    assert said["person"] == "Ingrid Solheim"
    rows = [(look.token.name, look.what, look.person) for look in Look.objects.order_by("pk")]
    assert rows == [
        ("administrator", "log", None),
        ("administrator", "log", house.person),
        ("administrator", "export", house.person),
    ]
    assert api("GET", "/looks")[1] == [], "who is looked after does not look after that"
    assert Client().get("/api/looks").status_code == 401


WRITES: list[tuple[str, str, Any, set[str]]] = [
    # No token may say who is a member.
    ("PATCH", "/members/{member}", {"role": "viewer"}, set()),
    ("DELETE", "/members/{member}", None, set()),
    ("POST", "/members/{member}/sign-out", None, set()),
    ("PUT", "/members/{member}/active", {"active": False}, set()),
    ("DELETE", "/tokens/{token}", None, set()),
    ("POST", "/sites", {"name": "x"}, {"administrator", "installer"}),
    ("PATCH", "/sites/{site}", {"name": "x"}, {"administrator", "installer"}),
    ("DELETE", "/sites/{site}", None, {"administrator", "installer"}),
    ("PATCH", "/controllers/{controller}", {"name": "x"}, {"administrator", "installer"}),
    ("POST", "/controllers/{controller}/lost", None, {"administrator", "installer"}),
    ("POST", "/controllers/{controller}/identify", None, {"administrator", "installer"}),
    ("POST", "/controllers/{controller}/restart", None, {"administrator", "installer"}),
    ("POST", "/controllers/{controller}/diagnostics", None, {"administrator", "installer"}),
    ("POST", "/controllers/{controller}/commissioning", {"minutes": 15}, {"administrator", "installer"}),
    ("POST", "/doors/{door}/release", None, {"administrator", "guard"}),
    ("POST", "/doors/{door}/hold", {"until": None}, {"administrator", "guard"}),
    ("POST", "/sites/{site}/emergency", {"do": "normal"}, {"administrator", "guard"}),
    ("POST", "/alarms/{alarm}/acknowledge", None, {"administrator", "guard"}),
    ("PATCH", "/doors/{door}/rules", {"name": "x"}, {"administrator"}),
    ("PUT", "/sites/{site}/areas", {"number": 1, "name": "x"}, {"administrator"}),
    ("PATCH", "/tenants/{tenant}", {"retention_days": 5}, {"administrator"}),
    ("POST", "/schedules", {"name": "x", "times": []}, {"administrator"}),
    ("PUT", "/schedules/{schedule}", {"name": "x", "times": []}, {"administrator"}),
    ("DELETE", "/schedules/{schedule}", None, {"administrator"}),
    ("POST", "/holidays", {"name": "x", "first": "2030-01-02"}, {"administrator"}),
    ("POST", "/holidays/norway", {"year": 2030}, {"administrator"}),
    ("DELETE", "/holidays/{holiday}", None, {"administrator"}),
    ("POST", "/people", {"name": "x"}, {"administrator"}),
    ("PATCH", "/people/{person}", {"name": "x"}, {"administrator"}),
    ("GET", "/people/{person}/export", None, {"administrator"}),
    ("POST", "/pins", {"person": "{person}"}, {"administrator"}),
    ("POST", "/credentials", {"person": "{person}", "number": 5}, {"administrator"}),
    ("POST", "/credentials/{credential}/revoke", None, {"administrator"}),
    ("POST", "/people/{person}/readings", {"door": "{door}"}, {"administrator"}),
    ("POST", "/groups", {"name": "x"}, {"administrator"}),
    ("PATCH", "/groups/{group}", {"name": "x"}, {"administrator"}),
    ("PATCH", "/groups/{group}/rules", {"hold": True}, {"administrator"}),
    ("POST", "/grants", {"person": "{person}", "group": "{group}"}, {"administrator"}),
    ("DELETE", "/grants/{grant}", None, {"administrator"}),
    ("PUT", "/tenants/{tenant}/sign-in", {"providers": [], "directory": ""}, set()),
    ("PATCH", "/banks/{bank}", {"name": "x"}, {"administrator", "installer"}),
    ("POST", "/banks/{bank}/open", {"compartment": 1}, {"administrator", "guard"}),
    ("POST", "/banks/{bank}/allotments", {"compartment": 4, "person": "{person}"}, {"administrator"}),
    ("PATCH", "/allotments/{allotment}", {"until": None}, {"administrator"}),
    ("DELETE", "/allotments/{allotment}", None, {"administrator"}),
    ("POST", "/deliveries", {"bank": "{bank}", "recipient": {"unit": "H0301"}}, {"administrator"}),
    ("POST", "/deliveries/{delivery}/extend", {"due_at": "2026-05-03T12:00:00Z"}, {"administrator"}),
    ("POST", "/banks/{bank}/shared", {"compartments": [4]}, {"administrator"}),
    ("PATCH", "/tenants/{tenant}/residents", {"unlock": True}, {"administrator"}),
    ("PUT", "/people/{person}/account", {"email": "x@example.test"}, {"administrator"}),
    ("POST", "/deliveries/{delivery}/cancel", None, {"administrator"}),
    ("PUT", "/tokens/{token}/webhook", {"url": "https://courier.example.test/"}, set()),
    ("POST", "/people/{person}/requests", {"kind": "access", "asked_by": "x", "checked": "x"}, {"administrator"}),
    ("POST", "/requests/{request}/extend", {"reason": "x"}, {"administrator"}),
    ("POST", "/requests/{request}/answer", {"answer": "x", "outcome": "refused"}, {"administrator"}),
    ("POST", "/requests/{request}/erase", None, {"administrator"}),
    (
        "POST",
        "/tenants/{tenant}/breaches",
        {"scope": "whole", "since": "2025-11-20T12:00:00Z", "known_at": "2025-11-20T12:00:00Z", "said": "x"},
        set(),
    ),
    ("POST", "/breaches/{breach}/people", None, set()),
]
READS = {
    "/people": {"administrator", "viewer"},
    "/credentials": {"administrator", "viewer"},
    "/groups": {"administrator", "viewer"},
    "/grants": {"administrator", "viewer"},
    "/events": {"administrator", "viewer"},
    "/gaps": {"administrator", "viewer"},
    "/looks": set(),
    "/requests": {"administrator"},
    "/breaches": set(),
}


def numbers(house: House) -> dict[str, int]:
    """One row of each kind, for the places in a path."""
    schedule = Schedule.objects.filter(tenant=house.tenant).first() or schedules.save(
        Schedule(tenant=house.tenant), "Kontor", [[31, 480, 960]]
    )
    holidays.fill(house.tenant.pk, 2026)
    Area.objects.get_or_create(site=house.site, number=2, defaults={"name": "x"})
    happen(house, events.FIRE, door=0)
    alarms.gather(clock.now())
    bank, delivery = house.add_bank()
    other = people.enter(house.tenant.pk, name="Nils")
    allotment = Allotment.objects.create(bank=bank, compartment=3, mark=7, person=other, made_at=clock.now())
    now = clock.now()
    breach = breaches.open_one(house.tenant, "whole", now - timedelta(hours=5), None, now, "innbrudd")
    return {
        "allotment": allotment.pk,
        "breach": breach.pk,
        "bank": bank.pk,
        "delivery": delivery.pk,
        "tenant": house.tenant.pk,
        "site": house.site.pk,
        "controller": house.controller.pk,
        "door": house.doors[0].pk,
        "alarm": Alarm.objects.filter(controller=house.controller).latest("pk").pk,
        "schedule": schedule.pk,
        "holiday": house.tenant.holidays.first().pk,
        "person": house.person.pk,
        "credential": house.card.pk,
        "group": house.group.pk,
        "grant": house.person.grants.get().pk,
        "reading": learning.arm(house.person, house.doors[0], None, None).pk,
        "member": members.invite(house.tenant, f"somebody-{house.tenant.pk}@example.test", Role.VIEWER).pk,
        "request": requests.enter(house.person, requests.Kind.ERASURE, requests.Way.OFFICE).pk,
        "token": ApiToken.objects.create(
            tenant=house.tenant, name="x", role=Role.VIEWER, hash=f"{house.tenant.pk:064d}"
        ).pk,
    }


def fill(body: Any, at: dict[str, int]) -> Any:
    return json.loads(re.sub(r'"\{(\w+)\}"', lambda place: str(at[place[1]]), json.dumps(body))) if body else body


@pytest.mark.parametrize("role", ["administrator", "viewer", "guard", "installer"])
def test_each_role_does_its_own_work_and_no_more(house: House, role: str) -> None:
    from django.db import transaction

    at, api = numbers(house), Api(house, role)
    for method, path, body, roles in WRITES:
        with transaction.atomic():
            status, _ = api(method, path.format(**at), fill(body, at))
            transaction.set_rollback(True)
        if role in roles:
            assert status < 300 or (status == 400 and method == "DELETE"), (method, path, status)
        else:
            assert status in (403, 404), (method, path, status)
    for path, roles in READS.items():
        rows = api("GET", path)[1]
        seen = bool(rows["events"] if path == "/events" else rows) if path != "/gaps" else role in roles
        assert seen == (role in roles), path


# What is sent there where more has to be in place for it to succeed.
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/deliveries/{delivery}/move"): {"to": "{bank}"},
    ("POST", "/people/{person}/directory"): {"scim_user": 1, "same": True},
    ("PATCH", "/tenants/{tenant}/help"): {"days": 30},
    ("PATCH", "/tenants/{tenant}/statement"): {"contact": "Kari Moe"},
    ("PUT", "/people/{person}/birth"): {},
    ("POST", "/requests/{request}/lift"): {"reason": "x"},
    ("PATCH", "/breaches/{breach}"): {"measures": "x"},
    ("POST", "/breaches/{breach}/entries"): {"what": "note", "note": "x"},
    ("POST", "/breaches/{breach}/close"): {},
    ("PUT", "/breaches/{breach}/notices"): {"to": "people", "language": "nb", "text": "x"},
    ("POST", "/deliveries/{delivery}/return"): {},
    ("POST", "/shipments/{delivery}/return"): {},
}


def test_no_route_takes_another_tenants_row(house: House, other: House, api: Api) -> None:
    """Every operation of the description that names a row, with a row of somebody else."""
    mine, theirs = numbers(house), numbers(other)
    described = api("GET", "/openapi.json")[1]["paths"]
    tried = 0
    for path, operations in described.items():
        names = re.findall(r"\{(\w+)_id\}", path)
        if not names or names[0] in ("guest", "event", "help"):  # in no house here: the attacks try them
            continue
        for method in operations:
            plain = path.removeprefix("/api").replace("_id}", "}")
            known = next((body for m, p, body, _ in WRITES if (m, p) == (method.upper(), plain)), None)
            known = BODIES.get((method.upper(), plain), known)
            place = "command" if names == ["command"] else names[0]
            number = theirs[place] if place != "command" else _command(other)
            status, _ = api(method.upper(), plain.format(**{place: number}), fill(known, mine))
            assert status == 404, (method, path, status)
            tried += 1
    assert tried >= 30


def _command(house: House) -> int:
    from tools.cloud.doors import commands

    return commands.release(house.doors[0], None).pk


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/schedules", {"name": "x", "times": [], "next": "{schedule}"}),
        ("PATCH", "/doors/{mine}/rules", {"free": "{schedule}"}),
        ("PATCH", "/doors/{mine}/rules", {"who": [{"what": "card", "when": "{schedule}"}]}),
        ("PATCH", "/groups/{my_group}/rules", {"doors": [{"door": "{door}"}]}),
        ("POST", "/grants", {"person": "{person}", "group": "{my_group}"}),
        ("POST", "/pins", {"person": "{person}"}),
        ("POST", "/schedules", {"name": "x", "times": [], "tenant": "{tenant}"}),
        ("POST", "/sites", {"name": "x", "tenant": "{tenant}"}),
        ("POST", "/holidays/norway", {"year": 2026, "tenant": "{tenant}"}),
        ("GET", "/events?person={person}", None),
    ],
)
def test_another_tenants_rows_cannot_be_mixed_in(
    house: House, other: House, api: Api, method: str, path: str, body: Any
) -> None:
    at = numbers(other) | {"mine": house.doors[0].pk, "my_group": house.group.pk}
    status, _ = api(method, path.format(**at), fill(body, at))
    assert status in (400, 404)


def test_everything_is_in_the_description(api: Api) -> None:
    paths = api("GET", "/openapi.json")[1]["paths"]
    for method, path, _, _ in WRITES:
        places = re.sub(r"\{(\w+)\}", r"{\1_id}", path)
        assert method.lower() in paths[f"/api{places}"], path


def test_a_pin_that_was_lost_with_a_board_is_listed(house: House, api: Api) -> None:
    api("PATCH", f"/doors/{house.doors[0].pk}/rules", {"who": [{"what": "pin"}]})
    pins.give(house.person)
    lost.lost(house.controller, None)
    replace = api("GET", f"/controllers/{house.controller.pk}/lost")[1]["replace"]
    assert {one["kind"] for one in replace} == {"card", "pin"}


def test_what_is_past_its_days_is_not_in_the_log(house: House, api: Api) -> None:
    from tools.cloud.log import retention

    happen(house, events.GRANTED, credential=house.card)
    Event.objects.update(utc=datetime.fromtimestamp(house.time.now, UTC) - timedelta(days=91))
    happen(house, 0, door=0)
    retention.erase(clock.now())
    assert [event["name"] for event in api("GET", "/events")[1]["events"]] == ["expired"]
