"""Runs the firmware's tests on MicroPython: micropython -X heapsize=220K tests/on_micropython.py FILE...

A test is a function test_* without arguments that raises when it fails. One line for each that fails, then a
summary; the exit code is 0 when all passed, 1 when one failed, 2 when nothing could be run.
"""

# mypy: ignore-errors

import gc
import sys

ROOT = __file__[: -len("tests/on_micropython.py")] or "./"
sys.path[0] = ROOT
sys.path.append(ROOT + "build/umqtt")


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


def run(path):
    """Returns how many tests of this file passed and failed."""
    passed = failed = 0
    module = load(path)
    for name in sorted(dir(module)):
        test = getattr(module, name)
        if not name.startswith("test_") or not callable(test):
            continue
        gc.collect()
        try:
            test()
            passed += 1
        except Exception as error:  # noqa: BLE001 - a test may raise anything
            failed += 1
            print(f"FAILED {path}::{name}")
            sys.print_exception(error)
    return passed, failed


def main(paths):
    put_chip_modules()
    passed = failed = 0
    for path in paths:
        counts = run(path)
        passed += counts[0]
        failed += counts[1]
    gc.collect()
    print(f"{passed} passed, {failed} failed, {gc.mem_alloc()} bytes of heap used")
    if not passed + failed:
        print("no tests in", *paths)
        return 2
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
