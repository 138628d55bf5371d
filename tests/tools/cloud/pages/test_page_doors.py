"""The doors page: how doors stand, who may release them, and what the live stream says."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from firmware.controller import events
from tools.cloud.models import Role


def _confirm(house: Any, seconds_ago: float) -> None:
    house.controller.confirmed_at = datetime.fromtimestamp(house.time.now - seconds_ago, UTC)
    house.controller.save(update_fields=["confirmed_at"])


def test_nobody_looks_without_signing_in(house: Any) -> None:
    from django.test import Client

    for path in ("/", "/people/", "/log/", "/people/new"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/")
    assert Client().get("/doors/stream").status_code == 401


def test_an_htmx_request_without_session_takes_the_whole_page_to_sign_in(house: Any) -> None:
    from django.test import Client

    answer = Client().post(f"/doors/{house.doors[0].pk}/release", headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        ([], "Not reported yet"),
        ([events.DOOR_OPENED], "Open"),
        ([events.DOOR_OPENED, events.DOOR_HELD], "Held open"),
        ([events.DOOR_FORCED], "Forced"),
        ([events.DOOR_FORCED, events.DOOR_CLOSED, events.GRANTED], "Closed"),
    ],
)
def test_a_door_stands_as_its_last_contact_event_says(browser: Any, record: Any, codes: list[int], text: str) -> None:
    for code in codes:
        record(code)
    page = browser().get("/").content.decode()
    first_door = page.split('-now">')[1]
    assert f"</svg>{text}</span>" in first_door


def test_the_last_passage_names_the_person(browser: Any, house: Any, record: Any) -> None:
    record(events.GRANTED, person=house.person)
    record(events.DOOR_OPENED)
    assert "<strong>Ingrid Solheim</strong><br>Granted," in browser().get("/").content.decode()


def test_a_link_counts_for_five_seconds(browser: Any, house: Any) -> None:
    client = browser()
    assert "Never linked" in client.get("/").content.decode()
    _confirm(house, 4)
    assert "Confirmed 4 s ago" in client.get("/").content.decode()
    _confirm(house, 6)
    page = client.get("/").content.decode()
    assert "No confirmed link since" in page
    assert "revocations reach it when it is back" in page


def test_a_release_is_asked_for_once_and_its_fate_shows(browser: Any, house: Any) -> None:
    from tools.cloud.models import Command

    client = browser()
    door = house.doors[0]
    answer = client.post(f"/doors/{door.pk}/release", headers={"HX-Request": "true"})
    command = Command.objects.get()
    assert (command.door, command.requested_by) == (door, client.user)
    assert "Unlock: on its way" in answer.content.decode()
    fates = [("sent", "waiting for the door"), ("done", "Unlocked for a moment"), ("expired", "Not unlocked")]
    for state, text in fates:
        Command.objects.update(state=state)
        assert text in client.get("/").content.decode()
    house.time.now += 61
    assert "Not unlocked" not in client.get("/").content.decode()


def test_without_script_a_release_leads_back_to_its_door(browser: Any, house: Any) -> None:
    answer = browser().post(f"/doors/{house.doors[1].pk}/release")
    assert answer.headers["Location"] == f"/#door-{house.doors[1].pk}"


def test_a_viewer_sees_doors_and_releases_none(browser: Any, house: Any) -> None:
    from tools.cloud.models import Command

    client = browser(role="viewer")
    page = client.get("/").content.decode()
    assert "Hovedinngang" in page
    assert "/release" not in page
    answer = client.post(f"/doors/{house.doors[0].pk}/release")
    assert answer.status_code == 403
    assert "made by administrators" in answer.content.decode()
    assert not Command.objects.exists()


def test_other_tenants_doors_do_not_exist(browser: Any, house: Any, stranger: Any) -> None:
    from tools.cloud.doors import door_status
    from tools.cloud.models import Command

    client = browser()
    assert [one.door for one in door_status.doors(client.user)] == house.doors
    assert door_status.doors(client.user, only=stranger.doors[0].pk) == []
    assert client.get("/").content.decode().count('class="door card"') == len(house.doors)
    assert client.post(f"/doors/{stranger.doors[0].pk}/release").status_code == 404
    assert client.post("/doors/999999/release").status_code == 404
    assert client.get(f"/doors/{house.doors[0].pk}/release").status_code == 405
    assert not Command.objects.exists()


def test_a_site_without_doors_says_what_to_do(browser: Any, house: Any) -> None:
    from tools.cloud.models import Tenant

    empty = Tenant.objects.create(name="Ny")
    assert "enrolled at a site" in browser(tenant=empty).get("/").content.decode()


def _next(stream: Any) -> bytes:
    """The stream's next piece, without an event loop: nothing in it waits (see `changes`)."""
    try:
        stream.__anext__().send(None)
    except StopIteration as piece:
        return bytes(piece.value)
    raise AssertionError("the stream waited")


