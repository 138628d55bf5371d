"""Bringing a controller's rules and credential table to what they should be. One step of each at a time."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import Refused
from firmware.protocol import cloud_side

from ..access_list import acl
from ..models import AclChange, AclEntry, Controller
from ..rules import rules

LONGEST_CHAIN = 500  # changes; a table further behind is sent whole
ANSWER_S = 2.0  # a delta is answered with what the table then holds
PART_S = 30.0  # a part of a snapshot waits for sectors to be erased, one at a time
WORTH_COMPARING = 500  # records; a smaller table is sent whole at once
MOST_BUCKETS = 16384
FULL = "fffffffffffffffe"  # the digest of a board that says: this set does not fit
RULES_S = 10.0  # a part of the rules goes to a file
LONGEST_PAUSE_S = 600.0  # a table that stays wrong is not written over and over: flash wears


@dataclass
class SnapshotUpload:
    """contents: of each part, (bucket that it begins, or 0: it goes on; records)."""

    version: int
    digest: int
    contents: list[tuple[int, list[bytes]]]

    @property
    def parts(self) -> int:
        return len(self.contents)

    def part(self, number: int) -> bytes:
        bucket, found = self.contents[number]
        return wire.packed(wire.SNAPSHOT, "<IHHQH", self.version, number, self.parts, self.digest, bucket) + b"".join(
            found
        )


def _pieces(table: list[bytes], room: int) -> list[list[bytes]]:
    most = (room - cloud_side.SNAPSHOT_HEAD) // records.CREDENTIAL
    return [table[at : at + most] for at in range(0, len(table), most)] or [[]]


class ControllerSync:
    """What one controller is being told. send: seals and publishes one message of at most `room` bytes.

    Times are Unix seconds.
    """

    def __init__(self, controller: int, send: Callable[[bytes], None], room: int):
        self._controller = controller
        self._send = send
        self._room = room
        self._answer_by: float | None = None
        self._snapshot: SnapshotUpload | None = None
        self._snapshots = 0  # begun since the table was right for a while
        self._again_at = 0.0  # when the next one may begin
        self._right = False  # the table was found right
        self._pruned = False  # ... and profiles that it does not name are gone
        self._sums: list[int] | None = None  # of the controller's buckets, while they come in
        self._compared = False  # once is enough: then the whole table is sent
        self._sent_version: int | None = None  # of the last snapshot
        self._rules: tuple[int, list[bytes]] | None = None  # version and parts under way
        self._buckets = 0  # of the controller's table
        self._rules_by = 0.0  # when the answer to a part of them is overdue

    def is_waiting(self, now: float) -> bool:
        return self._answer_by is not None and now < self._answer_by

    def due(self, now: float) -> float:
        """When step() has something to do for a controller that is not in line."""
        rules = None if self._rules is None else max(now, self._rules_by)
        if self._answer_by is not None and now < self._answer_by:
            table = self._answer_by
        elif self._right and rules is not None:
            return rules
        else:
            table = max(now, self._again_at) if self._snapshots > 1 and not self._right else now
        return table if rules is None else min(table, rules)

    def answered(self) -> None:
        """The controller has said what its table holds: what was under way has ended, well or not."""
        self._answer_by = None
        self._snapshot = self._sums = None
        self._right = self._pruned = False

    def greeted(self, room: int) -> None:
        """A hello has said what the table holds and which rules are followed: what was under way is lost, or done."""
        self.answered()
        self._rules = None
        self._room = room

    def step(self, row: Controller, now: float) -> None:
        """Sends the next thing that the controller lacks, if any. row: as it is in the database now."""
        message, answer_s = None, 0.0
        if not self.is_waiting(now):
            self._answer_by = None
            message, answer_s = self._next(row, now)
        # Read after the records: whatever profile they use is in the rules by now. Sent before them on the same
        # ordered way; a controller that misses the rules all the same denies, and its next hello tells.
        self._tell_rules(row, now)
        if message is not None:
            self._answer_by = now + answer_s  # first: where nothing lies in between, sending already brings the answer
            self._send(message)

    def _next(self, row: Controller, now: float) -> tuple[bytes | None, float]:
        """(message, how long its answer may take)."""
        self._right = (row.held_acl_version, row.held_acl_digest) == (row.acl_version, row.acl_digest)
        if self._right:
            if now >= self._again_at + LONGEST_PAUSE_S:
                self._snapshots = 0
            self._compared = False
            return None, 0
        delta = self._delta(row)
        if delta is not None:
            return delta, ANSWER_S
        if self._snapshots > 1 and now < self._again_at:
            return None, 0
        if row.held_acl_digest == FULL and self._sent_version == row.acl_version:
            return None, 0  # it does not fit: not before the set is another
        if self._is_worth_comparing(row):
            self._compared, self._sums = True, []
            return self._ask_buckets(), PART_S
        self._again_at = now + min(PART_S * 2**self._snapshots, LONGEST_PAUSE_S)
        self._snapshots += 1
        self._snapshot = _snapshot(row.pk, self._room)
        self._sent_version = self._snapshot.version
        return self._snapshot.part(0), PART_S

    def _is_worth_comparing(self, row: Controller) -> bool:
        self._buckets = int(row.health.get("buckets", 0))
        return (
            not self._compared
            and 1 < self._buckets <= MOST_BUCKETS
            and AclEntry.objects.filter(controller=row.pk).count() > WORTH_COMPARING
        )

    def _ask_buckets(self) -> bytes:
        first = len(self._sums or ())
        return wire.packed(wire.BUCKETS_ASKED, "<HB", first, self._asked_at(first))

    def _asked_at(self, first: int) -> int:
        return min((self._room - cloud_side.SUMS_HEAD) // 8, 255, self._buckets - first)

    def buckets(self, first: int, sums: list[int], now: float) -> None:
        """The sums of some of the controller's buckets. Raises Refused when they were not asked for."""
        if self._sums is None or first != len(self._sums) or len(sums) != self._asked_at(first):
            raise Refused("unexpected")
        self._sums += sums
        self._answer_by = now + PART_S
        if len(self._sums) < self._buckets:
            self._send(self._ask_buckets())
            return
        self._snapshot, self._sums = _snapshot(self._controller, self._room, self._sums), None
        self._sent_version = self._snapshot.version
        self._send(self._snapshot.part(0))

    def part_taken(self, version: int, part: int, now: float) -> None:
        """The controller asks for a part of the snapshot that is under way. Raises Refused when none is."""
        snapshot = self._snapshot
        if snapshot is None or version != snapshot.version or not 0 < part < snapshot.parts:
            raise Refused("unexpected")
        self._answer_by = now + PART_S
        self._send(snapshot.part(part))

    def rules_taken(self, version: int, part: int, why: bytes, now: float) -> bool:
        """The controller asks for a part of the rules, or follows them all. Raises Refused when none are under way.

        why: what is wrong with them, when it does not take them.
        """
        if self._rules is None or version != self._rules[0]:
            raise Refused("unexpected")
        parts = self._rules[1]
        if part == cloud_side.REFUSED:
            self._rules_by = now + LONGEST_PAUSE_S
            rules.refused(self._controller, version, why)
            raise Refused("rules")
        if part == len(parts):
            Controller.objects.filter(pk=self._controller).update(held_rules_version=version)
            self._rules = None
            return True
        if not 0 < part < len(parts):
            raise Refused("unexpected")
        self._rules_by = now + RULES_S
        self._send(parts[part])
        return False

    def _tell_rules(self, row: Controller, now: float) -> None:
        wanted, refused = Controller.objects.values_list("rules_version", "rules_refused").get(pk=row.pk)
        if wanted == row.held_rules_version:
            self._rules = None
            return
        if wanted == refused and self._right and not self._pruned:
            # What was at fault may be corrected, and stand only in a profile that no record names any more.
            self._pruned = True
            if rules.prune(row.pk):
                self._tell_rules(row, now)
                return
        if self._rules is not None and self._rules[0] == wanted and now < self._rules_by:
            return
        fields = rules.content(row.pk)
        version = rules.version(fields)
        text = json.dumps({"version": version, **fields}, separators=(",", ":")).encode()
        self._rules = version, cloud_side.rules_parts(version, text, self._room)
        self._rules_by = now + RULES_S
        self._send(self._rules[1][0])

    def _delta(self, row: Controller) -> bytes | None:
        """The next changes after what the controller holds, or None when its table is not one that we know."""
        held = row.held_acl_version
        if not 0 < held < row.acl_version or row.acl_version - held > LONGEST_CHAIN:
            return None
        many = (self._room - cloud_side.DELTA_HEAD) // records.CHANGE
        changes = list(
            AclChange.objects.filter(controller=row.pk, version__gte=held, version__lte=held + many).order_by("version")
        )
        # The change that made the version it holds comes first: the delta stands on the same table, or on none.
        if len(changes) < 2 or changes[0].version != held or changes[0].digest != row.held_acl_digest:
            return None
        steps = changes[1:]
        if [step.version for step in steps] != list(range(held + 1, held + 1 + len(steps))):
            return None
        if not all(step.record for step in steps):  # of a person who is erased, by a controller that held it once
            return None
        head = wire.packed(wire.DELTA, "<II", held, steps[-1].version)
        return head + b"".join(bytes((step.op,)) + bytes(step.record) for step in steps)


