"""A virtual board behaves as a board: empty at first, installed by mpremote, hard to kill."""

import filecmp
import hashlib
import time
from pathlib import Path

import pytest

from sim.board.bench import BOARD, Bench, run

pytestmark = pytest.mark.micropython

BLINK = """
from machine import Pin
import time
print("blinks")
Pin(25, Pin.OUT, value=1)
while True:
    time.sleep_ms(100)
"""

COUNT = """
import time
from machine import Pin
out = Pin(25, Pin.OUT, value=0)
bits = ""
def zero(pin):
    global bits
    bits += "0"
def one(pin):
    global bits
    bits += "1"
def door(pin):
    print("contact", pin, pin.value())
    out.value(pin.value())
d0 = Pin(16, Pin.IN, Pin.PULL_UP)
d1 = Pin(17, Pin.IN, Pin.PULL_UP)
contact = Pin(34, Pin.IN)
d0.irq(zero, Pin.IRQ_FALLING)
d1.irq(one, Pin.IRQ_FALLING)
contact.irq(door, Pin.IRQ_FALLING | Pin.IRQ_RISING)
print("reads", contact.value())
while len(bits) < 26:
    time.sleep_ms(50)
print("bits", bits)
while True:
    time.sleep_ms(50)
"""


def test_the_board_starts_empty_and_mpremote_copies_a_tree_there_and_back(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "slots" / "one" / "controller").mkdir(parents=True)
    for number in range(4):
        content = hashlib.sha256(bytes([number])).digest() * (40 * number + 1)
        (tree / "slots" / "one" / "controller" / f"part{number}.mpy").write_bytes(content)
    (tree / "current").write_text("one")

    async def story(bench: Bench) -> None:
        assert "[]" in await bench.mpremote("exec", "import os; print(os.listdir('/'))")
        await bench.mpremote("fs", "cp", "-r", str(tree / "slots"), str(tree / "current"), ":/")
        (tmp_path / "back").mkdir()
        await bench.mpremote("fs", "cp", "-r", ":/slots", str(tmp_path / "back"))
        assert "one" in await bench.mpremote("fs", "cat", ":/current")

    run(tmp_path / "board", story)
    parts = [f"part{number}.mpy" for number in range(4)]
    there, back = (folder / "slots/one/controller" for folder in (tree, tmp_path / "back"))
    assert filecmp.cmpfiles(there, back, parts, shallow=False) == (parts, [], [])


