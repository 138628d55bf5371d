"""Cards for the tests of the credential table, and the usual things to do with them."""

from firmware.controller.records import NO_END, credential_digest, pack_credential
from firmware.controller.storage.table_snapshot import Snapshot, digests


def key(n):
    """Spread over all buckets, in the order of n."""
    return (n * 0x01F3A7 & 0xFFFFFF).to_bytes(3, "big") + n.to_bytes(4, "big")


def put(n, profile=7):
    return b"+" + pack_credential(key(n), profile, NO_END)


def remove(n):
    return b"-" + pack_credential(key(n), 0, 0)


def sorted_records(numbers, profile=7):
    """In one piece from the start: a board's heap has no room for many small ones."""
    records = bytearray(12 * len(numbers))
    for i, n in enumerate(sorted(numbers, key=key)):
        records[12 * i : 12 * i + 12] = pack_credential(key(n), profile, NO_END)
    return records


def digest(numbers, profile=7):
    result = 0
    for n in numbers:
        result ^= credential_digest(pack_credential(key(n), profile, NO_END))
    return result


def idle(table):
    """All that prepare() does when nobody comes for a while; how often it did something."""
    n = 0
    while table.prepare():
        n += 1
    return n


def run(steps):
    """All steps of one work; the milliseconds that it asked to wait."""
    return sum(steps)


def apply(table, version, changes):
    run(table.steps(version, changes))


def know(table, key, profile, until):
    """One credential more, or another profile for it. The version stays."""
    apply(table, table.version, b"+" + pack_credential(key, profile, until))


def forget(table, key):
    """One credential less. Whether it was there."""
    count = table.count
    apply(table, table.version, b"-" + pack_credential(key, 0, 0))
    return table.count < count


def snapshot(table, numbers, version, profile=7):
    whole = Snapshot(table)
    run(whole.take(sorted_records(numbers, profile)))
    run(whole.finish(version, digest(numbers, profile)))
    return table.version == version


def bucket_digests(table):
    out = bytearray(8 * table.buckets)
    run(digests(table, 0, out))
    return [int.from_bytes(out[at : at + 8], "little") for at in range(0, len(out), 8)]


def headers(nor):
    found = []
    for sector in range(nor.size // 4096):
        header = bytearray(16)
        nor.read(sector * 4096, header)
        found.append(bytes(header))
    return found


def place(nor, part):
    """Where these bytes lie last on flash, sector by sector: a board's heap does not hold all of it twice."""
    buf = bytearray(4096)
    for sector in range(nor.size // 4096 - 1, -1, -1):
        nor.read(sector * 4096, buf)
        at = bytes(buf).rfind(part)
        if at >= 0:
            return sector * 4096 + at
    raise ValueError("not on flash")
