"""The simulated chip: what the firmware imports on a board. On CPython importing it adds those names."""

import sys

if sys.implementation.name != "micropython":
    from .on_cpython import register

    register()
