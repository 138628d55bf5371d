"""The chip: pins, time, flash and radio as the mcu modules see them, and which chip is running now.

`machine`, `network` and `esp32` (of this folder) know no simulator: they ask current(). A kind of chip is a
subclass of Chip that says how time passes and where outputs go: in real time sim/board, in virtual time
sim/virtual. Small on purpose: on a virtual board it lies in the same capped heap as the firmware.
"""

PERIOD = 1 << 30  # of ticks_ms and ticks_us

IN = 1
OUT = 3
OPEN_DRAIN = 7
PULL_DOWN = 1
PULL_UP = 2
IRQ_RISING = 1
IRQ_FALLING = 2

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_current = [None]


def current():
    """The chip whose code is running now."""
    chip = _current[0]
    if chip is None:
        raise RuntimeError("no chip is running: call sim.mcu.chip.use(chip) first")
    return chip


def use(chip):
    """Makes this chip the running one (None: none). Returns the one before, for a scheduler to put back."""
    before = _current[0]
    _current[0] = chip
    return before


class Uart:
    """One serial port: `rx` holds what the world sent, `listener(data)` hears what the firmware writes."""

    def __init__(self):
        self.rx = bytearray()
        self.listener = None

    def feed(self, data):
        """The world sends these bytes to the firmware."""
        self.rx.extend(data)

    def waiting(self):
        """How many bytes the firmware can read now."""
        return len(self.rx)

    def take(self, most):
        """At most so many of them."""
        data = bytes(self.rx[:most])
        self.rx = self.rx[len(data) :]
        return data

    def write(self, data):
        """The firmware sends these bytes to the world."""
        if self.listener:
            self.listener(data)

    def stop(self):
        """The chip has no power any more: what it did not read is gone."""
        self.rx = bytearray()


class Chip:
    """What every kind of chip has in common. A subclass gives time, randomness, flash and an ear for outputs.

    To be given by a subclass:
        ticks_ms(), ticks_us()   wrap at PERIOD; their start is arbitrary, best shortly before the wrap
        uptime()                 whole seconds since power on, never wraps (for the RTC)
        sleep_ms(ms)             time passes; inputs and timers are served meanwhile
        wait(ms, pending)        the same, but ends once pending() is true (at first, or after an interrupt)
        watchdog(timeout_ms), feed()
        reset(cause=HARD_RESET)  never returns
        partition(label)         a NorFlash or None;  partitions: the labels, in the order of the flash
        urandom(n)               n bytes
        moved(n, level)          an output pin has a new level (also the first one)
    Also `thread` (a _thread module) and `sockets` (a socket module) where bind() is used.
    The world calls input(n, level) and uart(id).feed(data) in the thread (greenlet) of the control loop.
    """

    thread = None
    sockets = None
    partitions = ()  # type: tuple[str, ...]

    def __init__(self, identity, cause=PWRON_RESET):
        self.identity = identity  # 6 bytes
        self.cause = cause
        self.access_point = True  # whether there is an access point in reach
        self.joined = False  # whether the firmware asked to join one
        self.set_at = None  # uptime at which the RTC was set, and to what
        self.set_to = 0
        self.modes = {}  # pin -> IN, OUT, OPEN_DRAIN
        self.inputs = {}  # pin -> level the world puts on it
        self.volts = {}  # pin -> microvolts the world puts on it, for the ADC
        self.outputs = {}  # pin -> level the firmware puts on it
        self.handlers = {}  # pin -> (trigger, handler, Pin)
        self.timers = []  # [ticks of the next call, period ms or None, callback, Timer]
        self.uarts = {}
        self.i2cs = {}

    # For the modules.

    def pin_setup(self, n, mode, pull, level):
        """mode, pull, level: None leaves it as it is. The level comes before the direction."""
        if pull is not None and n not in self.inputs:
            self.inputs[n] = 1 if pull == PULL_UP else 0
        if level is not None:
            self.outputs[n] = level
        if mode is not None:
            before = self.modes.get(n)
            self.modes[n] = mode
            if mode == IN or (before == mode and level is None):
                return
            self.moved(n, self.outputs.setdefault(n, 0))
        elif level is not None and self.modes.get(n, IN) != IN:
            self.moved(n, level)

    def pin_write(self, n, level):
        if self.outputs.get(n) == level:
            return
        self.outputs[n] = level
        if self.modes.get(n, IN) != IN:
            self.moved(n, level)

    def pin_read(self, n):
        mode = self.modes.get(n, IN)
        if mode == OUT or (mode == OPEN_DRAIN and not self.outputs[n]):
            return self.outputs[n]
        return self.inputs.get(n, 0)

    def pin_irq(self, n, trigger, handler, pin):
        """handler(pin) at the edges of trigger; None takes it away."""
        if handler is None:
            self.handlers.pop(n, None)
        else:
            self.handlers[n] = (trigger, handler, pin)

    def unique_id(self):
        return self.identity

    def reset_cause(self):
        return self.cause

    def station(self):
        """Whether Wi-Fi is associated."""
        return self.joined and self.access_point

    def uart(self, number):
        if number not in self.uarts:
            self.uarts[number] = Uart()
        return self.uarts[number]

    def timer_start(self, timer, ms, periodic, callback):
        self.timer_stop(timer)
        self.timers.append([(self.ticks_ms() + ms) % PERIOD, ms if periodic else None, callback, timer])

    def timer_stop(self, timer):
        self.timers = [entry for entry in self.timers if entry[3] is not timer]

    # For the kinds of chip.

    def timers_due(self, now):
        """Calls what is due, inside sleep_ms and wait. Returns milliseconds to the next timer, or None."""
        if not self.timers:
            return None
        for entry in self.timers[:]:
            if left(entry[0], now) > 0 or entry not in self.timers:
                continue
            if entry[1] is None:
                self.timers.remove(entry)
            else:
                entry[0] = (entry[0] + entry[1]) % PERIOD
            entry[2](entry[3])
        return min([max(0, left(entry[0], now)) for entry in self.timers]) if self.timers else None

    # For the world.

    def input(self, n, level):
        """The world puts a level on a pin; an edge calls the firmware's handler with its Pin."""
        before = self.inputs.get(n, 0)
        self.inputs[n] = level
        if before == level or n not in self.handlers:
            return
        trigger, handler, pin = self.handlers[n]
        if trigger & (IRQ_RISING if level else IRQ_FALLING):
            handler(pin)


def left(deadline, now):
    """Milliseconds from now to a deadline in ticks, negative when it is past."""
    return ((deadline - now + PERIOD // 2) % PERIOD) - PERIOD // 2
