"""The API: what it answers, to whom, and that no tenant sees another's."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cloud_world import House, Stopped, Wire
from django.test import Client

from firmware.controller import events as codes
from firmware.controller.access import modes
from tools import boards
from tools.cloud.doors import commands
from tools.cloud.members import links
from tools.cloud.models import (
    AclEntry,
    ApiToken,
    Command,
    Controller,
    Door,
    Event,
    Membership,
    Person,
    Role,
    SignInLink,
    User,
    visible,
)
from tools.cloud.services import clock


class Api:
    """A program with a bearer token."""

    def __init__(self, house: House, role: Role = Role.ADMINISTRATOR):
        self.client = Client(headers={"Authorization": f"Bearer {links.make_token(house.tenant, 'test', role)}"})

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


def test_a_card_is_given_and_taken_away(house: House, api: Api) -> None:
    status, person = api("POST", "/people", {"name": "Olav Bakken"})
    assert status == 201
    status, group = api("POST", "/groups", {"name": "post", "doors": [house.doors[1].pk]})
    assert status == 201 and group["doors"] == [house.doors[1].pk]
    status, grant = api("POST", "/grants", {"person": person["id"], "group": group["id"]})
    assert status == 201 and grant["valid_until"] is None
    status, card = api("POST", "/credentials", {"person": person["id"], "facility": 17, "number": 1205})
    assert status == 201 and card["number"] == 17 << 16 | 1205
    assert AclEntry.objects.filter(credential=card["id"]).count() == 1
    status, revoked = api("POST", f"/credentials/{card['id']}/revoke")
    assert status == 200 and not revoked["active"]
    assert AclEntry.objects.filter(credential=card["id"]).count() == 0
    assert api("DELETE", f"/grants/{grant['id']}") == (204, None)


def test_people_and_groups_change(house: House, api: Api) -> None:
    assert api("PATCH", f"/people/{house.person.pk}", {"active": False})[1]["active"] is False
    assert AclEntry.objects.count() == 0
    assert api("PATCH", f"/people/{house.person.pk}", {"active": True, "name": "Ingrid S."})[0] == 200
    assert api("PATCH", f"/groups/{house.group.pk}", {"name": "en", "doors": [house.doors[0].pk]})[0] == 200
    assert api("GET", "/groups")[1] == [{"id": house.group.pk, "name": "en", "doors": [house.doors[0].pk]}]
    assert AclEntry.objects.get().profile == 2
    assert [row["name"] for row in api("GET", "/people")[1]] == ["Ingrid S."]
    assert len(api("GET", f"/credentials?person={house.person.pk}")[1]) == 1
    assert len(api("GET", f"/grants?person={house.person.pk}")[1]) == 1
    assert api("GET", f"/people/{house.person.pk}")[1]["id"] == house.person.pk


def test_granting_again_changes_until_when(house: House, api: Api) -> None:
    until = clock.now() + timedelta(days=1)
    body = {"person": house.person.pk, "group": house.group.pk, "valid_until": until.isoformat()}
    assert api("POST", "/grants", body)[0] == 201
    assert house.person.grants.get().valid_until == until


@pytest.mark.parametrize(
    "time", ["2026-05-03T17:00:00", "2026-05-03", "2026-05-03 17:00", 1_777_777_777, "1777777777", "tomorrow", ""]
)
def test_a_time_without_its_offset_is_refused(house: House, api: Api, time: Any) -> None:
    grant = {"person": house.person.pk, "group": house.group.pk}
    card = {"person": house.person.pk, "number": 77}
    for path, body in (
        ("/grants", grant | {"valid_until": time}),
        ("/grants", grant | {"valid_from": time}),
        ("/credentials", card | {"valid_until": time}),
    ):
        status, said = api("POST", path, body)
        assert status == 422 and "offset from UTC, such as 2027-05-03T17:00:00+02:00" in said["error"], (path, said)
    for name in ("since", "until"):
        status, said = api("GET", f"/events?{urlencode({name: time})}")
        assert status == 422 and "in an address + is written %2B" in said["error"]
    assert house.person.grants.get().valid_until is None and house.person.credentials.count() == 1


def test_a_time_with_any_offset_is_taken(house: House, api: Api) -> None:
    body = {"person": house.person.pk, "group": house.group.pk, "valid_until": "2027-05-03T17:00:00-04:00"}
    status, said = api("POST", "/grants", body)
    assert status == 201 and datetime.fromisoformat(said["valid_until"]).timestamp() == 1_809_378_000
    assert house.person.grants.get().valid_until.isoformat() == "2027-05-03T21:00:00+00:00"
    assert api("GET", f"/events?{urlencode({'since': '2026-05-03T17:00:00+02:00'})}")[0] == 200
    assert api("GET", "/events?since=2026-05-03T17:00:00Z")[0] == 200


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "9999-01-01T00:00:00Z"])
def test_a_time_at_the_end_of_the_calendar_is_refused(house: House, api: Api, time: str) -> None:
    """Nobody can reckon with it: a day before the first or after the last there is none."""
    for name in ("since", "until"):
        status, said = api("GET", f"/events?{urlencode({name: time})}")
        assert status == 422 and "between 4 and 9996" in said["error"], (name, said)


def test_every_time_that_the_api_takes_asks_for_its_offset() -> None:
    """The kind: a field of a request that is a plain datetime would take a time of nowhere."""
    from tools.cloud.api.subjects import api as whole

    schema = whole.get_openapi_schema()
    taken = [
        parameter["schema"]
        for methods in schema["paths"].values()
        for method in methods.values()
        for parameter in method.get("parameters", ())
    ]
    seen, left = set(), _named(schema["paths"], only="requestBody")
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            fields = schema["components"]["schemas"][name].get("properties", {})
            taken += fields.values()
            left += _named(fields)
    moments = [one for field in taken for one in [field, *field.get("anyOf", ())] if one.get("format") == "date-time"]
    assert len(moments) >= 21
    assert {one.get("description") for one in moments} == {"With its offset from UTC."}


def _named(part: Any, only: str = "") -> list[str]:
    """The schemas that a part of the description names; only: below this key."""
    if isinstance(part, list):
        return [name for one in part for name in _named(one, only)]
    if not isinstance(part, dict):
        return []
    found = [] if only or "$ref" not in part else [part["$ref"].rpartition("/")[2]]
    for key, value in part.items():
        found += _named(value, "" if key == only else only)
    return found


def test_a_door_is_released_and_the_command_followed(house: House, api: Api) -> None:
    line = Wire(house.time)
    line.connect(house.settings).connect()
    status, command = api("POST", f"/doors/{house.doors[0].pk}/release")
    assert status == 202 and command["state"] == "queued"
    line.poll()
    assert api("GET", f"/commands/{command['id']}")[1]["state"] == "done"


def test_a_door_that_was_shut_while_its_board_had_no_power_is_closed(house: House, api: Api) -> None:
    board = Wire(house.time).connect(house.settings).connect()
    board.record(codes.DOOR_OPENED, 1)
    board.record(codes.DOOR_OPENED, 2)
    board.record(codes.STARTED, 0)
    board.record(codes.DOOR_FOUND_OPEN, 2)
    board.send_events(1, 4)
    contacts = lambda: [row["contact"] for row in api("GET", "/doors")[1]]  # noqa: E731
    assert contacts() == ["open", "open"]  # of doors without a contact a start tells nothing
    Controller.objects.update(board={"name": "two", "doors": [{"contact": {"pin": 34, "open": 1}}] * 2})
    assert contacts() == ["closed", "open"]


def test_during_a_lockdown_a_release_has_to_be_meant(house: House, api: Api) -> None:
    board = Wire(house.time).connect(house.settings).connect()
    board.hello(standing=[[modes.LOCKDOWN, 0, int(house.time.now), 1]])
    status, said = api("POST", f"/doors/{house.doors[0].pk}/release")
    assert status == 409 and "lockdown" in said["error"] and not Command.objects.exists()
    assert api("POST", f"/doors/{house.doors[1].pk}/release")[0] == 202
    assert api("POST", f"/doors/{house.doors[0].pk}/release?during_lockdown=true")[0] == 202


def test_how_doors_are_locked_and_who_asked_for_it(house: House, api: Api) -> None:
    owner = User.objects.create(email="kari@example.test")
    until = int(house.time.now) + 900
    command = commands.hold(house.doors[0], owner, until)
    Command.objects.filter(pk=command.pk).update(state="done", ended_at=clock.now())
    path = f"/doors/{house.doors[0].pk}"
    nothing = {"why": "", "until": None, "since": None, "schedule": "", "by": ""}
    assert api("GET", path)[1]["lock"] == {"state": "unknown"} | nothing
    board = Wire(house.time).connect(house.settings).connect()
    board.hello(standing=None)
    assert [row["lock"] for row in api("GET", "/doors")[1]] == [{"state": "locked"} | nothing] * 2
    board.hello(standing=[[modes.COMMAND, until, until - 900, 1]])
    lock = api("GET", path)[1]["lock"]
    assert (lock["state"], lock["why"], lock["by"]) == ("unlocked", "hold", "kari@example.test")
    assert datetime.fromisoformat(lock["until"]).timestamp() == until
    assert [Api(house, role)("GET", path)[1]["lock"]["by"] for role in (Role.GUARD, Role.VIEWER, Role.INSTALLER)] == [
        "kari@example.test",
        "kari@example.test",
        "",
    ]


def test_how_doors_are(house: House, api: Api) -> None:
    line = Wire(house.time)
    board = line.connect(house.settings)
    assert [row["contact"] for row in api("GET", "/doors")[1]] == ["unknown", "unknown"]
    assert not api("GET", f"/doors/{house.doors[0].pk}")[1]["in_sync"]
    board.connect()
    for code, door in ((codes.DOOR_OPENED, 1), (codes.DOOR_FORCED, 2), (codes.DOOR_HELD, 1), (codes.GRANTED, 1)):
        board.record(code, door)
    board.send_events(1, 4)
    line.poll()
    first, second = api("GET", "/doors")[1]
    assert (first["contact"], first["confirmed"], first["in_sync"]) == ("held", True, True)
    assert first["last_event"] == Event.objects.get(sequence=4).pk and second["contact"] == "forced"
    board.record(codes.DOOR_CLOSED, 1)
    board.send_events(5, 5)
    line.poll(6)
    first = api("GET", "/doors")[1][0]
    assert (first["contact"], first["confirmed"]) == ("closed", False)


def test_the_log_is_filtered_and_comes_in_pages(house: House, api: Api) -> None:
    line = Wire(house.time)
    board = line.connect(house.settings).connect()
    for n in range(12):
        board.record(
            codes.GRANTED if n % 2 else codes.RELEASED_REX, 1 + n % 3 % 2, board.key(26, 1204) if n % 2 else None
        )
    board.send_events(1, 12)
    seen: list[int] = []
    path = "/events?limit=5"
    while path:
        page = api("GET", path)[1]
        seen += [event["sequence"] for event in page["events"]]
        path = f"/events?limit=5&before={page['next']}" if page["next"] else ""
    assert seen == list(range(12, 0, -1))
    granted = api("GET", f"/events?person={house.person.pk}")[1]["events"]
    assert {(event["name"], event["person"]) for event in granted} == {("granted", "Ingrid Solheim")} and len(
        granted
    ) == 6
    assert len(api("GET", f"/events?code={codes.RELEASED_REX}")[1]["events"]) == 6
    assert len(api("GET", "/events?door=2")[1]["events"]) == 4
    later = (clock.now() + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    assert api("GET", f"/events?since={later}")[1] == {"events": [], "next": None}
    assert len(api("GET", f"/events?until={later}&limit=0")[1]["events"]) == 1
    assert api("GET", "/gaps")[1] == []


def test_a_controller_is_enrolled_and_its_secrets_told_once(house: House, api: Api) -> None:
    body = {"site": house.site.pk, "name": "Kjeller", "board": boards.load("esp32-two-door"), "doors": ["Sykkelrom"]}
    status, made = api("POST", "/controllers", body)
    assert status == 201
    row = Controller.objects.get(pk=made["controller"]["id"])
    assert made["settings"]["link_secret"] == bytes(row.link_secret).hex()
    assert list(row.doors.values_list("name", flat=True)) == ["Sykkelrom", "Kjeller 2"]
    for path in ("/controllers", f"/controllers/{row.pk}"):
        text = json.dumps(api("GET", path)[1])
        assert row.public_id in text and bytes(row.link_secret).hex() not in text and "table_key" not in text
    status, answer = api("POST", "/controllers", body)
    assert status == 400 and "choose another name" in answer["error"]
    said = {"id": house.site.pk, "name": "Borettslag", "zone": "Europe/Oslo", "warnings": []}
    assert api("GET", "/sites")[1] == [said]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"board": {"doors": [{}]}}, "This board cannot be used: "),
        (
            {"board": boards.load("esp32-two-door") | {"stauts": 14}},
            "stauts (did you mean status?) means nothing",
        ),
        ({"wifi": {"name": "ø" * 17, "password": ""}}, "wifi.name: must be 1 to 32 bytes"),
        ({"wifi": {"name": "Gaten 7", "password": "hallo"}}, "wifi.password: must be 8 to 63 bytes"),
        ({"wifi": {"nmae": "Gaten 7", "password": ""}}, "wifi.nmae: is not known (did you mean name?)"),
        ({"broker": {"host": "", "port": 1883}}, "broker.host: must be 1 to 253 characters"),
        ({"broker": {"host": "h", "port": "1883"}}, "broker.port: must be 1 to 65535"),
        ({"broker": {"host": "h", "port": 0}}, "broker.port: must be 1 to 65535"),
        ({"broker": {"host": "h", "prot": 1883}}, "prot (did you mean port?) means nothing there"),
        ({"broker": {}}, "A broker has host and port"),
        ({"doors": ["x" * 101]}, "a name has at most 100 characters"),
    ],
)
def test_what_the_installer_would_refuse_makes_no_controller(house: House, api: Api, wrong: Any, said: str) -> None:
    body = {"site": house.site.pk, "name": "Kjeller", "board": boards.load("esp32-two-door")}
    status, answer = api("POST", "/controllers", body | wrong)
    assert status == 400 and said.lower() in answer["error"].lower(), answer
    assert not Controller.objects.filter(name="Kjeller").exists()


# Tenants


def rows_of(house: House) -> list[tuple[str, str, Any]]:
    """Every address that takes a row's number: (method, path, body)."""
    line = Wire(house.time)
    board = line.connect(house.settings).connect()
    board.record(codes.DOOR_OPENED)
    board.send_events(1, 1)
    command = Command.objects.create(
        controller=house.controller, door=house.doors[0], requested_at=clock.now(), expires_at=clock.now()
    )
    grant = house.person.grants.get()
    board_json = boards.load("esp32-two-door")
    return [
        ("GET", f"/doors/{house.doors[0].pk}", None),
        ("POST", f"/doors/{house.doors[0].pk}/release", None),
        ("GET", f"/commands/{command.pk}", None),
        ("GET", f"/people/{house.person.pk}", None),
        ("PATCH", f"/people/{house.person.pk}", {"name": "x"}),
        ("POST", "/people", {"name": "x", "tenant": house.tenant.pk}),
        ("POST", "/credentials", {"person": house.person.pk, "number": 1}),
        ("POST", f"/credentials/{house.card.pk}/revoke", None),
        ("POST", "/groups", {"name": "x", "tenant": house.tenant.pk}),
        ("PATCH", f"/groups/{house.group.pk}", {"name": "x"}),
        ("POST", "/grants", {"person": house.person.pk, "group": house.group.pk}),
        ("DELETE", f"/grants/{grant.pk}", None),
        ("GET", f"/controllers/{house.controller.pk}", None),
        ("POST", "/controllers", {"site": house.site.pk, "name": "x", "board": board_json}),
    ]


