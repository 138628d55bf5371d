"""Commissioning on the controller's page: begun, ended, tried; a list that fills itself from events alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from firmware.controller import events

BOARD = Path(__file__).parents[4] / "boards/esp32-two-door-supervised/board.json"
MARKED = events.TIME_TRUSTED | events.COMMISSIONING


@pytest.fixture
def wired(house: Any) -> Any:
    """The house's controller on a board with everything."""
    house.controller.board = json.loads(BOARD.read_text())
    house.controller.save()
    return house


def _page(client: Any, house: Any) -> str:
    return str(client.get(f"/controllers/{house.controller.pk}/").content.decode())


def _do(client: Any, house: Any, **fields: Any) -> Any:
    return client.post(f"/controllers/{house.controller.pk}/commission", fields)


def _commands(house: Any) -> list[tuple[str, dict[str, Any], int | None]]:
    from tools.cloud.models import Command

    rows = Command.objects.order_by("pk").values_list("do", "arguments", "door")
    return list(rows)


def test_an_installer_begins_and_ends_it(browser: Any, house: Any) -> None:
    client = browser(role="installer")
    assert "Begin commissioning" in _page(client, house)
    _do(client, house, do="begin", minutes="30")
    _do(client, house, do="end")
    assert _commands(house) == [("commission", {"minutes": 30}, None), ("commission", {"minutes": 0}, None)]

    for minutes in ("61", "0", "", "x"):
        _do(client, house, do="begin", minutes=minutes)
    assert _commands(house)[2:] == [("commission", {"minutes": 15}, None)] * 4


def test_who_installs_nothing_begins_nothing(browser: Any, house: Any) -> None:
    for role in ("viewer", "guard"):
        client = browser(role=role)
        assert "Begin commissioning" not in _page(client, house)
        for what in ("begin", "end", "alarm"):
            assert _do(client, house, do=what).status_code == 403
    assert _commands(house) == []


def test_an_installer_releases_no_door_with_it(browser: Any, house: Any, record: Any) -> None:
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    client = browser(role="installer")
    page = _page(client, house)
    assert 'value="release"' not in page and 'value="identify"' in page
    assert _do(client, house, do="release", door=house.doors[0].pk).status_code == 403
    assert _commands(house) == []
    assert 'value="release"' in _page(browser(), house)
    _do(browser(), house, do="release", door=house.doors[0].pk)
    assert _commands(house) == [("release", {}, house.doors[0].pk)]


def test_a_door_of_another_tenant_is_not_found(browser: Any, house: Any, stranger: Any) -> None:
    for what in ("release", "identify"):
        assert _do(browser(), house, do=what, door=stranger.doors[0].pk).status_code == 404
    assert _do(browser(), house, do="dance").status_code == 400


def test_the_list_fills_itself(browser: Any, wired: Any, record: Any, time_now: Any) -> None:
    client = browser()
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    assert "0 of 13 tried and working" in _page(client, wired)
    assert "15 minutes left" in _page(client, wired)
    for door, what in ((1, 3), (1, 1), (1, 2), (1, 5), (0, 17), (1, 18), (0, 20), (0, 21)):
        record(events.TRIED, door, extra=what, flags=MARKED)
    time_now.now += 121
    page = _page(client, wired)
    assert "8 of 13 tried and working" in page
    assert "13 minutes left" in page
    for text in ("Reader: a card was read", "Reader: hold any card", "Fire input: it spoke", "Tamper switch: take"):
        assert text in page


def test_what_is_tried_before_or_after_counts_for_nothing(wired: Any, record: Any) -> None:
    """Somebody who taps a card the next day has tried no reader for the paper that the installer signs."""
    from tools.cloud.commissioning import commissioning
    from tools.cloud.services import clock

    record(events.TRIED, 1, extra=3, flags=MARKED)
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    record(events.TRIED, 1, extra=1, flags=MARKED)
    record(events.COMMISSIONING_ENDED, 0, extra=1)
    record(events.TRIED, 1, extra=2, flags=MARKED)
    last = commissioning.last(wired.controller, clock.now())
    assert last is not None and last.done == 1 and not last.on


