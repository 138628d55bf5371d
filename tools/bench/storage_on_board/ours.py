"""Our stores, full, as the board has them: credential table, event log, state journal."""

# mypy: ignore-errors

import gc
import os

from cards import key, some
from meter import Meter, Samples

from firmware.controller.events import DENIED_UNKNOWN
from firmware.controller.records import NO_END
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from firmware.controller.storage.table import CredentialTable

_CHUNK = 20 * 12  # records of a snapshot that come in one message
_STARTS = 5


def measure(plan):
    """plan: folder with acl, log and state, sectors of each, cards, n operations, snapshot file or None."""
    meters = [Meter(plan["folder"] + "/" + part, plan["sectors"][part]) for part in ("acl", "log", "state")]
    acl, log, state = meters
    n = plan["n"]
    startup, found, changed, recorded = (Samples(meters, k) for k in (_STARTS, 2 * n, 2 * n, 4 * n))
    stores = []

    def start():
        journal = StateJournal(state)
        stores.append(journal)
        stores.append(EventLog(log, journal, os.urandom))
        stores.append(CredentialTable(acl))

    gc.collect()
    before = gc.mem_alloc()
    for _ in range(_STARTS):
        stores.clear()
        startup.time(start)
    gc.collect()
    held = gc.mem_alloc() - before
    _, events, table = stores
    if table.count != plan["cards"] or not events.last:
        raise ValueError("the stores are not full")

    known = [key(i) for i in some(plan["cards"], n)]
    for i in range(n):
        if found.time(table.find, known[i]) is None:
            raise ValueError("a card is not found")
        if found.time(table.find, key(-1 - i)) is not None:
            raise ValueError("a card is found that nobody has")

    gc.collect()
    acl_before = acl.erases
    over = 0
    for i in range(n):
        programs = acl.programs
        changed.time(table.put, key(-1 - i), 1, NO_END)
        over += acl.programs - programs > 2
        table.prepare()
        programs = acl.programs
        changed.time(table.remove, key(-1 - i))
        over += acl.programs - programs > 2
        table.prepare()
    acl_erases = acl.erases - acl_before
    if table.count != plan["cards"]:
        raise ValueError("the table lost count")

    gc.collect()
    before = [log.erases, state.erases, log.programs, state.programs]
    for _ in range(4 * n):
        seq = recorded.time(events.append, DENIED_UNKNOWN, 1, 0, known[0], 1_800_000_000, 0)
        events.prepare()
        events.acknowledge(seq)
        stores[0].prepare()
    wear = {
        "changes": 2 * n,
        "acl_erases": acl_erases,
        "changes_over_2_programs": over,
        "events": 4 * n,
        "log_erases": log.erases - before[0],
        "state_erases": state.erases - before[1],
        "event_programs": log.programs - before[2] + state.programs - before[3],
        "state_programs": state.programs - before[3],
        "hot_changes": 2 * n,
        "hot_worst_sector": _hot_card(table, acl, n),
    }
    return {
        "startup": startup.summary(),
        "find": found.summary(),
        "change": changed.summary(),
        "record": recorded.summary(),
        "wear": wear,
        "ram": held,
        "events_on_flash": events.last - events.first + 1,
        "snapshot": _snapshot(plan, table, acl),
    }


def _hot_card(table, acl, n):
    """Erases of the most worn sector when one card alone comes and goes."""
    for sector in range(len(acl.worn)):
        acl.worn[sector] = 0
    card = key(-1)
    for _ in range(n):
        table.put(card, 1, NO_END)
        table.prepare()
        table.remove(card)
        table.prepare()
    return max(acl.worn)


def _snapshot(plan, table, acl):
    """The storage's part of a whole snapshot over a full table: link and decryption are not in it."""
    if not plan["snapshot"]:
        return None
    messages = plan["cards"] * 12 // _CHUNK + 3
    taken, idle = Samples([acl], messages), Samples([acl], messages)
    gc.collect()
    taken.time(table.begin_snapshot)
    with open(plan["folder"] + "/" + plan["snapshot"], "rb") as file:
        chunk = file.read(_CHUNK)
        while chunk:
            taken.time(table.take, chunk)
            idle.time(table.prepare)
            chunk = file.read(_CHUNK)
    if not taken.time(table.finish_snapshot, 2, int(plan["digest"])):
        raise ValueError("the snapshot is not the set it should be")
    figures = taken.summary()
    return {
        "cards": table.count,
        "erases": taken.total(4) + idle.total(4),
        "modelled_s": (figures["modelled_us"]["mean"] * figures["n"] + _sum(idle)) / 1e6,
        "message_us_p99": figures["modelled_us"]["p99"],
    }


def _sum(samples):
    figures = samples.summary()
    return figures["modelled_us"]["mean"] * figures["n"]
