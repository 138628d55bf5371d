"""Our stores, full, as the board has them: credential table, event log, state journal."""

# mypy: ignore-errors

import gc
import os
from array import array

from cards import key, some
from meter import Meter, Samples

from firmware.controller.cloud.channel import Channel
from firmware.controller.events import DENIED_UNKNOWN
from firmware.controller.records import NO_END, pack_credential
from firmware.controller.storage.log import EventLog
from firmware.controller.storage.state import StateJournal
from firmware.controller.storage.table import CredentialTable
from firmware.controller.storage.table_snapshot import Snapshot

_STARTS = 5
_DELTA = 100  # changes that come together
_LINK_MS = 100  # a message there and its answer back


def apply(table, version, changes):
    for _ in table.steps(version, changes):
        pass


def put(table, key, profile, until):
    apply(table, table.version, b"+" + pack_credential(key, profile, until))


def remove(table, key):
    apply(table, table.version, b"-" + pack_credential(key, 0, 0))


def measure(plan):
    """plan: folder with acl, log and state, sectors of each, cards, n operations, snapshot file or None."""
    meters = [Meter(plan["folder"] + "/" + part, plan["sectors"][part]) for part in ("acl", "log", "state")]
    acl, log, state = meters
    n = plan["n"]
    startup, first, found = Samples(meters, _STARTS), Samples(meters, _STARTS), Samples(meters, 2 * n)
    stores = []

    def start():
        journal = StateJournal(state)
        stores.append(journal)
        stores.append(EventLog(log, journal, os.urandom))
        stores.append(CredentialTable(acl))

    start()  # loads code that is loaded when it is needed: here it is even compiled
    stores.clear()
    gc.collect()
    before = gc.mem_alloc()
    for i in range(_STARTS):
        stores.clear()
        startup.time(start)
        first.time(stores[2].find, key(i))
    gc.collect()
    held = gc.mem_alloc() - before
    _, events, table = stores
    if table.count != plan["cards"] or not events.last:
        raise ValueError("the stores are not full")
    read = Samples([acl], plan["sectors"]["acl"])
    while read.time(table.prepare):
        pass
    if table.version != 2:
        raise ValueError("the table is damaged")

    known = [key(i) for i in some(plan["cards"], n)]
    for i in range(n):
        if found.time(table.find, known[i]) is None:
            raise ValueError("a card is not found")
        if found.time(table.find, key(-1 - i)) is not None:
            raise ValueError("a card is found that nobody has")

    changed, wear = _changes(acl, table, plan["cards"], n)
    delta = _delta(table, acl)

    recorded, worn = _events(log, state, events, stores[0], known[0], n)
    wear.update(worn)
    wear["hot_changes"], wear["hot_worst_sector"] = 2 * n, _hot_card(table, acl, n)
    return {
        "startup": startup.summary(),
        "first_find": first.summary(),
        "headers": {"steps": read.summary(), "modelled_us": _sum(read)},
        "delta_step": delta,
        "find": found.summary(),
        "change": changed.summary(),
        "record": recorded.summary(),
        "wear": wear,
        "ram": held,
        "events_on_flash": events.last - events.first + 1,
        "snapshot": _snapshot(plan, table, acl),
    }


def _changes(acl, table, cards, n):
    """n strangers put in and taken out again: the times, and what it wrote."""
    meters = [acl]
    changed = Samples(meters, 2 * n)
    gc.collect()
    before = [acl.programs, acl.erases]
    over = 0
    for i in range(n):
        for change in (lambda i=i: put(table, key(-1 - i), 1, NO_END), lambda i=i: remove(table, key(-1 - i))):
            programs, erases = acl.programs, acl.erases
            changed.time(change)
            over += acl.programs - programs > 2 or acl.erases > erases
            while table.prepare():
                pass
    if table.count != cards:
        raise ValueError("the table lost count")
    return changed, {
        "changes": 2 * n,
        "acl_programs": acl.programs - before[0],
        "acl_erases": acl.erases - before[1],
        "journal_erases": sum(acl.worn[:3]),
        "changes_over": over,
    }


