"""What the controller says to the cloud, and what it does at its word."""

from firmware.controller import records
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.cloud import session, wire
from firmware.controller.events import (
    CLOCK_SET,
    GRANTED,
    MESSAGE_REFUSED,
    STARTED,
)
from firmware.controller.records import NO_END, credential_digest, pack_credential, unpack_event
from firmware.controller.started import started
from firmware.controller.storage.state import BOOTS
from firmware.controller.storage.table import TableFull
from tests.firmware.controller_bench import KEY, STRIKE, UTC, Bench

CARD = pack_credential(credential_key(KEY, card_value(26, 12 << 16 | 3456)), 7, NO_END)


def kinds(messages):
    return [message[0] for message in messages]


def delta(old, new, *changes):
    return wire.packed(wire.DELTA, "<II", old, new) + b"".join(bytes((op,)) + record for op, record in changes)


def test_a_hello_says_what_the_controller_has():
    bench = Bench()
    started(bench.loop, 1, 0)
    hello = wire.read_json(bench.connect()[0])
    assert hello["acl"] == 0
    assert hello["rules"] == 1
    assert (hello["first"], hello["last"]) == (1, 1)
    assert hello["epoch"] == bench.loop.log.epoch
    assert hello["longest"] == wire.MAX_MESSAGE


def test_a_hello_says_how_often_the_board_started():
    bench = Bench()
    bench.loop.journal.set(BOOTS, 7)
    assert wire.read_json(bench.connect()[0])["boot"] == 7


def test_a_table_without_room_is_no_message_that_was_refused():
    bench = Bench()
    bench.connect()

    def full(loop, message, now):
        raise TableFull("bucket")

    def odd(loop, message, now):
        raise ValueError("odd")

    bench.sync.handlers.update({0x01: full, 0x02: odd})
    bench.hear(b"\x01")
    assert bench.refused["content"] == 0
    bench.hear(b"\x02")
    assert bench.refused["content"] == 1


def test_events_go_up_in_batches_until_they_are_stored():
    bench = Bench()
    bench.connect()
    bench.stored()
    bench.said()
    for cause in range(50):
        bench.loop.record(STARTED, bench.chip.now, 0, cause)
    bench.run()
    batch = bench.said()[0]
    assert batch[0] == wire.EVENTS
    assert unpack_event(batch, 5)[0] == bench.loop.log.acknowledged + 1
    last = unpack_event(batch, len(batch) - 32)[0]
    bench.run(1000)
    assert bench.said() == []
    bench.hear(wire.packed(wire.STORED, "<II", bench.loop.log.epoch, last))
    assert bench.loop.log.acknowledged == last
    assert unpack_event(bench.said()[0], 5)[0] == last + 1


def test_four_full_batches_may_be_on_their_way_and_no_more():
    bench = Bench()
    bench.connect()
    bench.stored()
    bench.said()
    for cause in range(200):
        bench.loop.record(STARTED, bench.chip.now, 0, cause)
    bench.run()
    batches = bench.said()
    bench.run()  # one waited for room in the mailbox
    batches += bench.said()
    begin = unpack_event(batches[0], 5)[0]
    assert [unpack_event(batch, 5)[0] for batch in batches] == [begin, begin + 30, begin + 60, begin + 90]
    bench.run(1000)
    assert bench.said() == []
    bench.hear(wire.packed(wire.STORED, "<II", bench.loop.log.epoch, begin + 29))
    (fifth,) = bench.said()
    assert unpack_event(fifth, 5)[0] == begin + 120
    bench.run(4900)
    assert bench.said() == []
    bench.run(200)
    assert unpack_event(bench.said()[0], 5)[0] == begin + 30


def test_a_batch_without_an_answer_is_sent_again():
    bench = Bench()
    started(bench.loop, 1, 0)
    first = [message for message in bench.connect() if message[0] == wire.EVENTS]
    bench.run(5000)
    again = [message for message in bench.said() if message[0] == wire.EVENTS]
    assert first and again and again[0][: len(first[0])] == first[0]


