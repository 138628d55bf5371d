"""Who may not know of duress sees, byte for byte, what they would see after an ordinary tap: everywhere, by any way."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from cloud_world import House, ends
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, get_resolver

from firmware.controller import events
from tools.cloud.access_list import acl
from tools.cloud.alarms import alarms
from tools.cloud.api.subjects import api
from tools.cloud.controllers import lost
from tools.cloud.models import Alarm, Change, Credential, DoorRules, Event, Membership, Right, Role, User, visible
from tools.cloud.models.rights import roles_with
from tools.cloud.people import pins
from tools.cloud.services import clock

UNKNOWING = [role for role in Role if role.value not in roles_with(Right.DURESS)]
OWN = ("/sign-out", "/language", "/account/", "/enter/", "/accounts/", "/doors/stream")  # of whoever asks


TOLD = ("/", "/log/", "/alarms/", "/api/events", "/api/alarms")


# What can be asked of each call of the API.
METHODS = {re.sub(r"{\w+}", "{}", path): list(calls) for path, calls in api.get_openapi_schema()["paths"].items()}


class _Back(Exception):
    pass


@pytest.fixture
def home(house: House) -> House:
    pins.give(house.person)
    pins.give(house.person, "duress")
    return house


def test_the_roles_that_may_not_know(house: House) -> None:
    assert UNKNOWING == [
        Role.VIEWER, Role.INSTALLER, Role.COURIER, Role.RECEPTIONIST, Role.AUDITOR, Role.SUPPORT,
    ]  # fmt: skip


def client(house: House, role: Role, language: str = "en") -> Client:
    user = User.objects.named(f"{role}@example.org")
    Membership.objects.get_or_create(user=user, tenant=house.tenant, role=role, defaults=ends(role))
    made = Client(headers={"accept-language": language})
    made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    made.user = user  # type: ignore[attr-defined]
    return made


def happens(house: House, code: int, **fields: Any) -> Event:
    sequence = 1 + Event.objects.filter(controller=house.controller).count()
    values = {"extra": 0, "flags": 1, "utc": clock.now(), "received_at": clock.now(), **fields}
    return Event.objects.create(
        controller=house.controller, epoch=1, sequence=sequence, code=code, door_number=1, **values
    )


def after(house: House, kind: str, look: Callable[[], Any]) -> Any:
    """What is seen after somebody was let in by that PIN and other things happened; then all of it is undone."""
    seen: list[Any] = []
    try:
        with transaction.atomic():
            happens(house, events.DOOR_FORCED)
            alarms.gather(clock.now())
            pin = house.person.credentials.get(kind=kind, active=True)
            code = events.GRANTED_DURESS if kind == "duress" else events.GRANTED
            happens(house, code, credential=pin, key=b"\x01" * 7)
            alarms.gather(clock.now())
            house.time.now += 20
            happens(house, events.READER_TAMPER)
            alarms.gather(clock.now())
            house.controller.acked = 3
            house.controller.save(update_fields=["acked"])
            assert Alarm.objects.filter(code=events.GRANTED_DURESS).exists() == (kind == "duress")
            seen.append(look())
            raise _Back
    except _Back:
        house.time.now -= 20
    for statement in connection.ops.sequence_reset_sql(no_style(), list(apps.get_models())):
        with connection.cursor() as cursor:  # PostgreSQL gives no number twice, rolled back or not
            cursor.execute(statement)
    return seen[0]


def ids() -> list[int]:
    """The numbers of everything there is, and of the next thing. Who may not know opens no change by its number."""
    found = {0}
    for model in (*apps.get_app_config("cloud").get_models(),):
        if model is not Change and model._meta.pk.get_internal_type() in ("AutoField", "BigAutoField"):
            found |= set(model.objects.values_list("pk", flat=True))
    return sorted(found | {max(found) + 1, max(found) + 2})


def paths() -> Iterator[str]:
    """Every page and call there is, with a hole where a number goes."""

    def walk(patterns: Any, before: str) -> Iterator[str]:
        for one in patterns:
            route = before + str(one.pattern)
            if isinstance(one, URLPattern):
                yield route
            else:
                yield from walk(one.url_patterns, route)

    for route in walk(get_resolver().url_patterns, "/"):
        path = re.sub(r"<(?:int:)?\w+>", "{}", route)
        if not path.startswith(OWN) and "<" not in path and "^" not in path:
            yield path


def everything(
    browser: Client, numbers: list[int], tells_of_events: bool = False
) -> dict[tuple[str, str], tuple[int, bytes]]:
    """Every answer there is to be had: to questions, and to what would change something if it were allowed."""
    queries = [f"?code={events.GRANTED}", f"?code={events.GRANTED_DURESS}", "?limit=1", "?limit=2", "?kind=alarm"]
    queries += ["?kind=granted", "?person={}", "?before={}", "?after={}", "?door=1"]
    wanted = []
    for path in paths():
        if tells_of_events and path not in TOLD:
            continue
        filled = [path.replace("{}", str(n)) for n in numbers] if "{}" in path else [path]
        wanted += [(method, one) for method in METHODS.get(path, ["get", "post"]) for one in filled]
        if path in ("/log/", "/api/events", "/api/alarms", "/alarms/"):
            wanted += [("get", path + q.format(n)) for q in queries for n in (numbers if "{}" in q else [0])]
        if path == "/alarms/acknowledge":
            wanted += [("post", f"{path}?{n}") for n in numbers]
    return {(method, path): _answer(browser, method, path) for method, path in wanted}


def _answer(browser: Client, method: str, path: str) -> tuple[int, bytes]:
    where, _, asked = path.partition("?")
    if method == "get":
        answer: Any = browser.get(path)
    elif where.startswith("/api/"):
        answer = getattr(browser, method)(where, {}, "application/json")
    else:
        answer = browser.post(where, {"alarm": asked})
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, re.sub(rb"\b[A-Za-z0-9]{64}\b", b"", content)  # tokens against forged forms


# A viewer asks for everything; the others, in `make test`, for what tells of events.
@pytest.mark.parametrize("role", [role for role in UNKNOWING if role != Role.VIEWER])
def test_after_duress_what_tells_of_events_is_as_after_an_ordinary_pin(home: House, role: Role) -> None:
    browser = client(home, role)
    numbers = after(home, "duress", ids)
    ordinary = after(home, "pin", lambda: everything(browser, numbers, tells_of_events=True))
    assert len(ordinary) > 40
    assert ordinary == after(home, "duress", lambda: everything(browser, numbers, tells_of_events=True))


@pytest.mark.timeout(400)  # some thousand requests
@pytest.mark.parametrize(
    "role", [one if one == Role.VIEWER else pytest.param(one, marks=pytest.mark.slow) for one in UNKNOWING]
)
def test_after_duress_everything_is_as_after_an_ordinary_pin(home: House, role: Role) -> None:
    browser = client(home, role)
    numbers = after(home, "duress", ids)
    ordinary = after(home, "pin", lambda: everything(browser, numbers))
    duress = after(home, "duress", lambda: everything(browser, numbers))
    assert METHODS and len(ordinary) > 700 and sum(status == 200 for status, _ in ordinary.values()) > 30
    print(len(ordinary))
    assert [(path, *_differ(ordinary[path], duress[path])) for path in ordinary if ordinary[path] != duress[path]] == []
    assert [path for path, (_, body) in duress.items() if b"uress" in _content(body)] == []


def _differ(one: tuple[int, bytes], other: tuple[int, bytes]) -> tuple[Any, ...]:
    """Both status codes, and where the answers begin to differ."""
    at = next((n for n, pair in enumerate(zip(one[1], other[1], strict=False)) if pair[0] != pair[1]), 0)
    return one[0], other[0], one[1][max(0, at - 60) : at + 60], other[1][max(0, at - 60) : at + 60]


def _content(body: bytes) -> bytes:
    """Without the description of the API, which names everything there is."""
    return b"" if body.startswith(b'{"openapi"') else body


def test_who_may_know_sees_another_thing(home: House) -> None:
    """The comparison itself is no empty one."""
    browser = client(home, Role.OWNER)
    ordinary, duress = (
        after(home, kind, lambda: {path: browser.get(path).content for path in TOLD}) for kind in ("pin", "duress")
    )
    assert [path for path in ordinary if ordinary[path] == duress[path]] == []
    assert b"uress" in duress["/"] and b"granted_duress" in duress["/api/events"]


@pytest.mark.parametrize("role", UNKNOWING)
def test_a_stream_says_and_keeps_silent_alike(home: House, role: Role) -> None:
    from tools.cloud.doors import live
    from tools.cloud.sessions import hashed

    browser = client(home, role)

    def follow() -> list[dict[str, str]]:
        hub = live.Hub()
        one = live.DoorStream(browser.user, hashed(browser.session.session_key or ""), "en")  # type: ignore[attr-defined]
        hub.join(one)
        hub.look()
        before = one.parts
        happens(home, events.DOOR_CLOSED)
        hub.look()
        return [before, one.parts]

    assert after(home, "pin", follow) == after(home, "duress", follow)


def test_the_pin_of_duress_is_there_for_those_only_who_may_know(home: House) -> None:
    row = Credential.objects.get(kind="duress")
    for role in Role:
        user = client(home, role).user  # type: ignore[attr-defined]
        assert visible(Credential, user).filter(pk=row.pk).exists() == (role in (Role.OWNER, Role.ADMINISTRATOR)), role
    said = json.loads(client(home, Role.VIEWER).get("/api/credentials").content)
    assert {one["kind"] for one in said} == {"card", "pin"}


def test_a_lost_board_names_it_to_those_only(home: House) -> None:
    DoorRules.objects.create(door=home.doors[0], who=[["card/pin", None]])
    acl.refresh(home.tenant.pk, clock.now())
    lost.lost(home.controller, None)
    for role in [role for role in Role if Right.LOOK in role.rights]:
        browser = client(home, role)
        told = json.loads(browser.get(f"/api/controllers/{home.controller.pk}/lost").content)["replace"]
        page = browser.get(f"/controllers/{home.controller.pk}/").content
        knows = Right.DURESS in role.rights
        assert ("duress" in {one["kind"] for one in told}) == knows, role
        assert (b"Duress" in page) == knows, role


def test_other_alarms_keep_their_number_over_time(home: House) -> None:
    browser = client(home, Role.VIEWER)
    happens(home, events.DOOR_FORCED)
    alarms.gather(clock.now())
    [first] = browser.get("/api/alarms").json()
    home.time.now += 60
    happens(home, events.READER_TAMPER)
    alarms.gather(clock.now() + timedelta(seconds=1))
    now = browser.get("/api/alarms").json()
    assert first["id"] in {one["id"] for one in now} and len({one["id"] for one in now}) == 2
    [told] = [one for one in client(home, Role.GUARD).get("/api/alarms").json() if one["name"] == "door_forced"]
    assert told["id"] == Alarm.objects.get(code=events.DOOR_FORCED).pk