def _said(stream: Any) -> dict[str, str]:
    said: dict[str, str] = json.loads(_next(stream).removeprefix(b"data: "))
    return said


def test_the_stream_sends_everything_once_and_then_what_changes(
    changes: Any, browser: Any, house: Any, record: Any
) -> None:
    first_door = f"door-{house.doors[0].pk}-now"
    stream = changes(browser(), "en")
    assert _next(stream) == b"retry: 2000\n\n"
    assert set(_said(stream)) == {
        "alarms",
        "bell",
        f"link-{house.controller.pk}",
        first_door,
        f"door-{house.doors[1].pk}-now",
    }
    record(events.DOOR_FORCED)
    house.controller.acked += 1
    house.controller.save(update_fields=["acked"])
    changed = _said(stream)
    assert set(changed) == {first_door}
    assert "Forced" in changed[first_door]


def test_the_stream_tells_when_a_link_is_lost(changes: Any, browser: Any, house: Any) -> None:
    _confirm(house, 1)
    stream = changes(browser(), "nb")
    _next(stream)
    _said(stream)
    house.time.now += 10
    assert "Ingen bekreftet forbindelse" in _said(stream)[f"link-{house.controller.pk}"]


def test_a_quiet_stream_is_kept_alive(changes: Any, browser: Any, house: Any) -> None:
    stream = changes(browser(), "nb")
    _next(stream)
    _said(stream)
    assert _next(stream).startswith(b":")


def _over(stream: Any) -> bool:
    """Whether its next piece is its last, and says so."""
    if _next(stream) != b"event: over\ndata: \n\n":
        return False
    try:
        stream.__anext__().send(None)
    except StopAsyncIteration:
        return True
    return False


WAYS = {
    "signed out": lambda client, row: client.post("/sign-out"),
    "session ended": lambda client, row: _members().sign_out(row.user),
    "account inactive": lambda client, row: _members().set_active(row.user, False),
    "membership ended": lambda client, row: _members().end(row),
    "another role": lambda client, row: _members().set_role(row, Role.VIEWER),
    "not used": lambda client, row: row.user.sessions.update(used_at="2020-01-01T00:00:00Z"),
    "days over": lambda client, row: row.user.sessions.update(expire_date="2020-01-01T00:00:00Z"),
}


def _members() -> Any:
    from tools.cloud.members import members

    return members


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("door", [False, True])
def test_a_stream_ends_when_access_is_taken_away(
    changes: Any, browser: Any, house: Any, record: Any, way: str, door: bool
) -> None:
    from tools.cloud.models import Membership

    client, other = browser(role="guard"), browser()
    only = house.doors[0].pk if door else None
    stream, others = changes(client, door=only), changes(other, door=only)
    for one in (stream, others):
        _next(one)
        assert _said(one)
    WAYS[way](client, Membership.objects.get(user=client.user))
    assert _over(stream)
    record(events.DOOR_FORCED)
    house.controller.acked += 1
    house.controller.save(update_fields=["acked"])
    assert "Forced" in str(_said(others)), "the others go on"
    assert len(changes.hub.streams) == 1


