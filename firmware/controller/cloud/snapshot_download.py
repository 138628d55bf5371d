"""A whole table on its way in, and the sums by which the cloud finds the buckets that differ. Loaded when asked for."""

from ..records import CREDENTIAL
from ..storage.table_snapshot import Snapshot, digests
from .channel import OVERHEAD
from .wire import BUCKETS, MAX_MESSAGE, PART_TAKEN, packed, unpacked

_HEAD = 19
_MOST = (MAX_MESSAGE - OVERHEAD - 3) // 8  # sums that fit into a message


class Coming:
    """One snapshot; a part 0 begins it."""

    def __init__(self, table):
        self._table = table
        self._snapshot = Snapshot(table)
        self._part = 0

    def check(self, message):
        """Raises ValueError when this is not the part that was asked for."""
        if unpacked("<IHHQH", message)[1] != self._part or (len(message) - _HEAD) % CREDENTIAL:
            raise ValueError("snapshot: part")

    def take(self, sync, message, now):
        """The work of one part, in steps as storage/table_snapshot.py has them; then the answer."""
        version, _, parts, digest, bucket = unpacked("<IHHQH", message)
        snapshot = self._snapshot
        if bucket:
            yield from snapshot.skip(bucket, now)
        if len(message) > _HEAD:
            yield from snapshot.take(memoryview(message)[_HEAD:], now)
        self._part += 1
        if self._part < parts:
            sync.say(packed(PART_TAKEN, "<IH", version, self._part))
        else:
            yield from snapshot.finish(version, digest, now)
            sync.coming = None
            sync.say_acl(self._table)


def sums(sync, table, message):
    """The digests of the buckets asked for."""
    first, count = unpacked("<HB", message)
    if not 0 < count <= _MOST or first + count > table.buckets:
        raise ValueError("buckets")
    out = bytearray(8 * count)
    yield from digests(table, first, out)
    sync.say(packed(BUCKETS, "<H", first) + out)
