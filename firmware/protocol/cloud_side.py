"""The cloud's side of the channel: the firmware's own file knows only the board's.

Runs on MicroPython too, where the firmware's tests talk to it.
"""

from firmware.controller import records
from firmware.controller.cloud import channel, wire
from firmware.controller.cloud.channel import ACCEPT, NONCE, OPEN, TAG, Refused, same
from firmware.controller.hmac import hmac

MOST_RULES = 16384  # bytes of the rules' JSON; a controller refuses more
SHORTEST = 256  # bytes of a sealed message that every controller takes
ROOM = wire.MAX_MESSAGE - channel.OVERHEAD  # bytes of a message before it is sealed
RULES_HEAD, DELTA_HEAD, SNAPSHOT_HEAD, SUMS_HEAD = 9, 9, 19, 3  # bytes of a message before what it carries
RECORDS = (ROOM - SNAPSHOT_HEAD) // records.CREDENTIAL  # in one part of a snapshot
CHANGES = (ROOM - DELTA_HEAD) // records.CHANGE  # in one delta
REFUSED = 0xFFFF  # in place of the next part: the controller does not take these rules


class CloudChannel(channel.Channel):
    """The cloud's end of a session: what goes up comes in here."""

    def __init__(self, secret, controller_nonce, cloud_nonce):
        super().__init__(secret, controller_nonce, cloud_nonce)
        self._out, self._in = self._in, self._out

    def seal(self, message):
        """Bytes: brokers' libraries want no other."""
        return bytes(super().seal(message))


def read_open(secret, controller_id, message):
    """The controller's nonce. Raises Refused."""
    if len(message) != 2 + NONCE + TAG or message[0] != OPEN:
        raise Refused("malformed")
    if message[1] != wire.VERSION:
        raise Refused("version")
    head = message[: 2 + NONCE]
    if not same(hmac(secret, controller_id.encode() + head)[:TAG], message[2 + NONCE :]):
        raise Refused("tag")
    return head[2:]


def accept_message(secret, controller_id, controller_nonce, nonce):
    """What the cloud answers."""
    head = bytes((ACCEPT, wire.VERSION)) + nonce
    return head + hmac(secret, controller_id.encode() + controller_nonce + head)[:TAG]


def rules_parts(version, text, room=ROOM):
    """The messages that bring rules. text: their JSON as bytes. Raises ValueError when it is too long."""
    if len(text) > MOST_RULES:
        raise ValueError(f"rules: {len(text)} bytes, at most {MOST_RULES}")
    size = room - RULES_HEAD
    pieces = [text[at : at + size] for at in range(0, len(text), size)] or [b""]
    return [wire.packed(wire.RULES, "<IHH", version, n, len(pieces)) + piece for n, piece in enumerate(pieces)]
