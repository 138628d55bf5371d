"""One controller's protocol: opens sessions, verifies what comes in, answers it. Knows no broker and no clock."""

import struct
from collections.abc import Callable
from datetime import datetime
from functools import partial

from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import NONCE, OPEN, OVERHEAD, RENEW, SEALED, Refused
from firmware.protocol.cloud_side import SHORTEST, CloudChannel, accept_message, read_open

from ..controllers import rotation
from ..controllers.troubles import Troubles, Work
from ..lockers import deliveries
from ..log import chain
from ..models import Controller
from ..readings import learning
from ..services.clock import at
from . import store
from .allotments import AllotmentSession
from .area_occupancy import AreaOccupancy
from .stock import StockSession
from .sync import ControllerSync
from .updates import UpdateTransfer

OPENINGS = 4  # answered and not yet taken up; an old opening that comes again cannot push the real one out at once
RENEW_S = 1.0  # a hint that a session is not known goes out no more often
LIVE_S = 10.0  # not heard for longer: commands and changes wait until it is
MOST_LOGS, IN_S = 32, 86_400.0  # that it may say it has, in so long a time: each new one costs a key, a gap, an alarm
LOGS = 4  # of one controller that are followed at once: it has one, and another once its flash was changed
AHEAD_S = 2.0  # a batch that is ahead of the log for longer needs a hello to explain it


