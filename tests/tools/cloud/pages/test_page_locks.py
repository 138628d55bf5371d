"""Whether doors are locked: on the doors page, a door's own and live; what a lockdown asks before an unlock."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from firmware.controller import events
from firmware.controller.access import modes


def stands(house: Any, *groups: list[int]) -> None:
    """The controller says so, and has a link."""
    house.controller.door_status = {str(door): group[:3] for group in groups for door in group[3:]}
    house.controller.confirmed_at = datetime.fromtimestamp(house.time.now, UTC)
    house.controller.save(update_fields=["door_status", "confirmed_at"])


def done(house: Any, do: str, user: Any, door: Any = None, **arguments: Any) -> None:
    from tools.cloud.models import Command

    at = datetime.fromtimestamp(house.time.now - 120, UTC)
    Command.objects.create(
        controller=house.controller, door=door, do=do, arguments=arguments, requested_by=user,
        requested_at=at, expires_at=at, state="done", ended_at=at,
    )  # fmt: skip


def doors_of(page: str) -> list[str]:
    return page.split('-now">')[1:]


def now(house: Any, more: int = 0) -> int:
    return int(house.time.now) + more


def local(house: Any, more: int = 0) -> str:
    from zoneinfo import ZoneInfo

    return datetime.fromtimestamp(now(house, more), ZoneInfo("Europe/Oslo")).strftime("%H:%M")


@pytest.mark.parametrize("path", ["/", "/doors/{}/"])
def test_a_hold_says_until_when_by_whom_and_since_when(browser: Any, house: Any, path: str) -> None:
    client = browser()
    done(house, "hold", client.user, house.doors[0], until=now(house, 3600))
    stands(house, [modes.COMMAND, now(house, 3600), now(house, -120), 1])
    page = client.get(path.format(house.doors[0].pk)).content.decode()
    assert f"<strong>Held unlocked until {local(house, 3600)}</strong>" in page
    assert f"By {client.user.email}, since {local(house, -120)}" in page
    assert "As last reported" not in page


def test_doors_as_usual_are_locked_and_one_that_never_said_says_nothing(browser: Any, house: Any) -> None:
    client = browser()
    assert 'class="lock' not in client.get("/").content.decode()
    stands(house)
    assert client.get("/").content.decode().count("<strong>Locked</strong>") == 2


@pytest.mark.parametrize(
    ("why", "text"),
    [
        (modes.SCHEDULE, "Unlocked</strong>"),
        (modes.FIRST_IN, "Unlocked</strong>"),
        (modes.OFFICE, "Unlocked</strong><br>Office mode"),
        (modes.COMMAND, "Held unlocked until further notice</strong>"),
        (modes.EVACUATION, "Unlocked for evacuation since {}</strong>"),
        (modes.FIRE, "Unlocked by the fire input since {}</strong>"),
        (modes.LOCKDOWN, "Lockdown since {}</strong>"),
    ],
)
def test_every_reason_has_its_words(browser: Any, house: Any, why: int, text: str) -> None:
    stands(house, [why, 0, now(house, -60), 1])
    first, second = doors_of(browser().get("/").content.decode())
    assert text.format(local(house, -60)) in first and "<strong>Locked</strong>" in second


def test_a_schedule_is_named_with_its_end_and_so_is_who_began_it(browser: Any, house: Any, record: Any) -> None:
    from tools.cloud.models import DoorRules, Schedule

    monday = datetime(2025, 11, 24, 8, tzinfo=UTC)
    house.time.now = monday.timestamp()
    hours = Schedule.objects.create(tenant=house.tenant, name="Office hours", number=1, times=[[31, 480, 1020]])
    rules = DoorRules.objects.create(door=house.doors[0], free=hours)
    stands(house, [modes.SCHEDULE, 0, now(house), 1])
    first = doors_of(browser().get("/").content.decode())[0]
    assert "<strong>Unlocked until 17:00</strong><br>By schedule Office hours</span>" in first
    rules.first_in = True
    rules.save()
    record(events.FREE_BEGAN, extra=modes.FIRST_IN, person=house.person)
    stands(house, [modes.FIRST_IN, 0, now(house), 1])
    assert "By schedule Office hours, since Ingrid Solheim came" in browser().get("/").content.decode()
    # Who may not see who passed is not told who came.
    guard = browser(role="guard").get("/").content.decode()
    assert "By schedule Office hours, since the first person came" in guard and "Ingrid" not in guard


def test_a_door_that_is_locked_as_usual_says_so_and_no_more(browser: Any, house: Any) -> None:
    stands(house)
    doors = doors_of(browser().get("/").content.decode())
    assert len(doors) == 2 and all("<strong>Locked</strong>" in door and 'class="lock "' in door for door in doors)


def test_who_asked_is_told_to_those_who_may_ask_or_see_the_log(browser: Any, house: Any) -> None:
    owner = browser().user
    done(house, "lockdown", owner)
    stands(house, [modes.LOCKDOWN, 0, now(house), 1, 2])
    for role, told in (("guard", True), ("viewer", True), ("installer", False)):
        assert (f"By {owner.email}" in browser(role=role).get("/").content.decode()) is told, role


def test_without_a_link_it_is_as_last_reported_and_a_hold_ends_all_the_same(browser: Any, house: Any) -> None:
    client = browser()
    stands(house, [modes.COMMAND, now(house, 60), now(house), 1])
    house.time.now += 30
    page = client.get("/").content.decode()
    assert page.count("As last reported") == 2 and "Held unlocked until" in page
    house.time.now += 30
    assert "Held unlocked until" not in client.get("/").content.decode()


def test_a_lockdown_is_a_state_of_the_controller_too_and_not_that_it_begins(
    browser: Any, house: Any, record: Any
) -> None:
    record(events.LOCKDOWN_BEGAN, door=0)
    stands(house, [modes.LOCKDOWN, 0, now(house), 1, 2])
    page = browser().get("/").content.decode()
    assert page.count(f"Lockdown since {local(house)}") == 3 and "Lockdown begins" not in page
    stands(house)  # its end was lost on the way, or erased: the board says how it is
    assert "Lockdown since" not in browser().get("/").content.decode()


def test_an_unlock_during_a_lockdown_has_to_be_meant(browser: Any, house: Any) -> None:
    from tools.cloud.models import Command

    client = browser()
    stands(house, [modes.LOCKDOWN, 0, now(house), 1])
    path = f"/doors/{house.doors[0].pk}/release"
    asked = client.post(path, headers={"HX-Request": "true"})
    assert (asked.status_code, asked.headers["HX-Redirect"]) == (204, f"/doors/{house.doors[0].pk}/sure")
    question = client.get(asked.headers["HX-Redirect"]).content.decode()
    assert "Unlock Hovedinngang during the lockdown?" in question and f'action="{path}"' in question
    assert "during the lockdown?" in client.post(path).content.decode()
    assert not Command.objects.exists()
    client.post(path, {"sure": "1"})
    client.post(f"/doors/{house.doors[1].pk}/release")
    assert [command.door for command in Command.objects.order_by("pk")] == house.doors


def test_a_hold_during_a_lockdown_has_to_be_meant_and_its_end_has_not(browser: Any, house: Any) -> None:
    from tools.cloud.models import Command

    client = browser()
    stands(house, [modes.LOCKDOWN, 0, now(house), 1, 2])
    path = f"/doors/{house.doors[0].pk}/hold"
    question = client.post(path, {"minutes": "60"}).content.decode()
    assert "counts when the lockdown ends" in question and 'name="minutes" value="60"' in question
    assert not Command.objects.exists()
    client.post(path, {"minutes": "60", "sure": "1"})
    client.post(path, {"minutes": "0"})
    assert [command.arguments["until"] for command in Command.objects.order_by("pk")] == [now(house, 3600), None]


def test_only_who_may_unlock_is_asked_whether_it_is_meant(browser: Any, house: Any, stranger: Any) -> None:
    stands(house, [modes.LOCKDOWN, 0, now(house), 1, 2])
    assert browser(role="viewer").get(f"/doors/{house.doors[0].pk}/sure").status_code == 403
    assert browser().get(f"/doors/{stranger.doors[0].pk}/sure").status_code == 404


def test_a_hold_on_its_way_is_no_release_that_was_done(browser: Any, house: Any) -> None:
    from tools.cloud.models import Command

    client = browser()
    answer = client.post(f"/doors/{house.doors[0].pk}/hold", {"minutes": "15"})
    assert answer.headers["Location"] == f"/doors/{house.doors[0].pk}/"
    assert "Hold: on its way" in client.get("/").content.decode()
    Command.objects.update(state="done")
    page = client.get("/").content.decode()
    assert "Hold: " not in page and "Unlocked for a moment" not in page
    Command.objects.update(state="refused")
    assert "Hold: the controller refused" in client.get("/").content.decode()


def test_other_commands_to_a_door_are_no_unlock(browser: Any, house: Any) -> None:
    from tools.cloud.doors import commands

    client = browser()
    commands.learn(house.doors[0], client.user)
    commands.identify(house.controller, client.user, house.doors[1])
    page = client.get("/").content.decode()
    assert "on its way" not in page and 'class="release' not in page


def test_a_doors_page_says_who_can_open_it(browser: Any, house: Any) -> None:
    from tools.cloud.models import Grant

    path = f"/doors/{house.doors[0].pk}/"
    assert "Who can open" in browser().get(path).content.decode()
    assert "1 person</span>" in browser().get(path).content.decode()
    gone = house.add_person("Olav Bakken")
    Grant.objects.filter(person=gone).update(valid_until=datetime.fromtimestamp(now(house, -1), UTC))
    assert "1 person</span>" in browser().get(path).content.decode()
    house.add_person("Sofie Moen")
    assert "2 people</span>" in browser().get(path).content.decode()
    house.group.doors.clear()
    assert "nobody can open it with a card" in browser().get(path).content.decode()
    assert "Who can open" not in browser(role="guard").get(path).content.decode()


def test_the_live_stream_has_the_state_and_its_end_by_time(changes: Any, browser: Any, house: Any) -> None:
    client = browser()
    stands(house)
    stream, one = changes(client, "en"), changes(client, "en", house.doors[0].pk)
    for each in (stream, one):
        next_of(each)
        next_of(each)
    stands(house, [modes.COMMAND, now(house, 3), now(house), 1])
    assert "Held unlocked until" in said(stream)[f"door-{house.doors[0].pk}-now"]
    [(name, live)] = said(one).items()
    assert name == f"door-{house.doors[0].pk}-at" and "Held unlocked until" in live
    house.time.now += 3
    assert "<strong>Locked</strong>" in said(stream)[f"door-{house.doors[0].pk}-now"]


def test_a_stream_of_a_door_that_is_not_theirs_says_nothing(changes: Any, browser: Any, stranger: Any) -> None:
    stream = changes(browser(), "en", stranger.doors[0].pk)
    next_of(stream)
    assert next_of(stream).startswith(b":")


def next_of(stream: Any) -> bytes:
    """The stream's next piece, without an event loop: nothing in it waits."""
    try:
        stream.__anext__().send(None)
    except StopIteration as piece:
        return bytes(piece.value)
    raise AssertionError("the stream waited")


def said(stream: Any) -> dict[str, str]:
    parts: dict[str, str] = json.loads(next_of(stream).removeprefix(b"data: "))
    return parts