def test_an_acknowledgement_of_other_events_is_refused():
    bench = Bench()
    started(bench.loop, 1, 0)
    bench.connect()
    epoch, last = bench.loop.log.epoch, bench.loop.log.last
    bench.hear(wire.packed(wire.STORED, "<II", epoch + 1, 1))
    bench.hear(wire.packed(wire.STORED, "<II", epoch, last + 100))
    assert bench.loop.log.acknowledged == 0
    assert bench.refused["content"] == 2


def test_what_was_acknowledged_is_not_sent_after_a_restart():
    bench = Bench()
    started(bench.loop, 1, 0)
    bench.connect()
    bench.hear(wire.packed(wire.STORED, "<II", bench.loop.log.epoch, 2))
    for _ in range(100):
        bench.loop.record(STARTED, bench.chip.now)
    bench.stored()
    again = Bench(flash=bench.flash)
    assert again.loop.log.acknowledged == 102


def test_a_delta_gives_and_takes_a_card():
    bench = Bench()
    bench.connect()
    bench.said()
    bench.hear(delta(0, 5, (records.PUT, CARD)))
    assert bench.said()[0] == wire.packed(wire.ACL_NOW, "<IQ", 5, credential_digest(CARD))
    bench.tap(12, 3456)
    assert bench.strike() == 1
    bench.run(6000)
    bench.said()
    bench.hear(delta(5, 6, (records.REMOVE, CARD)))
    assert wire.packed(wire.ACL_NOW, "<IQ", 6, 0) in bench.said()
    bench.tap(12, 3456)
    assert bench.strike() == 0


def test_a_delta_from_another_version_changes_nothing():
    bench = Bench()
    bench.connect()
    bench.said()
    bench.hear(delta(3, 5, (records.PUT, CARD)))
    assert bench.said() == [wire.packed(wire.ACL_NOW, "<IQ", 0, 0)]
    assert bench.loop.table.count == 0


def test_a_broken_delta_changes_nothing():
    bench = Bench()
    bench.connect()
    bench.hear(delta(0, 5, (records.PUT, CARD))[:-1])
    bench.hear(delta(0, 5, (0x3F, CARD)))
    bench.hear(bytes((wire.DELTA,)))
    assert bench.refused["content"] == 3
    assert (bench.loop.table.version, bench.loop.table.count) == (0, 0)


def test_a_snapshot_comes_in_parts():
    bench = Bench()
    bench.give(1, 1)
    bench.connect()
    bench.said()
    records = sorted(pack_credential(credential_key(KEY, card_value(26, n)), 7, NO_END) for n in range(200))
    digest = 0
    for record in records:
        digest ^= credential_digest(record)
    for part in range(2):
        head = wire.packed(wire.SNAPSHOT, "<IHHQH", 9, part, 2, digest, 0)
        bench.hear(head + b"".join(records[part * 100 : part * 100 + 100]))
    said = bench.said()
    assert wire.packed(wire.PART_TAKEN, "<IH", 9, 1) in said
    assert wire.packed(wire.ACL_NOW, "<IQ", 9, digest) in said
    assert bench.loop.table.count == 200
    bench.tap(1, 1)
    assert bench.strike() == 0


def test_a_snapshot_with_a_part_missing_is_not_reported_as_whole():
    bench = Bench()
    bench.connect()
    bench.hear(wire.packed(wire.SNAPSHOT, "<IHHQH", 9, 1, 2, 0, 0) + CARD)
    assert bench.refused["content"] == 1
    assert bench.loop.table.version == 0


def test_a_table_that_changes_by_itself_is_told():
    bench = Bench()
    bench.connect()
    bench.hear(delta(0, 5, (records.PUT, CARD)))
    bench.said()
    bench.loop.table.distrust()
    bench.run()
    assert [message[:5] for message in bench.said()] == [wire.packed(wire.ACL_NOW, "<I", 0)]


