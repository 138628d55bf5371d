"""Promises 7 and 9 on the way through a broker: nothing is to be read, no key stream is used twice, no replay taken."""

import re
from collections import deque
from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from sim.world.building import Building
from sim.world.wiegand import card_bits

_READABLE = re.compile(rb'"(firmware|profiles|expires|result|digest)"')
_SEALED, _HEAD = b"S", 9  # type, session 4, counter 4; see cloud/channel.py
_SAME = 5  # bytes: messages of one kind begin alike, so with one key stream their sealed forms do too
_SESSIONS, _MESSAGES = 64, 256  # remembered, and of each
_OWN = 64  # messages of an end of a channel, remembered


class SealedMessages:
    """Listens to every message that a broker carries. breaks(check, sentence)."""

    def __init__(self, description: Building, breaks: Callable[[str, str], None]) -> None:
        self.plain = needles(description)
        self.judged = 0
        self._breaks = breaks
        # By topic and session: how a message begins: its counter and its tag.
        self._seen: dict[tuple[str, bytes], dict[bytes, tuple[bytes, bytes]]] = {}
        self._ends: WeakKeyDictionary[object, _End] = WeakKeyDictionary()  # of channels
        self._topics: set[str] = set()  # in which nothing is to be read

    def carried(self, topic: str, payload: bytes) -> None:
        found = _READABLE.search(payload)
        if found is None and topic not in self._topics:
            found = self.plain.search(topic.encode())
        if found is not None:
            self._breaks("plain", f"{found.group()!r} is to be read in a message under {topic}")
            return
        self._topics.add(topic)
        self.inside(payload)
        if payload[:1] == _SEALED and len(payload) >= _HEAD + 2 * _SAME + 16:
            self._compare(topic, payload)

    def inside(self, message: bytes) -> None:
        """A message before an end seals it, or one that was not sealed."""
        found = self.plain.search(message)
        if found is not None:
            self._breaks("plain", f"{found.group()!r} stands in plain text in a message")

    def closed(self, end: object, sealed: bytes) -> None:
        """An end of a channel sealed a message."""
        self._end(end).own.append(sealed[-16:])

    def opened(self, end: object, sealed: bytes) -> None:
        """7: an end of a channel took a message."""
        counter = int.from_bytes(sealed[5:_HEAD], "little")
        this = self._end(end)
        if counter > this.taken:
            this.taken = counter
        else:
            self._breaks("replay", f"message {counter} of a session was taken after message {this.taken}")
        if sealed[-16:] in this.own:
            self._breaks("replay", f"message {counter} of a session was taken by the end that had sealed it")

    def _end(self, end: object) -> "_End":
        this = self._ends.get(end)
        if this is None:
            this = self._ends[end] = _End()
        return this

    def _compare(self, topic: str, payload: bytes) -> None:
        self.judged += 1
        whose = topic, payload[1:5]
        if whose not in self._seen:
            if len(self._seen) >= _SESSIONS:
                del self._seen[next(iter(self._seen))]
            self._seen[whose] = {}
        seen = self._seen[whose]
        counter, begins, tag = payload[5:_HEAD], payload[_HEAD : _HEAD + _SAME], payload[-16:]
        if begins not in seen:
            if len(seen) >= _MESSAGES:
                del seen[next(iter(seen))]
            seen[begins] = counter, tag
            return
        before, other = seen[begins]
        # A forger who turns a bit of a counter leaves the tag as it is.
        if before != counter and sum(a != b for a, b in zip(tag, other, strict=True)) > 4:
            n, m = (int.from_bytes(one, "little") for one in (before, counter))
            self._breaks("key stream", f"messages {n} and {m} of one session under {topic} begin alike when sealed")


class _End:
    """Of a channel. taken: the last counter that it took. own: what it sealed itself, by the tags."""

    def __init__(self) -> None:
        self.taken = 0
        self.own: deque[bytes] = deque(maxlen=_OWN)


def needles(description: Building) -> re.Pattern[bytes]:
    """What must stand nowhere: names, cards as readers send them, as the firmware packs them, as people write them.

    Nothing shorter than five bytes: it would be found in encrypted text by chance.
    """
    found: set[bytes] = set()
    for who in description["people"] + description["strangers"]:
        card = who["card"]
        bits = card_bits(card)
        payload = int(bits[1:-1], 2)
        found.add(who["name"].encode())
        found.add(bits.encode())
        found.add(bytes((1, card["bits"])) + payload.to_bytes((card["bits"] + 5) // 8, "big"))
        found.update(str(number).encode() for number in (payload, card["number"]) if number > 999_999)
    return re.compile(b"|".join(re.escape(one) for one in sorted(_long(found))))


def _long(found: Iterable[bytes]) -> list[bytes]:
    return [one for one in found if len(one) >= 5]