def test_it_is_over_when_its_time_is_and_after_a_restart(house: Any, record: Any, time_now: Any) -> None:
    from tools.cloud.commissioning import commissioning
    from tools.cloud.services import clock

    def last() -> Any:
        return commissioning.last(house.controller, clock.now())

    assert last() is None
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    record(events.STARTED, 0)
    assert not last().on
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    assert last().on
    time_now.now += 901
    assert not last().on
    time_now.now += 13 * 3600
    assert last() is None


def test_wires_exchanged_are_said_so(browser: Any, house: Any, record: Any) -> None:
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    record(events.READER_MISREAD, 1, extra=26, flags=MARKED)
    record(events.READER_MISREAD, 2, extra=25, flags=MARKED, count=3)
    page = _page(browser(), house)
    assert "D0 and D1 may be exchanged" in page
    assert "25 bits came 4 times" in page


def test_the_page_asks_until_there_is_news(browser: Any, house: Any, record: Any) -> None:
    client, path = browser(), f"/controllers/{house.controller.pk}/commissioning"
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    seen = client.get(path).content.decode().split("?seen=")[1].split('"')[0]
    assert client.get(f"{path}?seen={seen}").status_code == 204
    record(events.TRIED, 1, extra=3)
    assert "1 of" in client.get(f"{path}?seen={seen}").content.decode()


def test_the_doors_and_the_log_show_that_it_is_on(browser: Any, house: Any, record: Any) -> None:
    client = browser()
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    record(events.DOOR_FORCED, 1, flags=MARKED)
    assert "Commissioning" in client.get("/").content.decode()
    assert "</svg>commissioning</span>" in client.get("/log/").content.decode()
    record(events.COMMISSIONING_ENDED, 0, extra=1)
    assert "Commissioning" not in client.get("/").content.decode()


def test_what_is_tried_raises_no_alarm_unless_it_still_stands_at_the_end(house: Any, record: Any) -> None:
    from tools.cloud.alarms import alarms
    from tools.cloud.models import Alarm
    from tools.cloud.services import clock

    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    for door, code in ((1, events.DOOR_FORCED), (1, events.DOOR_CLOSED), (2, events.DOOR_FORCED)):
        record(code, door, flags=MARKED)
    record(events.GRANTED_DURESS, 1, flags=MARKED)
    record(events.FIRE, 0, flags=MARKED, extra=1)
    alarms.gather(clock.now())
    assert {row.code for row in Alarm.objects.all()} == {events.GRANTED_DURESS, events.FIRE}
    record(events.COMMISSIONING_ENDED, 0, extra=1)
    alarms.gather(clock.now())
    left = Alarm.objects.filter(code=events.DOOR_FORCED)
    assert [(row.door_number, row.ended_at) for row in left] == [(2, None)]
    record(events.DOOR_CLOSED, 2)
    alarms.gather(clock.now())
    assert left.get().ended_at is not None
    assert Alarm.objects.count() == 3


def test_a_restart_ends_the_quiet_too(house: Any, record: Any) -> None:
    from tools.cloud.alarms import alarms
    from tools.cloud.models import Alarm
    from tools.cloud.services import clock

    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    record(events.LINE_CUT, 1, flags=MARKED, extra=1)
    record(events.LINE_CUT, 1, flags=MARKED, extra=2)
    record(events.LINE_RIGHT, 1, flags=MARKED, extra=2)
    record(events.STARTED, 0)
    record(events.STARTED, 0)
    alarms.gather(clock.now())
    assert [(row.code, row.extra) for row in Alarm.objects.all()] == [(events.LINE_CUT, 1)]


def test_what_a_door_does_not_have_is_not_asked_for(house: Any, record: Any) -> None:
    from tools.cloud.commissioning import commissioning
    from tools.cloud.services import clock

    board = {"doors": [{"reader": {"d0": 18, "d1": 19}, "relay": {"pin": 23}}] * 2}
    house.controller.board = board
    house.controller.save()
    record(events.COMMISSIONING_BEGAN, 0, extra=15)
    last = commissioning.last(house.controller, clock.now())
    assert last is not None
    assert [[check.what for check in place.checks] for place in last.places] == [["reader", "strike"]] * 2
