"""Everything on the host: the `portvakt` command, the installer, the cloud end, benchmarks."""

from firmware.protocol import on_cpython

on_cpython.register()  # MicroPython's names, which firmware files import, must be there before any of them
