"""A credential table that loses its power while changes and whole sets come in, its buckets nearly full."""

from collections import Counter
from functools import partial
from random import Random

from firmware.controller.records import NO_END, PUT, REMOVE, bucket_of, credential_digest, pack_credential
from firmware.controller.storage.table import CredentialTable, Damaged
from firmware.controller.storage.table_snapshot import Snapshot, digests
from sim.mcu.flash import SECTOR

from .power import CutPartition, Tally, anywhere, flash_that_may_weaken, start

MOST = 253  # credentials in a bucket of 255: what is revoked and given again in one set of changes needs room

Known = dict[bytes, tuple[int, int]]


def digest(known: Known) -> int:
    result = 0
    for key, (profile, until) in known.items():
        result ^= credential_digest(pack_credential(key, profile, until))
    return result


def changes_of(before: Known, after: Known) -> bytes:
    gone = [bytes((REMOVE,)) + pack_credential(key, 0, 0) for key in before if key not in after]
    put = [bytes((PUT,)) + pack_credential(key, *value) for key, value in after.items() if before.get(key) != value]
    return b"".join(gone + put)


def records_of(known: Known, buckets: int = 0, bucket: int = 0) -> bytes:
    """Sorted by key; with `buckets`, only what belongs to one of so many."""
    keys = sorted(key for key in known if not buckets or bucket_of(key, buckets) == bucket)
    return b"".join(pack_credential(key, *known[key]) for key in keys)


def seen(table: CredentialTable, key: bytes) -> tuple[int, int] | str | None:
    try:
        return table.find(key)
    except Damaged:
        return "damaged"


def holds(table: CredentialTable, known: Known, keys: list[bytes]) -> bool:
    return table.count == len(known) and all(table.find(key) == known.get(key) for key in keys)


def send(table: CredentialTable, known: Known, version: int, part: int = 150) -> None:
    """A whole snapshot."""
    whole = Snapshot(table)
    records = records_of(known)
    for at in range(0, len(records), 12 * part):
        for _ in whole.take(records[at : at + 12 * part]):
            pass
    for _ in whole.finish(version, digest(known)):
        pass


def differing(table: CredentialTable, known: Known) -> list[int]:
    """The buckets that are not as the cloud has them."""
    shares = [0] * table.buckets
    for key, value in known.items():
        shares[bucket_of(key, table.buckets)] ^= credential_digest(pack_credential(key, *value))
    held = bytearray(8 * table.buckets)
    for _ in digests(table, 0, held):
        pass
    return [n for n, share in enumerate(shares) if held[8 * n : 8 * n + 8] != share.to_bytes(8, "little")]


def send_what_differs(table: CredentialTable, known: Known, version: int) -> None:
    """Only the buckets that are not as they should be: so a snapshot goes on after a cut."""
    differ = differing(table, known)
    whole = Snapshot(table)
    for bucket in differ or [0]:
        for _ in whole.skip(bucket):
            pass
        for _ in whole.take(records_of(known, table.buckets, bucket)):
            pass
    for _ in whole.finish(version, digest(known)):
        pass


class TableWalk:
    """One table that lives through cuts, with the set that each version stands for.

    snapshots: how often a whole set comes in place of changes, 0 to 1.
    """

    def __init__(self, seed: int, sectors: int, snapshots: float = 0.1, tally: Tally | None = None) -> None:
        self.random = Random(seed)
        self.flash = flash_that_may_weaken(sectors * SECTOR, self.random)
        self.tally = tally
        self.snapshots = snapshots
        self.table = self.make()
        self.buckets = self.table.buckets
        self.keys = [self.random.randbytes(7) for _ in range(400 * self.buckets)]
        self.known: Known = {}
        self.version = 0
        self.cuts = 0
        if self.random.random() < 0.8:  # else it grows from nobody
            self.fill()

    def make(self) -> CredentialTable:
        return CredentialTable(CutPartition(self.flash))

    def fill(self) -> None:
        room = Counter[int]()
        for key in self.keys:
            bucket = bucket_of(key, self.buckets)
            if room[bucket] < MOST - 3:
                room[bucket] += 1
                self.known[key] = (7, NO_END)
        send(self.table, self.known, 1)
        self.version = 1

    def other_set(self) -> Known:
        after = dict(self.known)
        room = Counter(bucket_of(key, self.buckets) for key in after)
        for key in self.random.sample(self.keys, self.random.choice((1, 1, 2, 5, 20, 60))):
            bucket = bucket_of(key, self.buckets)
            if key in after and self.random.random() < 0.5:
                del after[key]
                room[bucket] -= 1
            elif key in after or room[bucket] < MOST:
                room[bucket] += key not in after
                after[key] = (self.random.randrange(65536), self.random.choice((NO_END, 1, 70000)))
        return after

    def step(self) -> None:
        """One set of changes, or a snapshot, with a cut somewhere in it, or none."""
        random, table = self.random, self.table
        after, version = self.other_set(), self.version + 1
        changes = changes_of(self.known, after)
        snapshot = self.version == 0 or random.random() < self.snapshots

        def act() -> None:
            while random.random() < 0.7 and table.prepare():
                pass
            if not snapshot:
                for _ in table.steps(version, changes):
                    pass
            elif random.random() < 0.5:
                send(table, after, version, random.choice((7, 50, 150)))
            else:
                send_what_differs(table, after, version)

        most = len(after) // 16 + 12 if snapshot else len(changes) // 13 * 2 + 4
        cut = anywhere([self.flash], act, most, random, self.tally)
        if cut:
            self.cuts += 1
            self.table = table = start([self.flash], self.make, random, self.tally)
            if random.random() < 0.5:
                while table.prepare():
                    pass
        touched = [key for key in self.keys if self.known.get(key) != after.get(key)]
        sample = touched + random.sample(self.keys, 20)
        if table.version == version:
            assert table.digest == digest(after), "the version is reported with another set"
            assert holds(table, after, sample), "the version is reported and a credential is not as it says"
            self.known, self.version = after, version
        elif table.version == self.version and table.version:
            assert cut, "a set that was taken is not reported"
            assert table.digest == digest(self.known), "the old version is reported with another set"
            assert holds(table, self.known, sample), "the old version is reported and a credential is not as it says"
        else:
            assert cut, "no version without a cut"
            assert snapshot or self.version == 0, "changes cost the table its version"
            assert table.version == 0, "a version that nobody sent"
            self.half_sent(after, version)

    def half_sent(self, after: Known, version: int) -> None:
        """A snapshot came half. The cloud sends the rest, and the power may go again meanwhile."""
        random = self.random
        most = len(after) // 16 + 12
        while True:
            for key in self.keys:
                found = seen(self.table, key)
                # What was torn while it was written denies; who was known before is known still.
                assert found in (self.known.get(key), after.get(key)) or (
                    found == "damaged" and key not in self.known
                ), "a credential is neither in its old nor in its new state"
            resend = random.choice((send, send_what_differs))
            table = self.table
            if random.random() < 0.5:
                resend(table, after, version)
                break
            act = partial(resend, table, after, version)
            cut = anywhere([self.flash], act, most, random, self.tally, recovering=True)
            if not cut:
                break
            self.table = start([self.flash], self.make, random, self.tally)
            if self.table.version:
                break
        assert self.table.version == version, "the snapshot that was sent again is not taken"
        assert self.table.digest == digest(after), "the version is reported with another set"
        self.known, self.version = after, version
