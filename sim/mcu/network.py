"""network as the ESP32 port has it: a station whose access point the world switches on and off."""

from .chip import current as _current

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF

    def __init__(self, interface=STA_IF):
        self._active = False
        self._name = ""

    def active(self, on=None):
        if on is None:
            return self._active
        self._active = bool(on)
        if not on:
            _current().joined = False
        return self._active

    def connect(self, name=None, password=None, **how):
        if not self._active:
            raise OSError("Wifi Not Started")
        self._name = name
        _current().joined = True

    def disconnect(self):
        _current().joined = False

    def isconnected(self):
        return _current().station()

    def status(self, what=None):
        if what == "rssi":
            return -55
        chip = _current()
        if not chip.joined:
            return STAT_IDLE
        return STAT_GOT_IP if chip.station() else STAT_NO_AP_FOUND

    def config(self, what=None, **values):
        if what is None:
            return None
        if what == "mac":
            return _current().unique_id()
        if what in ("ssid", "essid"):
            return self._name
        raise ValueError("unknown config param")

    def ifconfig(self, how=None):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")
