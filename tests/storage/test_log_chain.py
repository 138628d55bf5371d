"""The chain of the log: what the board can still prove, what it can no longer make, and what a reader of it sees."""

from itertools import pairwise

from firmware.controller.events import CHAIN_BEGINS, GRANTED, LOG_CHAIN_ANEW, LOG_OVERWRITTEN, NEW_KEY
from firmware.controller.records import EVENT, chain_mac, next_chain_key, pack_event, unpack_event
from firmware.controller.storage import sectors
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from firmware.protocol import log_chain as reader
from firmware.protocol.log_chain import BROKEN, EXPIRED, LOST, UNPROVEN, WHOLE, LogChain
from sim.mcu.flash import SECTOR, NorFlash
from tests.firmware.helper import raises
from tests.firmware.storage.bench import Partition, damage, flash, flip

CARD = b"1234567"


class Draw:
    """Other bytes each time."""

    def __init__(self):
        self.drawn = 0

    def __call__(self, n):
        self.drawn += 1
        return bytes((self.drawn, 77)) * (n // 2)


DRAW = Draw()


def log_on(nor, state):
    sectors.faults.clear()
    return EventLog(Partition(nor), StateJournal(Partition(state)), DRAW)


def add(log, count, idle=True):
    for i in range(count):
        log.append(GRANTED, 1, i % 256, CARD, 1800000000, 1)
        if idle:
            log.prepare()


def record(log, seq):
    buf = bytearray(EVENT)
    assert log.read(seq, buf) == 1
    return bytes(buf)


def records(log, first):
    return [record(log, seq) for seq in range(first, log.last + 1)]


def verdicts(chain, found):
    return [chain.take(one) for one in found]


def keys_on(nor):
    """All that a thief finds where keys lie."""
    found = []
    key = bytearray(16)
    for at in range(16, nor.size, SECTOR):
        nor.read(at, key)
        if any(key) and min(key) < 0xFF:
            found.append(bytes(key))
    return found


class Full:
    """A log that a cloud follows. found: the records it has not seen yet."""

    def __init__(self, before=0):
        self.nor, self.state = flash(4), flash(2)
        self.log = log = log_on(self.nor, self.state)
        add(log, 1)
        self.chain = LogChain(*log.chain_start)
        assert verdicts(self.chain, records(log, 1)) == [WHOLE]
        log.acknowledge(1)
        add(log, 300 + before)
        self.found = records(log, max(2, log.first))


def test_every_event_is_proven_over_all_turns_and_restarts():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    assert log.chain_start is None
    add(log, 1)
    chain = LogChain(*log.chain_start)
    seen = 1
    for count in (0, 1, 125, 1, 1, 126, 127, 128, 200, 1, 40):
        add(log, count, idle=count != 200)
        found = records(log, seen)
        assert verdicts(chain, found) == [WHOLE] * len(found)
        seen = log.last + 1
        log.acknowledge(log.last)
        log = log_on(nor, state)
    assert not sectors.faults
    assert log.last > 4 * 127


def test_the_key_moves_with_the_sector_and_the_first_event_there_says_so():
    it = Full()
    flags = [unpack_event(one)[5] & (NEW_KEY | CHAIN_BEGINS) for one in it.found]
    assert [i + 2 for i in range(len(flags)) if flags[i]] == [128, 255]
    assert set(flags) == {0, NEW_KEY}
    first = it.chain.key
    assert verdicts(it.chain, it.found) == [WHOLE] * 300
    assert it.chain.key == next_chain_key(next_chain_key(first))


def test_no_key_on_the_board_makes_what_was_recorded_before():
    it = Full()
    keys = keys_on(it.nor)
    assert len(keys) in (1, 2)  # the head's, and the one after it in a sector that is erased ahead
    for key in keys:
        for _ in range(3):
            for before, event in pairwise(it.found[:252]):
                assert chain_mac(key, before[20:28], event) != event[20:28]
            key = next_chain_key(key)
    assert chain_mac(keys[0], it.found[-2][20:28], it.found[-1]) == it.found[-1][20:28]


def test_a_key_is_gone_in_the_idle_moment_after_its_last_event():
    it = Full()
    add(it.log, 381 - it.log.last)
    assert len(keys_on(it.nor)) == 2
    add(it.log, 1, idle=False)
    old = keys_on(it.nor)
    it.log.prepare()
    assert len(old) == 2 and len(keys_on(it.nor)) == 1
    key = keys_on(it.nor)[0]
    assert key in [next_chain_key(one) for one in old]


def test_a_key_that_a_power_cut_kept_goes_with_the_next_start():
    it = Full()
    add(it.log, 381 - it.log.last)
    add(it.log, 1, idle=False)
    assert len(keys_on(it.nor)) == 2
    log_on(it.nor, it.state).prepare()
    assert len(keys_on(it.nor)) == 1


def test_the_key_with_which_it_begins_stays_until_the_cloud_has_an_event():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 200)
    start = log.chain_start
    assert start[0] == 1 and start[1] in keys_on(nor)
    log = log_on(nor, state)
    assert log.chain_start == start
    chain = LogChain(*start)
    assert verdicts(chain, records(log, 1)) == [WHOLE] * 200
    log.acknowledge(1)
    assert log.chain_start is None
    log.prepare()
    assert start[1] not in keys_on(nor) and not [one for one in vars(log).values() if one == start]
    assert log_on(nor, state).chain_start is None