def test_while_a_snapshot_comes_in_only_its_end_is_told():
    bench = Bench()
    bench.connect()
    bench.said()
    bench.hear(wire.packed(wire.SNAPSHOT, "<IHHQH", 9, 0, 2, credential_digest(CARD), 0) + CARD)
    assert bench.said() == [wire.packed(wire.PART_TAKEN, "<IH", 9, 1)]
    bench.run(3000)
    assert bench.said() == []
    bench.hear(wire.packed(wire.SNAPSHOT, "<IHHQH", 9, 1, 2, credential_digest(CARD), 0))
    bench.run(9000)
    assert bench.said()[0] == wire.packed(wire.ACL_NOW, "<IQ", 9, credential_digest(CARD))


def test_sums_of_buckets_are_told():
    bench = Bench()
    bench.connect()
    bench.hear(delta(0, 5, (records.PUT, CARD)))
    bench.said()
    count = bench.loop.table.buckets
    bench.hear(wire.packed(wire.BUCKETS_ASKED, "<HB", 0, count))
    (answer,) = bench.said()
    assert answer[:3] == wire.packed(wire.BUCKETS, "<H", 0) and len(answer) == 3 + 8 * count
    at = 3 + 8 * records.bucket_of(CARD[:7], count)
    assert int.from_bytes(answer[at : at + 8], "little") == credential_digest(CARD)
    bench.hear(wire.packed(wire.BUCKETS_ASKED, "<HB", 1, count))
    bench.hear(wire.packed(wire.BUCKETS_ASKED, "<HB", 0, 0))
    bench.run()
    assert bench.refused["content"] == 2


def test_a_part_out_of_turn_is_refused():
    bench = Bench()
    bench.connect()
    later = pack_credential(b"\xff" * 7, 7, NO_END)
    bench.hear(wire.packed(wire.SNAPSHOT, "<IHHQH", 9, 0, 3, 0, 0) + CARD)
    assert bench.said()[-1] == wire.packed(wire.PART_TAKEN, "<IH", 9, 1)
    bench.hear(wire.packed(wire.SNAPSHOT, "<IHHQH", 9, 2, 3, 0, 0) + later)
    assert bench.refused["content"] == 1
    assert bench.loop.table.version == 0


def test_rules_are_saved_and_followed():
    bench = Bench()
    bench.connect()
    rules = {"version": 4, "profiles": {"7": []}, "doors": {"1": {"release_ms": 1000, "held_ms": 2000}}}
    assert wire.packed(wire.RULES_TAKEN, "<IH", 4, 1) in bench.rules_come(rules)
    bench.give(12, 3456)
    bench.tap(12, 3456)
    assert bench.strike() == 0
    bench.rules_come(dict(rules, version=5, profiles={"7": [1]}))
    bench.tap(12, 3456)
    assert bench.strike() == 1
    bench.run(1000)
    assert bench.strike() == 0
    bench.clean()


def test_time_is_taken_only_as_the_answer_to_the_question():
    bench = Bench()
    bench.inbox.put(session.OPENED)
    bench.run()
    bench.hear(bytes((wire.TIME,)) + b"12345678" + bytes(8))
    assert bench.loop.clock.utc(bench.chip.now) == 0
    assert bench.refused["content"] == 1
    bench.connect()
    assert bench.loop.clock.utc(bench.chip.now) == UTC
    assert bench.events()[-1][0] in (CLOCK_SET, MESSAGE_REFUSED)


def test_an_answer_that_took_too_long_is_not_the_time():
    bench = Bench()
    bench.inbox.put(session.OPENED)
    bench.run()
    nonce = next(message[1:] for message in bench.said() if message[0] == wire.TIME_ASKED)
    bench.run(5001)
    bench.hear(bytes((wire.TIME,)) + nonce + wire.packed(0, "<Q", UTC * 1000)[1:])
    assert bench.loop.clock.utc(bench.chip.now) == 0


def test_a_time_that_did_not_come_is_asked_for_again_after_a_minute():
    bench = Bench()
    bench.connect()
    bench.stored()
    bench.said()
    bench.run(3_599_000)
    assert wire.TIME_ASKED not in [message[0] for message in bench.said()]  # once an hour where all is well
    bench.run(2_000)
    for _ in range(3):  # lost on its way
        asked = [message[1:] for message in bench.said() if message[0] == wire.TIME_ASKED]
        assert len(asked) == 1
        bench.run(60_000)
    nonce = next(message[1:] for message in bench.said() if message[0] == wire.TIME_ASKED)
    bench.hear(bytes((wire.TIME,)) + nonce + wire.packed(0, "<Q", (UTC + 3_800) * 1000)[1:])
    assert bench.loop.clock.utc(bench.chip.now) == UTC + 3_800
    bench.stored()
    bench.said()
    bench.run(3_500_000)
    assert wire.TIME_ASKED not in [message[0] for message in bench.said()]