def test_one_look_serves_all_streams(changes: Any, browser: Any, house: Any, monkeypatch: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tools.cloud.doors import live

    monkeypatch.setattr(live, "OF_A_USER", 300)
    client = browser(role="viewer")
    asked = []
    for count in (1, 200):
        while len(changes.hub.streams) < count:
            changes(client)
        changes.hub._known = {}
        with CaptureQueriesContext(connection) as queries:
            changes.hub.look()
        asked.append(len(queries))
    assert asked[0] == asked[1] > 0


def test_a_user_has_room_for_so_many_streams_and_others_are_not_kept_out(changes: Any, browser: Any) -> None:
    from tools.cloud.doors import live

    client = browser(role="viewer")
    streams = [changes(client) for _ in range(live.OF_A_USER)]
    with pytest.raises(live.Crowded):
        changes(client)
    changes(browser())
    _next(streams[0])
    _said(streams[0])
    with contextlib.suppress(StopIteration):
        streams[0].aclose().send(None)  # a page is closed
    changes(client)


def test_a_stream_that_never_began_makes_room(changes: Any, browser: Any) -> None:
    from tools.cloud.doors import live

    client = browser(role="viewer")
    for _ in range(live.OF_A_USER):
        changes(client)
    for one in changes.hub.streams:
        one.joined -= 11
    changes(client)
    assert len(changes.hub.streams) == 1


def test_where_nobody_can_say_who_may_look_streams_end(changes: Any, browser: Any, monkeypatch: Any) -> None:
    import asyncio

    from tools.cloud.doors import live

    hub = live.Hub()
    one = live.DoorStream(browser().user, "x", "en")

    def broken() -> None:
        raise RuntimeError("no database")

    monkeypatch.setattr(hub, "look", broken)

    async def follow() -> list[Any]:
        hub.join(one)
        return [changed async for changed in live.changes(hub, one)]

    assert asyncio.run(follow()) == [] and one.end is live.End.BROKEN and not hub.streams


def test_groups_of_a_door_are_for_who_sees_people_there(browser: Any, house: Any, stranger: Any) -> None:
    """A guard here who is a viewer elsewhere."""
    from tools.cloud.models import Membership

    guard = browser(role="guard")
    Membership.objects.create(user=guard.user, tenant=stranger.tenant, role="viewer")
    page = guard.get(f"/doors/{house.doors[0].pk}/").content.decode()
    assert "Hovedinngang" in page and "alle" not in page and "Who can open" not in page
    assert "Who can open" in guard.get(f"/doors/{stranger.doors[0].pk}/").content.decode()
    assert "Who can open" in browser(role="viewer").get(f"/doors/{house.doors[0].pk}/").content.decode()


def test_when_all_streams_are_taken_each_tenant_has_its_share(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.cloud.doors import live

    monkeypatch.setattr(live, "OF_ALL", 12)
    user, hub = browser().user, live.Hub()

    def join(*tenants: int) -> live.DoorStream:
        one = live.DoorStream(user, "s", "en", tenants=frozenset(tenants))
        hub.join(one)
        return one

    def shares() -> list[int]:
        return [sum(tenant in one.tenants for one in hub.streams) for tenant in (1, 2, 3)]

    monkeypatch.setattr(live, "OF_A_USER", 99)
    first = [join(1) for _ in range(12)]
    with pytest.raises(live.Crowded):
        join(1)
    for _ in range(6):
        join(2)
    assert shares() == [6, 6, 0] and [one.end for one in first].count(live.End.CROWDED) == 6
    assert [one for one in first if one.end] == first[6:], "the newest"
    with pytest.raises(live.Crowded):
        join(2)
    for _ in range(4):
        join(3)
    assert shares() == [4, 4, 4]
    for crowded in ((1,), (2,), (3,), ()):
        with pytest.raises(live.Crowded):
            join(*crowded)