LISTS = ["/doors", "/people", "/credentials", "/groups", "/grants", "/events", "/gaps", "/controllers", "/sites"]


def test_another_tenants_rows_are_not_found(house: House, other: House, api: Api) -> None:
    for method, path, body in rows_of(other):
        assert api(method, path, body)[0] == 404, (method, path)
    assert Person.objects.filter(tenant=other.tenant, name="x").count() == 0
    mine, theirs = ({path: api_("GET", path)[1] for path in LISTS} for api_ in (api, Api(other)))
    for path in LISTS:
        if path == "/events":
            assert mine[path]["events"] == [] and len(theirs[path]["events"]) == 1
        elif path != "/gaps":
            assert {row["id"] for row in mine[path]}.isdisjoint(row["id"] for row in theirs[path])


def test_another_tenants_doors_and_people_cannot_be_mixed_in(house: House, other: House, api: Api) -> None:
    assert api("POST", "/groups", {"name": "x", "doors": [other.doors[0].pk]})[0] == 400
    assert api("PATCH", f"/groups/{house.group.pk}", {"doors": [other.doors[0].pk]})[0] == 400
    assert set(house.group.doors.all()) == set(house.doors)
    assert api("POST", "/grants", {"person": house.person.pk, "group": other.group.pk})[0] == 404
    user = User.objects.named("begge@example.org")
    for tenant in (house.tenant, other.tenant):
        Membership.objects.create(user=user, tenant=tenant, role=Role.OWNER)
    client = Client()
    client.force_login(user)
    body = {"person": house.person.pk, "group": other.group.pk}
    answer = client.post("/api/grants", body, content_type="application/json")
    assert answer.status_code == 400 and "different tenants" in answer.json()["error"]
    answer = client.post("/api/people", {"name": "x"}, content_type="application/json")
    assert answer.status_code == 400 and "name one" in answer.json()["error"]


