"""machine.RTC, network, esp32, cryptolib: what the firmware imports on a board, on this interpreter."""

import datetime
import sys
from types import SimpleNamespace

import esp32
import machine
import network
import pytest

from sim.mcu.bind import bind
from sim.mcu.chip import PERIOD, Chip, left, use
from sim.mcu.flash import NorFlash


class Bare(Chip):
    partitions = ("acl", "log")

    def __init__(self) -> None:
        super().__init__(b"\x01\x02\x03\x04\x05\x06")
        self.seconds = 0
        self.slept: list[int] = []
        self.flash = {"acl": NorFlash(8192, "acl"), "log": NorFlash(4096, "log")}

    def uptime(self) -> int:
        return self.seconds

    def ticks_ms(self) -> int:
        return PERIOD - 1

    def sleep_ms(self, ms: int) -> None:
        self.slept.append(ms)

    def wait(self, ms: int, pending) -> None:
        self.slept.append(-ms)

    def urandom(self, n: int) -> bytes:
        return b"\x07" * n

    def partition(self, label: str):
        return self.flash.get(label)


@pytest.fixture
def chip():
    chip = Bare()
    before = use(chip)
    yield chip
    use(before)


def test_the_rtc_starts_in_2000_and_runs(chip):
    assert machine.RTC().datetime() == (2000, 1, 1, 5, 0, 0, 0, 0)
    chip.seconds = 90061
    assert machine.RTC().datetime() == (2000, 1, 2, 6, 1, 1, 1, 0)


@pytest.mark.parametrize("year", [2000, 2023, 2024, 2026, 2100])
def test_the_rtc_knows_the_calendar(chip, year):
    clock = machine.RTC()
    chip.seconds = 1000
    clock.datetime((year, 2, 28, 0, 23, 59, 58, 0))
    chip.seconds += 3
    then = datetime.datetime(year, 2, 28, 23, 59, 58) + datetime.timedelta(seconds=3)
    expected = (then.year, then.month, then.day, then.weekday(), then.hour, then.minute, then.second, 0)
    assert clock.datetime() == expected


def test_wifi_is_there_when_it_was_asked_for_and_is_in_reach(chip):
    wlan = network.WLAN(network.STA_IF)
    with pytest.raises(OSError, match="Not Started"):
        wlan.connect("Bakgården", "not a secret")
    wlan.active(True)
    assert not wlan.isconnected()
    wlan.connect("Bakgården", "not a secret")
    assert wlan.isconnected()
    assert wlan.status() == network.STAT_GOT_IP
    chip.access_point = False
    assert not wlan.isconnected()
    assert wlan.status() == network.STAT_NO_AP_FOUND
    chip.access_point = True
    wlan.active(False)
    assert not wlan.isconnected()


def test_a_partition_programs_with_an_offset_and_erases_without(chip):
    partition = esp32.Partition("acl")
    assert (partition.ioctl(4, 0), partition.ioctl(5, 0)) == (2, 4096)
    partition.writeblocks(1, b"\xf0", 7)
    partition.writeblocks(1, b"\x3f", 7)
    seen = bytearray(2)
    partition.readblocks(1, seen, 6)
    assert seen == b"\xff\x30"
    partition.writeblocks(1, b"\x55" * 4096)
    partition.readblocks(1, seen, 7)
    assert seen == b"\x55\x55"
    assert partition.ioctl(6, 1) == 0
    partition.readblocks(1, seen, 6)
    assert seen == b"\xff\xff"


def test_partitions_are_found_by_type_and_label(chip):
    find = esp32.Partition.find
    assert find() == []
    labels = [partition.info()[4] for partition in find(esp32.Partition.TYPE_DATA)]
    assert labels == ["acl", "log"]
    (log,) = find(esp32.Partition.TYPE_DATA, label="log")
    assert log.info() == (1, 0x81, 0x9000 + 8192, 4096, "log", False)
    with pytest.raises(OSError) as caught:
        esp32.Partition("state")
    assert caught.value.args[0] == 2


def test_aes_is_a_plain_block(chip):
    aes = sys.modules["cryptolib"].aes
    # FIPS 197, appendix C.1
    cipher = aes(bytes(range(16)), 1)
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    sealed = cipher.encrypt(block)
    assert sealed.hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    assert cipher.decrypt(sealed) == block
    with pytest.raises(ValueError, match="blksize"):
        cipher.encrypt(b"short")
    with pytest.raises(ValueError, match="ECB"):
        aes(bytes(16), 2, bytes(16))


def test_the_firmware_finds_its_modules():
    for name in ("machine", "network", "esp32", "micropython", "cryptolib", "usocket", "ustruct"):
        assert name in sys.modules
    assert sys.modules["micropython"].const(5) == 5


def test_ticks_differences_cross_the_wrap():
    assert left(3, PERIOD - 4) == 7
    assert left(PERIOD - 4, 3) == -7


def test_bound_seams_ask_the_chip_that_runs_now(chip):
    app, clock, link, session = (SimpleNamespace() for _ in range(4))
    bind(app, clock, link, session)
    chip.sockets, chip.thread = sys.modules["socket"], sys.modules["_thread"]
    assert clock.time.ticks_ms() == PERIOD - 1
    assert clock.time.ticks_diff(clock.time.ticks_add(PERIOD - 1, 5), PERIOD - 1) == 5
    clock.time.sleep_ms(20)
    clock.wait(30, lambda: False)
    assert chip.slept == [20, -30]
    assert session.urandom(3) == b"\x07\x07\x07"
    assert link.socket.AF_INET is chip.sockets.AF_INET
    assert app._thread.allocate_lock is chip.thread.allocate_lock
