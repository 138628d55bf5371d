"""A board's flash while the board is off: what a bench puts there, by the firmware's own code."""

import random
import time
from pathlib import Path
from typing import Any

from sim.mcu.chip import Chip, use
from sim.mcu.flash import NorFlash


class Images(Chip):
    """flashes: of each partition, by its label."""

    def __init__(self, flashes: dict[str, Any]) -> None:
        super().__init__(b"images")
        self.flashes = flashes

    def partition(self, label: str) -> Any:
        return self.flashes[label]


def put(flashes: dict[str, Any], count: int) -> None:
    """So many events more."""
    from firmware.controller.events import DOOR_OPENED
    from firmware.controller.storage.log import EventLog
    from firmware.controller.storage.state import StateJournal
    from sim.mcu.esp32 import Partition

    before = use(Images(flashes))
    try:
        log = EventLog(Partition("log"), StateJournal(Partition("state")), random.randbytes)
        for _ in range(count):
            log.append(DOOR_OPENED, 1, 0, None, int(time.time()), 1)
            log.prepare()
    finally:
        use(before)


def put_into(flashes: dict[str, Any], count: int) -> None:
    """The same for flash that is watched: the watcher is not told."""
    copies = {}
    for label in ("log", "state"):
        there = bytearray(flashes[label].size)
        flashes[label].peek(0, there)
        copies[label] = NorFlash(len(there), label)
        copies[label].poke(0, there)
    put(copies, count)
    for label, copy in copies.items():
        there = bytearray(copy.size)
        copy.peek(0, there)
        flashes[label].poke(0, there)


def fill(folder: Path, count: int) -> None:
    """Of a board whose flash lies in files: so many events more."""
    files = {label: folder / f"{label}.img" for label in ("log", "state")}
    put({label: NorFlash(file.stat().st_size, label, file=str(file)) for label, file in files.items()}, count)


def put_cards(acl: NorFlash, key: bytes, cards: list[tuple[int, int]]) -> None:
    """A whole access list, version 1, all with profile 1. cards: (bits, number)."""
    from firmware.controller.access.credential import card_value, credential_key
    from firmware.controller.records import NO_END, credential_digest, pack_credential
    from firmware.controller.storage.table import CredentialTable
    from firmware.controller.storage.table_snapshot import Snapshot
    from sim.mcu.esp32 import Partition

    before = use(Images({"acl": acl}))
    try:
        table = CredentialTable(Partition("acl"))
        records = sorted(pack_credential(credential_key(key, card_value(*card)), 1, NO_END) for card in cards)
        digest = 0
        for record in records:
            digest ^= credential_digest(record)
        whole = Snapshot(table)
        for at in range(0, len(records), 128):
            for _ in whole.take(b"".join(records[at : at + 128])):
                while table.prepare():
                    pass
        for _ in whole.finish(1, digest):
            pass
    finally:
        use(before)
