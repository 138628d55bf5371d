"""A session as the network loop sees it: opens it, seals what goes out, verifies what comes in, notices silence."""

from os import urandom

from micropython import const

from .. import ticks
from .channel import ACCEPT, NONCE, RENEW, SEALED, Channel, Refused, open_message, read_accept
from .wire import PING, PONG

# What the network loop puts into the inbox beside messages: their type bytes are none of the wire's.
OPENED = b"\x00"
LOST = b"\x01"

_ANSWER_MS = const(5000)  # how long an answer to an opening may take
_PING_MS = const(4000)  # a link confirmed in the last 5 s counts as confirmed
_SILENCE_MS = const(12000)
_RENEW_MS = const(2000)  # hints prove nothing: they are followed no more often than this


class Session:
    """send: called with the bytes to publish. inbox, outbox, refused: shared with the control loop."""

    def __init__(self, controller_id, secret, send, inbox, outbox, refused):
        self._id = controller_id
        self.secret = secret
        self._send = send
        self._inbox = inbox
        self._outbox = outbox
        self._refused = refused
        self._held = None  # verified, but the inbox was full
        self._channel = None
        self._nonce = None
        self._asked = 0
        self._tries = 0
        self._heard = 0
        self._pinged = 0
        self.renew = False

    def begin(self, now):
        """Asks for a new session; the old one serves until the answer is here."""
        self._nonce = urandom(NONCE)
        self._asked = now
        self._tries += 1
        self.renew = False
        self._send(open_message(self.secret, self._id, self._nonce))

    def receive(self, message, now):
        """One message from the broker, whatever its sender: verified and queued, or counted. Sends nothing."""
        try:
            kind = message[0] if message else 0
            if kind == SEALED:
                if not self._channel:
                    raise Refused("session")
                inside = self._channel.open(message)
                if inside[0] < 2:
                    raise Refused("malformed")
                self._deliver(inside)
                self._heard = now
            elif kind == ACCEPT and self._nonce:
                cloud_nonce = read_accept(self.secret, self._id, self._nonce, message)
                self._channel = Channel(self.secret, self._nonce, cloud_nonce)
                self._nonce = None
                self._tries = 0
                self._heard = self._pinged = now
                self._outbox.empty()
                self._deliver(OPENED)
            elif kind == RENEW and len(message) == 1:
                self.renew = True
            else:
                raise Refused("malformed")
        except Refused as why:
            self._refused[why.args[0]] += 1

    def is_open(self):
        return self._channel is not None

    def pending(self):
        """Whether step() has a message to send. Not before there is a session: what waits is then of an older one."""
        return self._channel and self._outbox.waiting()

    def blocked(self):
        """Whether the control loop has to take something first: then nothing more is read from the network."""
        if self._held is not None and self._inbox.put(self._held):
            self._held = None
        return self._held is not None

    def step(self, now):
        """Sends what is due. Raises OSError when the link has died."""
        if self._nonce:
            if ticks.diff(now, self._asked) >= _ANSWER_MS:
                if self._tries >= 3:
                    raise OSError("no answer")
                self.begin(now)
        elif self.renew and ticks.diff(now, self._asked) >= _RENEW_MS:
            self.begin(now)
        if not self._channel:
            return
        if ticks.diff(now, self._heard) >= _SILENCE_MS:
            raise OSError("nothing heard")
        if ticks.diff(now, self._pinged) >= _PING_MS:
            self._pinged = now
            self._send(self._channel.seal(bytes((PING,))))
        message = self._outbox.get()
        while message:
            self._send(self._channel.seal(message))
            message = self._outbox.get()

    def due(self):
        """The next moment at which step() has something to do of itself."""
        due = None
        if self._nonce:
            due = ticks.add(self._asked, _ANSWER_MS)
        elif self.renew:
            due = ticks.add(self._asked, _RENEW_MS)
        if self._channel:
            due = ticks.soonest(due, ticks.add(self._pinged, _PING_MS))
            due = ticks.soonest(due, ticks.add(self._heard, _SILENCE_MS))
        return due

    def _deliver(self, message):
        if message[0] != PONG and not self._inbox.put(message):
            self._held = message