def test_the_key_is_gone_before_flash_says_that_the_cloud_has_it():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 200)
    key = log.chain_start[1]
    seen = []
    state.fault = lambda op, offset, length: seen.append(key in keys_on(nor))
    log.acknowledge(150)
    assert seen and not any(seen)


def test_a_board_that_no_cloud_ever_heard_begins_anew_when_its_ring_goes_round():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 3000)
    begins, key = log.chain_start
    assert log.first <= begins <= log.last
    chain = LogChain(begins, key)
    found = records(log, begins)
    assert verdicts(chain, found) == [WHOLE] * len(found)
    assert unpack_event(found[0])[5] & CHAIN_BEGINS
    assert log_on(nor, state).chain_start == (begins, key)


def test_whatever_is_changed_is_seen_and_what_follows_is_proven_again():
    it = Full()
    for at in (4, 8, 9, 10, 11, 12, 19, 20, 27):
        follower = LogChain(it.chain.next, it.chain.key)
        follower.before = it.chain.before
        event = bytearray(it.found[30])
        event[at] ^= 64
        forged = pack_event(*unpack_event_of(event)) if at < 20 else resealed(event)
        seen = verdicts(follower, [*it.found[:30], forged, *it.found[31:]])
        assert seen[30] == BROKEN
        assert seen[:30] + seen[32:] == [WHOLE] * 298
        assert seen[31] == (WHOLE if at < 20 else BROKEN)


def unpack_event_of(event):
    """The fields of a record whose CRC is no longer right, with its chain."""
    fields = unpack_event(resealed(event))
    return (*fields, bytes(event[20:28]))


def resealed(event):
    return sectors.sealed(bytes(event[:28]))


def test_what_is_left_out_or_comes_in_another_order_is_seen():
    it = Full()
    seen = verdicts(it.chain, it.found[:10] + it.found[11:])
    assert seen == [WHOLE] * 10 + [UNPROVEN] + [WHOLE] * 288
    assert raises(ValueError, lambda: it.chain.take(it.found[-1]))


def test_after_a_gap_over_many_sectors_the_key_is_found_again():
    it = Full(3000)
    assert unpack_event(it.found[0])[0] > 2000
    seen = verdicts(it.chain, it.found)
    assert seen == [UNPROVEN] + [WHOLE] * (len(it.found) - 1)


def test_who_holds_todays_key_cannot_rewrite_the_sector_before():
    it = Full()
    key = keys_on(it.nor)[0]
    forged, before = [], it.found[199][20:28]
    for one in it.found[200:]:
        fields = unpack_event(one)
        body = pack_event(fields[0], fields[1] + 60, GRANTED, 1, 0, 1 | NEW_KEY, b"forged!")
        before = chain_mac(key, before, body)
        forged.append(resealed(body[:20] + before))
    seen = verdicts(it.chain, it.found[:200] + forged)
    assert seen[:201] == [WHOLE] * 200 + [BROKEN]


def test_an_event_that_cannot_be_read_is_told_and_the_next_one_is_proven():
    it = Full()
    damage(it.nor, SECTOR + 5 * EVENT + 9)
    it.found = records(it.log, 2)
    seen = verdicts(it.chain, it.found)
    assert seen.count(LOST) == 1 and seen.count(WHOLE) == 299


def test_a_sector_that_cannot_be_read_is_told_and_the_key_found_again():
    it = Full()
    it.nor.poke(SECTOR, bytes(SECTOR))
    seen = verdicts(it.chain, records(log_on(it.nor, it.state), 2))
    assert seen.count(LOST) == 127
    assert seen.count(UNPROVEN) == 1
    assert seen[-40:] == [WHOLE] * 40


def test_an_expired_event_is_known_as_such_and_the_next_one_is_proven():
    it = Full()
    gone = [one[:4] + bytes(16) + one[20:28] + bytes(4) for one in it.found[120:130]]
    seen = verdicts(it.chain, it.found[:120] + gone + it.found[130:])
    assert seen == [WHOLE] * 120 + [EXPIRED] * 10 + [WHOLE] * 170


