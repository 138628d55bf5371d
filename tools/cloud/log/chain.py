"""The chain of a controller's log: followed as events come in, and walked again whenever somebody doubts.

What the cloud keeps is enough: the first key of each log, told once and sealed, and each event with its chain. An event
whose content was erased for privacy keeps its number and its chain, and the walk goes on over it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from firmware.controller import records
from firmware.controller.cloud.channel import Refused
from firmware.controller.events import CHAIN_BEGINS, CHAIN_BROKEN
from firmware.protocol.log_chain import BROKEN, EXPIRED, WHOLE, LogChain

from ..models import Controller, Event, Gap, LogKey

MOST_EMPTY, EMPTY_FOR = 8, timedelta(days=1)  # so many logs from which nothing came, in so long a time
MOST_KEYS = 64  # of one log: it begins anew where flash was damaged, once in years
OWN_EPOCH = 1 << 32  # of what the cloud itself puts into a controller's log: no board has it
# The `extra` of CHAIN_BROKEN.
ALTERED = 1  # an event is not what the controller recorded, or was put in
BEGUN_ANEW = 2  # a log says in its middle that its chain begins here


def record_of(event: Event) -> bytes:
    """The 32 bytes that the controller wrote, from what is stored. Code 0, or anonymous: number and chain only."""
    chain = bytes(event.chain or bytes(8))
    if not event.code or event.anonymous:
        return event.sequence.to_bytes(4, "little") + bytes(16) + chain + bytes(4)
    utc = int(event.utc.timestamp()) if event.utc else 0
    key = None if event.key is None else bytes(event.key)
    return bytes(
        records.pack_event(
            event.sequence, utc, event.code, event.point, event.extra, event.flags, key, event.count, chain
        )
    )


def check_new(controller: int, epoch: int, now: datetime) -> None:
    """Refuses one more log when there are many from which nothing ever came: each costs a key, a gap and an alarm.

    A board begins a new log when it lost its flash, and the first thing in it is that it started. Called under the
    lock of the controller; tidying forgets (forget_empty).
    """
    stored = Event.objects.filter(controller=controller, epoch=OuterRef("epoch"))
    known = LogKey.objects.filter(controller=controller, epoch=epoch).exists()
    if known or Event.objects.filter(controller=controller, epoch=epoch).exists():
        return
    gaps = Gap.objects.filter(controller=controller, noticed_at__gt=now - EMPTY_FOR).exclude(Exists(stored))
    if gaps.filter(epoch=epoch).exists():
        return
    keys = LogKey.objects.filter(controller=controller).exclude(Exists(stored))
    told = {*keys.values_list("epoch", flat=True), *gaps.values_list("epoch", flat=True)}
    if len(told) >= MOST_EMPTY:
        raise Refused("logs")


def has_empty() -> Exists:
    """Of a controller: that it has keys for forget_empty()."""
    stored = Event.objects.filter(controller=OuterRef("controller"), epoch=OuterRef("epoch"))
    keys = LogKey.objects.filter(controller=OuterRef("pk")).exclude(epoch=OuterRef("log_epoch"))
    return Exists(keys.exclude(Exists(stored)))


def forget_empty(controller: int) -> int:
    """Keys of logs from which nothing ever came, but for the one under way. Returns how many."""
    stored = Event.objects.filter(controller=controller, epoch=OuterRef("epoch"))
    now = Controller.objects.filter(pk=controller).values("log_epoch")
    empty = LogKey.objects.filter(controller=controller).exclude(Exists(stored)).exclude(epoch__in=now)
    return int(empty.delete()[0])


def keep_key(controller: int, epoch: int, sequence: int, key: bytes) -> None:
    """The key that a hello told. The first one heard for a place counts for ever; no log begins anew so often."""
    if LogKey.objects.filter(controller=controller, epoch=epoch).count() >= MOST_KEYS:
        return
    LogKey.objects.get_or_create(controller_id=controller, epoch=epoch, sequence=sequence, defaults={"key": key})


class Follower:
    """One log as it comes in. Its state is made again from what is stored, so nothing is lost with the process."""

    def __init__(self, controller: int, epoch: int) -> None:
        keys = LogKey.objects.filter(controller=controller, epoch=epoch).values_list("sequence", "key")
        self._keys = {sequence: bytes(key) for sequence, key in keys}
        self._first = min(self._keys, default=None)
        self._chain = None if self._first is None else LogChain(self._first, self._keys[self._first])
        if self._chain is None:
            return
        stored = Event.objects.filter(controller=controller, epoch=epoch, chain__isnull=False).order_by("sequence")
        proven = stored.filter(chain_ok=True, anonymous=False).last()
        if proven is not None:
            before = stored.filter(sequence=proven.sequence - 1).first()
            if before is not None and self._begin_at(proven, bytes(before.chain or b"")):
                stored = stored.filter(sequence__gt=proven.sequence)
        for event in stored.iterator(chunk_size=2000):
            self.take(record_of(event))

    def knows(self, sequence: int) -> bool:
        """Whether there is nothing to be learned from a key for that place."""
        return sequence in self._keys or len(self._keys) >= MOST_KEYS

    def _begin_at(self, proven: Event, before: bytes) -> bool:
        """At an event that was in its place when it came in, so that a long log need not be walked. False: it must be.

        How often the key has moved until then is tried out.
        """
        for place in sorted(self._keys, reverse=True):
            if place < proven.sequence:
                chain = LogChain(place, self._keys[place])
                chain.next, chain.before, chain.unproven = proven.sequence, before, proven.sequence - place
                if chain.take(record_of(proven)) == WHOLE:
                    self._chain = chain
                    return True
        return False

    def take(self, record: bytes) -> tuple[bool | None, int]:
        """(whether it is in its place: None when that cannot be told, what to raise an alarm about or 0)."""
        event = records.unpack_event(record)
        assert event is not None
        sequence, begins = event[0], bool(event[5] & CHAIN_BEGINS)
        if self._chain is None or self._first is None or sequence < self._chain.next:
            return None, 0
        alarm = 0
        if begins and sequence > self._first:
            alarm = BEGUN_ANEW
            if sequence in self._keys:
                self._chain.begin(sequence, self._keys[sequence])
        verdict = self._chain.take(record)
        if verdict == BROKEN:
            return False, alarm or ALTERED
        return (True if verdict == WHOLE else None), alarm


def alarm(controller: int, why: int, now: datetime) -> None:
    """Puts it into the controller's log, where administrators see it."""
    own = Event.objects.filter(controller=controller, epoch=OWN_EPOCH)
    last = own.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    Event.objects.create(
        controller_id=controller, epoch=OWN_EPOCH, sequence=last + 1, utc=now, code=CHAIN_BROKEN, door_number=0,
        extra=why, flags=0, received_at=now,
    )  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """what: altered, missing, begun anew, or no chain."""

    controller: str
    epoch: int
    sequence: int
    what: str