def test_what_a_user_sees_is_scoped_in_one_place(house: House, other: House) -> None:
    user = User.objects.named("ola@example.org")
    assert not visible(Door, user).exists()
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.VIEWER)
    assert set(visible(Door, user)) == set(house.doors)
    assert set(visible(Controller, user)) == {house.controller}


def test_a_viewer_looks_and_changes_nothing(house: House) -> None:
    api = Api(house, Role.VIEWER)
    for method, path, body in rows_of(house):
        assert api(method, path, body)[0] == (200 if method == "GET" else 403), (method, path)
    for path in LISTS:
        assert api("GET", path)[0] == 200


def test_nobody_gets_nothing(house: House) -> None:
    for client in (
        Client(),
        Client(headers={"Authorization": "Bearer 1.wrong"}),
        Client(headers={"Authorization": "x"}),
    ):
        for path in LISTS:
            answer = client.get(f"/api{path}")
            assert answer.status_code == 401 and answer.json() == {"error": "Sign in, or send a good bearer token."}


@pytest.mark.parametrize("token", ["", ".", "1", "1.", "x.y", "²." + "a" * 43, "9" * 30 + ".a", "-1.a"])
def test_a_token_that_is_none_is_refused(house: House, token: str) -> None:
    assert links.read_token(token) is None