def test_a_power_cut_keeps_files_and_partitions(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.mpremote(
            "exec",
            "import esp32; esp32.Partition('log').writeblocks(1, b'event', 100)",
            "exec",
            "f=open('/settings.json','w');f.write('kept');f.close()",
        )
        await bench.board.power_cut()
        assert not bench.board.alive
        await bench.board.power_on()
        await bench.until(lambda: bench.board.alive, "alive")
        assert "kept" in await bench.mpremote("fs", "cat", ":/settings.json")
        seen = await bench.mpremote(
            "exec",
            "import esp32; b=bytearray(6); esp32.Partition('log').readblocks(1, b, 99); print(bytes(b))",
        )
        assert r"b'\xffevent'" in seen
        assert bench.board.restarts == 0

    run(tmp_path, story)


def test_inputs_outputs_and_a_card_from_the_world(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.board.set_input(34, 1)
        await bench.install(COUNT)
        await bench.printed("reads 1")
        assert bench.moves[-1] == (25, 0)
        bench.board.set_input(34, 0)
        await bench.printed("contact Pin(34) 0")
        bench.board.set_input(34, 1)
        await bench.until(lambda: bench.moves[-1] == (25, 1), "strike moved")
        bench.board.wiegand(16, 17, "01" * 13)
        await bench.printed("bits " + "01" * 13)
        await bench.board.power_cut()
        assert bench.moves[-1] == (25, 0)  # nothing drives the strike

    run(tmp_path, story)


def test_an_active_low_strike_also_falls_to_rest(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.install("from machine import Pin\nPin(26, Pin.OUT, value=0)")
        await bench.until(lambda: (26, 0) in bench.moves, "strike moved")
        await bench.board.power_cut()
        assert bench.moves[-1] == (26, 1)

    run(tmp_path, story)


def test_a_board_that_does_not_feed_its_watchdog_starts_again(tmp_path: Path) -> None:
    main = """
import machine
print("cause", machine.reset_cause())
dog = machine.WDT(timeout=2000)  # on a busy machine a sleep of 50 ms may take a second
if machine.reset_cause() != machine.WDT_RESET:
    while True:
        pass
import time
for _ in range(60):
    dog.feed()
    time.sleep_ms(50)
print("fed for 3 s")
"""

    async def story(bench: Bench) -> None:
        await bench.install(main)
        await bench.printed("cause 2")  # installing ends with a reset
        await bench.printed("cause 3")
        await bench.printed("fed for 3 s", 40)

    run(tmp_path, story)


def test_reset_is_seen_as_one_and_never_returns(tmp_path: Path) -> None:
    main = """
import machine
print("cause", machine.reset_cause())
if machine.reset_cause() == machine.HARD_RESET:
    machine.soft_reset()
print("went on")
"""

    async def story(bench: Bench) -> None:
        await bench.install(main)
        await bench.printed("cause 2")
        await bench.printed("cause 5")
        await bench.printed("went on")
        assert bench.board.restarts == 2

    run(tmp_path, story)


def test_a_crash_starts_the_board_again_with_a_word(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        assert bench.board._process is not None
        bench.board._process.send_signal(11)
        await bench.printed("the board crashed")
        await bench.until(lambda: bench.board.alive, "alive")
        assert (bench.board.restarts, bench.starts) == (1, 2)

    run(tmp_path, story)


def test_ctrl_c_interrupts_main_and_a_soft_reset_leaves_it_out(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.install(BLINK)
        await bench.printed("blinks")
        assert "2" in await bench.mpremote("exec", "print(1 + 1)")
        await bench.printed("KeyboardInterrupt")
        # Without `resume` mpremote resets softly: boot.py runs, main.py does not.
        assert "fresh True" in await bench.mpremote("exec", "print('fresh', 'out' not in globals())", resume=False)
        assert not any("blinks" in line for line in bench.board.log_tail)
        starts = bench.starts
        await bench.mpremote("reset")
        await bench.until(lambda: bench.starts > starts, "started again")
        await bench.printed("blinks")

    run(tmp_path, story)


def test_in_service_the_keyboard_does_not_interrupt(tmp_path: Path) -> None:
    main = """
import micropython
import time
micropython.kbd_intr(-1)
print("in service")
for _ in range(60):
    time.sleep_ms(20)
print("still there")
"""

    async def story(bench: Bench) -> None:
        await bench.install(main)
        await bench.printed("in service")
        for _ in range(3):
            bench.board._key(b"\r\x03")
        await bench.printed("still there")
        assert not any("KeyboardInterrupt" in line for line in bench.board.log_tail)

    run(tmp_path, story)


def test_ticks_wrap_soon_and_sleep_takes_its_time(tmp_path: Path) -> None:
    main = """
import time
start = time.ticks_ms()
print("before the wrap", (1 << 30) - start <= 41000, time.ticks_ms() < 1 << 30)
time.sleep_ms(300)
took = time.ticks_diff(time.ticks_ms(), start)
print("took", 300 <= took < 10000, took)  # on a busy machine later, never earlier
time.sleep(0.1)
print("took", 400 <= time.ticks_diff(time.ticks_ms(), start) < 20000)
print(time.ticks_diff(time.ticks_add((1 << 30) - 1, 5), (1 << 30) - 1))
"""

    async def story(bench: Bench) -> None:
        await bench.install(main)
        await bench.printed("before the wrap True True")
        await bench.printed("took True")
        await bench.printed("took True")
        await bench.printed("5")

    run(tmp_path, story)


def test_a_timer_runs_while_the_board_sleeps(tmp_path: Path) -> None:
    main = """
import time
from machine import Timer
calls = []
Timer(0, period=50, callback=calls.append)
time.sleep_ms(500)
print("calls", 7 <= len(calls) <= 11, len(calls))
"""

    async def story(bench: Bench) -> None:
        await bench.install(main)
        await bench.printed("calls True")

    run(tmp_path, story)


def test_a_serial_port_of_the_chip_is_wired_to_the_world(tmp_path: Path) -> None:
    main = """
import time
from machine import UART
port = UART(1, 9600)
port.write(b"poll")
while port.any() < 4:
    time.sleep_ms(20)
print("answer", port.read())
"""

    async def story(bench: Bench) -> None:
        def device(number: int, data: bytes) -> None:
            if data == b"poll":
                bench.board.feed_uart(number, b"\x00ack")

        bench.board.on_uart = device
        await bench.install(main)
        await bench.printed("answer b'\\x00ack'")

    run(tmp_path, story)


def test_the_wifi_is_the_worlds(tmp_path: Path) -> None:
    main = """
import time
import network
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
wlan.connect("Bakgården", "not a secret")
while wlan.isconnected():
    time.sleep_ms(20)
print("wifi lost")
while not wlan.isconnected():
    time.sleep_ms(20)
print("wifi back")
"""

    async def story(bench: Bench) -> None:
        await bench.install(main)
        bench.board.set_network(False)
        await bench.printed("wifi lost")
        bench.board.set_network(True)
        await bench.printed("wifi back")

    run(tmp_path, story)


def test_the_rest_of_the_heap_is_the_firmwares(tmp_path: Path) -> None:
    """Of 220 KB the chip's own modules take at most 40 KB (a 64-bit interpreter: 20 KB on a chip)."""

    async def story(bench: Bench) -> None:
        await bench.install("import gc\ngc.collect()\nprint('used', gc.mem_alloc() < 40960, gc.mem_alloc())")
        await bench.printed("used True")

    run(tmp_path, story)


def test_a_file_system_that_was_never_made_is_made(tmp_path: Path) -> None:
    from littlefs import LittleFS

    async def story(bench: Bench) -> None:
        await bench.mpremote("exec", "f=open('/hello.txt','w');f.write('Hei');f.close()")

    run(tmp_path, story)
    blocks = BOARD["flash"]["littlefs"] // 4096
    image = LittleFS(block_size=4096, block_count=blocks, prog_size=256, read_size=256, mount=False)
    image.context.buffer[:] = (tmp_path / "littlefs.img").read_bytes()
    image.mount()
    assert image.listdir("/") == ["hello.txt"]


def test_a_board_that_resets_in_a_circle_slows_down_and_lets_mpremote_in(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        await bench.install("import machine\nprint('round')\nmachine.reset()")
        begin, restarts = time.monotonic(), bench.board.restarts
        await bench.until(lambda: bench.board.restarts >= restarts + 4, "restarted")
        assert time.monotonic() - begin > 2
        assert "1 file" in await bench.mpremote("exec", "import os; print(len(os.listdir()) - 1, 'file')")
        restarts = bench.board.restarts
        await bench.mpremote("exec", "import os; os.remove('/main.py')")
        await bench.mpremote("reset")
        await bench.until(lambda: bench.board.restarts > restarts, "restarted")
        await bench.until(lambda: bench.board.alive, "alive")
        assert "[" in await bench.mpremote("exec", "print([])")
        assert bench.board.restarts == restarts + 1

    run(tmp_path, story)


def test_an_interrupt_typed_before_a_reset_comes_first(tmp_path: Path) -> None:
    main = """
import machine
import time
print("busy")
start = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), start) < 1000:
    pass
machine.reset()
"""

    async def story(bench: Bench) -> None:
        await bench.install(main)
        await bench.printed("busy")
        bench.board._key(b"\x03")
        restarts = bench.board.restarts
        await bench.printed("KeyboardInterrupt")
        assert bench.board.restarts == restarts

    run(tmp_path, story)


def test_the_board_tells_its_interpreter_and_its_heap(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        assert bench.board.version.startswith("MicroPython 1.")
        await bench.install("import time\nkept = bytearray(50000)\nprint('holds')\ntime.sleep(60)\n")
        await bench.printed("holds")
        used, free, longest = await bench.board.measure_heap()
        assert used > 50_000
        assert 50_000 < longest <= free
        assert 200_000 < used + free < 230_000

    run(tmp_path, story)