class ControllerSession:
    """publish: sends bytes to this controller. now: Unix seconds. urandom(n): n random bytes."""

    def __init__(
        self,
        row: Controller,
        publish: Callable[[bytes], None],
        now: Callable[[], float],
        urandom: Callable[[int], bytes],
        updates: UpdateTransfer,
        area_occupancy: AreaOccupancy,
        troubles: Troubles,
    ):
        self.pk = row.pk
        self._tenant: int = row.site.tenant_id
        self.refused: dict[str, int] = {}  # not yet in the database
        self.heard: float | None = None  # when the last good message came
        self.heard_is_new = False  # not yet in the database
        self.good = 0  # messages that were this controller's, and new
        self._public_id = row.public_id
        self._secret = bytes(row.link_secret)
        self._next = bytes(row.next_secret) if row.next_secret else None  # the secret that is to take its place
        self._publish = publish
        self._now = now
        self._urandom = urandom
        self._updates = updates
        self._area_occupancy = area_occupancy
        self._troubles = troubles
        self.room = wire.MAX_MESSAGE - OVERHEAD  # bytes of a message that it takes, before that is sealed
        self.behind = True  # its log holds more than is stored here, as far as it has said
        self._last = 0  # the last event that it has said it has
        self._channel: CloudChannel | None = None
        self._nonce: bytes | None = None  # of the controller, in the session that is open
        self._greeted = False  # whether its hello has come, and is in the database
        # By the controller's nonce: channel, answer, under which secret.
        self._openings: dict[bytes, tuple[CloudChannel, bytes, bytes]] = {}
        self._renewed: float | None = None
        self._said: dict[int, float] = {}  # logs by epoch, and when it said of each first that it has it
        self._logs: dict[int, chain.Follower] = {}  # by epoch, the chain of a log as it comes in
        self._ahead: tuple[int, float] | None = None  # first sequence of a batch that came too early, and when
        self._sync = ControllerSync(row.pk, self.send, self.room)
        self._stock: StockSession | None = None  # of its bank, since it has said what lies in it
        self._allotments: AllotmentSession | None = None  # ... and whose its compartments are
        self._handlers: dict[int, Callable[[bytes, datetime], None]] = {
            wire.HELLO: self._hello,
            wire.EVENTS: self._events,
            wire.ACL_NOW: self._acl_now,
            wire.PART_TAKEN: self._part_taken,
            wire.RULES_TAKEN: self._rules_taken,
            wire.BUCKETS: self._buckets,
            wire.RESULT: self._result,
            wire.UPDATE_STATE: self._update_state,
            wire.CARD_READ: self._card_read,
            wire.SECRETS: self._secrets,
            wire.TIME_ASKED: self._time_asked,
            wire.DOOR_STATUS: self._door_status,
            wire.STOCK_STATE: self._stock_state,
            wire.ALLOT_STATE: self._allot_state,
            wire.PING: self._ping,
        }

    def is_live(self) -> bool:
        """Whether it is worth while to send something now."""
        return self._greeted and self.heard is not None and self._now() - self.heard < LIVE_S

    def receive(self, payload: bytes) -> int:
        """One message, whatever its sender. Returns its kind. Raises Refused; then at most a hint was sent."""
        if len(payload) > wire.MAX_MESSAGE:
            raise Refused("size")
        kind = payload[0] if payload else 0
        if kind == OPEN:
            self._open(payload)
        elif kind == SEALED:
            message = self._unseal(payload)
            if message[0] != wire.HELLO and not self._greeted:
                # Its hello was lost, or comes later: without it nobody knows what the controller holds.
                self.renew()
                raise Refused("session")
            self.heard = self._now()
            self.heard_is_new = True
            self.good += 1
            handler = self._handlers.get(message[0])
            if handler is None:
                raise Refused("unknown")
            handler(message, at(self.heard))
            return message[0]
        else:
            raise Refused("malformed")
        return kind

    def send(self, message: bytes) -> None:
        """Seals and publishes. Nothing is sent before there is a session."""
        if self._channel is not None:
            self._publish(self._channel.seal(message))

    def renew(self) -> None:
        """Tells the controller that its session is not known here; a hint that proves nothing."""
        now = self._now()
        if self._renewed is None or not 0 <= now - self._renewed < RENEW_S:
            self._renewed = now
            self._publish(bytes((RENEW,)))

    def bring_in_line(self, row: Controller) -> None:
        """Sends the next thing that the controller lacks. row: as it is in the database now."""
        self._sync.step(row, self._now())

    def due(self, now: float) -> float:
        """When bring_in_line() has something to do for a controller that is not in line."""
        return self._sync.due(now)

    # The opening

    def _open(self, payload: bytes) -> None:
        secret, nonce = self._read_open(payload)
        if nonce == self._nonce:
            raise Refused("replay")
        if nonce not in self._openings:
            if len(self._openings) == OPENINGS:
                del self._openings[next(iter(self._openings))]
            own = self._urandom(NONCE)
            channel = CloudChannel(secret, nonce, own)
            answer = accept_message(secret, self._public_id, nonce, own)
            self._openings[nonce] = channel, answer, secret
        # The same opening twice gets the same answer: which of the two the controller took does not matter.
        self._publish(self._openings[nonce][1])

    def _read_open(self, payload: bytes) -> tuple[bytes, bytes]:
        """(the secret under which it opens a session, its nonce). Raises Refused."""
        try:
            return self._secret, bytes(read_open(self._secret, self._public_id, payload))
        except Refused:
            if self._next is None:
                raise
        return self._next, bytes(read_open(self._next, self._public_id, payload))

    def _unseal(self, payload: bytes) -> bytes:
        """The message inside. The open session serves until a new one has delivered its first good message."""
        if self._channel is not None and payload[1:5] == self._channel.session:
            return self._channel.open(payload)
        for nonce, (channel, _, secret) in self._openings.items():
            if payload[1:5] == channel.session:
                message = channel.open(payload)
                if secret != self._secret:
                    rotation.proven(self.pk, secret, at(self._now()))
                    self._secret, self._next = secret, None
                self._channel, self._nonce, self._openings = channel, nonce, {}
                self._greeted = False
                self._ahead = None
                self._sync = ControllerSync(self.pk, self.send, self.room)
                self._stock = self._allotments = None
                return message
        self.renew()
        raise Refused("session")

    # What comes in

    def _hello(self, message: bytes, now: datetime) -> None:
        said = store.Hello.read(message)
        longest = said.health.get("longest", wire.MAX_MESSAGE)
        if longest < SHORTEST:
            raise Refused("malformed")
        self.room = min(longest, wire.MAX_MESSAGE) - OVERHEAD
        self._note_log(said.epoch)
        start = said.health.get("chain")
        acked = store.hello(self.pk, said, now)
        if start and said.epoch in self._logs and not self._logs[said.epoch].knows(start[0]):
            del self._logs[said.epoch]
        self._greeted = True
        self._ahead = None
        if 0 < acked <= said.last:
            self.send(wire.packed(wire.STORED, "<II", said.epoch, acked))
        self._last = said.last
        self.behind = acked < said.last
        self._sync.greeted(self.room)
        self._bring_in_line()
        self._area_occupancy.begin(self, now)

    def _note_log(self, epoch: int) -> None:
        """Refuses one more log where there were many of late, whatever came of them (chain.check_new: of the empty)."""
        now = self._now()
        self._said = {log: at for log, at in self._said.items() if 0 <= now - at < IN_S}
        if epoch not in self._said and len(self._said) >= MOST_LOGS:
            raise Refused("logs")
        self._said.setdefault(epoch, now)

    def _events(self, message: bytes, now: datetime) -> None:
        if len(message) < 5 + records.EVENT or (len(message) - 5) % records.EVENT:
            raise Refused("malformed")
        epoch = struct.unpack_from("<I", message, 1)[0]
        batch: list[store.Packed] = []
        raw: dict[int, bytes] = {}
        for position in range(5, len(message), records.EVENT):
            event = records.unpack_event(message, position)
            if event is None or event[0] == 0 or (batch and event[0] != batch[-1][0] + 1):
                raise Refused("malformed")
            batch.append(event)
            raw[event[0]] = bytes(message[position : position + records.EVENT])
        # Walked again only when this process has not followed it, or a key has come that it did not know.
        known = epoch in self._logs
        log = self._logs.pop(epoch) if known else chain.Follower(self.pk, epoch)
        stored = store.events(self.pk, self._tenant, epoch, batch, now, raw, log, self._troubles)
        if known or not stored.ahead:
            self._logs[epoch] = log
            if len(self._logs) > LOGS:
                del self._logs[next(iter(self._logs))]
        if stored.conflicts:
            self.count("conflict", stored.conflicts)
        self._note_ahead(batch[0][0] if stored.ahead else None)
        # The commit is done: from here on the controller may forget them. When the batch was ahead, this asks again.
        self.send(wire.packed(wire.STORED, "<II", epoch, stored.up_to))
        self._last = max(self._last, batch[-1][0])
        self.behind = stored.up_to < self._last
        self._area_occupancy.stored(self.pk, stored.new, self._troubles)
        if stored.ended and self._stock is not None:
            self._stock.step(self._now())
        if stored.ended and self._allotments is not None:
            self._allotments.try_again()

    def _note_ahead(self, first: int | None) -> None:
        """A batch that stays ahead: what lies between may be overwritten, and only a hello can say so."""
        now = self._now()
        if first is None:
            self._ahead = None
        elif self._ahead is None or self._ahead[0] != first:
            self._ahead = first, now
        elif now - self._ahead[1] >= AHEAD_S:
            self._ahead = None
            self.renew()

    def _acl_now(self, message: bytes, now: datetime) -> None:
        version, digest = _unpack("<IQ", message)
        store.table(self.pk, version, digest)
        self._sync.answered()
        self._bring_in_line()

    def _part_taken(self, message: bytes, now: datetime) -> None:
        version, part = _unpack("<IH", message)
        self._sync.part_taken(version, part, self._now())

    def _buckets(self, message: bytes, now: datetime) -> None:
        if len(message) < 3 or (len(message) - 3) % 8:
            raise Refused("malformed")
        (first,) = struct.unpack_from("<H", message, 1)
        sums = list(struct.unpack_from(f"<{(len(message) - 3) // 8}Q", message, 3))
        self._sync.buckets(first, sums, self._now())

    def _rules_taken(self, message: bytes, now: datetime) -> None:
        if len(message) < 7:
            raise Refused("malformed")
        version, part = wire.unpacked("<IH", message)
        if self._sync.rules_taken(version, part, message[7:], self._now()):
            self._area_occupancy.begin(self, now)

    def _update_state(self, message: bytes, now: datetime) -> None:
        self._updates.said(self.pk, message, self, now)

    def _result(self, message: bytes, now: datetime) -> None:
        store.result(self.pk, message, now)

    def _card_read(self, message: bytes, now: datetime) -> None:
        learning.took(self.pk, message, now)

    def _door_status(self, message: bytes, now: datetime) -> None:
        store.door_status(self.pk, message)

    def _stock_state(self, message: bytes, now: datetime) -> None:
        if self._stock is None:
            self._stock = StockSession(
                self.pk, self.send, self.room, partial(self._troubles.note, Work.DELIVERIES, self.pk)
            )
        self._stock.said(message, self._now())
        deliveries.cancel_again(self.pk, now)

    def _allot_state(self, message: bytes, now: datetime) -> None:
        if self._allotments is None:
            self._allotments = AllotmentSession(self.pk, self.send, self.room)
        self._allotments.said(message, self._now())

    def _time_asked(self, message: bytes, now: datetime) -> None:
        (nonce,) = _unpack("<8s", message)
        self.send(wire.packed(wire.TIME, "<8sQ", nonce, int(self._now() * 1000)))
        self._rotate(now)  # asked when a session begins, and once an hour

    def _rotate(self, now: datetime) -> None:
        secret = rotation.wanted(self.pk, now)
        if secret is not None:
            self._next = secret or None
            self.send(bytes((wire.SECRET,)) + secret)

    def _secrets(self, message: bytes, now: datetime) -> None:
        (count,) = _unpack("<B", message)
        if count not in (1, 2):
            raise Refused("malformed")
        rotation.held(self.pk, count)

    def _ping(self, message: bytes, now: datetime) -> None:
        if len(message) != 1:
            raise Refused("malformed")
        self.send(bytes((wire.PONG,)))
        if self._stock is not None:
            self._stock.again(self._now())
            deliveries.cancel_again(self.pk, now)
        if self._allotments is not None:
            self._allotments.step(self._now())

    def _bring_in_line(self) -> None:
        row = Controller.objects.filter(pk=self.pk).first()
        if row is None:
            raise Refused("unknown")
        if not self._troubles.rests(Work.LINE, self.pk):
            with self._troubles.aside(Work.LINE, self.pk):
                self.bring_in_line(row)

    def count(self, why: str, times: int = 1) -> None:
        """Notes a message that was not accepted; poll() puts the counts into the database."""
        self.refused[why] = self.refused.get(why, 0) + times


def _unpack(layout: str, message: bytes) -> tuple:
    if len(message) != 1 + struct.calcsize(layout):
        raise Refused("malformed")
    return struct.unpack_from(layout, message, 1)
