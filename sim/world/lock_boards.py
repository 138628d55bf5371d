"""Lock boards as they hang on a serial line: what they hear, open and answer, when, and what can go wrong.

Written from the makers' documents, which are named at each board, without the firmware's own frames, so that a mistake
there is not made twice. Runs on both interpreters.
"""

ANSWERS_US = 10_000  # usual; the documents give 200 ms at most, or nothing
FRAMES = 64
OTHERS = 64  # frames that a board remembers to be no business of its own
ENDS_US = 20_000  # a board forgets what it has of a frame when nothing more has come for so long; None: never


def xored(data):
    value = 0
    for byte in data:
        value ^= byte
    return value


class LockBoard:
    """One board. address: its switches. locks: how many it has. open_bit: what it reports of an open door.

    A lock that opens pops its door, unless it is in `jams`. pulses: [(lock, microseconds)]; the first lock is 1.
    dead: hears nothing. mute: hears, opens and does not answer. loses: so many answers are lost. late_us: so much
    later than usual it answers. says: the address it answers with. parrots: it repeats what it is asked, and does
    nothing. before: what it sends before an answer. pulse_us: how long a lock gets its current.
    """

    opened = None  # opened(lock, now_us): what the world does when a lock gets its pulse, in place of a door that pops

    def __init__(self, address, locks, open_bit=0, pulse_us=300_000):
        self.address = address
        self.locks = locks
        self.open_bit = open_bit
        self.pulse_us = pulse_us
        self.pulses = []
        self.doors = [False] * locks  # open
        self.jams = set()
        self.dead = self.mute = self.parrots = False
        self.loses = self.late_us = 0
        self.says = address
        self.before = b""
        self.ends_us = ENDS_US
        self.answers_us = ANSWERS_US
        self.heard = b""  # of a frame that is not whole yet
        self._heard_at = 0
        self.others = set()  # what is known to be no business of this board, when it is heard on its own
        self._speaks_at = -ENDS_US  # the last answer; it answers in the order in which it was asked

    def parse(self, heard):
        """Of a family: what the first bytes are, as (bytes used, what, lock); None: it waits for more."""
        raise NotImplementedError

    def answer(self, what, lock):
        """Of a family: what it says to that, None for nothing."""
        raise NotImplementedError

    def hear(self, data, now_us):
        """Bytes on the line, the last of which ends now. [(microseconds from now, answer)]."""
        if self.dead:
            return []
        if self.ends_us is not None and now_us - self._heard_at > self.ends_us:
            self.heard = b""
        self._heard_at = now_us
        alone = not self.heard
        self.heard = (self.heard + data)[-64:]
        answers, mine = [], False
        while True:
            found = self.parse(self.heard)
            if found is None:
                break
            used, what, lock = found
            frame, self.heard = self.heard[:used], self.heard[used:]
            mine = mine or what
            if what and self.parrots:
                answers.append((self.answers_us, frame))
            elif what:
                answers += self._obey(what, lock, now_us)
        if alone and not mine and not self.heard and len(self.others) < OTHERS:
            self.others.add(bytes(data))
        return answers

    def _obey(self, what, lock, now_us):
        wait = self.answers_us
        if what == "open":
            for one in range(1, self.locks + 1) if lock == 0 else (lock,):
                self.pulse(one, now_us)
                wait += self.pulse_us
        answer = self.answer(what, lock)
        if self.mute or answer is None:
            return []
        if self.loses:
            self.loses -= 1
            return []
        self._speaks_at = max(now_us + wait + self.late_us, self._speaks_at + ENDS_US)
        return [(self._speaks_at - now_us, self.before + answer)]

    def pulse(self, lock, now_us):
        self.pulses.append((lock, now_us))
        if self.opened is not None:
            self.opened(lock, now_us)
        elif lock not in self.jams:
            self.doors[lock - 1] = True

    def bit(self, lock):
        """What it reports of a door."""
        return self.open_bit if self.doors[lock - 1] else 1 - self.open_bit

    def byte(self, group):
        """Of eight doors, the first in bit 0; what no lock is wired to reads 0."""
        first = group * 8
        doors = self.doors[first : min(first + 8, self.locks)]
        value = 0 if self.open_bit else (1 << len(doors)) - 1
        if True in doors:
            for n in range(len(doors)):
                value ^= (1 if doors[n] else 0) << n
        return value


