"""The event log, as the control loop and the sync use it."""

from firmware.controller.events import CHAIN_BEGINS, GRANTED, LOG_OVERWRITTEN, TIME_TRUSTED
from firmware.controller.records import EVENT, unpack_event
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from sim.mcu.flash import PowerCut
from tests.firmware.helper import raises
from tests.firmware.storage.bench import Partition, cost, damage, flash, flip

CARD = b"1234567"


def log_on(nor, state, epoch=5):
    """epoch: of a log that is begun; the first byte of its keys as well."""
    return EventLog(Partition(nor), StateJournal(Partition(state)), lambda n: bytes((epoch,)) + bytes(n - 1))


def add(log, count):
    for i in range(count):
        log.append(GRANTED, 1, i % 256, CARD, 1800000000, 1)


def numbers(log, first, room=60):
    """The sequence numbers of all events from first on, as read in batches."""
    buf = bytearray(room * EVENT)
    found = []
    while True:
        count = log.read(first, buf)
        if not count:
            return found
        found += [unpack_event(buf, i * EVENT)[0] for i in range(count)]
        first += count


def test_an_event_is_there_when_append_returns():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    assert (log.first, log.last, log.acknowledged, log.epoch) == (1, 0, 0, 5)
    assert log.append(GRANTED, 2, 3, CARD, 1800000000, 1) == 1
    again = log_on(nor, state, 6)
    assert (again.first, again.last, again.epoch) == (1, 1, 5)
    buf = bytearray(EVENT)
    assert again.read(1, buf) == 1
    assert unpack_event(buf) == (1, 1800000000, GRANTED, 2, 3, TIME_TRUSTED | CHAIN_BEGINS, CARD, 0)


def test_an_event_without_time_and_card():
    log = log_on(flash(4), flash(2))
    log.append(GRANTED, 0, 0, None, None, 0)
    buf = bytearray(EVENT)
    log.read(1, buf)
    assert unpack_event(buf) == (1, 0, GRANTED, 0, 0, CHAIN_BEGINS, None, 0)


def test_numbers_are_contiguous_round_the_ring_and_over_restarts():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    for count in (1, 125, 1, 1, 126, 127, 128, 200, 1):
        add(log, count)
        last = log.last
        log.prepare()
        for same in (log, log_on(nor, state)):
            assert same.last == last
            assert numbers(same, same.first) == list(range(same.first, last + 1))
            assert same.first == 1 or last - same.first + 1 >= 2 * 127
        log = same
    assert log.first > 127


def test_an_append_is_one_program_and_no_erase():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    for _ in range(4 * 127 + 10):
        log.prepare()
        assert cost(nor, lambda: add(log, 1)) == (1, 1, 0)


def test_without_prepare_an_append_erases_rather_than_loses():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 2000)
    assert numbers(log, log.first) == list(range(log.first, 2001))


def test_prepare_erases_once_a_sector_and_late():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    assert log.prepare()  # the first one
    assert not log.prepare()
    add(log, 63)
    assert cost(nor, log.prepare)[2] == 1
    assert not log.prepare()
    log = log_on(nor, state)
    assert not log.prepare()  # nor does a restart erase it again


def test_reading_what_is_not_there_gives_nothing():
    log = log_on(flash(4), flash(2))
    buf = bytearray(EVENT)
    assert log.read(0, buf) == log.read(1, buf) == 0
    add(log, 600)
    assert log.first > 1
    assert log.read(log.first - 1, buf) == log.read(601, buf) == 0
    assert log.read(600, bytearray(EVENT * 9)) == 1


def test_acknowledgements_survive_in_steps():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 200)
    assert cost(state, lambda: log.acknowledge(63)) == (0, 0, 0)
    assert log.acknowledged == 63
    assert cost(state, lambda: log.acknowledge(64))[1:] == (1, 0)
    log.acknowledge(10)
    assert log.acknowledged == 64
    log.acknowledge(100)
    assert log_on(nor, state).acknowledged == 64
    log.acknowledge(9999)
    assert log.acknowledged == 200
    assert log_on(nor, state).acknowledged == 200


def test_overwriting_what_the_cloud_has_does_not_look_like_a_loss_after_a_restart():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    while log.last < 700:
        add(log, 1)
        log.acknowledge(log.last)
        log.prepare()
        again = log_on(nor, state)
        assert again.first <= again.acknowledged + 1


def test_what_the_cloud_has_is_noted_before_it_is_overwritten():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 100)
    log.acknowledge(60)
    add(log, 450)
    assert log.first > 60
    assert log_on(nor, state).acknowledged == 60


def test_a_half_erased_sector_is_not_taken_for_a_ready_one():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 4 * 127 - 10)

    def half(op, offset, length):
        if op == "erase":
            for at in range(offset + 2 * EVENT, offset + length, EVENT):
                nor.poke(at, b"\xff" * EVENT)
            nor.poke(offset + EVENT, b"\xff" * EVENT)
            raise PowerCut("nearly done")

    nor.fault = half
    raises(PowerCut, log.prepare)
    nor.fault = None
    log = log_on(nor, state)
    assert cost(nor, log.prepare)[2] == 1
    add(log, 100)
    assert numbers(log, log.first) == list(range(log.first, log.last + 1))


def test_a_damaged_event_keeps_its_number_and_says_that_it_is_lost():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 10)
    damage(nor, 5 * EVENT + 9)
    buf = bytearray(EVENT * 60)
    for same in (log, log_on(nor, state)):
        assert same.last == 10
        assert numbers(same, 1) == list(range(1, 11))
        assert same.read(1, buf) == 4
        assert same.read(5, buf) == 1
        assert unpack_event(buf)[2] == LOG_OVERWRITTEN
        assert same.read(6, buf) == 5
        assert cost(nor, lambda same=same: same.read(5, buf))[0] < 10


def test_an_event_in_which_a_bit_turned_over_is_read_as_it_was():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 10)
    buf, same = bytearray(EVENT * 10), bytearray(EVENT * 10)
    assert log.read(1, buf) == 10
    for slot in (1, 5, 10):
        for at in range(0, EVENT * 8, 7):
            flip(nor, slot * EVENT + at // 8, at % 8)
            assert log.read(1, same) == 10 and same == buf
            assert log_on(nor, state).last == 10
            nor.poke(EVENT, buf)


def test_a_new_log_has_the_epoch_it_was_given_and_forgets_old_acknowledgements():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state, 5)
    add(log, 100)
    log.acknowledge(100)
    nor.poke(0, b"\x5a" * 4 * 4096)
    log = log_on(nor, state, 6)
    assert (log.epoch, log.first, log.last, log.acknowledged) == (6, 1, 0, 0)
    add(log, 1)
    assert numbers(log_on(nor, state, 7), 1) == [1]


def test_an_event_that_could_not_be_written_leaves_no_hole():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 63)  # the start looks at slot 64 first

    def broken(op, offset, length):
        if op == "program":
            raise OSError(5)

    nor.fault = broken
    raises(OSError, lambda: add(log, 1))
    nor.fault = None
    add(log, 5)
    assert numbers(log_on(nor, state), 1) == list(range(1, 69))


def test_a_partition_that_is_too_small_is_refused():
    raises(ValueError, lambda: log_on(flash(3), flash(2)))