def _snapshot(controller: int, room: int, sums: list[int] | None = None) -> SnapshotUpload:
    """The whole table of this moment, or of it the buckets that have another sum on the controller."""
    with transaction.atomic():
        acl.give_version(controller)
        locked = Controller.objects.select_for_update().filter(pk=controller)
        version = locked.values_list("acl_version", flat=True).get()
        entries = AclEntry.objects.filter(controller=controller).only("key", "profile", "until")
        table = sorted(entry.record for entry in entries)
    shares: dict[int, tuple[int, list[bytes]]] = {}
    digest = 0
    count = len(sums or ())
    for record in table:
        share = records.credential_digest(record)
        digest ^= share
        if sums is not None:
            bucket = records.bucket_of(record, count)
            before = shares.get(bucket, (0, []))
            shares[bucket] = before[0] ^ share, [*before[1], record]
    if sums is None:
        return SnapshotUpload(version, digest, [(0, piece) for piece in _pieces(table, room)])
    different = {bucket for bucket in range(count) if shares.get(bucket, (0, []))[0] != sums[bucket]}
    if 2 * len(different) > count:
        return SnapshotUpload(version, digest, [(0, piece) for piece in _pieces(table, room)])
    # Bucket 1 tells that what follows 0 stays as it is; a part that names no bucket would go on for ever.
    different |= {1} if 0 in different or not different else set()
    contents = []
    for bucket in sorted(different):
        for n, piece in enumerate(_pieces(shares.get(bucket, (0, []))[1], room)):
            contents.append((bucket if n == 0 else 0, piece))
    return SnapshotUpload(version, digest, contents)
