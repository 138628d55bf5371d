"""A scanner of QR codes at a bank: what it types goes the way of the keys, and counts as they do."""

from firmware.controller.access.codes import DEPOSIT
from firmware.controller.code_entry import LONGER, PAUSE
from firmware.controller.outputs import patterns, signal
from sim.world.scanner import Scanner
from tests.firmware import controller_bench
from tests.firmware.parcel_bench import BANK, KEYPAD, ParcelBench, long_code

PORT = {"uart": 1, "tx": 32, "rx": 36}


class ScannerBench(ParcelBench):
    def __init__(self, suffix=b"\r", baud=9600, **more):
        bench, kind = self, controller_bench.BenchChip
        keypad = dict(KEYPAD, scanner=dict(PORT, baud=baud))

        class Wired(kind):
            def __init__(self):
                super().__init__()
                bench.scanner = self.uarts[1] = Scanner(lambda: self.now * 1000, baud, suffix)

        controller_bench.BenchChip = Wired
        try:
            super().__init__(bank=dict(BANK, keypad=keypad), **more)
        finally:
            controller_bench.BenchChip = kind

    def scan(self, text, wait=2000):
        """Which doors popped."""
        before = len(self.locks.pulses)
        self.scanner.scan(text)
        self.run(wait)
        return [lock for lock, _ in self.locks.pulses[before:]]


def test_a_parcel_is_put_in_and_taken_out_with_its_codes_held_there():
    for suffix in (b"\r", b"\n", b"\r\n", b""):
        bench = ScannerBench(suffix, stock=(1,))
        shown = bench.shown()
        assert bench.scan("PV" + long_code(1, DEPOSIT)) == [] and shown[-1] == patterns.ARMED
        assert bench.type("1") == [1]  # the size is typed
        bench.shut(1)
        assert bench.scan("PV" + long_code(1)) == [1] and shown[-1] == signal.GRANTED
        bench.shut(1)
        assert bench.told()[-1] == ("DELIVERY_PICKED_UP", 1, 0, 1)
        assert bench.scan("PV" + long_code(1)) == [] and shown[-1] == signal.DENIED
        assert bench.told() == [("CODE_WRONG", 0, 1, 0)]


def test_what_is_no_code_of_ours_is_no_wrong_one():
    bench = ScannerBench(stock=(1,))
    bench.put_in(1)
    bench.told()
    shown = bench.shown()
    right = long_code(1)
    odd = (
        right, "7035620058318", "PV" + right[:10], "PV" + right + "0", "pv" + right, "PV" + right[:12] + "x",
        "https://example.test/" + right, "x" * 500, "PV", "\u00e9" * 7,
    )  # fmt: skip
    for text in odd:
        assert bench.scan(text) == [] and shown[-1] == signal.MISREAD, text
        bench.run(1000)
    assert bench.told() == []
    assert bench.scan("PV" + right) == [1]


def test_nothing_is_held_there():
    bench = ScannerBench()
    shown = bench.shown()
    for text in ("", "\r\n\r\n"):
        assert bench.scan(text) == []
    assert shown == [] and bench.told() == []


def test_who_guesses_with_a_scanner_has_as_few_tries():
    bench = ScannerBench(stock=(1,))
    bench.put_in(1)
    shown = bench.shown()
    for n in range(5):
        bench.scan("PV%013d" % n)
    assert bench.scan("PV" + long_code(1)) == [] and shown[-1] == PAUSE
    assert bench.told_ever()[-1][:1] == ("CODE_WRONG",)
    assert LONGER not in shown


def test_noise_on_the_line_and_two_codes_at_once_open_nothing_wrong():
    bench = ScannerBench(stock=(1, 2))
    bench.put_in(1)
    bench.put_in(2)
    bench.told()
    bench.scanner.noise = lambda data: bytes([data[0] ^ 128]) + data[1:]
    assert bench.scan("PV" + long_code(1)) == []
    bench.scanner.noise = None
    bench.scanner.scan("PV" + long_code(1))
    assert bench.scan("PV" + long_code(2), wait=4000) in ([], [1], [2], [1, 2])
    assert bench.told() == []


def test_a_scanner_that_types_keys_over_wiegand_is_a_keypad():
    bench = ScannerBench(stock=(1,))
    bench.put_in(1)
    before = len(bench.locks.pulses)
    for letter in long_code(1):
        bench.chip.swipe(KEYPAD["d0"], KEYPAD["d1"], "{:04b}".format(int(letter)))
        bench.run(30)  # as fast as one key can be told from the next
    bench.run(1000)
    assert [lock for lock, _ in bench.locks.pulses[before:]] == [1]
