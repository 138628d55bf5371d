"""One OSDP reader: what it is to be asked next, what its answers mean, whether it works. It knows no wire.

First it says what it is, then both sides prove that they have its key, then come its abilities and its state, and from
there on it is polled. Some readers answer nothing before their first poll, so one that is silent is polled and asked by
turns. A command is sent again, byte for byte, until it is answered. By the standard a reader knows it by its number and
says again what it said; not every one does (libosdp's device of 3.2.9 makes a new answer), and then a card in an answer
that was lost is gone. What came broken and is not said again is told as misread, so that its holder tries again; of an
answer of which nothing came nobody can know.
"""

from os import urandom

from micropython import const

from .. import ticks
from ..events import (
    READER_BACK,
    READER_KEYED,
    READER_LOST,
    READER_POWER,
    READER_POWER_RIGHT,
    READER_STRANGE,
    READER_TAMPER,
    READER_TAMPER_OVER,
)
from . import osdp_frame as frames
from .osdp_codes import (
    ABLE,
    ACK,
    BUSY,
    BUZ,
    CAP,
    CCRYPT,
    CHALLENGE,
    CHALLENGES,
    CHLNG,
    ENCRYPTED,
    ENCRYPTED_ANSWER,
    FMT,
    ID,
    KEY,
    KEYLESS,
    KEYPAD,
    KEYSET,
    LED,
    LSTAT,
    LSTATR,
    NAK,
    PDCAP,
    POLL,
    PROOF,
    PROVES,
    RAW,
    REFUSES,
    RMAC_I,
    SCRYPT,
    SEALED,
    SEALED_ANSWER,
    SILENT,
    STATE,
    UNSEALED,
    WHO,
    WORKS,
)
from .osdp_secure import EVERYBODYS, SEAL, SecureChannel
from .wiegand import FRAMES, payload

_FIRST_DATA = const(6)  # where a frame of ours goes on after its control byte
_ASKS = bytes((ID, CHLNG, SCRYPT, CAP, LSTAT, KEYSET))  # by stage
_DEAD_MS = const(2000)  # so long without an answer as they must be
_AGAIN_MS = const(1000)  # how often one that does not work is tried
_STRANGE_MS = const(600000)  # a stranger is told so often at the most
_KEYS = const(16)
_BITS = const(34)
_ACKS = const(8)  # bytes of an answer that tells nothing, and of a sealed one
_ACKS_SEALED = const(14)
_STAR, _HASH = b"\x7f*", b"\x0d#"
_SHOWS = b"\x04\x05"  # abilities: light, sound
_NO_MATTER = b"\x02\x03\x09"  # reasons of a NAK: it does not know such a command, or cannot do that


