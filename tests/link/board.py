"""A board that is nothing but its link, on real MicroPython: micropython tests/link/board.py FOLDER

FOLDER has settings.json and the files of TLS. Prints "opened" and "lost" as the control loop would be told, and what
the link prints. While FOLDER has a file `reading`, a card is being read.
"""

# mypy: ignore-errors

import json
import sys
from os import stat

ROOT = __file__[: -len("tests/link/board.py")] or "./"
sys.path[0] = ROOT
sys.path.append(ROOT + "build/umqtt")
FOLDER = sys.argv[1] + "/"


class Station:
    """A network that is always there."""

    def __init__(self, kind):
        pass

    def isconnected(self):
        return True


class Module:
    STA_IF = STAT_CONNECTING = 0
    WLAN = Station
    RTC = None  # the interpreter's clock is the host's


class Told:
    """In place of the mailbox to the control loop."""

    def put(self, message):
        if message in (b"\x00", b"\x01"):
            print("opened" if message == b"\x00" else "lost")
        return True

    def room(self):
        return True


class Nothing:
    """In place of the mailbox from the control loop."""

    def waiting(self):
        return 0

    def get(self):
        return None

    def empty(self):
        pass


def quiet():
    try:
        stat(FOLDER + "reading")  # noqa: PTH116
        return False
    except OSError:
        return True


sys.modules["network"] = sys.modules["machine"] = Module

with open(FOLDER + "settings.json") as file:  # noqa: PTH123 - no pathlib on MicroPython
    settings = json.load(file)
if "more_brokers" in settings:
    from firmware.controller.cloud import brokers

    class Quick(brokers.Several):
        """Pauses are short here."""

        def _drop(self):
            super()._drop()
            self._pause = settings["pause_ms"]

    brokers.AGAIN_MS = settings["again_ms"]
    link = Quick(settings, Told(), Nothing(), {"session": 0, "tag": 0, "malformed": 0})
else:
    from firmware.controller.cloud.link import Link

    link = Link(settings, Told(), Nothing(), {"session": 0, "tag": 0, "malformed": 0})
link.tls = FOLDER, settings.get("since", 0), quiet
link.run()