def _events(log, state, events, journal, card, n):
    """4n denials, each acknowledged: the times, and what they wrote."""
    recorded = Samples([log, state], 4 * n)
    gc.collect()
    before = [log.erases, state.erases, log.programs, state.programs]
    for _ in range(4 * n):
        seq = recorded.time(events.append, DENIED_UNKNOWN, 1, 0, card, 1_800_000_000, 0)
        events.prepare()
        events.acknowledge(seq)
        journal.prepare()
    return recorded, {
        "events": 4 * n,
        "log_erases": log.erases - before[0],
        "state_erases": state.erases - before[1],
        "event_programs": log.programs - before[2] + state.programs - before[3],
        "state_programs": state.programs - before[3],
    }


def _delta(table, acl):
    """The steps of a message with many changes: what each of them holds the control loop for."""
    from firmware.controller.storage import table_upkeep  # noqa: F401 - loaded before its first use is timed

    changes = b"".join(b"+" + pack_credential(key(-10_000 - i), 1, NO_END) for i in range(_DELTA))
    back = b"".join(b"-" + changes[13 * i + 1 : 13 * i + 13] for i in range(_DELTA))
    quickest = None
    for again in range(_STARTS):
        steps = Samples([acl], 2 * _DELTA + 9)
        work = table.steps(3 + 2 * again, changes)
        while steps.time(next, work, None) is not None:
            pass
        took = [steps.modelled(i) for i in range(len(steps))]
        quickest = [min(pair) for pair in zip(took, quickest)] if quickest else took  # noqa: B905
        apply(table, 4 + 2 * again, back)
        while table.prepare():
            pass
    return {"steps": len(quickest), "mean": sum(quickest) / len(quickest), "max": max(quickest)}


def _hot_card(table, acl, n):
    """Erases of the most worn sector when one card alone comes and goes."""
    for sector in range(len(acl.worn)):
        acl.worn[sector] = 0
    card = key(-1)
    for _ in range(n):
        put(table, card, 1, NO_END)
        while table.prepare():
            pass
        remove(table, card)
        while table.prepare():
            pass
    return max(acl.worn[3:])


def _snapshot(plan, table, acl):
    """A whole snapshot over a full table, as the control loop does it: a step, then a piece of upkeep; waits are kept.

    The link and opening a message (decryption, authentication) are in it.
    """
    if not plan["snapshot"]:
        return None
    part = plan["part"]  # bytes of it that come in one message
    channel = Channel(bytes(32), bytes(16), bytes(16))
    opened = Samples([acl], 20)
    for _ in range(20):
        opened.time(channel.seal, bytes(19 + part))  # the same work as opening one
    open_us = opened.summary()["modelled_us"]["p50"]
    messages = -(-plan["cards"] * 12 // part) + 1
    quickest = array("d", [1e12] * messages)
    for version in (50, 51):  # twice: other processes only add
        gc.collect()
        steps = Samples([acl], 9000)
        erases, programs = acl.erases, acl.programs
        now = busy = 0  # microseconds
        whole = Snapshot(table)
        with open(plan["folder"] + "/" + plan["snapshot"], "rb") as file:
            for n in range(messages):
                chunk = file.read(part)
                now += open_us + _LINK_MS * 1000
                ms = int(now // 1000)
                work = whole.take(chunk, ms) if chunk else whole.finish(version, int(plan["digest"]), ms)
                took, pauses = _run(steps, work, table)
                quickest[n] = min(quickest[n], took)
                now += quickest[n] + pauses
                busy += quickest[n]
        if table.version != version:
            raise ValueError("the snapshot is not the set it should be")
        while table.prepare():
            pass
    return {
        "cards": table.count,
        "messages": messages,
        "erases": acl.erases - erases,
        "programs": acl.programs - programs,
        "open_us": open_us,
        "link_ms": _LINK_MS,
        "storage_s": busy / 1e6,
        "modelled_s": now / 1e6,
    }


def _run(steps, work, table):
    """One work to its end, with a piece of upkeep after each step: (what it took, what it waited), microseconds."""
    took = pauses = 0
    while True:
        at = len(steps)
        pause = steps.time(next, work, None)
        steps.time(table.prepare)
        took += steps.modelled(at) + steps.modelled(at + 1)
        if pause is None:
            return took, pauses
        pauses += pause * 1000


def _sum(samples):
    figures = samples.summary()
    return figures["modelled_us"]["mean"] * figures["n"]
