"""Flash in a file: a process that is killed leaves behind what it had done, as a chip does when its power goes."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from sim.mcu.flash import SECTOR, NorFlash

SIZE = 4 * SECTOR
SLOT = 32

# Programs numbered records one after another and says each once it is done; after the last slot the sectors are erased.
WRITER = """
import sys
from sim.mcu.flash import SECTOR, NorFlash
SIZE, SLOT = int(sys.argv[3]), int(sys.argv[4])
flash = NorFlash(SIZE, "log", sys.argv[1])
number = int(sys.argv[2])
while True:
    at = number % (SIZE // SLOT) * SLOT
    if at % SECTOR == 0:
        flash.erase(at // SECTOR)
        print("erased", at // SECTOR, flush=True)
    number += 1
    flash.program(at, number.to_bytes(4, "little") * (SLOT // 4))
    print("programmed", number, flush=True)
"""


def content(path):
    flash = NorFlash(SIZE, "log", str(path))
    whole = bytearray(SIZE)
    flash.read(0, whole)
    flash.close()
    return bytes(whole)


@pytest.mark.parametrize("seed", range(6))
def test_what_was_done_before_a_kill_is_there(tmp_path, seed):
    chance = random.Random(seed)
    path = tmp_path / "log.bin"
    done = 0
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(path), str(done), str(SIZE), str(SLOT)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(chance.randrange(1, 400))]
        time.sleep(chance.random() / 500)
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.read().splitlines()
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        words = [line.split() for line in said if len(line.split()) == 2]
        done = max([int(number) for what, number in words if what == "programmed"], default=done)
        whole = content(path)
        assert len(whole) == SIZE
        # The last one that was told, and those before it in its sector, lie there whole.
        last = (done - 1) % (SIZE // SLOT)
        first = last - last % (SECTOR // SLOT)
        for slot in range(first, last + 1):
            number = done - (last - slot)
            assert whole[slot * SLOT : (slot + 1) * SLOT] == number.to_bytes(4, "little") * (SLOT // 4)


def test_a_file_that_is_short_or_missing_is_filled_with_erased_flash(tmp_path):
    path = tmp_path / "log.bin"
    path.write_bytes(b"\x00" * 10)
    assert content(path) == b"\x00" * 10 + b"\xff" * (SIZE - 10)
    assert content(tmp_path / "other.bin") == b"\xff" * SIZE


def test_a_program_in_a_file_clears_bits_and_never_sets_one(tmp_path):
    flash = NorFlash(SIZE, "log", str(tmp_path / "log.bin"))
    flash.program(8, b"\x0f")
    flash.program(8, b"\xf1")
    flash.close()
    assert content(tmp_path / "log.bin")[8] == 0x01
