"""Helpers of tests that run on both interpreters."""

import gc
import sys

# Of a long row of cases CPython plays each, MicroPython every so many-th: there they take a hundred times as long.
STRIDE = 5 if sys.implementation.name == "micropython" else 1
SMALL = 640  # bytes of the other holes
_GROWS = 16 << 20  # bytes: the WebAssembly port counts as free what its host may still give


def raises(kind, function):
    """The exception of that kind that function() raises; an AssertionError when it raises none."""
    try:
        function()
    except kind as error:
        return error
    raise AssertionError("nothing was raised, expected " + kind.__name__)


class Holes:
    """While it lasts, MicroPython's heap has `count` holes of `size` bytes, and small ones.

    CPython has none, and no more has a heap that grows.
    """

    def __init__(self, size, count):
        self._size = size
        self._count = count
        self._blocks = []

    def __enter__(self):
        if not hasattr(gc, "mem_free") or gc.mem_free() > _GROWS:
            return
        gc.collect()
        holes = [bytearray(self._size) for _ in range(self._count)]
        try:
            while True:
                self._blocks.append(bytearray(SMALL))
        except MemoryError:
            pass
        holes.clear()
        for n in range(0, 36, 2):
            self._blocks[n] = None

    def __exit__(self, *error):
        self._blocks.clear()
