"""Runs the firmware's tests on 32-bit MicroPython, one a step: tools/wasm. `arguments`: the files."""

# mypy: ignore-errors
# ruff: noqa: F821

from tests import on_micropython

on_micropython.put_chip_modules()
tests = on_micropython.each(arguments, bool)  # between two steps it is collected anyhow, and inside one in vain
results = []


def step():
    """The next test. Whether there may be another."""
    global code
    for passed in tests:
        results.append(passed)
        return True
    code = on_micropython.told(results, arguments)
    return False
