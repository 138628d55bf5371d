"""Two boards with one settings.json: told once, by an alarm and on the controller's page; one board alone never is."""

from os import urandom
from typing import Any

import pytest
from cloud_world import House, Stopped, Wire
from django.test import Client
from fake_controller import FakeController

from tools.cloud.alarms import alarms
from tools.cloud.members import links
from tools.cloud.models import Alarm, Membership, Role, User
from tools.cloud.services import clock


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


def turn(house: House, line: Wire, *epochs: int) -> None:
    """Boards with these logs come to the line, one after the other."""
    for epoch in epochs:
        board = FakeController(house.settings, line.up, urandom, epoch)
        line.controllers[board.id] = board
        board.connect()
        line.poll(1)


def told() -> int:
    return Alarm.objects.filter(kind=Alarm.Kind.TWINS, acknowledged_at=None).count()


def page(house: House, path: str, language: str = "en") -> str:
    user = User.objects.named("owner@example.test")
    Membership.objects.get_or_create(user=user, tenant=house.tenant, role="owner")
    client = Client(headers={"accept-language": language})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(path).content.decode()


def test_two_boards_that_take_turns_are_told_once(house: House, line: Wire) -> None:
    turn(house, line, 5, 6)
    assert told() == 0, "a board in the place of another"
    turn(house, line, 5, 6, 5, 6)
    assert told() == 1
    own = f"/controllers/{house.controller.pk}/"
    assert "Two boards speak as this controller, by turns" in page(house, own)
    assert "To kretskort snakker som denne kontrolleren, på skift" in page(house, own, "nb")
    assert "Two boards speak as this controller" in page(house, "/alarms/")
    token = links.make_token(house.tenant, "any", Role.ADMINISTRATOR)
    found: Any = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/alarms").json()
    assert [(one["kind"], one["text"][:18]) for one in found] == [("twins", "two boards speak a")]


def test_who_acknowledged_it_is_told_again_when_it_goes_on(house: House, line: Wire) -> None:
    turn(house, line, 5, 6, 5)
    alarms.acknowledge(Alarm.objects.get(), None, clock.now())
    assert "Two boards" not in page(house, f"/controllers/{house.controller.pk}/")
    turn(house, line, 5, 5)
    assert told() == 0
    turn(house, line, 6)
    assert told() == 1


def test_one_board_is_no_two(house: House, line: Wire) -> None:
    """It restarts, loses its log, gets another flash."""
    turn(house, line, 5, 5, 6, 6, 7, 8)
    assert told() == 0
