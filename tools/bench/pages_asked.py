"""What is asked of a big house: every page and every call that reads, by whoever it is for."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tools.bench.big_house import BigHouse
from tools.cloud import models as m

# Of a page: what is no page. A stream stays open; what a token opens is one thing's; the rest leads elsewhere.
NO_PAGES = ("doors_stream", "guest", "pass", "parcel", "copy", "request_followed", "language", "sign_out", "mine")
# Whole files of all there is, asked for once in a while: counted, and not measured.
FILES = ("log_csv", "log_json", "list_people", "list_groups", "bank_usage")
# What a page asks for of itself, with what it asks.
OF_PAGES = {"my_asked": "command", "my_blocked": "credential"}
NO_CALLS = ("/api/shipments/{delivery_id}",)  # a courier's program asks for one of its own
FILE_CALLS = ("/api/lists/people", "/api/lists/groups", "/api/people/{person_id}/export")
# Of a call: the row that a part of its path names.
PARTS = {
    "bank_id": "banks", "breach_id": "breaches", "command_id": "commands", "controller_id": "controllers",
    "delivery_id": "deliveries",
    "door_id": "doors", "event_id": "events", "group_id": "groups", "help_id": "help", "person_id": "people",
    "reading_id": "readings", "request_id": "requests", "site_id": "sites", "tenant_id": "tenants",
}  # fmt: skip
TRIED = 7  # of each kind that is looked for: so that it is not always the same row


class Asked(NamedTuple):
    """who: owner, keeper (of some doors) or resident. addresses: several of a kind, taken by turns."""

    name: str
    who: str
    addresses: list[str]
    file: bool = False


def everything(house: BigHouse) -> list[Asked]:
    """Each page and call once as it is, and the lists narrowed as people narrow them."""
    return [*_pages(house), *_narrowed_pages(house), *_kept(house), *_calls(house), *_narrowed_calls(house)]


def _pages(house: BigHouse) -> Iterator[Asked]:
    from django.urls import URLPattern

    from tools.cloud.pages import urls

    for one in urls.urlpatterns:
        if not isinstance(one, URLPattern) or one.name in NO_PAGES:
            continue
        route = str(one.pattern)
        for parameter in one.pattern.converters:
            route = re.sub(rf"<\w+:{parameter}>", str(house.rows[route.split("/")[0]].pk), route)
        who = "resident" if route.startswith(("me/", "help/mine/", "help/new")) else "owner"
        more = {"command": house.unlocked, "credential": house.lost}
        asked = OF_PAGES.get(str(one.name))
        route += f"?{asked}={more[asked].pk}" if asked else ""
        yield Asked(str(one.name), who, [f"/{route}"], one.name in FILES)


def _narrowed_pages(house: BigHouse) -> Iterator[Asked]:
    people, doors = house.persons[:TRIED], house.doors[:: max(1, len(house.doors) // TRIED)]
    middle = m.Event.objects.filter(door_number__gt=0).order_by("pk")[house.size.events // 2]
    change = m.Change.objects.order_by("pk")[house.size.records // 2].pk
    day = middle.received_at.date()
    yield _owner("people, a name", "/people/", *({"q": person.name[-5:]} for person in people))
    yield _owner("people, half a name", "/people/", {"q": people[0].name.split()[0]})
    yield _owner("people, nobody", "/people/", {"q": "nobody is called so"})
    yield _owner("log of a person", "/log/", *({"person": person.pk} for person in people))
    yield _owner("log of a door", "/log/", *({"door": door.pk} for door in doors))
    yield _owner("log, alarms", "/log/", {"kind": "alarm"})
    yield _owner("log, alarms of a door", "/log/", *({"kind": "alarm", "door": door.pk} for door in doors))
    yield _owner("log of a day", "/log/", {"since": day, "until": day})
    yield _owner("log of a door and a day", "/log/", *({"door": one.pk, "since": day, "until": day} for one in doors))
    yield _owner("log of somebody at a door", "/log/", {"door": doors[0].pk, "person": people[0].pk})
    yield _owner("log, older", "/log/", {"before": middle.pk})
    yield _owner("changes of a person", "/changes/", *({"person": person.pk} for person in people))
    yield _owner("changes, older", "/changes/", {"before": change})
    yield _owner("who can open a door", "/questions/door", *({"door": door.pk} for door in doors[1:]))
    yield _owner("who can open the main door", "/questions/door", {"door": house.doors[0].pk})
    yield _owner("questions, a name", "/questions/", {"q": "Ingrid"})
    for person in people[1:2]:
        yield Asked("person, another", "owner", [f"/people/{person.pk}/"])


def _kept(house: BigHouse) -> Iterator[Asked]:
    """By who keeps some doors only."""
    for name in ("", "people/", "log/", "access/", "guests/", f"people/{house.person.pk}/"):
        yield Asked(f"keeper, /{name}".replace(f"/{house.person.pk}/", "/(one)"), "keeper", [f"/{name}"])
    yield Asked("keeper, log of a person", "keeper", [f"/log/?person={house.person.pk}"])
    for name in ("events", "people", "doors"):
        yield Asked(f"keeper, /api/{name}", "keeper", [f"/api/{name}"])


def _owner(name: str, path: str, *wanted: dict[str, Any]) -> Asked:
    return Asked(name, "owner", [f"{path}?{urlencode(one)}" for one in wanted])


def _calls(house: BigHouse) -> Iterator[Asked]:
    from tools.cloud.api.subjects import api

    for path, methods in api.get_openapi_schema()["paths"].items():
        if "get" in methods and path not in NO_CALLS:
            part = re.sub(r"\{(\w+)\}", lambda found: str(house.rows[PARTS[found[1]]].pk), path)
            yield Asked(path, "owner", [part], path in FILE_CALLS)


def _narrowed_calls(house: BigHouse) -> Iterator[Asked]:
    people = house.persons[:TRIED]
    door, middle = house.doors[0], m.Event.objects.order_by("pk")[house.size.events // 2].pk
    yield _owner("events of a person", "/api/events", *({"person": person.pk} for person in people))
    yield _owner("events of a door", "/api/events", {"controller": door.controller_id, "door": door.number})
    yield _owner("events, older", "/api/events", {"before": middle})
    yield _owner("events of a day", "/api/events", _day(house))
    yield _owner("events, one code", "/api/events", {"code": 11})
    yield _owner("credentials of a person", "/api/credentials", *({"person": person.pk} for person in people))
    yield _owner("grants of a person", "/api/grants", *({"person": person.pk} for person in people))


def _day(house: BigHouse) -> dict[str, str]:
    begins = house.now - timedelta(days=40)
    return {"since": begins.isoformat(), "until": (begins + timedelta(days=1)).isoformat()}
