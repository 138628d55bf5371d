"""machine as the ESP32 port has it: pins, timers, watchdog, clock and serial ports of the current chip."""

from . import chip as _chip
from .chip import DEEPSLEEP_RESET, HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET  # noqa: F401

_current = _chip.current

# https://docs.espressif.com/projects/esp-idf ESP32 GPIO: 20, 24 and 28-31 do not exist, 34-39 have no driver.
_MISSING = (20, 24, 28, 29, 30, 31)


def unique_id():
    return _current().unique_id()


def reset():
    _current().reset(HARD_RESET)


def soft_reset():
    _current().reset(SOFT_RESET)


def reset_cause():
    return _current().reset_cause()


def idle():
    _current().sleep_ms(1)


def freq(hz=None):
    return 160000000


class Pin:
    IN = _chip.IN
    OUT = _chip.OUT
    OPEN_DRAIN = _chip.OPEN_DRAIN
    PULL_UP = _chip.PULL_UP
    PULL_DOWN = _chip.PULL_DOWN
    IRQ_RISING = _chip.IRQ_RISING
    IRQ_FALLING = _chip.IRQ_FALLING

    def __init__(self, id, mode=None, pull=None, *, value=None):
        if not 0 <= id <= 39 or id in _MISSING:
            raise ValueError("invalid pin")
        self.n = id
        self.init(mode, pull, value=value)

    def init(self, mode=None, pull=None, *, value=None):
        if self.n >= 34 and mode not in (None, _chip.IN):
            raise ValueError("pin can only be input")
        level = None if value is None else int(bool(value))
        _current().pin_setup(self.n, mode, pull, level)

    def value(self, level=None):
        if level is None:
            return _current().pin_read(self.n)
        _current().pin_write(self.n, 1 if level else 0)
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING):
        _current().pin_irq(self.n, trigger, handler, self)

    def __repr__(self):
        return "Pin(%d)" % self.n


class ADC:
    """Reads what the world puts on a pin of ADC1. ADC2 is the Wi-Fi driver's: a read of it fails while Wi-Fi is on."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    # ESP-IDF 4.4, "Analog to Digital Converter", ADC channels and attenuation: microvolts that can be told apart.
    _RANGE = ((100000, 950000), (100000, 1250000), (150000, 1750000), (150000, 2450000))
    _ADC2 = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27)

    def __init__(self, pin, *, atten=ATTN_0DB):
        self.n = pin.n if isinstance(pin, Pin) else pin
        if not 32 <= self.n <= 39 and self.n not in self._ADC2:
            raise ValueError("invalid pin")
        self._range = self._RANGE[atten]

    def read_uv(self):
        chip = _current()
        if self.n in self._ADC2 and chip.joined:
            raise OSError(116)  # ETIMEDOUT
        least, most = self._range
        return min(max(chip.volts.get(self.n, 0), least), most * 5 // 4)


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **how):
        self.id = id
        if how:
            self.init(**how)

    def init(self, *, mode=PERIODIC, freq=None, period=-1, callback=None):
        ms = max(1, int(1000 / freq)) if freq else period
        if ms < 1 or callback is None:
            raise ValueError("a timer needs a period and a callback")
        _current().timer_start(self, ms, mode == self.PERIODIC, callback)

    def deinit(self):
        _current().timer_stop(self)


class WDT:
    """Cannot be stopped once started."""

    def __init__(self, id=0, timeout=5000):
        if timeout < 1:
            raise ValueError("WDT timeout too short")
        _current().watchdog(timeout)

    def feed(self):
        _current().feed()


class RTC:
    """Starts at 2000-01-01 after power on, as the chip's does. The weekday is 0 for Monday."""

    def datetime(self, to=None):
        now = _current()
        if to is None:
            days, seconds = divmod(now.set_to + now.uptime() - (now.set_at or 0), 86400)
            year, month, day = _date(days)
            return (year, month, day, (days + 5) % 7, seconds // 3600, seconds // 60 % 60, seconds % 60, 0)
        now.set_to = _days(to[0], to[1], to[2]) * 86400 + to[4] * 3600 + to[5] * 60 + to[6]
        now.set_at = now.uptime()
        return None


def _days(year, month, day):
    """Days from 2000-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms")."""
    if month <= 2:
        year -= 1
        month += 12
    leaps = year // 4 - year // 100 + year // 400
    return 365 * year + leaps + (153 * (month - 3) + 2) // 5 + day - 730426


def _date(days):
    year = 2000 + days // 366
    while _days(year + 1, 1, 1) <= days:
        year += 1
    month = 12
    while _days(year, month, 1) > days:
        month -= 1
    return year, month, days - _days(year, month, 1) + 1


class UART:
    def __init__(self, id, baudrate=115200, **how):
        self.port = _current().uart(id)

    def init(self, baudrate=115200, **how):
        pass

    def any(self):
        return self.port.waiting()

    def read(self, n=None):
        return self.port.take(self.any() if n is None else n) or None

    def readinto(self, buf, n=None):
        data = self.read(len(buf) if n is None else min(n, len(buf)))
        if data is None:
            return None
        buf[: len(data)] = data
        return len(data)

    def write(self, data):
        self.port.write(bytes(data))
        return len(data)


class I2C:
    """The chips of a bus: chip.i2cs has the chips that answer as write(address, data) and read(address, count)."""

    def __init__(self, id, **pins):
        self.id = id

    def _bus(self):
        bus = _current().i2cs.get(self.id)
        if bus is None:
            raise OSError(19)  # ENODEV: no chip acknowledges
        return bus

    def writeto(self, addr, buf):
        self._bus().write(addr, bytes(buf))

    def readfrom_into(self, addr, buf):
        buf[:] = self._bus().read(addr, len(buf))

    def readfrom_mem_into(self, addr, memaddr, buf):
        self.writeto(addr, (memaddr,))
        self.readfrom_into(addr, buf)
