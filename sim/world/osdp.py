"""OSDP readers as they hang on a line: what they answer, when, and what can go wrong. Runs on both interpreters.

Written from the standard's side of the reader (SIA OSDP v2.2), without the firmware's own frames and seals, so that a
mistake there is not made twice.
"""

from cryptolib import aes

DEFAULT_KEY = bytes(range(0x30, 0x40))
ANSWERS_US = 2_000  # from the last bit of a command to the first of the answer; at most 200 ms are allowed
KEEPS_US = 700_000
PATIENCE_US = 8_000_000  # a reader that hears nothing for so long ends its session

POLL, ID, CAP, LSTAT, LED, BUZ, KEYSET, CHLNG, SCRYPT = 0x60, 0x61, 0x62, 0x64, 0x69, 0x6A, 0x75, 0x76, 0x77
ACK, NAK, PDID, PDCAP, LSTATR, RAW, KEYPAD, CCRYPT, RMAC_I, BUSY = (
    0x40, 0x41, 0x45, 0x46, 0x48, 0x50, 0x53, 0x76, 0x78, 0x79,
)  # fmt: skip
LENGTH, UNKNOWN, SEQUENCE, UNSUPPORTED, CONDITIONS = 2, 3, 4, 5, 6  # reasons of a NAK

try:
    from binascii import crc_hqx

    def crc16(data):
        """CRC-16 of CCITT, starting with 0x1D0F."""
        return crc_hqx(data, 0x1D0F)

except ImportError:

    def crc16(data):
        """CRC-16 of CCITT, starting with 0x1D0F, bit by bit."""
        value = 0x1D0F
        for byte in data:
            value ^= byte << 8
            for _ in range(8):
                value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
        return value


def framed(address, control, body):
    """A frame: body is what lies between control byte and CRC."""
    head = bytes((0x53, address, (len(body) + 7) & 255, (len(body) + 7) >> 8, control | 4)) + body
    return head + crc16(head).to_bytes(2, "little")


def xored(a, b):
    return bytes([x ^ y for x, y in zip(a, b)])  # noqa: B905


_ACKED = bytes((ACK,))


class OsdpSession:
    """The keys of a secure channel and its two chains of MACs, as the reader has them."""

    def __init__(self, key, theirs, ours):
        base = aes(key, 1)
        keys = [base.encrypt(bytes(kind) + theirs[:6] + bytes(8)) for kind in ((1, 130), (1, 1), (1, 2))]
        self._cipher, self._inner, self._last = [aes(key, 1) for key in keys]
        self._decipher = aes(keys[0], 1)
        self.mine = self._cipher.encrypt(theirs + ours)
        self.wanted = self._cipher.encrypt(ours + theirs)
        self.command_mac = self.answer_mac = bytes(16)

    def open(self):
        """The panel has proved itself: the first MAC."""
        self.answer_mac = self._last.encrypt(self._inner.encrypt(self.wanted))
        return self.answer_mac

    def mac(self, message, before):
        if len(message) % 16:
            message = message + b"\x80" + bytes(-(len(message) + 1) % 16)
        for at in range(0, len(message), 16):
            block = xored(message[at : at + 16], before)
            before = (self._inner if at + 16 < len(message) else self._last).encrypt(block)
        return before

    def decrypt(self, data):
        """What the panel encrypted, None when it is nothing."""
        plain, before = b"", xored(self.answer_mac, b"\xff" * 16)
        for at in range(0, len(data), 16):
            block = data[at : at + 16]
            plain += xored(self._decipher.decrypt(block), before)
            before = block
        plain = plain.rstrip(b"\0")
        return plain[:-1] if plain[-1:] == b"\x80" else None

    def encrypt(self, data):
        data = data + b"\x80" + bytes(-(len(data) + 1) % 16)
        done, before = b"", xored(self.command_mac, b"\xff" * 16)
        for at in range(0, len(data), 16):
            before = self._cipher.encrypt(xored(data[at : at + 16], before))
            done += before
        return done


