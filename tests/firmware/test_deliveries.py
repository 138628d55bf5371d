"""Parcels at a bank, from the courier's code to the recipient's, on a board that hears nothing from its cloud."""

from tests.firmware.parcel_bench import ParcelBench, deposit_code, long_code, pick_up_code


def test_a_parcel_is_put_in_and_taken_out_by_whoever_has_the_codes():
    bench = ParcelBench(stock=(1, 2))
    assert bench.type(deposit_code(1)) == []
    assert bench.type("1") == [1]
    assert bench.told() == []
    bench.shut(1)
    assert bench.told() == [("DELIVERY_DEPOSITED", 1, 1, 1)]
    assert bench.type(pick_up_code(1)) == [1]
    assert bench.told() == []
    bench.shut(1)
    assert bench.told() == [("DELIVERY_PICKED_UP", 1, 0, 1)]
    assert bench.type(pick_up_code(1)) == []
    assert bench.told() == [("CODE_WRONG", 0, 1, 0)]
    assert bench.put_in(2) == 1


def test_all_thirteen_digits_need_no_other_key():
    bench = ParcelBench(stock=(1,))
    bench.put_in(1)
    before = len(bench.locks.pulses)
    bench.keys(long_code(1))
    bench.run(1000)
    assert [lock for lock, _ in bench.locks.pulses[before:]] == [1]
