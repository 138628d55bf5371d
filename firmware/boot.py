"""Runs first after every start: strikes to their safe state, then the slot of the application that is in charge.

No update changes this file. A slot on trial has three starts and so many minutes to prove that it is well; then the one
before is back, without anyone's help.
"""

import json
import os
import sys

from machine import WDT, Pin, Timer, reset

with open("/board.json") as _file:
    # MicroPython 1.24 and 1.25 take what ends too early. Then the number lands inside of it, and is none of two.
    _board, _ = json.loads("[" + _file.read() + ",0]")
for _door in _board["doors"]:
    # The level is set before the direction: the pin does not move on its way to safe.
    Pin(_door["strike"]["pin"], Pin.OUT, value=1 - _door["strike"]["active"])
_locks = _board.get("bank", {}).get("locks", {})  # no lock of a bank has current: /OE of a chain, /RESET of expanders
if "enable" in _locks:
    Pin(_locks["enable"], Pin.OUT, value=1)
if "reset" in _locks:
    Pin(_locks["reset"], Pin.OUT, value=0)

_tries = 3 if "ready" in os.listdir("/") else 0  # an installation whose power failed in its last step
while _tries:
    try:
        for _name in os.listdir("/ready"):
            os.rename("/ready/" + _name, "/" + _name)
        os.rmdir("/ready")
        reset()
    except OSError as _error:  # a name that was moved when the power failed shows once littlefs has written again
        print("boot:", _error)
        _tries -= 1


def _words(name):
    with open(name) as file:
        return file.read().split()


def _end(timer):
    """The time of a trial is over; what was kept meanwhile is not on trial any more."""
    if "trial" in os.listdir("/"):
        os.rename("/trial", "/returned")
        reset()


def _slot():
    names = os.listdir("/")
    if "trial" in names and "maintenance" not in names:
        try:
            build, starts, minutes = _words("/trial")
            if build == _words("/current")[0]:
                return build
            if int(starts) < 3:
                with open("/trial.new", "w") as file:
                    file.write("%s %d %s" % (build, int(starts) + 1, minutes))
                os.rename("/trial.new", "/trial")
                WDT(timeout=60000)  # also for a firmware that never starts its own
                Timer(0).init(mode=Timer.ONE_SHOT, period=int(minutes) * 60000, callback=_end)
                return build
        except Exception as error:  # whatever it is, the board starts with what it had
            sys.print_exception(error)
        os.rename("/trial", "/returned")
    return _words("/current")[0]


sys.path.insert(0, "/slots/" + _slot())
