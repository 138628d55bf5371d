"""A large table that is not right any more: the sums of its buckets are compared, and only what differs is sent.

The controller is the real firmware.
"""

import struct
from pathlib import Path
from random import Random

import pytest
from cloud_world import House, Stopped, counted_bytes

from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OVERHEAD, Refused
from firmware.protocol import cloud_side
from sim.fuzz import board as boards
from sim.mcu.chip import use
from sim.mcu.flash import NorFlash
from tools.cloud.access_list import acl
from tools.cloud.ingest import sync
from tools.cloud.ingest.ingest import Ingest
from tools.cloud.models import AclEntry
from tools.cloud.services import clock

BUCKETS = 40


class Line:
    def __init__(self, house: House, time_now: Stopped, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.time = time_now
        self.time.now = float(boards.UTC)
        made = boards.HandChip.__init__

        def larger(chip: boards.HandChip, chance: Random) -> None:
            made(chip, chance)
            chip.flashes["acl"] = NorFlash(4096 * BUCKETS, "acl")

        monkeypatch.setattr(boards.HandChip, "__init__", larger)
        house.settings |= {"broker": boards.SETTINGS["broker"], "wifi": boards.SETTINGS["wifi"]}
        self.board = boards.HandBoard(folder, Random(1), house.settings)
        self.down: list[bytes] = []
        self.ingest = Ingest(lambda topic, payload: self.down.append(payload), time_now, counted_bytes(3 << 40))
        self.up = wire.topics(self.board.name)[0]
        self.heard: list[int] = []
        opened = self.board.session._deliver

        def deliver(message: bytes) -> None:
            self.heard.append(message[0])
            opened(message)

        self.board.session._deliver = deliver
        self.board.session.begin(self.board.chip.time)

    def run(self, seconds: int) -> None:
        chip = self.board.chip
        for _ in range(seconds * 5):
            self.time.now += 0.2
            chip.time = (chip.time + 200) % (1 << 30)
            for _ in range(20):
                self.board.turn()
            for payload in self.board.sent:
                self.ingest.on_message(self.up, payload)
            self.board.sent.clear()
            self.ingest.poll()
            for payload in self.down:
                self.board.session.receive(payload, chip.time)
            self.down.clear()


def test_only_the_buckets_that_differ_are_sent(
    house: House, time_now: Stopped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.add_cards(1500)
    line = Line(house, time_now, tmp_path, monkeypatch)
    try:
        line.run(90)
        table = line.board.loop.table
        assert house.row().in_sync and table.count == 1501
        whole = line.heard.count(wire.SNAPSHOT)
        sector = table.sector(7)
        for at in range(16, 4096, 16):
            table.flash.program(sector * 4096 + at, bytes(16))
        table.distrust()
        line.heard.clear()
        line.run(60)
        assert house.row().in_sync and table.count == 1501
        assert line.heard.count(wire.BUCKETS_ASKED) == 1
        assert 0 < line.heard.count(wire.SNAPSHOT) <= 2 < whole
    finally:
        use(None)


ROOM = wire.MAX_MESSAGE - OVERHEAD


class Asked:
    """A sync that has a table worth comparing with a controller's of so many buckets."""

    def __init__(self, house: House, buckets: int, room: int = ROOM, records: int = sync.WORTH_COMPARING):
        house.add_cards(records)  # and the one of Ingrid
        acl.refresh(house.tenant.pk, clock.now())
        self.sent: list[bytes] = []
        self.sync = sync.ControllerSync(house.controller.pk, self.sent.append, room)
        self.row = house.row()
        self.row.health = {"buckets": buckets}
        self.row.held_acl_version, self.row.held_acl_digest = self.row.acl_version, "f" * 16
        entries = AclEntry.objects.filter(controller=house.controller)
        self.table = [bytes(entry.record) for entry in entries]

    def step(self, now: float = 0.0) -> bytes | None:
        self.sent.clear()
        self.sync.step(self.row, now)
        return next((one for one in self.sent if one[0] != wire.RULES), None)

    def sums(self, buckets: int) -> list[int]:
        sums = [0] * buckets
        for record in self.table:
            sums[records.bucket_of(record, buckets)] ^= records.credential_digest(record)
        return sums


def test_sums_that_were_not_asked_for_are_refused_and_change_nothing(house: House) -> None:
    """A stolen board that answers what nobody asked must not make the cloud send, or keep, anything."""
    asked = Asked(house, 16)
    with pytest.raises(Refused, match="unexpected"):
        asked.sync.buckets(0, [0] * 16, 0.0)
    assert asked.step() == wire.packed(wire.BUCKETS_ASKED, "<HB", 0, 16)
    asked.sent.clear()
    for first, many in ((1, 16), (0, 15), (0, 17), (16, 16), (0, 0)):
        with pytest.raises(Refused, match="unexpected"):
            asked.sync.buckets(first, [0] * many, 0.0)
    assert asked.sent == []
    asked.sync.buckets(0, asked.sums(16), 0.0)
    assert asked.sent[0][0] == wire.SNAPSHOT
    with pytest.raises(Refused, match="unexpected"):
        asked.sync.buckets(0, asked.sums(16), 0.0)


def test_sums_come_in_as_many_messages_as_they_need(house: House) -> None:
    room = cloud_side.SUMS_HEAD + 8 * 10
    asked = Asked(house, 25, room)
    assert asked.step() == wire.packed(wire.BUCKETS_ASKED, "<HB", 0, 10)
    sums = asked.sums(25)
    for first, many in ((0, 10), (10, 10)):
        asked.sent.clear()
        asked.sync.buckets(first, sums[first : first + many], 5.0)
        assert asked.sent == [wire.packed(wire.BUCKETS_ASKED, "<HB", first + 10, min(10, 15 - first))]
        with pytest.raises(Refused):
            asked.sync.buckets(first, sums[first : first + many], 5.0)
        assert asked.sync.is_waiting(5.0 + sync.PART_S - 1) and not asked.sync.is_waiting(5.0 + sync.PART_S)
    asked.sync.buckets(20, sums[20:], 5.0)
    assert asked.sent[-1][0] == wire.SNAPSHOT


@pytest.mark.parametrize(("wrong", "told"), [([], [1]), ([0], [0, 1]), ([1], [1]), ([5], [5]), ([0, 9], [0, 1, 9])])
def test_only_buckets_with_another_sum_are_sent(house: House, wrong: list[int], told: list[int]) -> None:
    asked = Asked(house, 16)
    sums = asked.sums(16)
    made = sync._snapshot(house.controller.pk, ROOM, [one ^ (n in wrong) for n, one in enumerate(sums)])
    assert [bucket for bucket, _ in made.contents if bucket or made.contents[0][0] == bucket] == told
    digest = 0
    for record in asked.table:
        digest ^= records.credential_digest(record)
    assert (made.version, made.digest) == (house.row().acl_version, digest)


@pytest.mark.parametrize(("wrong", "whole"), [(8, False), (9, True)])
def test_where_more_than_half_is_wrong_all_of_it_is_sent(house: House, wrong: int, whole: bool) -> None:
    asked = Asked(house, 16)
    sums = [one ^ (n < wrong) for n, one in enumerate(asked.sums(16))]
    made = sync._snapshot(house.controller.pk, ROOM, sums)
    assert (len({bucket for bucket, _ in made.contents}) == 1) is whole


@pytest.mark.parametrize(
    ("buckets", "records_", "compared"),
    [
        (16, sync.WORTH_COMPARING, True),
        (16, sync.WORTH_COMPARING - 1, False),  # so few are sent at once
        (0, sync.WORTH_COMPARING, False),  # firmware that has not said
        (1, sync.WORTH_COMPARING, False),
        (2, sync.WORTH_COMPARING, True),
        (sync.MOST_BUCKETS, sync.WORTH_COMPARING, True),
        (sync.MOST_BUCKETS + 1, sync.WORTH_COMPARING, False),
    ],
)
def test_what_is_worth_comparing(house: House, buckets: int, records_: int, compared: bool) -> None:
    asked = Asked(house, buckets, records=records_)
    message = asked.step()
    assert message is not None and (message[0] == wire.BUCKETS_ASKED) is compared


def test_it_is_compared_once_and_then_sent_whole(house: House) -> None:
    asked = Asked(house, 16)
    assert asked.step(0.0) == wire.packed(wire.BUCKETS_ASKED, "<HB", 0, 16)
    assert asked.step(sync.PART_S - 1) is None
    message = asked.step(sync.PART_S)
    assert message is not None and message[0] == wire.SNAPSHOT
    asked.row.held_acl_digest = asked.row.acl_digest
    assert asked.step(1000.0) is None
    asked.row.held_acl_digest = "f" * 16
    again = asked.step(2000.0)
    assert again is not None and again[0] == wire.BUCKETS_ASKED, "it was right in between"


def test_parts_of_a_snapshot_are_given_in_the_order_that_is_asked_for_and_no_others(house: House) -> None:
    asked = Asked(house, 0)
    first = asked.step()
    assert first is not None
    version, part, parts = struct.unpack_from("<IHH", first, 1)
    assert (version, part) == (asked.row.acl_version, 0) and parts > 2
    for wrong in ((version + 1, 1), (version, 0), (version, parts), (version, parts + 1)):
        with pytest.raises(Refused, match="unexpected"):
            asked.sync.part_taken(*wrong, 0.0)
    asked.sent.clear()
    asked.sync.part_taken(version, parts - 1, 7.0)
    assert struct.unpack_from("<IHH", asked.sent[0], 1) == (version, parts - 1, parts)
    assert asked.sync.is_waiting(7.0 + sync.PART_S - 1)
    asked.sync.answered()
    with pytest.raises(Refused, match="unexpected"):
        asked.sync.part_taken(version, 1, 0.0)
    assert not asked.sync.is_waiting(7.0)
