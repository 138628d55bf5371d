"""Takes code out of the heap that has done its work. The next import loads it again."""

import sys


def forget(*names):
    """names: modules below this folder, as "access/more". What something still holds of them stays.

    Only on MicroPython: elsewhere code lies in no heap of a board's size, and a simulator runs many boards with it.
    """
    if sys.implementation.name != "micropython":
        return
    for name in names:
        parent, _, own = (__name__.rsplit(".", 1)[0] + "." + name.replace("/", ".")).rpartition(".")
        if sys.modules.pop(parent + "." + own, None):
            delattr(sys.modules[parent], own)
