"""A card read at a door: armed by who may give cards, learned from its controller alone, given, and then forgotten."""

import json
import struct
from typing import Any

import pytest

from firmware.controller.cloud import wire

NUMBER = 17 << 16 | 4711


@pytest.fixture
def linked(house: Any, time_now: Any) -> Any:
    """(the wire, the controller at its end)."""
    from cloud_world import Wire

    cable = Wire(time_now)
    controller = cable.connect(house.settings).connect()
    cable.poll()
    return cable, controller


@pytest.fixture
def user(house: Any) -> Any:
    from tools.cloud.models import Membership, User

    row = User.objects.named("kari@example.test")
    Membership.objects.create(user=row, tenant=house.tenant, role="administrator")
    return row


@pytest.fixture
def stranger(house: Any, time_now: Any) -> Any:
    """Another tenant."""
    return type(house)("Fremmed", time_now, seed=1)


def said(reading: Any, how: int = 0, bits: int = 26, number: int = NUMBER) -> bytes:
    return wire.packed(wire.CARD_READ, "<BBQ", how, bits, number) + json.dumps(reading.command_id).encode()


def armed(house: Any, user: Any, linked: Any, door: int = 0) -> Any:
    from tools.cloud.readings import learning

    reading = learning.arm(house.person, house.doors[door], user)
    linked[0].poll()
    return reading


def refused(linked: Any) -> dict[str, int]:
    cable, controller = linked
    return dict(cable.ingest.sessions[controller.id].refused)


def test_a_card_is_armed_read_given_and_opens_by_the_ordinary_way(house: Any, user: Any, linked: Any) -> None:
    from tools.cloud.models import Look
    from tools.cloud.readings import learning

    cable, controller = linked
    reading = armed(house, user, linked)
    command = wire.read_json(controller.last_heard(wire.COMMAND))
    assert command["do"] == "learn" and command["door"] == 1
    assert 30 <= command["expires"] - house.time.now <= 60
    controller.say(said(reading))
    reading.refresh_from_db()
    assert (reading.state, reading.bits, reading.number) == ("read", 26, NUMBER)
    assert learning.holder(reading) is None
    assert learning.printed(reading) == (17, 4711)
    card = learning.give(reading, user)
    reading.refresh_from_db()
    assert (reading.state, reading.number, reading.credential) == ("given", None, card)
    cable.poll()
    assert controller.may_pass(26, NUMBER, 1)
    looks = Look.objects.order_by("pk").values_list("what", "user", "person")
    assert list(looks) == [(what, user.pk, house.person.pk) for what in ("armed", "learned", "gave")]


def test_a_card_that_somebody_holds_is_said_so_and_not_given(house: Any, user: Any, linked: Any) -> None:
    from tools.cloud.readings import learning
    from tools.terminal import Problem

    other = house.add_card("Knut", NUMBER)
    reading = armed(house, user, linked)
    linked[1].say(said(reading))
    reading.refresh_from_db()
    assert learning.holder(reading) == other
    with pytest.raises(Problem, match="somebody else holds this card already"):  # who is for the page to say
        learning.give(reading, user)


def test_nothing_that_a_controller_was_not_asked_for_is_taken(
    house: Any, user: Any, linked: Any, stranger: Any, time_now: Any
) -> None:
    """By another controller, for another command, too late, or before anybody asked."""
    from tools.cloud.doors import commands
    from tools.cloud.models import Command, Reading

    cable, controller = linked
    reading = armed(house, user, linked)
    other = cable.connect(stranger.settings).connect()
    other.say(said(reading))
    assert dict(cable.ingest.sessions[other.id].refused) == {"unexpected": 1}
    release = commands.release(house.doors[0], user)
    controller.say(wire.packed(wire.CARD_READ, "<BBQ", 0, 26, NUMBER) + str(release.pk).encode())
    time_now.now += 66
    controller.say(said(reading))
    assert refused(linked) == {"unexpected": 2}
    assert not Reading.objects.exclude(number=None).exists()
    assert Command.objects.count() == 2


def test_what_says_nothing_is_refused(house: Any, user: Any, linked: Any) -> None:
    armed(house, user, linked)
    head = struct.pack("<BBQ", 0, 26, 1)
    how = struct.pack("<BBQ", 9, 26, 1)
    bodies = [b"", head, head + b"[]", how + b"1", head + b"true", head + b"[" * 900, head + b"-1"]
    for body in bodies:
        linked[1].say(bytes((wire.CARD_READ,)) + body)
    assert refused(linked) == {"malformed": len(bodies)}


