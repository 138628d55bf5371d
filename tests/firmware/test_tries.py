"""Guessing codes at a bank: how many wrong ones are borne, on record before anybody learns of it, over restarts."""

from firmware.controller.access.codes import DEPOSIT, LONG, PICK_UP, SHORT, code
from firmware.controller.access.tries import LONG_TRIES, SHORT_TRIES, Tries
from firmware.controller.outputs.signal import DENIED
from firmware.protocol.deliveries import delivery_key
from tests.firmware.controller_bench import UTC
from tests.firmware.parcel_bench import ParcelBench, deposit_code, long_code, pick_up_code

DAY = 86400
KEYS = 10**10 // 256  # 39,062,500


def test_any_24_hours_bear_so_few_guesses_that_one_in_a_million_banks_is_opened():
    """A slot's key is right once in so many guesses, whichever slot it is: slots are public. For two minutes after a
    parcel was put in both codes of its key open it."""
    assert 2 * (2 * SHORT_TRIES / KEYS + 2 * LONG_TRIES / (KEYS * 1000)) <= 1e-6


def test_both_codes_of_a_delivery_open_it_for_two_minutes_and_a_guess_may_be_either():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    find = bench.bank._parcels.deliveries.find
    assert [find(code.encode())[1] for code in (deposit_code(1), pick_up_code(1))] == [DEPOSIT, PICK_UP]
    bench.run(121000)
    assert [find(code.encode())[1] for code in (deposit_code(1), pick_up_code(1))] == [None, PICK_UP]


BIN = 600  # seconds


