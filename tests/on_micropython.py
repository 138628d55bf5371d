"""Runs the firmware's tests on MicroPython: micropython -X heapsize=220K tests/on_micropython.py FILE...

A test is a function test_* without arguments that raises when it fails. One line for each that fails, then a
summary; the exit code is 0 when all passed, 1 when one failed, 2 when nothing could be run.
on_32_bits.py does the same where a collection needs the script to return in between.
"""

# mypy: ignore-errors

import gc
import sys

ROOT = __file__[: -len("tests/on_micropython.py")] or "./"


def put_chip_modules():
    """`import machine` finds the simulated chip's module, as on a virtual board."""
    from sim.mcu import esp32, machine, network

    sys.modules["machine"] = machine
    sys.modules["network"] = network
    sys.modules["esp32"] = esp32


def load(path):
    """The module of a file below the repository's root."""
    name = path[len(ROOT) :] if path.startswith(ROOT) else path
    module = __import__(name[:-3].replace("/", "."))
    for part in name[:-3].split("/")[1:]:
        module = getattr(module, part)
    return module


def each(paths, collect=gc.collect):
    """Runs the tests of these files, one whenever it is asked for the next. Yields whether it passed.

    collect: before each, so that none meets the litter of another.
    """
    from sim.mcu.chip import use

    for path in paths:
        module = load(path)
        clock = sys.modules.get("firmware.controller.clock")
        chip, time = use(None), clock and clock.time
        for name in sorted(dir(module)):
            test = getattr(module, name)
            if not name.startswith("test_") or not callable(test):
                continue
            use(chip)  # the chip of the test before would keep its whole controller in memory
            if clock:
                clock.time = time
            collect()
            yield passes(test, path + "::" + name)


def passes(test, name):
    try:
        test()
        return True
    except Exception as error:  # noqa: BLE001 - a test may raise anything
        print("FAILED", name)
        sys.print_exception(error)
        return False


def told(results, paths):
    """The exit code that says how it went."""
    gc.collect()
    print(f"{results.count(True)} passed, {results.count(False)} failed, {gc.mem_alloc()} bytes of heap used")
    if not results:
        print("no tests in", *paths)
        return 2
    return 1 if False in results else 0


def main(paths):
    put_chip_modules()
    return told(list(each(paths)), paths)


if __name__ == "__main__":
    sys.path[0] = ROOT
    sys.path.append(ROOT + "build/umqtt")
    sys.exit(main(sys.argv[1:]))
