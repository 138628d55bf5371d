"""Shift registers and expanders that switch locks and read contacts, at their pins and registers. Both interpreters.

Written from the data sheets, which are named at each part, without the firmware's own order of pins and registers.
"""

HIGH = 1


class Locks:
    """What hangs at the outputs and inputs: coils that pop doors, contacts that tell of them. The first lock is 1.

    pulses: [(lock, microseconds)] of each coil that got current; ended: [(lock, microseconds)] of each that lost it.
    open_level: of an open door's contact. jams: locks that do not pop their door.
    """

    opened = None  # opened(lock, now_us): what the world does, in place of a door that pops

    def __init__(self, count, now_us, open_level=1):
        self.count = count
        self.now_us = now_us
        self.open_level = open_level
        self.doors = [False] * count
        self.jams = set()
        self.pulses = []
        self.ended = []
        self._on = [False] * count
        self.most = 0  # coils at once

    def coil(self, lock, on):
        if lock > self.count or self._on[lock - 1] == on:
            return
        self._on[lock - 1] = on
        self.most = max(self.most, sum(self._on))
        if not on:
            self.ended.append((lock, self.now_us()))
            return
        self.pulses.append((lock, self.now_us()))
        if self.opened is not None:
            self.opened(lock, self.now_us())
        elif lock not in self.jams:
            self.doors[lock - 1] = True

    def level(self, lock):
        """At a contact; what is wired to none is held up."""
        if lock > self.count:
            return HIGH
        return self.open_level if self.doors[lock - 1] else 1 - self.open_level

    def longest_us(self):
        """Of all pulses that are over."""
        ended = list(self.ended)
        longest = 0
        for lock, begun in self.pulses:
            for one in ended:
                if one[0] == lock and one[1] >= begun:
                    longest = max(longest, one[1] - begun)
                    ended.remove(one)
                    break
        return longest


class RegisterChain:
    """SN74HC595 (SCLS041) one after the other, then SN74HC165 (SCLS116): five wires and the way back.

    pins: {"data", "clock", "latch", "load", "enable"} -> pin; back(level): QH of the last 165 to be read moves.
    cut: nothing comes back but that level. What lies in a 595 after power on nobody knows: here coils of all locks.
    """

    def __init__(self, pins, groups, locks, back):
        self.pins = pins
        self.locks = locks
        self.cut = None
        self._names = {pin: name for name, pin in pins.items()}
        self._level = dict.fromkeys(pins, 0)
        self._level["enable"] = 1  # by its resistor
        self._outs = [1] * (8 * groups)  # of the 595s, QA of the first first
        self._stored = [1] * (8 * groups)
        self._ins = [1] * (8 * groups)  # of the 165s, A of the first first; H of the first is read first
        self._back = back
        self._show()

    def moved(self, pin, level):
        """The controller moved a pin."""
        name = self._names.get(pin)
        if name is None:
            return
        rises = level > self._level[name]
        self._level[name] = level
        if name == "clock" and rises and self._level["load"]:
            self._shift()
        elif name == "latch" and rises:
            self._stored = list(self._outs)
        elif name == "load" and not level:
            self._ins = [self.locks.level(n + 1) for n in range(len(self._ins))]
        if name in ("latch", "enable"):
            self._drive()
        if name in ("clock", "load"):
            self._show()

    def _shift(self):
        """Each 165 hands its H to the A of the one nearer to us; the farthest takes QH' of the last 595."""
        last = self._outs[-1]
        self._outs.insert(0, self._level["data"])
        self._outs.pop()
        ins, groups = self._ins, len(self._ins) // 8
        before = list(ins)
        for n in range(groups):
            taken = before[(n + 1) * 8 + 7] if n + 1 < groups else last
            ins[n * 8 + 1 : n * 8 + 8] = before[n * 8 : n * 8 + 7]
            ins[n * 8] = taken

    def _drive(self):
        on = not self._level["enable"]
        for n, stored in enumerate(self._stored):
            self.locks.coil(n + 1, bool(on and stored))

    def _show(self):
        self._back(self._ins[7] if self.cut is None else self.cut)


class I2cBus:
    """chips: {address: chip}. lost: so many transfers from now fail; stuck: all do."""

    def __init__(self, chips):
        self.chips = chips
        self.lost = 0
        self.stuck = False

    def _chip(self, address):
        if self.stuck:
            raise OSError(116)  # ETIMEDOUT
        if self.lost:
            self.lost -= 1
            raise OSError(19)
        if address not in self.chips or self.chips[address].dead:
            raise OSError(19)  # ENODEV: nobody acknowledges
        return self.chips[address]

    def write(self, address, data):
        self._chip(address).write(data)

    def read(self, address, count):
        return self._chip(address).read(count)


class Mcp23017:
    """DS20001952 with IOCON.BANK 0. first: the lock at its GPA0. active: the level that gives current.

    As an input: contacts at GPA0 to 6 and GPB0 to 6 (revision D: the two others are outputs only).
    """

    def __init__(self, locks, first=1, active=1):
        self.locks = locks
        self.first = first
        self.active = active
        self.dead = False
        self.restart()

    def restart(self):
        """Its power came back: all inputs, nothing held up."""
        self.registers = bytearray(22)
        self.registers[0] = self.registers[1] = 255
        self._at = 0
        self._drive()

    def write(self, data):
        self._at = data[0]
        for byte in data[1:]:
            at = self._at - 0x12 + 0x14 if self._at in (0x12, 0x13) else self._at  # to a port is to its latch
            self.registers[at] = byte
            self._at = (self._at + 1) % 22
        if len(data) > 1:
            self._drive()

    def read(self, count):
        found = bytearray()
        for _ in range(count):
            found.append(self._port(self._at - 0x12) if self._at in (0x12, 0x13) else self.registers[self._at])
            self._at = (self._at + 1) % 22
        return bytes(found)

    def _drive(self):
        for port in (0, 1):
            for n in range(8):
                driven = not self.registers[port] >> n & 1
                level = self.registers[0x14 + port] >> n & 1
                if self.active is not None:
                    self.locks.coil(self.first + port * 8 + n, driven and level == self.active)

    def _port(self, port):
        """What its pins read: driven, a contact to ground, or held up where that is switched on."""
        value = 0
        for n in range(8):
            if not self.registers[port] >> n & 1:
                level = self.registers[0x14 + port] >> n & 1
            elif n == 7 or self.active is not None:
                level = 0
            else:
                level = self.locks.level(self.first + port * 7 + n) & self.registers[0x0C + port] >> n & 1
            value |= level << n
        return value


class Pcf8574:
    """SCPS068: written bits of 1 are held up weakly and read what pulls them down. first: the lock at its P0.

    drives: its pins give current while they are low, else contacts hang there.
    """

    def __init__(self, locks, first=1, drives=True):
        self.locks = locks
        self.first = first
        self.drives = drives
        self.dead = False
        self.restart()

    def restart(self):
        self.written = 255
        self._drive()

    def write(self, data):
        self.written = data[-1]
        self._drive()

    def _drive(self):
        for n in range(8):
            if self.drives:
                self.locks.coil(self.first + n, not self.written >> n & 1)

    def read(self, count):
        value = 0
        for n in range(8):
            level = self.written >> n & 1
            value |= (level if self.drives else level & self.locks.level(self.first + n)) << n
        return bytes((value,)) * count