def guesses(moments):
    """How many wrong ones of each length a bank bears within 24 hours at most, if somebody tries at these times."""
    tries = Tries(0, 0)
    bins = {SHORT: [0] * (2 * DAY // BIN), LONG: [0] * (2 * DAY // BIN)}
    for at in moments:
        now = at * 1000 & ((1 << 30) - 1)
        if at % BIN == 0:
            tries = Tries(tries.kept(), now)  # who cuts the power gains nothing
        if tries.pauses(now):
            continue
        length = SHORT if tries.bears(SHORT, UTC + at) else LONG
        if tries.bears(length, UTC + at):
            tries.wrong(length, UTC + at, now)
            bins[length][at // BIN] += 1
            tries.row = 0  # a friend has a delivery for each: no pause
    return {length: max([sum(found[n : n + DAY // BIN]) for n in range(DAY // BIN)]) for length, found in bins.items()}


def test_whoever_tries_for_days_on_end_and_who_knows_when_a_day_is_over():
    assert guesses(range(0, 2 * DAY, 12)) == {SHORT: SHORT_TRIES, LONG: LONG_TRIES}
    found = guesses(at if at > DAY - 5500 else 0 for at in range(DAY - 5500, DAY + 5500))
    assert SHORT_TRIES < found[SHORT] <= 2 * SHORT_TRIES and LONG_TRIES < found[LONG] <= 2 * LONG_TRIES


def test_without_a_clock_no_day_is_ever_over():
    tries = Tries(0, 0)
    for n in range(SHORT_TRIES):
        assert tries.bears(SHORT, 0)
        tries.wrong(SHORT, 0, n)
    assert not tries.bears(SHORT, 0) and tries.bears(LONG, 0)
    assert not tries.bears(SHORT, UTC)  # the day begins when the time is known
    assert not tries.bears(SHORT, UTC + DAY - 1)
    assert tries.bears(SHORT, UTC + DAY)


def test_a_clock_that_is_set_back_makes_no_day_longer_than_a_day():
    tries = Tries(0, 0)
    for n in range(SHORT_TRIES):
        tries.wrong(SHORT, UTC, n)
    assert not tries.bears(SHORT, UTC - 5 * DAY)
    assert not tries.bears(SHORT, UTC - 4 * DAY - 1)
    assert tries.bears(SHORT, UTC - 4 * DAY)


def test_both_lengths_have_an_end():
    tries = Tries(0, 0)
    for n in range(LONG_TRIES):
        assert tries.bears(LONG, UTC)
        tries.wrong(LONG, UTC, n)
    assert not tries.bears(LONG, UTC) and tries.bears(SHORT, UTC)
    again = Tries(tries.kept(), 0)
    assert not again.bears(LONG, UTC) and again.bears(SHORT, UTC) and again.row == 255
    assert tries.bears(LONG, UTC + DAY)


def test_five_in_a_row_are_a_pause_and_each_more_doubles_it_up_to_a_quarter_of_an_hour():
    tries, now, pauses = Tries(0, 0), 0, []
    for _ in range(12):
        tries.wrong(LONG, UTC, now)
        begin = now
        while tries.pauses(now):
            now += 1000
        pauses.append((now - begin) // 1000)
    assert pauses == [0, 0, 0, 0, 60, 120, 240, 480, 900, 900, 900, 900]
    again = Tries(tries.kept(), now)  # a restart does not help
    assert again.pauses(now + 899000) and not again.pauses(now + 900000)


def wrong(number):
    return "{:010d}".format(number * 256 + 99)


def test_nothing_is_looked_at_in_a_pause_and_nothing_counts():
    bench = ParcelBench(stock=(1,))
    for n in range(5):
        assert bench.type(wrong(n)) == []
    assert [event[2] for event in bench.told() if event[0] == "CODE_WRONG"] == [1, 2, 3, 4, 5]
    assert bench.type(deposit_code(1)) == bench.type("1") == []
    assert bench.told() == []
    bench.run(60000)
    assert bench.deposit(1) == [1]
    bench.shut(1)
    assert bench.again().loop.journal.get(80) & 255 == 0
    for n in range(2):
        bench.type(wrong(n))
    assert bench.type(pick_up_code(1)) == [1]  # what went well in between is no guesser's


def test_a_code_that_opens_nothing_new_clears_no_row():
    bench = ParcelBench(stock=(1,))
    for n in range(4):
        bench.type(wrong(n))
        bench.type(deposit_code(1))  # right, but no size follows
        bench.run(31000)
    bench.type(wrong(5))
    assert bench.type(deposit_code(1)) == bench.type("1") == []


def nobody_waits(bench):
    """A quarter of an hour has gone by."""
    bench.bank._parcels.entry.tries._until = None


def test_when_the_short_tries_are_used_up_all_digits_are_asked_for_over_restarts():
    bench = ParcelBench(stock=(1, 2))
    bench.put_in(1)
    for n in range(SHORT_TRIES):
        nobody_waits(bench)
        bench.type(wrong(n))
    assert bench.told()[-1][:3] == ("CODES_LONG", 0, SHORT_TRIES)
    bench = bench.again()
    nobody_waits(bench)
    assert bench.type(pick_up_code(1)) == []
    assert bench.told() == []
    bench.keys(long_code(1))
    bench.run(1000)
    assert [lock for lock, _ in bench.locks.pulses] == [1, 1]
    bench.shut(1)
    assert bench.deposit(2) == []
    bench.loop.clock.set((UTC + DAY + 60) * 1000, bench.now())
    assert bench.deposit(2) == [1]


def test_a_wrong_one_is_on_flash_before_it_is_answered():
    bench = ParcelBench()
    at_answer = []
    signal = bench.bank._parcels.entry._signal
    show = signal.show

    def shown(pattern, now):
        at_answer.append((bench.loop.journal.get(80) >> 8 & 255, bench.loop.log.last))
        show(pattern, now)

    signal.show = shown
    last = bench.loop.log.last
    bench.type(wrong(1))
    assert at_answer[-1] == (1, last + 1)


def test_what_is_too_short_or_too_long_is_no_guess():
    bench = ParcelBench()
    for text in ("1", "12", "123456789", "12345678901", "123456789012"):
        bench.type(text)
    bench.keys("12*3#")
    assert bench.told() == [] and bench.loop.journal.get(80) == 0


def test_a_code_of_another_bank_with_the_same_number_is_a_wrong_one():
    bench = ParcelBench(stock=(1,))
    other = delivery_key(b"the secret of another bank"[:32], 1)
    shown = bench.shown()
    assert bench.type(code(other, DEPOSIT, 1)[:SHORT]) == bench.type("1") == []
    assert shown[11] == DENIED
    bench.put_in(1)
    bench.told()
    assert bench.type(code(other, PICK_UP, 1)) == []
    assert bench.told() == [("CODE_WRONG", 0, 1, 0)] and DENIED in shown[-2:]


def test_codes_of_the_past_of_others_and_of_nobody_look_alike():
    bench = ParcelBench(stock=(1, 2, 3))
    bench.put_in(1)
    bench.type(pick_up_code(1))
    bench.shut(1)
    assert bench.cancel(2, 1) == ("done", "")
    bench.told()
    shown = []
    signal = bench.bank._parcels.entry._signal
    signal.show = lambda pattern, now: shown.append(pattern)
    for text in (pick_up_code(1), deposit_code(2), pick_up_code(3), wrong(1)):
        bench.type(text)
    assert [event[:3] for event in bench.told()] == [("CODE_WRONG", 0, n) for n in (1, 2, 3, 4)]
    assert len(shown) == 4 * 12 and len(set(shown[11::12])) == 1 and shown.count(shown[11]) == 4