def test_tokens_are_kept_as_hashes_and_can_be_taken_back(house: House) -> None:
    token = links.make_token(house.tenant, "test", Role.VIEWER)
    row = links.read_token(token)
    assert row is not None and token.split(".")[1] not in row.hash
    assert links.read_token(token[:-1] + ("a" if token[-1] != "a" else "b")) is None
    ApiToken.objects.update(revoked_at=clock.now())
    assert links.read_token(token) is None


def test_a_session_changes_nothing_without_the_csrf_token(house: House) -> None:
    user = User.objects.named("ola@example.org")
    Membership.objects.create(user=user, tenant=house.tenant, role=Role.OWNER)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.get("/api/doors").status_code == 200
    assert client.post("/api/people", {"name": "x"}, content_type="application/json").status_code == 403
    assert not Person.objects.filter(name="x").exists()


# Errors, description, sign-in


def test_errors_have_one_shape(house: House, api: Api) -> None:
    for method, path, body, status in (
        ("POST", "/people", {"name": ""}, 422),
        ("POST", "/people", {}, 422),
        ("GET", "/doors/nine", None, 422),
        ("GET", "/doors/999999", None, 404),
        ("POST", "/credentials", {"person": house.person.pk, "number": 1204}, 400),
        ("POST", "/groups", {"name": "alle"}, 400),
    ):
        got, answer = api(method, path, body)
        assert got == status and list(answer) == ["error"] and answer["error"], (path, answer)