@dataclass
class ChainWalk:
    """What verify() saw."""

    events: int = 0
    proven: int = 0
    erased: int = 0
    unproven: int = 0


def verify(controller: Controller, walk: ChainWalk) -> Iterator[Fault]:
    """Walks every log of a controller, and tells each event that was altered, put in or is missing."""
    epochs = Event.objects.filter(controller=controller).exclude(epoch=OWN_EPOCH)
    for epoch in sorted(set(epochs.values_list("epoch", flat=True))):
        yield from _verify(controller, epoch, walk)


def _verify(controller: Controller, epoch: int, walk: ChainWalk) -> Iterator[Fault]:
    def fault(sequence: int, what: str) -> Fault:
        return Fault(controller.name, epoch, sequence, what)

    gaps = list(Gap.objects.filter(controller=controller, epoch=epoch).values_list("first", "last"))
    keys = {row.sequence: bytes(row.key) for row in LogKey.objects.filter(controller=controller, epoch=epoch)}
    first = min(keys, default=None)
    chain = None if first is None else LogChain(first, keys[first])
    expected = 1
    for event in Event.objects.filter(controller=controller, epoch=epoch).order_by("sequence").iterator(2000):
        walk.events += 1
        for missing in range(expected, event.sequence):
            if not any(low <= missing <= high for low, high in gaps):
                yield fault(missing, "missing")
        expected = event.sequence + 1
        if chain is None or first is None or event.sequence < first or event.chain is None:
            walk.unproven += 1
            if first is not None and event.sequence >= first:
                yield fault(event.sequence, "no chain")
            continue
        if event.flags & CHAIN_BEGINS and event.sequence > first:
            yield fault(event.sequence, "begun anew")
            if event.sequence in keys:
                chain.begin(event.sequence, keys[event.sequence])
        verdict = chain.take(record_of(event))
        walk.proven += verdict == WHOLE
        walk.erased += verdict == EXPIRED
        walk.unproven += verdict not in (WHOLE, EXPIRED)
        if verdict == BROKEN:
            yield fault(event.sequence, "altered")
    acked = controller.acked if controller.log_epoch == epoch else 0
    for missing in range(expected, acked + 1):
        if not any(low <= missing <= high for low, high in gaps):
            yield fault(missing, "missing")
