"""Runs first after every start: strikes to their safe state, then the slot of the application that is in charge."""

import json
import sys

from machine import Pin

with open("/board.json") as _file:
    _board = json.load(_file)
for _door in _board["doors"]:
    # The level is set before the direction: the pin does not move on its way to safe.
    Pin(_door["strike"]["pin"], Pin.OUT, value=1 - _door["strike"]["active"])

with open("/current") as _file:
    sys.path.insert(0, "/slots/" + _file.read().strip())