def test_the_description_needs_nothing_from_elsewhere(api: Api) -> None:
    answer = api.client.get("/api/docs")
    page = answer.content.decode()
    assert "https://" not in page and page.count("<script") == 1 and "/static/django_htmx/" in page
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    for path, calls in api("GET", "/openapi.json")[1]["paths"].items():
        assert page.count(f"<code>{path}</code>") == len(calls), path
    assert "/api/doors/{door_id}/release" in api("GET", "/openapi.json")[1]["paths"]


def test_a_sign_in_link_works_once(house: House) -> None:
    user = User.objects.named("Ola@Example.org")
    token = links.make(user)
    assert SignInLink.objects.get().hash != token
    client = Client()
    for look in (client.get, client.head, client.options):  # whoever only looks does not use it up
        look(f"/enter/{token}")
        assert SignInLink.objects.get().used_at is None and "_auth_user_id" not in client.session
    answer = client.post(f"/enter/{token}")
    assert (answer.status_code, answer["Location"]) == (302, "/") and client.session["_auth_user_id"] == str(user.pk)
    again = Client()
    answer = again.post(f"/enter/{token}")
    assert answer["Location"] == "/accounts/login/" and "_auth_user_id" not in again.session


def test_a_sign_in_link_leads_to_a_page_of_ours_and_nowhere_else(house: House) -> None:
    for then, where in (
        ("/building/", "/building/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("", "/"),
    ):
        token = links.make(User.objects.named("ola@example.org"))
        assert Client().post(f"/enter/{token}?{urlencode({'next': then})}")["Location"] == where


def test_a_sign_in_link_ends(house: House, time_now: Stopped) -> None:
    user = User.objects.named("ola@example.org")
    token = links.make(user, minutes=30)
    time_now.now += 30 * 60
    assert links.use(token) is None
    user.is_active = False
    user.save()
    assert links.use(links.make(user)) is None and links.use("nothing") is None


def test_there_are_no_passwords() -> None:
    user = User.objects.named("ola@example.org")
    assert "password" not in {field.name for field in User._meta.get_fields()}
    assert not user.has_usable_password() and not user.check_password("")
    assert Client().post("/accounts/signup/", {"email": "x@example.org"}).status_code in (302, 403, 404, 405)
    assert User.objects.count() == 1


def test_pages_take_nothing_from_elsewhere_and_nothing_inline(house: House) -> None:
    policy = Client().get("/accounts/login/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