class XorBoard(LockBoard):
    """ "485 lock board communication protocol" (Guangzhou Shuoming Technology, 2021 and 2024A1), sections 3 to 6.

    groups: bytes of contacts in an answer; boards of 8 locks were seen to send three (Open-Locker, ADR 61).
    low_first: boards of 50 locks were seen to send locks 1 to 8 first.
    """

    def __init__(self, address, locks=24, open_bit=0, groups=None, low_first=False):
        super().__init__(address, locks, open_bit)
        self.groups = groups or max(3, (locks + 7) // 8)
        self.low_first = low_first

    def parse(self, heard):
        """(bytes used, what, lock), None: it waits for more."""
        if len(heard) < 5:
            return None if not heard or heard[0] in (0x8A, 0x80) else (1, "", 0)
        if heard[0] not in (0x8A, 0x80) or xored(heard[:5]):
            return 1, "", 0
        kind = {0x8A11: "open", 0x8033: "ask"}.get(heard[0] << 8 | heard[3])
        if heard[1] != self.address or kind is None or heard[2] > self.locks:
            return 5, "", 0
        return 5, kind, heard[2]

    def answer(self, what, lock):
        if what == "ask" and lock == 0:
            groups = [self.byte(n) for n in range(self.groups)]
            body = bytes((0x80, self.says)) + bytes(groups if self.low_first else groups[::-1]) + b"\x33"
        elif what == "open" and lock == 0:
            return None
        else:
            body = bytes((0x8A if what == "open" else 0x80, self.says, lock, 0x11 if self.bit(lock) else 0))
        return body + bytes((xored(body),))

    def tell(self, lock):
        """What a board with such firmware sends when a door moved."""
        body = bytes((0x82, self.says, lock, 0x11 if self.bit(lock) else 0))
        return body + bytes((xored(body),))


class KerongBoard(LockBoard):
    """KR-CU16 Communication Protocol Specification (Shenzhen Kerong, V1.6 of 2024-11-30), part 3: sections 2 to 5.

    Its addresses begin with 0. says_opened: it answers an opening with its contacts, which the document does not say.
    """

    says_opened = False
    settings = 0  # how often its pulse was set to another length

    def __init__(self, address, locks=16, open_bit=0):
        super().__init__(address, locks, open_bit, pulse_us=550_000)

    def parse(self, heard):
        if not heard or heard[0] != 0x02:
            return (1, "", 0) if heard else None
        for size in (5, 6, 7):
            if len(heard) < size:
                return None
            if heard[size - 2] == 0x03 and sum(heard[: size - 1]) & 255 == heard[size - 1]:
                break
        else:
            return 1, "", 0
        what = {0x305: "ask", 0x315: "open", 0x335: "open", 0x375: "time", 0x377: "set"}.get(heard[2] << 4 | size, "")
        if heard[1] >> 4 != self.address:
            return size, "", 0
        return size, what, (heard[1] & 15) + 1 if heard[2] == 0x31 else 0

    def answer(self, what, lock):
        self.settings += what == "set"
        if what == "open" and lock and not self.says_opened:
            return None
        more = b"\x00\x37" if what in ("time", "set") else b"\x00\x00"  # the pulse in 10 ms, or what lies in them
        body = (
            bytes((0x02, self.says << 4, 0x35 if more[1] == 0 else 0x38, self.byte(0), self.byte(1))) + more + b"\x03"
        )
        return body + bytes((sum(body) & 255,))


class Kerong12Board(LockBoard):
    """CU12 Protocol and Introduction (Kerong, V1.1 of 2022-07-22), 1.2 to 1.5. refuses: it answers with that reason."""

    refuses = 0
    settings = 0  # how often something was set that is not asked

    def __init__(self, address, locks=12, open_bit=0):
        super().__init__(address, locks, open_bit, pulse_us=550_000)
        self._asked = b""

    def parse(self, heard):
        if len(heard) < 8:
            return None if not heard or heard[0] == 0x02 else (1, "", 0)
        size = 8 + heard[5]
        if heard[0] != 0x02 or heard[6] != 0x03 or heard[4] or size > 16:
            return 1, "", 0
        if len(heard) < size:
            return None
        frame = heard[:size]
        if sum(frame[:7] + frame[8:]) & 255 != frame[7]:
            return 1, "", 0
        if frame[1] not in (self.address, 0x10):
            return size, "", 0
        self._asked = frame
        self.settings += size > 8 or frame[3] == 0x8E
        if frame[3] == 0x81 and frame[2] <= 12 and not self.refuses:
            return size, "open", 0 if frame[2] == 12 else frame[2] + 1
        return size, "ask" if frame[3] == 0x80 else "other", 0

    def answer(self, what, lock):
        command = self._asked[3]
        code = self.refuses or (0x10 if command in (0x80, 0x81, 0x8F) else 0x13)
        data = b""
        if code == 0x10 and command == 0x80:
            data = bytes((self.byte(0), self.byte(1)))
        elif code == 0x10 and command == 0x8F:
            data = b"\x01\x02"
        head = bytes((0x02, self.says, self._asked[2], command, code, len(data), 0x03))
        return head + bytes((sum(head + data) & 255,)) + data


def crc16(data):
    """MODBUS over Serial Line V1.02, 6.2.2: CRC-16, bit by bit; low byte first on the line."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return bytes((value & 255, value >> 8))


class ModbusRelays(LockBoard):
    """Relays that let go by themselves, and inputs. MODBUS Application Protocol V1.1b3, 6.1, 6.2, 6.5 and 7.

    What is the maker's own: Waveshare, "Modbus RTU Relay", development protocol V3: function 5 at 0x0200 is "flash on".

    refuses: an exception code that it answers everything with.
    """

    refuses = 0

    def __init__(self, address, locks=8, open_bit=0):
        super().__init__(address, locks, open_bit, pulse_us=0)
        self.on_ms = []  # of each pulse
        self._asked = b""

    def parse(self, heard):
        if len(heard) < 8:
            return None
        frame = heard[:8]
        if crc16(frame[:6]) != frame[6:]:
            return 1, "", 0
        if frame[0] not in (0, self.address):
            return 8, "", 0
        self._asked = frame
        register, value = frame[2] << 8 | frame[3], frame[4] << 8 | frame[5]
        if frame[1] == 5 and 0x200 <= register < 0x200 + self.locks and 0 < value < 0x8000 and not self.refuses:
            self.on_ms.append(value * 100)
            return 8, "open", register - 0x200 + 1
        return 8, "ask" if frame[1] == 2 else "other", 0

    def answer(self, what, lock):
        frame = self._asked
        if frame[0] == 0:
            return None
        register, value = frame[2] << 8 | frame[3], frame[4] << 8 | frame[5]
        code = 0
        if frame[1] not in (1, 2, 5):
            code = 1
        elif frame[1] == 5:
            right = what == "open" or (register < self.locks and value in (0, 0xFF00))
            code = 0 if right else 2
        elif register or not 1 <= value <= (self.locks + 7) // 8 * 8:
            code = 2
        code = self.refuses or code
        body = bytes((self.says,)) + frame[1:6]
        if code:
            body = bytes((self.says, frame[1] | 0x80, code))
        elif frame[1] != 5:
            contacts = [self.byte(n) if frame[1] == 2 else 0 for n in range((value + 7) // 8)]
            body = bytes((self.says, frame[1], len(contacts))) + bytes(contacts)
        return body + crc16(body)


class LockBus:
    """The line between a board's serial port and its lock boards; takes the place of sim.mcu.chip.Uart.

    now_us(): microseconds. directed: with a pin for the direction, drive(level) tells it. echo: the transceiver hears
    itself. passes: so many bytes still get through, then the cable is cut; None: it is whole. meddle(data): what
    arrives of it. frames: what the controller has sent, the last 64 at least; clashes: how often two spoke at once.
    """

    listener = True  # the world listens: a board in real time need not

    def __init__(self, boards, now_us, baud=9600, directed=False):
        self.boards = boards
        self.now_us = now_us
        self.echo = False
        self.passes = self.meddle = None
        self.frames = []
        self.sent = self.clashes = 0
        self.byte_us = 10_000_000 // baud
        self._directed = directed
        self._drives = not directed
        self._let_go_at = 0
        self._coming = []  # [first bit, data]: what is or will be on the line, towards us

    def drive(self, level):
        self._drives = bool(level)
        if not level:
            self._let_go_at = self.now_us()

    def write(self, data):
        now, data = self.now_us(), bytes(data)
        over = now + len(data) * self.byte_us
        self.sent += 1
        self.frames.append(data)
        if len(self.frames) > 2 * FRAMES:
            del self.frames[:FRAMES]
        heard = data if self._drives else b""
        if self._coming and self._spoilt(now, over):
            heard = bytes([byte ^ 0x5A for byte in heard])
        heard = self._through(heard)
        if self.echo:
            self._coming.append([now, data])
        for board in self.boards:
            if not board.heard and heard in board.others:
                continue
            for wait, answer in board.hear(heard, over):
                self.feed(answer, over + wait)

    def feed(self, data, at=None):
        """Bytes towards the controller; they begin at that moment, or now."""
        at = self.now_us() if at is None else at
        data = self._through(data)
        if self._coming and self._spoilt(at, at + len(data) * self.byte_us):
            data = bytes([byte ^ 0x5A for byte in data])
        if data:
            self._coming.append([at, data])
            if len(self._coming) > 1:
                self._coming.sort(key=lambda one: one[0])

    def _through(self, data):
        if self.passes is not None:
            data, self.passes = data[: self.passes], max(0, self.passes - len(data))
        return self.meddle(data) if self.meddle is not None and data else data

    def _spoilt(self, begin, end):
        """Whether somebody else speaks then; what he says is spoilt too."""
        clash = False
        for one in self._coming:
            at, data = one
            if at < end and begin < at + len(data) * self.byte_us:
                one[1] = bytes([byte ^ 0xA5 for byte in data])
                clash = True
        self.clashes += clash
        return clash

    def stop(self):
        self._coming = []
        self._drives = not self._directed

    def waiting(self):
        if not self._coming:
            return 0
        now = self.now_us()
        return sum([self._arrived(one, now) for one in self._coming])

    def _arrived(self, one, now):
        at, data = one
        return min(len(data), max(0, now - at) // self.byte_us)

    def take(self, most):
        now, taken, rest = self.now_us(), b"", []
        for at, data in self._coming:
            if self._directed and now > at and (self._drives or self._let_go_at > at) and not self.echo:
                self.clashes += 1  # it began while we still held the line
                continue
            count = min(self._arrived((at, data), now), most - len(taken))
            taken += data[:count]
            if count < len(data):
                rest.append([at + count * self.byte_us, data[count:]])
        self._coming = rest
        return taken
