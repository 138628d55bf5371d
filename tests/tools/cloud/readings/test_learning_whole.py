"""The two modes an installer needs, from the page's press through the cloud to the real firmware's reader, and back."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud_world import House, Stopped
from whole_board import Whole

from firmware.controller import events
from sim.mcu.chip import use
from tests.firmware.bench import frame26
from tools.cloud.commissioning import commissioning
from tools.cloud.doors import commands
from tools.cloud.models import Event, Reading
from tools.cloud.readings import learning
from tools.cloud.services import clock

NUMBER = 17 << 16 | 4711


class Readers(Whole):
    """... with cards held to its readers."""

    def swipe(self, door: int, frame: str) -> None:
        for bit in frame:
            line = (12, 13, 18, 19)[door * 2 - 2 + int(bit)]
            self.board.chip.input(line, 0)
            self.board.chip.input(line, 1)
            self.board.chip.sleep_ms(2)
        self.run(1)

    def codes(self) -> list[tuple[int, int, int]]:
        rows = Event.objects.order_by("pk").values_list("code", "door_number", "extra")
        return [row for row in rows if row[0] not in (events.STARTED, events.CLOCK_SET)]


@pytest.fixture
def whole(house: House, time_now: Stopped, tmp_path: Path) -> Iterator[Whole]:
    try:
        yield Readers(house, time_now, tmp_path)
    finally:
        use(None)


def test_a_card_from_the_reader_to_the_person_and_back_to_the_door(house: House, whole: Any) -> None:
    whole.swipe(2, frame26(17, 4711))
    assert whole.codes() == [(events.DENIED_UNKNOWN, 2, 0)]
    assert "learning" not in whole.board.sync.handlers
    reading = learning.arm(house.person, house.doors[1], None)
    whole.run(1)
    whole.swipe(2, frame26(17, 4711))
    reading = Reading.objects.get(pk=reading.pk)
    assert (reading.state, reading.bits, reading.number) == ("read", 26, NUMBER)
    assert whole.board.chip.releases == 0
    armed, learned = whole.codes()[1:]
    assert armed[:2] == (events.LEARN_ARMED, 2) and 30 <= armed[2] <= 60
    assert learned == (events.CARD_LEARNED, 2, 26)
    learning.give(reading, None)
    whole.run(3)
    whole.swipe(2, frame26(17, 4711))
    assert whole.codes()[-1] == (events.GRANTED, 2, 0)
    assert whole.board.chip.releases == 1
    kept = whole.board.sync.handlers["learning"]
    assert kept._message is None
    for payload in whole.bytes:
        assert struct.pack("<I", NUMBER)[:3] not in payload and struct.pack(">I", NUMBER)[1:] not in payload


def test_an_installer_walks_from_door_to_door(house: House, whole: Any) -> None:
    commands.commission(house.controller, None, 15)
    whole.run(1)
    whole.swipe(1, frame26(1, 2))
    whole.swipe(2, frame26(0, 1204))  # Ingrid's card: it passes as ever
    found = commissioning.last(house.row(), clock.now())
    assert found is not None and found.on
    assert [check.what for check in found.checks if check.at] == ["reader", "reader", "strike"]
    assert whole.board.chip.releases == 1
    assert (events.GRANTED, 2, 0) in whole.codes() and (events.DENIED_UNKNOWN, 1, 0) in whole.codes()
    marked = Event.objects.filter(code=events.TRIED)
    assert all(event.flags & events.COMMISSIONING for event in marked) and marked.count() == 2
    commands.commission(house.controller, None, 0)
    whole.run(1)
    assert whole.codes()[-1] == (events.COMMISSIONING_ENDED, 0, 2)
    found = commissioning.last(house.row(), clock.now())
    assert found is not None and not found.on and found.done == 3
