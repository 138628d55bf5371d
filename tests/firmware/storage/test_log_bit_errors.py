"""The event log and bits that turned over: in a chain key, and where nothing was yet."""

from firmware.controller.events import GRANTED
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.sectors import SECTOR, faults
from firmware.controller.storage.state import StateJournal
from firmware.protocol.log_chain import WHOLE, LogChain
from tests.firmware.storage.bench import Partition, flash, flip


def test_each_bit_of_a_chain_key_is_turned_back_at_a_start():
    faults.clear()
    nor, state = flash(4), flash(2)

    def started():
        return EventLog(Partition(nor), StateJournal(Partition(state)), lambda n: bytes(range(n)))

    log = started()
    log.append(GRANTED, 1, 0, None, 0, 0)
    chain, event = LogChain(*log.chain_start), bytearray(32)
    for bit in range(128):
        log.append(GRANTED, 1, bit, None, 0, 0)
        flip(nor, 16 + bit // 8, bit % 8)
        log = started()
        flip(nor, 16 + bit // 8, bit % 8)
        assert not faults, bit
        if not bit:
            assert LogChain(*log.chain_start).take(read(log, 1, event)) == WHOLE
        if log.slot == 127:
            break
    for sequence in range(1, log.last + 1):
        assert chain.take(read(log, sequence, event)) == WHOLE, sequence


def test_a_bit_that_turned_over_where_nothing_was_yet_costs_a_slot_and_no_event():
    faults.clear()
    nor, state = flash(4), flash(2)
    log = EventLog(Partition(nor), StateJournal(Partition(state)), lambda n: bytes(range(n)))
    event = bytearray(32)
    for sequence in range(1, 60):
        log.append(GRANTED, 1, sequence, None, 0, 0)
        if sequence % 3 == 0:
            flip(nor, log.head * SECTOR + log.slot * 32 + sequence % 32, sequence % 8)
    chain = LogChain(*log.chain_start)
    for one in (log, EventLog(Partition(nor), StateJournal(Partition(state)), bytes)):
        assert (one.first, one.last, log.head) == (1, 59, 0)
    for sequence in range(1, 60):
        assert chain.take(read(log, sequence, event)) == WHOLE, sequence
    numbers = []
    for slot in range(1, 128):
        nor.read(slot * 32, event)
        if any(event) and min(event) < 255:
            numbers.append(event[0])
    assert numbers == list(range(1, 60)), "no number lies there twice"
    assert not faults


def read(log, sequence, event):
    assert log.read(sequence, event) == 1
    return bytes(event)
