"""The simulated chip: what the firmware imports on a board. On CPython importing it adds those names."""

import sys

if sys.implementation.name != "micropython":
    from firmware.protocol.on_cpython import register

    from . import esp32, machine, network

    register()
    for _name, _module in (("machine", machine), ("network", network), ("esp32", esp32)):
        sys.modules.setdefault(_name, _module)