class PeripheralDevice:
    """key: its own, None: it waits for one (install mode). random(n): n bytes. secure: it is not polled in plain.

    shown: the last lights and sounds it was told, as (command, data). dead: it hears and says nothing. A card for which
    nobody asks is forgotten after KEEPS_US.
    """

    def __init__(self, address, key=None, random=bytes, secure=False):
        self.address = address
        self.key = key
        self.secure = secure
        self.shown = []
        self.dead = False
        self.busy = 0  # so many commands are answered by a request for patience
        self.waits = False  # it answers nothing before its first poll
        self.forgets = False  # it does not know a command that is sent again, and makes a new answer (libosdp 3.2.9)
        self.long = 0  # to so many polls it gives an answer of 400 bytes
        self.refuses = ()  # commands that it does not know
        self.tampered = self.failing = 0
        self.given = 0  # keys it was given
        self._random = random
        self._news = []
        self._heard_at = 0
        self.polled_at = -PATIENCE_US
        self.restart()

    def restart(self):
        """Its power came back: nothing is remembered but its key."""
        self._number = None
        self._last = (b"", b"")  # the last command, and its answer
        self._session = self._begun = None
        self._news = []

    @property
    def sealed(self):
        return self._session is not None

    def card(self, bits, now_us=None):
        """A card is held there. bits: a text of 0 and 1. now_us: None when it is to be kept for ever."""
        padded = bits + "0" * (-len(bits) % 8)
        data = bytes([int(padded[at : at + 8], 2) for at in range(0, len(padded), 8)])
        news = bytes((RAW, 0, 1)) + len(bits).to_bytes(2, "little") + data
        self._news.append((None if now_us is None else now_us + KEEPS_US, news))

    def type(self, keys):
        """Keys are pressed: "12#"; * and # as the standard has them."""
        codes = [{"*": 0x7F, "#": 0x0D}.get(key, ord(key)) for key in keys]
        self._news.append((None, bytes((KEYPAD, 0, len(codes))) + bytes(codes)))

    def status(self, tampered=0, failing=0):
        """It is opened, or its supply fails."""
        self.tampered, self.failing = tampered, failing
        self._news.append((None, bytes((LSTATR, tampered, failing))))

    def hear(self, frame, now_us):
        """A whole frame on the line. Its answer, b"" for none."""
        if self.dead or len(frame) < 8 or frame[1] != self.address:
            return b""
        if crc16(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
            return b""
        if now_us - self._heard_at > PATIENCE_US:
            self._session = self._number = None
        self._heard_at = now_us
        if self.waits:
            self.waits = frame[5] != POLL
            if self.waits:
                return b""
        if self.busy:
            self.busy -= 1
            return framed(self.address | 0x80, 0, bytes((BUSY,)))
        number = frame[4] & 3
        if number and frame == self._last[0]:
            if not self.forgets or self._session is not None:
                return self._last[1]  # the answer was lost on its way
        elif number == 0:
            self._session = None
        elif self._number is None or number != self._number % 3 + 1:
            return self._refuse(number, SEQUENCE)
        answer = self._answer(frame, number)
        self._number = number
        self._last = frame, answer
        return answer

    def _refuse(self, number, why):
        self._session = None
        return framed(self.address | 0x80, number, bytes((NAK, why)))

    def _answer(self, frame, number):
        kind, body = 0, frame[5:-2]
        if frame[4] & 8:
            kind, block, body = body[1], body[: body[0]], body[body[0] :]
        if kind in (0x11, 0x13):
            return self._shake(number, kind, block, body)
        session = self._session
        if kind < 0x15:
            if session is not None or (self.secure and body[0] not in (ID, CAP)):
                return self._refuse(number, CONDITIONS)
            said = self._obey(body[0], body[1:])
            return framed(self.address | 0x80, number, said)
        if session is None:
            return self._refuse(number, CONDITIONS)
        mac = session.mac(frame[:-6], session.answer_mac)
        if mac[:4] != body[-4:]:
            return self._refuse(number, CONDITIONS)
        session.command_mac = mac
        body = body[:-4]
        data = session.decrypt(body[1:]) if kind == 0x17 else body[1:]
        if data is None:
            return self._refuse(number, CONDITIONS)
        said = self._obey(body[0], data)
        kind = 0x16
        if len(said) > 1:
            kind, said = 0x18, said[:1] + session.encrypt(said[1:])
        body = bytes((2, kind)) + said
        length = len(body) + 11
        head = bytes((0x53, self.address | 0x80, length & 255, length >> 8, number | 12)) + body
        session.answer_mac = session.mac(head, session.command_mac)
        head += session.answer_mac[:4]
        if body[2] == ACK and self.given and frame[4] & 8 and self.key == self._fresh:
            self._session, self._fresh = None, None
        return head + crc16(head).to_bytes(2, "little")

    _fresh = None  # a key that was just given: the session ends with the answer

    def _shake(self, number, kind, block, body):
        if kind == 0x11:
            key = self.key if block[2] else DEFAULT_KEY
            if key is None or (self.key is not None and not block[2]):
                return self._refuse(number, UNSUPPORTED)  # everybody's key only in install mode
            ours = self._random(8)
            self._session, self._begun = None, OsdpSession(key, body[1:9], ours)
            said = bytes((3, 0x12, block[2], CCRYPT)) + bytes(8) + ours + self._begun.mine
            return framed(self.address | 0x80, number | 8, said)
        begun, self._begun = self._begun, None
        if begun is None or body[1:] != begun.wanted:
            return self._refuse(number, UNSUPPORTED)
        self._session = begun
        return framed(self.address | 0x80, number | 8, bytes((3, 0x14, 1, RMAC_I)) + begun.open())

    def _obey(self, command, data):
        """Answer and its data."""
        if command in self.refuses:
            return bytes((NAK, UNKNOWN))
        if command == POLL:
            self.polled_at = self._heard_at
            if self.long:
                self.long -= 1
                return bytes((0x90,)) + bytes(400)
            while self._news:
                until, news = self._news.pop(0)
                if until is None or self._heard_at <= until:
                    return news
            return _ACKED
        if command == ID:
            return bytes((PDID, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3))
        if command == CAP:
            return bytes((PDCAP, 4, 4, 1, 5, 2, 1, 8, 1, 0, 9, 1, 1))
        if command == LSTAT:
            return bytes((LSTATR, self.tampered, self.failing))
        if (command, len(data)) in ((LED, 14), (BUZ, 5)):
            self.shown.append((command, bytes(data)))
            self.shown = self.shown[-16:]
            return bytes((ACK,))
        if command == KEYSET and len(data) == 18 and self.sealed:
            self.key = self._fresh = bytes(data[2:])
            self.given += 1
            return bytes((ACK,))
        return bytes((NAK, LENGTH if command in (LED, BUZ, KEYSET) else UNKNOWN))


class OsdpLine:
    """An RS-485 line between a board's serial port and its readers; takes the place of sim.mcu.chip.Uart.

    now_us(): microseconds. meddle(data): what arrives of a frame, either way. cut: nothing arrives.
    With a pin for the direction, drive(level) tells it: what is sent while the pin is low reaches nobody, and an answer
    that begins while it is high is lost.
    """

    listener = True  # the world listens: a board in real time need not

    def __init__(self, readers, now_us, baud=9600, directed=False):
        self.readers = readers
        self.now_us = now_us
        self.cut = False
        self.meddle = None
        self.sent = self.clashes = 0  # frames of the board; answers that began while it still held the line
        self._byte_us = 10_000_000 // baud
        self._directed = directed
        self._drives = not directed
        self._let_go_at = 0
        self._coming = []  # [(when its first byte has arrived, bytes)]

    def drive(self, level):
        self._drives = bool(level)
        if not level:
            self._let_go_at = self.now_us()

    def write(self, data):
        self.sent += 1
        if self.cut or not self._drives:
            return
        now = self.now_us()
        frame = bytes(data).lstrip(b"\xff")
        if self.meddle is not None:
            frame = self.meddle(frame)
        over = now + len(data) * self._byte_us
        for reader in self.readers:
            answer = reader.hear(frame, over)
            if answer:
                if self.meddle is not None:
                    answer = self.meddle(answer)
                self._coming.append((over + ANSWERS_US, answer))

    def feed(self, data):
        """Bytes that no reader sent."""
        self._coming.append((self.now_us() - len(data) * self._byte_us, bytes(data)))

    def stop(self):
        self._coming = []
        self._drives = not self._directed

    def waiting(self):
        coming = self._coming
        if not coming:
            return 0
        count, now = 0, self.now_us()
        for at, data in coming:
            if now > at:
                count += min(len(data), (now - at) // self._byte_us) if not self._clash(at) else 0
        return count

    def take(self, most):
        taken, rest, now = b"", [], self.now_us()
        for at, data in self._coming:
            if now > at and self._clash(at):
                self.clashes += 1
                continue
            count = min(len(data), max(0, now - at) // self._byte_us, most - len(taken))
            taken += data[:count]
            if count < len(data):
                rest.append((at + count * self._byte_us, data[count:]))
        self._coming = rest
        return taken

    def _clash(self, at):
        return self._directed and (self._drives or self._let_go_at > at)
