"""What a board does from power on: the chip, its flash file system, boot.py, main.py, then the serial prompt.

Runs inside the board's process, on MicroPython (a littlefs image as the file system) or CPython (a folder).
Afterwards the interpreter's own prompt takes over (it was started with -i), so mpremote finds a board.
"""
# mypy: ignore-errors

import json
import os
import sys
import time

from ..mcu import chip as chips
from ..mcu import esp32, machine, network
from .realtime import RealtimeChip

MICROPYTHON = sys.implementation.name == "micropython"
RESOLVER_STACK = 256 * 1024


class Shadow:
    """A built-in module with some of its names replaced: built-in modules cannot be changed."""

    def __init__(self, module, **names):
        for name in dir(module):
            if name[0] != "_":
                setattr(self, name, getattr(module, name))
        for name in names:
            setattr(self, name, names[name])


def power_on():
    """The chip as the host describes it, under the names that the firmware imports."""
    how = json.loads(os.getenv("PORTVAKT_CHIP"))
    chip = RealtimeChip(how)
    chips.use(chip)

    def ticks_diff(later, earlier):
        return chips.left(later, earlier)

    def ticks_add(ticks, delta):
        return (ticks + delta) & (chips.PERIOD - 1)

    def sleep(seconds):
        chip.sleep_ms(int(seconds * 1000))

    def kbd_intr(character):
        chip.interrupt = character

    names = {
        "ticks_ms": chip.ticks_ms,
        "ticks_us": chip.ticks_us,
        "ticks_add": ticks_add,
        "ticks_diff": ticks_diff,
        "sleep_ms": chip.sleep_ms,
    }
    sys.modules["machine"] = machine
    sys.modules["network"] = network
    sys.modules["esp32"] = esp32
    if MICROPYTHON:
        import _thread

        import micropython

        def stack_size(size=0):  # the C library's resolver needs more than a board's thread: it would crash
            return _thread.stack_size(max(size, RESOLVER_STACK))

        sys.modules["_thread"] = Shadow(_thread, stack_size=stack_size)
        sys.modules["time"] = Shadow(time, sleep=sleep, **names)
        sys.modules["micropython"] = Shadow(micropython, kbd_intr=kbd_intr, const=lambda value: value)
        mount()
    else:
        from .folder import Folder, install_names

        install_names(names, kbd_intr)
        how["files"] = Folder(how["folder"])
        how["files"].install()
    return how


def mount():
    """The littlefs of partition `vfs` in place of the host's files; formatted when it holds none."""
    import vfs

    vfs.umount("/")
    flash = esp32.Partition("vfs")
    try:
        vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")
    except OSError:
        vfs.VfsLfs2.mkfs(flash, progsize=256)
        vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]


def execute(name, names):
    """Runs a file of the board if it is there. Returns whether it ended by itself."""
    try:
        with open(name) as file:  # noqa: PTH123 - no pathlib on MicroPython
            text = file.read()
    except OSError:
        return True
    try:
        chips.current().sleep_ms(0)  # an interrupt typed meanwhile, or while the board was starting
        exec(compile(text, name, "exec"), names)
    except Exception as error:  # noqa: BLE001 - whatever it is, the prompt comes next, as on a board
        report(error)
    except KeyboardInterrupt as error:
        report(error)
        return False
    return True


def report(error):
    if MICROPYTHON:
        sys.print_exception(error)
    else:
        import traceback

        traceback.print_exception(error)


def run(names):
    """names: the globals of boot.py, main.py and the prompt."""
    how = power_on()
    booted = execute("/boot.py", names)
    if not MICROPYTHON:
        how["files"].find_slots()
    if booted and how["main"]:
        execute("/main.py", names)
    if not MICROPYTHON:
        while True:  # no prompt here, but a chip that can still be reset
            chips.current().sleep_ms(1000)
