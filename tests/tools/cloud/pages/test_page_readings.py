"""A card read at a door, on the person's page: who may, what is shown while it goes on, what is said when it fails."""

from typing import Any

import pytest

from firmware.controller.cloud import wire

NUMBER = 17 << 16 | 4711


@pytest.fixture
def linked(house: Any, time_now: Any) -> Any:
    from cloud_world import Wire

    cable = Wire(time_now)
    controller = cable.connect(house.settings).connect()
    cable.poll()
    return cable, controller


def _page(client: Any, house: Any) -> str:
    return str(client.get(f"/people/{house.person.pk}/").content.decode())


def _arm(client: Any, house: Any, **more: Any) -> Any:
    from tools.cloud.models import Reading

    client.post(f"/people/{house.person.pk}/read", {"door": house.doors[0].pk}, **more)
    return Reading.objects.order_by("-pk").first()


def _say(linked: Any, reading: Any, how: int = 0, bits: int = 26, number: int = NUMBER) -> None:
    linked[1].say(wire.packed(wire.CARD_READ, "<BBQ", how, bits, number) + str(reading.command_id).encode())


def test_a_card_is_read_seen_and_given(browser: Any, house: Any, linked: Any) -> None:
    client = browser(role="administrator")
    assert "Read a card at" in _page(client, house)
    reading = _arm(client, house)
    assert "On its way to Hovedinngang" in _page(client, house)
    linked[0].poll()
    page = _page(client, house)
    assert "Hold the card against the reader of Hovedinngang" in page
    assert f'hx-get="/readings/{reading.pk}?seen=' in page
    _say(linked, reading)
    page = _page(client, house)
    assert "A card was read at Hovedinngang" in page
    assert "<span>17</span>" in page and "<span>04711</span>" in page
    assert "Give to Ingrid Solheim" in page
    client.post(f"/readings/{reading.pk}/give")
    page = _page(client, house)
    assert "26-bit card ending in 711 is given" in page
    assert "04711" not in page
    linked[0].poll()
    assert linked[1].may_pass(26, NUMBER, 1)
    page = browser().get("/looks/").content.decode()
    for line in ("a reader armed for a card", "a card read at a door", "a card given that was read at a door"):
        assert line in page


def test_the_page_asks_until_there_is_news(browser: Any, house: Any, linked: Any) -> None:
    client = browser()
    reading = _arm(client, house, headers={"HX-Request": "true"})
    linked[0].poll()
    first = client.get(f"/readings/{reading.pk}").content.decode()
    assert first.startswith('<div id="reading"') and "<html" not in first
    seen = first.split("?seen=")[1].split('"')[0]
    assert client.get(f"/readings/{reading.pk}?seen={seen}").status_code == 204
    _say(linked, reading)
    answer = client.get(f"/readings/{reading.pk}?seen={seen}").content.decode()
    assert "A card was read" in answer and "hx-get" not in answer


def test_a_card_of_somebody_is_said_so_and_cannot_be_given(browser: Any, house: Any, linked: Any) -> None:
    other = house.add_card("Knut Aas", NUMBER)
    client = browser()
    reading = _arm(client, house)
    linked[0].poll()
    _say(linked, reading)
    page = _page(client, house)
    assert "This card belongs to" in page and f'href="/people/{other.person_id}/"' in page
    assert "Give to" not in page
    client.post(f"/readings/{reading.pk}/give")
    assert house.person.credentials.count() == 1


def test_what_came_of_it_is_said_with_what_to_do(browser: Any, house: Any, linked: Any) -> None:
    client = browser()
    for how, bits, text in (
        (3, 37, "What the reader sent is no card (37 bits)"),
        (1, 0, "No card came in time"),
        (2, 0, "Another reading ended this one"),
    ):
        reading = _arm(client, house)
        linked[0].poll()
        _say(linked, reading, how, bits, 0)
        page = client.get(f"/readings/{reading.pk}").content.decode()
        assert text in page
        assert "Try again" in page
        assert "hx-get" not in page


def test_a_door_without_a_link_is_said_so(browser: Any, house: Any, time_now: Any) -> None:
    from cloud_world import Wire

    client = browser()
    cable = Wire(time_now)
    assert "no link" in _page(client, house)
    _arm(client, house)
    time_now.now += 46
    cable.poll(2)
    assert "The door was not reached" in _page(client, house)


def test_who_gives_no_cards_arms_no_reader_and_sees_no_number(browser: Any, house: Any, linked: Any) -> None:
    from tools.cloud.models import Command

    reading = _arm(browser(), house)
    linked[0].poll()
    _say(linked, reading)
    for role in ("viewer", "guard", "installer"):
        client = browser(role=role)
        assert client.post(f"/people/{house.person.pk}/read", {"door": house.doors[0].pk}).status_code == 403
        assert client.get(f"/readings/{reading.pk}").status_code == 403
        assert client.post(f"/readings/{reading.pk}/give").status_code == 403
        assert client.post(f"/readings/{reading.pk}/discard").status_code == 403
    page = _page(browser(role="viewer"), house)
    assert "04711" not in page and "Read a card at" not in page
    assert Command.objects.count() == 1
    assert house.person.credentials.count() == 1


def test_another_tenant_knows_nothing_of_it(browser: Any, house: Any, stranger: Any, linked: Any) -> None:
    reading = _arm(browser(), house)
    theirs = browser(tenant=stranger.tenant)
    assert theirs.get(f"/readings/{reading.pk}").status_code == 404
    assert theirs.post(f"/readings/{reading.pk}/give").status_code == 404
    theirs.post(f"/people/{stranger.person.pk}/read", {"door": house.doors[0].pk})
    assert type(reading).objects.count() == 1


def test_in_norwegian(browser: Any, house: Any, linked: Any) -> None:
    client = browser(language="nb")
    reading = _arm(client, house)
    linked[0].poll()
    assert "Hold kortet mot leseren ved Hovedinngang" in _page(client, house)
    _say(linked, reading)
    assert "Gi til Ingrid Solheim" in _page(client, house)
