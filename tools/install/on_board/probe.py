"""Runs on the board: says what it is and what lies on it, as one line of JSON. Changes nothing."""

import json
import sys
from binascii import crc32


def partitions():
    try:
        from esp32 import Partition
    except ImportError:
        return None
    sizes = {}
    for label in ("acl", "log", "state", "bank"):
        found = Partition.find(Partition.TYPE_DATA, label=label)
        if found:
            sizes[label] = found[0].info()[3]
    return sizes


def taken():
    """The compartments in which parcels lie, as storage/stock.py keeps it: records that count, in state 1; and those
    that are somebody's, as storage/allotments.py does: in state 4, and in 5 with the key of who has taken it."""
    try:
        from esp32 import Partition

        found = Partition.find(Partition.TYPE_DATA, label="bank")
    except ImportError:
        found = []
    parcels, allotted = set(), set()
    if found:
        sector = memoryview(bytearray(4096))
        for n in range(found[0].info()[3] // 4096):
            found[0].readblocks(n, sector, 0)
            for at in range(32, 4096, 32) if sector[:2] == b"KB" else ():
                record = sector[at : at + 32]
                if crc32(record) != 0x2144DF1C:
                    continue
                if record[4] == 1:
                    parcels.add(record[5])
                elif record[4] == 4 or (record[4] == 5 and any(record[7:14])):
                    allotted.add(record[0])
    return {"parcels": sorted(parcels), "allotted": sorted(allotted)}


def psk():
    """Whether the interpreter's TLS can do without certificates."""
    try:
        import tls

        ciphers = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).get_ciphers()
    except (ImportError, AttributeError):
        return False
    return any(name.startswith("TLS-PSK-") for name in ciphers)


def current():
    try:
        with open("/current") as file:
            return file.read().strip()
    except OSError:
        return None


print(
    json.dumps(
        {
            "name": sys.implementation.name,
            "version": list(sys.implementation.version[:3]),
            "mpy": getattr(sys.implementation, "_mpy", None),
            "partitions": partitions(),
            "taken": taken(),
            "psk": psk(),
            "current": current(),
            "running": "controller.app" in sys.modules,
        }
    )
)