def test_what_is_no_card_is_said_so_and_a_number_that_fits_no_frame_is_a_misread(
    house: Any, user: Any, linked: Any
) -> None:
    from tools.cloud.readings import learning
    from tools.terminal import Problem

    for how, bits, number, state in (
        (1, 0, 0, "over"),
        (2, 0, 0, "ended"),
        (3, 37, 0, "misread"),
        (0, 26, 1 << 24, "misread"),
        (0, 3, 0, "misread"),
        (0, 65, 1, "misread"),
        (0, 200, 1, "misread"),
    ):
        house.time.now += 1
        reading = armed(house, user, linked)
        linked[1].say(said(reading, how, bits, number))
        reading.refresh_from_db()
        assert (reading.state, reading.number) == (state, None)
        with pytest.raises(Problem):
            learning.give(reading, user)


def test_the_same_again_changes_nothing(house: Any, user: Any, linked: Any) -> None:
    from tools.cloud.readings import learning

    reading = armed(house, user, linked)
    linked[1].say(said(reading))
    learning.give(reading, user)
    linked[1].say(said(reading, number=99))
    reading.refresh_from_db()
    assert (reading.state, reading.number) == ("given", None)
    assert refused(linked) == {}


def test_a_number_that_nobody_gives_is_erased(house: Any, user: Any, linked: Any, time_now: Any) -> None:
    from tools.cloud.readings import learning
    from tools.cloud.services import clock, housekeeping
    from tools.terminal import Problem

    reading = armed(house, user, linked)
    linked[1].say(said(reading))
    time_now.now += 601
    with pytest.raises(Problem, match="read it again"):
        learning.give(reading, user)
    housekeeping.tidy(clock.now())
    reading.refresh_from_db()
    assert (reading.state, reading.number) == ("over", None)


def test_who_wanted_it_can_end_it(house: Any, user: Any, linked: Any) -> None:
    from tools.cloud.models import Command
    from tools.cloud.readings import learning

    cable, controller = linked
    reading = armed(house, user, linked)
    learning.discard(reading, user)
    cable.poll()
    command = wire.read_json(controller.last_heard(wire.COMMAND))
    assert (command["do"], command["door"]) == ("learn", 0)
    controller.say(said(reading))
    reading.refresh_from_db()
    assert (reading.state, reading.number) == ("ended", None)
    read = armed(house, user, linked)
    controller.say(said(read))
    asked = Command.objects.count()
    learning.discard(read, user)
    read.refresh_from_db()
    assert (read.state, Command.objects.count()) == ("ended", asked), "no reader waits for it, but may for another"
    late = learning.arm(house.person, house.doors[0], user)
    house.time.now += 100
    learning.discard(late, user)
    assert Command.objects.count() == asked + 1
    type(late).objects.filter(pk=late.pk).update(state="given")
    learning.discard(late, user)
    late.refresh_from_db()
    assert late.state == "given"


def test_a_door_of_somebody_else_is_not_armed(house: Any, user: Any, stranger: Any) -> None:
    from tools.cloud.models import Command
    from tools.cloud.readings import learning
    from tools.cloud.services import clock
    from tools.terminal import Problem

    with pytest.raises(Problem, match="no such door"):
        learning.arm(house.person, stranger.doors[0], user)
    house.doors[0].controller.lost_at = clock.now()
    with pytest.raises(Problem, match="no such door"):
        learning.arm(house.person, house.doors[0], user)
    assert not Command.objects.exists()


def test_a_controller_that_has_no_room_for_another_one_is_not_armed(house: Any, user: Any) -> None:
    from tools.cloud.models import Command, Reading
    from tools.cloud.readings import learning
    from tools.terminal import Problem

    with pytest.raises(Problem, match="too much to do at once"):
        for _ in range(9):
            learning.arm(house.person, house.doors[0], user)
    assert Reading.objects.count() == Command.objects.filter(state="queued").count() == Command.objects.count() > 0


def test_the_number_is_in_nothing_that_travels_in_clear(house: Any, user: Any, linked: Any) -> None:
    cable, controller = linked
    reading = armed(house, user, linked)
    number = 0x9ABCDEF1
    controller.say(said(reading, 0, 34, number))
    for payload in controller.sent + [payload for _, payload in cable.down]:
        for order in "<>":
            assert struct.pack(order + "I", number) not in payload
    assert controller.topic == f"portvakt/{controller.id}/up"