def test_a_key_that_cannot_be_read_begins_a_new_chain_and_that_is_told():
    for change in (lambda flash: flash.poke(2 * SECTOR + 16, bytes(16)), lambda flash: damage(flash, 2 * SECTOR + 20)):
        it = Full()
        change(it.nor)
        it.log = log_on(it.nor, it.state)
        assert sectors.faults == [(LOG_CHAIN_ANEW, 0)]
        assert it.log.chain_start is None
        add(it.log, 3)
        start = it.log.chain_start
        assert start[0] == 302
        assert log_on(it.nor, it.state).chain_start == start
        assert verdicts(it.chain, it.found + records(it.log, 302)[:1]) == [WHOLE] * 300 + [BROKEN]
        it.chain.begin(*start)
        assert verdicts(it.chain, records(it.log, 302)) == [WHOLE] * 3
        it.log.acknowledge(303)
        it.log.prepare()
        assert it.log.chain_start is None and start[1] in keys_on(it.nor)  # it is the head's


def test_a_new_chain_without_an_event_yet_begins_anew_again():
    it = Full()
    damage(it.nor, 2 * SECTOR + 20)
    it.log = log_on(it.nor, it.state)
    it.log.prepare()
    assert it.log.chain_start is None  # a hello must not name a key that another one may replace
    it.log = log_on(it.nor, it.state)
    it.log.prepare()
    add(it.log, 3)
    it.chain = LogChain(*it.log.chain_start)
    assert verdicts(it.chain, records(it.log, 302)) == [WHOLE] * 3


def test_the_number_of_a_damaged_last_event_is_not_given_again():
    for at in (0, 1, 5, 9, 20, 28, 31):
        it = Full()
        damage(it.nor, 2 * SECTOR + 47 * EVENT + at)
        assert record(it.log, 301) != it.found[-1]
        it.log = log_on(it.nor, it.state)
        assert it.log.last == 301
        assert unpack_event(record(it.log, 301))[2] == LOG_OVERWRITTEN
        assert it.log.append(GRANTED, 1, 0, None, 0, 0) == 302


class Weak(NorFlash):
    """A byte that a power cut left weak: it reads now so, now so, until it is programmed again."""

    weak = -1
    reads_whole = True

    def read(self, offset, buf):
        super().read(offset, buf)
        if offset <= self.weak < offset + len(buf) and not self.reads_whole:
            buf[self.weak - offset] = 0xFF

    def program(self, offset, data):
        super().program(offset, data)
        if offset <= self.weak < offset + len(data):
            self.weak = -1


def test_an_event_whose_last_byte_is_weak_is_there_for_ever():
    for first in (True, False):
        nor, state = Weak(4 * SECTOR), flash(2)
        log = log_on(nor, state)
        add(log, 20)
        start = log.chain_start
        nor.weak, nor.reads_whole = 20 * EVENT + 31, first
        log = log_on(nor, state)
        assert log.last == 20
        add(log, 5)
        nor.reads_whole = not first
        for same in (log, log_on(nor, state)):
            chain = LogChain(*start)
            assert same.last == 25
            assert verdicts(chain, records(same, 1)) == [WHOLE] * same.last


def test_numbers_of_a_head_that_is_gone_are_not_given_again():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 127 + 100)
    nor.poke(SECTOR, bytes(SECTOR))
    log = log_on(nor, state)
    assert sectors.faults == [(LOG_CHAIN_ANEW, 0)]
    assert log.last == 190  # what the header of the sector erased ahead knows
    assert unpack_event(record(log, 150))[2] == LOG_OVERWRITTEN
    add(log, 2)
    assert log.chain_start[0] == 191


def test_only_a_damaged_event_in_a_sector():
    nor, state = flash(4), flash(2)
    log = log_on(nor, state)
    add(log, 128)
    flip(nor, SECTOR + EVENT + 9)
    log = log_on(nor, state)
    assert log.last == 128
    add(log, 1)
    assert [unpack_event(one)[0] for one in records(log, 1)] == list(range(1, 130))


def test_a_log_that_cannot_be_proven_does_not_cost_more_and_more(monkeypatch):
    """As after a cloud was put back that had the key: the walk over a long log stays short."""
    tried = 0

    def counted(key, before, event):
        nonlocal tried
        tried += 1
        return chain_mac(key, before, event)

    monkeypatch.setattr(reader, "chain_mac", counted)
    followed = LogChain(1, bytes(16))
    for sequence in range(1, 2001):
        followed.take(bytes(pack_event(sequence, 0, 1, 1, 0, 0, None, 0, b"not ours")))
    assert tried < 2000 * 50


def test_a_gap_of_four_billion_events_costs_no_more_than_one_of_eight_million(monkeypatch):
    """Found by the fuzz: a board that told of one kept the worker busy for a minute with each event."""
    tried = []
    monkeypatch.setattr(reader, "next_chain_key", lambda key: tried.append(key) or key)
    chain = LogChain(1, bytes(16))
    far = 4_000_000_000
    assert verdicts(chain, [pack_event(far, 0, GRANTED, 1, 0, 0, CARD)]) == [UNPROVEN]
    assert verdicts(chain, [pack_event(far + 1, 0, GRANTED, 1, 0, 0, CARD)]) == [BROKEN]
    assert len(tried) == 65_537