class Reader:
    """door: its number. secure: it must prove that it has its key. poll_ms: from poll to poll.

    key: 16 bytes, None: none yet. answers: whether it works. why: why it does not (osdp_codes.py).
    """

    def __init__(self, address, door, secure, poll_ms, now):
        self.address = address
        self.door = door
        self.secure = secure
        self.key = None
        self.frame = bytearray(64)
        self.frame[0] = 0xFF
        self.end = 0  # of the frame that waits for its answer, 0: none
        self.due = now
        self.gets = None  # the key that it is to take in place of everybody's
        self.answers = False
        self.why = SILENT
        self._poll_ms = poll_ms
        self._asked = now
        self._number = 0
        self._stage = WHO
        self._secure = None
        self._sealed = False
        self._proof = None
        self._good = now  # when it last worked
        self._told = 0  # why it was told to be lost
        self._strange = None  # until then strangers are not told
        self._state = bytearray(2)  # tamper, power
        self._shows = bytearray(14 + 5)  # light and sound as their commands have them
        self._to_show = 0  # 1 the light, 2 the sound
        self._can = 3
        self._keys = bytearray(_KEYS)
        self._typed = 0
        self._card = None
        self._old = True  # what it tells lay there while it was not asked
        self._polled = False
        self._calls = False  # a silent one is polled, in case it waits for that
        self._broken = False  # a poll was answered by more than an ACK, and that came broken
        self._since = now
        self._bits = bytearray(_BITS)
        self.light(1, 0, 0, 0)

    # For the door: as a Wiegand reader has it.

    def poll(self, now):
        """(bits, number) of a card or key, number None when it is misformed. None while there is none."""
        if self._card is not None:
            card, self._card = self._card, None
            return card
        if not self._typed:
            return None
        key = self._keys[0]
        self._typed -= 1
        for i in range(self._typed):
            self._keys[i] = self._keys[i + 1]
        return 4, key

    def deadline(self):
        """When a card came in that was not taken yet."""
        return self._since if self._typed or self._card is not None else None

    def light(self, control, on, off, total):
        """Green for a while, red otherwise. control: 2 begin, 1 end; on, off, total: tenths of a second."""
        shows = self._shows
        for i, value in enumerate((0, 0, control, on, off, 2, 1, total & 255, total >> 8, 1, 1, 0, 1, 1)):
            shows[i] = value
        self._to_show |= 1

    def sound(self, tone, on, off, count):
        """tone: 2 sounds, 1 is silent; on, off: tenths of a second."""
        for i, value in enumerate((0, tone, on, off, count)):
            self._shows[14 + i] = value
        self._to_show |= 2

    # For the bus.

    def ask(self, now):
        """The frame that goes out now lies in `frame` up to `end`."""
        self._asked = now
        if self.end:
            return
        stage = self._stage
        at = _FIRST_DATA
        frame = self.frame
        frame[1] = frames.SOM
        frame[2] = self.address
        frame[5] = self._number | frames.WITH_CRC
        if stage == CHALLENGE or stage == PROOF:
            at = self._block(3, CHALLENGES if stage == CHALLENGE else PROVES)
            frame[at - 1] = 0 if self.key is None or self.gets else 1
        elif self._sealed:
            at = self._block(2, SEALED)
        end = self._say(stage, at)
        if self._sealed:
            if end > at + 1:
                frame[7] = ENCRYPTED
                end = self._secure.encrypt(frame, at + 1, end)
            frame[3] = end + frames.LEAST - 3
            frame[4] = 0
            end = self._secure.seal(frame, 1, end)
        self.end = frames.close(frame, end)

    def _block(self, length, kind):
        self.frame[5] |= frames.SECURED
        self.frame[6] = length
        self.frame[7] = kind
        return _FIRST_DATA + length

    def _say(self, stage, at):
        """Command and data from `at` on."""
        data = b""
        if stage < WORKS:
            command = _ASKS[stage]
            if stage == WHO and self._calls:
                command = POLL
            elif stage == WHO or stage == ABLE:
                data = b"\0"
            elif stage == CHALLENGE:
                data = urandom(8)
                self._secure = SecureChannel(EVERYBODYS if self.gets else self.key, data)
            elif stage == PROOF:
                data = self._proof
            elif stage == KEY:
                data = b"\x01\x10" + self.gets
        else:
            command = POLL
            show = self._to_show & self._can
            self._to_show = 0
            if show & 1:
                command, data = LED, bytes(self._shows[:14])
                self._to_show = show & 2
            elif show:
                command, data = BUZ, bytes(self._shows[14:])
        self._polled = command == POLL
        frame = self.frame
        frame[at] = command
        at += 1
        for value in data:
            frame[at] = value
            at += 1
        return at

    def silent(self, loop, now, length):
        """No answer came, or none that can be read: the same again, or from the beginning. length: of what came."""
        if self._stage < ABLE:
            self.why = SILENT if self._stage == WHO else REFUSES
        if self._stage == WHO:
            self._calls = not self._calls
            self.end = 0
        elif self._stage == WORKS and self._polled and not self._old:
            self._broken = self._broken or length > (_ACKS_SEALED if self._sealed else _ACKS)
        self.due = now
        self._trouble(loop, now)

    def busy(self, loop, now):
        """It asks for patience."""
        self.due = ticks.add(now, 4 * self._poll_ms)
        self._trouble(loop, now)

    def again(self, now):
        """From the beginning."""
        self.end = self._number = 0
        self._stage = WHO
        self._sealed = False
        self._secure = self._proof = None
        self.due = now

    def answer(self, frame, at, loop, now):
        """A whole answer of this reader begins at `at`. False when it is none to what it was asked."""
        control = frame[at + 4]
        end = at + (frame[at + 2] | frame[at + 3] << 8) - 2
        start = at + 5
        kind = 0
        if control & frames.SECURED:
            kind = frame[start + 1]
            start += frame[start]
            if start >= end:
                return False
        code = frame[start]
        start += 1
        if self._stage == WHO and self._calls:  # whatever it says: it is awake
            self._calls = False
            self.again(now)
            return True
        if kind < SEALED:
            if code == BUSY:
                self.busy(loop, now)
                return True
            if code == NAK and (self._sealed or self._stage < ABLE or frame[start] not in _NO_MATTER):
                self._refused(loop, now)
                return True
        if control & frames.NUMBER != self._number:
            return False  # of a command before: it was late, and that one was sent again
        if self._sealed:
            if kind != SEALED_ANSWER and kind != ENCRYPTED_ANSWER:
                if self._stage != KEY:  # with its new key it may have forgotten the session
                    return self._stranger(UNSEALED, 1, loop, now)
            elif not self._secure.unseal(frame, at, end):
                return self._stranger(UNSEALED, 2, loop, now)
            else:
                end -= SEAL
                if kind == ENCRYPTED_ANSWER:
                    end = self._secure.decrypt(frame, start, end)
                    if end < 0:
                        return self._stranger(UNSEALED, 2, loop, now)
        self._took(code, frame, start, end, loop, now)
        return True

    def passed_over(self, loop, now):
        """Its answer is longer than all it is asked for: that is not heard, and it goes on.

        Only with its seal could the next one be checked: in the secure channel a new session begins.
        """
        if self._sealed:
            self._refused(loop, now)
        else:
            self._took(0, self.frame, 0, 0, loop, now)

    def _took(self, code, frame, start, end, loop, now):
        """The command is answered."""
        self.end = 0
        self._number = self._number % 3 + 1
        self.due = now
        if self._stage < WORKS:
            self._next(code, frame, start, end, loop, now)
        else:
            self._good = now
            self._heard(code, frame, start, end, loop, now)
            if self._polled and self._broken:
                self._broken = False
                if code == ACK:  # it does not say again what came broken
                    self._card = 0, None
                    self._since = now
            if not self._to_show:
                self.due = ticks.add(self._asked, self._poll_ms)

    def _trouble(self, loop, now):
        """One that has not worked for a while is told to be lost, and tried from the beginning now and then."""
        if ticks.diff(now, self._good) < _DEAD_MS:
            return
        self._good = ticks.add(now, -_DEAD_MS)
        if self.why != self._told:
            self._told = self.why
            self.answers = False
            self._old = True
            loop.record(READER_LOST, now, self.door, self._told)
        self.again(ticks.add(now, _AGAIN_MS))

    def _refused(self, loop, now):
        """It takes no part in this: it started anew, or has another key."""
        if self._stage in (CHALLENGE, PROOF):
            self.why = REFUSES
            self.gets = None
        self.again(now)
        self._trouble(loop, now)

    def _stranger(self, why, extra, loop, now):
        """An answer that this reader would not give; it counts as none."""
        self.why = why
        if self._strange is None or ticks.passed(self._strange, now):
            self._strange = ticks.add(now, _STRANGE_MS)
            loop.record(READER_STRANGE, now, self.door, extra)
        return False

    def _next(self, code, frame, start, end, loop, now):
        """An answer on the way to work."""
        stage = self._stage
        if stage == WHO:
            if not (self.key or self.gets):
                if self.secure:
                    self.why = KEYLESS
                    self.again(ticks.add(now, _AGAIN_MS))
                    self._trouble(loop, now)
                    return
                stage = PROOF
        elif stage == CHALLENGE:
            if code == CCRYPT and end - start == 32:
                self._proof = self._secure.prove(bytes(frame[start + 8 : start + 16]), frame[start + 16 : end])
            if self._proof is None:
                if not self.gets:
                    self._stranger(REFUSES, 3, loop, now)
                self._refused(loop, now)
                return
        elif stage == PROOF:
            if code != RMAC_I or end - start != 16:
                self._refused(loop, now)
                return
            for i in range(16):
                self._secure.heard[i] = frame[start + i]
            self._sealed = True
            self.why = SILENT
        elif stage == ABLE:
            self._able(code, frame, start, end)
        elif stage == STATE:
            self._heard(code, frame, start, end, loop, now)
            if not self.gets:
                stage = KEY
        elif stage == KEY:
            if code == ACK:
                self.key, self.gets = self.gets, None
                loop.record(READER_KEYED, now, self.door)
            self.again(now)
            return
        self._stage = stage + 1
        if self._stage == WORKS:
            self._begins(loop, now)

    def _able(self, code, frame, start, end):
        """What it can show: not every reader has a light and a sound."""
        self._can = 3
        if code == PDCAP:
            self._can = 0
            for at in range(start, end - 2, 3):
                if frame[at] in _SHOWS and frame[at + 1]:
                    self._can |= frame[at] - 3  # 4: lights, 5: sounds

    def _begins(self, loop, now):
        self._good = now
        self.answers = True
        self.why = SILENT
        self._to_show |= 1
        if self._told:
            self._told = 0
            loop.record(READER_BACK, now, self.door, 1 if self._sealed else 0)

    def _heard(self, code, frame, start, end, loop, now):
        """What it tells when it is polled. A card that lay there before it worked opens nothing."""
        if code == ACK:
            self._old = self._old and not self._polled
        elif code == LSTATR and end - start >= 2:
            for i in range(2):
                begun = 1 if frame[start + i] else 0
                if begun != self._state[i]:
                    self._state[i] = begun
                    loop.record(_STATES[2 * i + 1 - begun], now, self.door)
        elif self._old:
            return
        elif code == RAW and end - start >= 4:
            count = frame[start + 2] | frame[start + 3] << 8
            self._card = min(count, 254), self._raw(frame, start + 4, end, count)
            self._since = now
        elif code == FMT:
            self._card = 0, None  # digits as text: what bits they were made of is not to be guessed
            self._since = now
        elif code == KEYPAD:
            for at in range(start + 2, end):
                self._key(frame[at], now)

    def _raw(self, frame, start, end, count):
        if count not in FRAMES or (count + 7) // 8 > end - start:
            return None
        for i in range(count):
            self._bits[i] = frame[start + i // 8] >> (7 - i % 8) & 1
        return payload(self._bits, count)

    def _key(self, code, now):
        key = 10 if code in _STAR else 11 if code in _HASH else code - 48
        if 0 <= key < 12 and self._typed < _KEYS:
            self._keys[self._typed] = key
            self._typed += 1
            self._since = now


_STATES = (READER_TAMPER, READER_TAMPER_OVER, READER_POWER, READER_POWER_RIGHT)
