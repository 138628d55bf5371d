"""OSDP's secure channel, the panel's side: the key is proven, then each frame is sealed and its data encrypted.

After SIA OSDP v2.2, annex D. Keys of a session come from the reader's key and our random number. A seal is the first
four bytes of a CBC-MAC that begins where the other side's last one ended: frames can be neither altered nor left out
nor sent again. Data are in CBC, from the inverse of the other side's last MAC on. All of it in place.
"""

from cryptolib import aes
from micropython import const

EVERYBODYS = bytes(range(0x30, 0x40))  # SCBK-D: the key of a reader that was not given one yet
SEAL = 4
_ECB = const(1)


class SecureChannel:
    """One session with a reader whose key is `key` (16 bytes). ours: 8 random bytes."""

    def __init__(self, key, ours):
        self._ours = ours
        self._block = bytearray(16)
        self._before = bytearray(16)
        self._sent = bytearray(16)  # MAC of our last frame
        self.heard = bytearray(16)  # MAC of the reader's last frame
        base = aes(key, _ECB)
        keys = [base.encrypt(kind + ours[:6] + bytes(8)) for kind in (b"\x01\x01", b"\x01\x02", b"\x01\x82")]
        self._inner, self._last, self._cipher = [aes(key, _ECB) for key in keys]
        self._decipher = aes(keys[2], _ECB)  # an object of cryptolib goes one way only

    def prove(self, theirs, cryptogram):
        """Our proof, when the reader's is right: it knows the key. None: it does not. theirs: its 8 random bytes."""
        if not _same(self._cipher.encrypt(self._ours + theirs), cryptogram, 16):
            return None
        return self._cipher.encrypt(theirs + self._ours)

    def seal(self, frame, start, end):
        """Puts the seal of frame[start:end] behind it. Its new end. Length and control must be as they are sent."""
        self._mac(frame, start, end, self.heard, self._sent)
        for i in range(SEAL):
            frame[end + i] = self._sent[i]
        return end + SEAL

    def unseal(self, frame, start, end):
        """Whether the seal right before `end` is the reader's; then it counts, and the next follows on it."""
        mac = self._before
        self._mac(frame, start, end - SEAL, self._sent, mac)
        difference = 0
        for i in range(SEAL):
            difference |= mac[i] ^ frame[end - SEAL + i]
        if difference:
            return False
        self._before, self.heard = self.heard, mac
        return True

    def encrypt(self, frame, start, end):
        """Data of ours, frame[start:end], with 0x80 and zeros to whole blocks. Their new end."""
        frame[end] = 0x80
        end += 1
        while (end - start) % 16:
            frame[end] = 0
            end += 1
        block, chain = self._block, self.heard
        for i in range(16):
            block[i] = ~chain[i] & 255
        for at in range(start, end, 16):
            for i in range(16):
                block[i] ^= frame[at + i]
            self._cipher.encrypt(block, block)
            for i in range(16):
                frame[at + i] = block[i]
        return end

    def decrypt(self, frame, start, end):
        """The reader's data. Their end, -1 when they are not what they should be."""
        if start == end:
            return end
        if (end - start) % 16:
            return -1
        block, chain = self._block, self._sent
        for at in range(end - 16, start - 1, -16):
            for i in range(16):
                block[i] = frame[at + i]
            self._decipher.decrypt(block, block)
            for i in range(16):
                frame[at + i] = block[i] ^ (frame[at - 16 + i] if at > start else ~chain[i] & 255)
        end -= 1
        while end > start and not frame[end]:
            end -= 1
        return end if frame[end] == 0x80 else -1

    def _mac(self, frame, start, end, chain, mac):
        for i in range(16):
            mac[i] = chain[i]
        while end - start > 16:
            for i in range(16):
                mac[i] ^= frame[start + i]
            self._inner.encrypt(mac, mac)
            start += 16
        left = end - start
        for i in range(left):
            mac[i] ^= frame[start + i]
        if left < 16:
            mac[left] ^= 0x80
        self._last.encrypt(mac, mac)


def _same(a, b, length):
    difference = 0
    for i in range(length):
        difference |= a[i] ^ b[i]
    return difference == 0
