"""The page of doors of a house with many boards: a page of them at a time, sought by name, and live as it is shown."""

import re
from typing import Any

import pytest


@pytest.fixture
def boards(house: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Five in the order of their names, each with two doors but the last, which has none; two to a page."""
    from cloud_world import BOARD, counted_bytes

    from tools.cloud.controllers import enrol
    from tools.cloud.doors import doors_page

    monkeypatch.setattr(doors_page, "PER_PAGE", 2)
    doors = {"B": ["Bakdør"], "C": ["Sykkelbod"], "D": ["Garasje"], "E": []}
    added = [
        enrol.enrol(house.site, f"Oppgang {letter}", BOARD, doors=names, urandom=counted_bytes(ord(letter) << 32))
        for letter, names in doors.items()
    ]
    added[-1][0].doors.all().delete()
    return [house.controller, *(controller for controller, _ in added)]


def shown(client: Any, address: str) -> tuple[list[int], dict[str, str]]:
    """The boards of a page, and the addresses of the pages beside it."""
    page = client.get(address).content.decode()
    ways = dict(re.findall(r'rel="(prev|next)" href="([^"]+)"', page))
    numbers = [int(number) for number in re.findall(r'<h3 id="controller-(\d+)"', page)]
    return numbers, {way: "/" + to.replace("&amp;", "&") for way, to in ways.items()}


def test_each_board_is_on_one_page(browser: Any, boards: list[Any], stranger: Any) -> None:
    client, numbers = browser(), [board.pk for board in boards]
    first, ways = shown(client, "/")
    assert first == numbers[:2] and ways.keys() == {"next"}
    second, both = shown(client, ways["next"])
    assert second == numbers[2:4] and both.keys() == {"prev", "next"}
    assert shown(client, both["prev"]) == (first, ways)
    last, back = shown(client, both["next"])
    assert last == numbers[4:] and back.keys() == {"prev"}
    for nowhere in (f"after={boards[4].pk}", f"before={boards[0].pk}", "after=x", f"after={stranger.controller.pk}"):
        assert shown(client, f"/?{nowhere}") == (first, ways)


@pytest.mark.parametrize(
    ("q", "found", "doors"),
    [
        ("hovedINN", 1, 1),
        ("oppgang c", 1, 2),
        ("oppgang e", 1, 0),
        ("borettslag", 2, 4),
        ("sykkel", 1, 1),
        ("nowhere", 0, 0),
    ],
)
def test_a_door_is_found_by_its_name_its_boards_and_its_sites(
    browser: Any, boards: list[Any], stranger: Any, q: str, found: int, doors: int
) -> None:
    client = browser()
    numbers, ways = shown(client, f"/?q={q}")
    page = client.get(f"/?q={q}").content.decode()
    assert len(numbers) == found and page.count('class="door card"') == doors
    assert f'value="{q}"' in page
    assert ("is called" in page) is (found == 0)
    if ways:
        assert f"q={q}" in ways["next"] and set(numbers).isdisjoint(shown(client, ways["next"])[0])


def test_a_small_house_has_nothing_to_seek(browser: Any, house: Any) -> None:
    assert 'type="search"' not in browser().get("/").content.decode()


def test_the_stream_follows_the_page_as_it_is_shown(changes: Any, browser: Any, boards: list[Any]) -> None:
    from tools.cloud.doors import live
    from tools.cloud.doors.doors_page import Sought
    from tools.cloud.sessions import hashed

    client = browser()
    key = hashed(client.session.session_key)
    streams = [
        live.DoorStream(client.user, key, "en", sought=sought)
        for sought in (Sought(), Sought(after=boards[1].pk), Sought("oppgang c"))
    ]
    for stream in streams:
        changes.hub.join(stream)
    changes.hub.look()
    followed = [{name for name in stream.parts if name.startswith("link-")} for stream in streams]
    assert followed == [{f"link-{board.pk}" for board in some} for some in (boards[:2], boards[2:4], boards[2:3])]


def test_a_look_at_which_nothing_has_changed_asks_for_no_page(
    changes: Any, browser: Any, house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.cloud.doors import door_status, live
    from tools.cloud.sessions import hashed

    made: list[Any] = []
    page = door_status.page
    monkeypatch.setattr(door_status, "page", lambda *asked: made.append(asked) or page(*asked))
    client = browser()
    for _ in range(2):
        changes.hub.join(live.DoorStream(client.user, hashed(client.session.session_key), "en"))
    for _ in range(3):
        changes.hub.look()
    assert len(made) == 1, "two who see the same share it, and it stands until something has changed"


def test_the_page_says_what_its_stream_is_to_follow(browser: Any, boards: list[Any]) -> None:
    page = browser().get(f"/?q=oppgang&after={boards[1].pk}").content.decode()
    assert f'data-stream="/doors/stream?q=oppgang&amp;after={boards[1].pk}"' in page
