"""The simulated chip: what the firmware imports on a board. Importing this on CPython makes those names importable."""

import sys

if sys.implementation.name != "micropython":
    from .on_cpython import register

    register()
