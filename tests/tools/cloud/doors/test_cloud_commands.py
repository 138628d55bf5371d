"""Commands: what the controller would refuse is refused where it is asked for; an emergency always gets through."""

import random
import re
from pathlib import Path

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller.cloud import commands as firmware
from firmware.controller.cloud import wire
from tests.firmware.controller_bench import UTC, Bench
from tools.cloud.controllers import lost
from tools.cloud.doors import commands
from tools.cloud.ingest import store
from tools.cloud.models import Command
from tools.cloud.services import clock

ROOT = Path(__file__).resolve().parents[4]
State = Command.State


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


class Board:
    """The firmware's own controller. Its clock begins where the house's does."""

    def __init__(self, house: House) -> None:
        house.time.now = float(UTC)
        self.bench = Bench()
        self.bench.connect()
        self.bench.said()

    def takes(self, command: Command) -> bool:
        fields = command.arguments | {
            "id": command.pk,
            "do": command.do,
            "door": 1 if command.door else 0,
            "expires": commands._expiry(command.expires_at),
        }
        self.bench.hear(wire.json_message(wire.COMMAND, fields))
        [answer] = [wire.read_json(one) for one in self.bench.said() if one[0] == wire.RESULT]
        self.why = answer["why"]
        return bool(answer["result"] == "done")


def test_both_ends_count_with_the_same_rooms() -> None:
    rooms = {
        (firmware._STRIKES, 8): ("release", "hold", "try"),
        (firmware._EMERGENCIES, 4): ("lockdown", "evacuation", "normal"),
        (firmware._OTHERS, 4): ("identify", "restart", "diagnostics", "learn", "commission"),
    }
    assert {verb: said[3] for verb, said in firmware._VERBS.items()} == {
        verb: first for (first, _), verbs in rooms.items() for verb in verbs
    }
    of_banks = {firmware._STRIKES: ("open",), firmware._EMERGENCIES: (), firmware._OTHERS: ("audit", "cancel", "empty")}
    text = "".join((ROOT / f"firmware/controller/{name}.py").read_text() for name in ("bank", "parcels"))
    assert dict(re.findall(r'"do (\w+)"\] = .*, (\d+)\n', text)) == {
        verb: str(first) for first, verbs in of_banks.items() for verb in verbs
    }
    assert {frozenset(verbs + of_banks[first]): count for (first, count), verbs in rooms.items()} == {
        frozenset(verbs): count for verbs, count in commands.ROOMS.items()
    }


def test_lockdown_and_normal_as_often_as_a_hand_can_press(house: House) -> None:
    board = Board(house)
    for number in range(60):
        [command] = commands.emergency(house.site, ("lockdown", "normal", "evacuation")[number % 3], None)
        assert command.state == State.QUEUED and board.takes(command), (number, board.why)
    [hold, release] = commands.hold(house.doors[0], None, None), commands.release(house.doors[0], None)
    assert board.takes(hold) and board.takes(release)


def test_what_the_board_would_refuse_is_refused_here(house: House, line: Wire) -> None:
    """At random, against the firmware: it never refuses what was let out for want of room, nor takes what was not."""
    board = Board(house)
    chance = random.Random(4)
    asks = (
        lambda: commands.release(house.doors[0], None),
        lambda: commands.hold(house.doors[0], None, None),
        lambda: commands.identify(house.controller, None),
        lambda: commands.diagnostics(house.controller, None),
        lambda: commands.emergency(house.site, "normal", None)[0],
    )
    refused = 0
    for _ in range(300):
        command = chance.choice(asks)()
        if command.state == State.REFUSED:
            refused += 1
            assert command.why == commands.TOO_MANY
            assert not board.takes(command) and board.why == commands.TOO_MANY
        else:
            assert board.takes(command), board.why
        if chance.random() < 0.1:
            seconds = chance.randrange(1, 9)
            house.time.now += seconds
            board.bench.run(seconds * 1000)
            board.bench.said()
    assert 20 < refused < 250


@pytest.mark.parametrize("meanwhile", ["another worker sends it", "the controller is given up", "its time is over"])
def test_what_became_of_a_command_meanwhile_keeps_it_from_being_sent(house: House, line: Wire, meanwhile: str) -> None:
    """Two wait and are read together; while the first goes out, something happens to the second."""
    board = line.connect(house.settings).connect()
    first, second = (commands.release(door, None) for door in house.doors)
    hears = board.receive

    def receive(payload: bytes) -> None:
        board.receive = hears  # type: ignore[method-assign]
        if meanwhile == "another worker sends it":
            assert store.take(second, clock.now())
        elif meanwhile == "the controller is given up":
            lost.lost(house.controller, None)
        else:
            Command.objects.filter(pk=second.pk).update(expires_at=clock.now())
        hears(payload)

    board.receive = receive  # type: ignore[method-assign]
    line.poll()
    assert board.released == [first.door.number]
    assert house.row().refused == {} and not line.ingest.refused


def test_a_command_of_which_no_message_can_be_made_is_given_up_and_the_next_one_goes_out(
    house: House, line: Wire
) -> None:
    board = line.connect(house.settings).connect()
    odd, good = (commands.release(door, None) for door in house.doors)
    Command.objects.filter(pk=odd.pk).update(arguments=["no", "object"])
    line.poll()
    odd.refresh_from_db()
    assert (odd.state, odd.why, odd.ended_at) == (State.REFUSED, "the cloud could not send it", clock.now())
    assert board.released == [good.door.number]


def test_a_refused_command_is_never_sent_and_the_page_says_why(house: House, line: Wire) -> None:
    from django.test import Client

    from tools.cloud.models import Membership, User

    board = line.connect(house.settings).connect()
    made = [commands.release(house.doors[0], None) for _ in range(9)]
    line.poll(1)
    assert [one.state for one in made] == [State.QUEUED] * 8 + [State.REFUSED]
    assert len(board.released) == 8
    user = User.objects.named("owner@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role="owner")
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert "Not unlocked: the controller refused (too many at once)" in client.get("/").content.decode()