def test_a_time_that_cannot_be_is_refused():
    for utc_ms in (0, 1 << 41, 1600000000000, 4294967296000, (1 << 64) - 1):
        bench = Bench()
        bench.inbox.put(session.OPENED)
        bench.run()
        nonce = next(message[1:] for message in bench.said() if message[0] == wire.TIME_ASKED)
        bench.hear(bytes((wire.TIME,)) + nonce + wire.packed(0, "<Q", utc_ms)[1:])
        assert bench.refused["content"] == (0 if utc_ms == 1 << 41 else 1)
        assert bench.loop.clock.utc(bench.chip.now) == (2199023255 if utc_ms == 1 << 41 else 0)


def test_a_flood_of_refused_messages_is_one_record_a_minute():
    bench = Bench()
    bench.connect()
    for _ in range(300):
        bench.hear(b"\xee")
    bench.run(59000)
    assert [event[0] for event in bench.events()].count(MESSAGE_REFUSED) == 1
    bench.run(2000)
    records = [event for event in bench.events() if event[0] == MESSAGE_REFUSED]
    assert len(records) == 2
    assert records[1][2] == 255


def test_a_lost_link_stops_the_sending_and_no_door_moves():
    bench = Bench()
    bench.connect()
    bench.hear(session.LOST)
    bench.said()
    bench.give(12, 3456)
    bench.tap(12, 3456)
    assert bench.said() == []
    assert [event[0] for event in bench.events()][-1] == GRANTED
    bench.run(6000)
    bench.connect()
    moves = [level for _, pin, level in bench.chip.moves if pin == STRIKE]
    assert moves[-1] == 0


def test_a_full_outbox_holds_back_and_loses_nothing():
    bench = Bench()
    bench.connect()
    while bench.outbox.put(b"in the way"):
        pass
    started(bench.loop, 1, 0)
    bench.run(10000)
    bench.said()
    bench.run()
    assert wire.EVENTS in kinds(bench.said())
    assert bench.refused["content"] == 0


def test_what_an_old_session_leaves_behind_is_counted_but_no_event():
    bench = Bench()
    bench.connect()
    bench.refused["session"] = 5
    bench.run(61000)
    assert MESSAGE_REFUSED not in [event[0] for event in bench.events()]
    assert wire.read_json(bench.connect()[0])["refused"]["session"] == 5


def test_what_a_cloud_restored_from_a_backup_has_lost_is_sent_again():
    bench = Bench()
    bench.connect()
    for _ in range(10):
        bench.loop.record(STARTED, bench.chip.now)
    bench.run()
    bench.stored()
    bench.said()
    bench.hear(wire.packed(wire.STORED, "<II", bench.loop.log.epoch, 3))
    batch = bench.said()[0]
    assert batch[0] == wire.EVENTS
    assert unpack_event(batch, 5)[0] == 4
    assert unpack_event(batch, len(batch) - 32)[0] == bench.loop.log.last


def test_a_version_that_changes_nothing_else_is_told():
    bench = Bench()
    bench.connect()
    bench.hear(delta(0, 5, (records.PUT, CARD)))
    bench.said()
    bench.hear(delta(5, 6))
    assert bench.said() == [wire.packed(wire.ACL_NOW, "<IQ", 6, credential_digest(CARD))]


def test_work_on_the_table_waits_for_room_to_tell_of_it():
    bench = Bench()
    bench.connect()
    bench.said()
    steps = []

    def work():
        for n in range(3):
            steps.append(n)
            yield 0

    bench.sync.begin(work(), bench.chip.now)
    while bench.outbox.put(b"in the way"):
        pass
    bench.run()
    assert steps == []
    bench.said()
    bench.run()
    assert steps == [0, 1, 2]
