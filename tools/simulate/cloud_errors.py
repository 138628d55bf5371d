"""A cloud that errs: what its sessions seal is sometimes wrong, as a faulty or a confused cloud end would have it.

None of it may harm a door: a board takes what fits what it knows, and says what it holds.
"""

import struct
from collections import deque
from random import Random
from typing import Any
from weakref import WeakKeyDictionary

from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OVERHEAD
from tools.cloud.ingest import session

_KEPT = 12  # messages of one controller
_STRANGER = records.pack_credential(b"\xff" * 7, 1, records.NO_END)  # behind all others


class CloudErrors:
    """live(): the sessions there are."""

    def __init__(self, live: Any) -> None:
        self._live = live
        # Of a session: a worker that was started anew, or whose database is an old one, does not know it any more.
        self._kept: WeakKeyDictionary[Any, deque[bytes]] = WeakKeyDictionary()
        self._armed = 0  # snapshots
        self._others: dict[int, tuple[int, int]] = {}  # another log, and how many events too many
        self._begun: dict[int, Any] = {}  # sessions in which it has acknowledged something
        self._listen()

    def err(self, chance: Random) -> None:
        """One error, to one controller."""
        sessions = [one for one in self._live() if one._channel is not None]
        if not sessions:
            return
        chance.choice((self._stranger, self._repeat, self._other_log, self._time))(chance.choice(sessions), chance)

    def _stranger(self, one: Any, chance: Random) -> None:
        """The next snapshots have a credential in them that nobody has: one alone may be lost on its way."""
        self._armed = 2

    def _repeat(self, one: Any, chance: Random) -> None:
        """It says again what it said before: changes to an older list, a command."""
        kept = list(self._kept.get(one, ()))
        for message in chance.sample(kept, min(3, len(kept))):
            _seal(one, message)

    def _other_log(self, one: Any, chance: Random) -> None:
        """From now on every session begins with events acknowledged of a log that is not this board's."""
        self._others[one.pk] = chance.getrandbits(32), chance.randrange(1, 500)

    def _time(self, one: Any, chance: Random) -> None:
        """It answers a question about the time that nobody asked."""
        hours = chance.randrange(-5_000, 5_000)
        utc_ms = int(one._now() * 1000) + hours * 3_600_000
        _seal(one, wire.packed(wire.TIME, "<8sQ", chance.randbytes(8), utc_ms))

    def _listen(self) -> None:
        send = session.ControllerSession.send

        def sends(one: Any, message: bytes) -> None:
            if message[0] in (wire.DELTA, wire.COMMAND):
                self._kept.setdefault(one, deque(maxlen=_KEPT)).append(message)
            elif message[0] == wire.STORED and one.pk in self._others:
                epoch, more = self._others[one.pk]
                if self._begun.get(one.pk) is not one._channel:
                    self._begun[one.pk] = one._channel
                    stored = struct.unpack_from("<I", message, 5)[0]
                    _seal(one, wire.packed(wire.STORED, "<II", epoch, stored + more))
            elif message[0] == wire.SNAPSHOT and self._armed:
                part, parts = struct.unpack_from("<HH", message, 5)
                if part == parts - 1 and len(message) + len(_STRANGER) + OVERHEAD <= wire.MAX_MESSAGE:
                    self._armed -= 1
                    message += _STRANGER
            send(one, message)

        session.ControllerSession.send = sends  # type: ignore[assignment,method-assign]


def _seal(one: Any, message: bytes) -> None:
    """As the session would send it, and nobody counts on it."""
    one._publish(one._channel.seal(message))
