"""Planted defects: small patches to the firmware and the cloud, in memory, each of which a short soak has to find.

A defect is (module, what in it, old text, new text): the source of that function with one piece of it replaced.
"""

import importlib
import inspect
import sys
import textwrap
import time
from dataclasses import dataclass
from typing import Any

from tools.terminal import Problem

F, S, C = "firmware.controller.", "firmware.controller.storage.", "tools.cloud.ingest."
CLOUD = "firmware.controller.cloud."

DEFECTS: dict[str, tuple[str, str, str, str]] = {
    # The control loop and what is guarded.
    "strike before record": (
        F + "loop",
        "Loop.release",
        "self.record(code",
        "guarded.release(now); self.record(code",
    ),
    "no record of the exit button": (
        F + "guarded",
        "GuardedDoor.watch",
        "record(RELEASED_REX, now, number)",
        "pass",
    ),
    "a tap waits for the link": (
        F + "loop",
        "Loop.tap",
        "bits, number = frame",
        "bits, number = frame; clock.wait(300, lambda: not self._sync.open)",
    ),
    "the watchdog is not fed": (F + "loop", "Loop.supervise", "self._watchdog.feed()", "pass"),
    "card numbers in the log": (
        F + "loop",
        "Loop.tap",
        "self.record(code, now, guarded.number, 0, key)",
        "self.record(code, now, guarded.number, 0, card_value(bits, number))",
    ),
    "the strike stays": (F + "points.door", "Door.tick", "self.released = False", "pass"),
    "a forced door is no news": (F + "points.door", "Door.contact", "return DOOR_FORCED", "return None"),
    "strikes released at a start": (
        F + "board",
        "DoorPins.__init__",
        'safe = 1 - strike["active"]',
        'safe = strike["active"]',
    ),
    "contacts are not debounced": (F + "board", "Input.poll", "< _DEBOUNCE_MS", "< 0"),
    "a bit too many is no harm": (
        F + "readers.wiegand",
        "Wiegand.poll",
        "if count in FRAMES else None",
        "if count else None",
    ),
    "parity is not looked at": (
        F + "readers.wiegand",
        "_number",
        "if sum(bits[:half]) % 2 or not sum(bits[half:count]) % 2:",
        "if False:",
    ),
    # The decision.
    "any door of a profile": (
        F + "access.decision",
        "has_door",
        "if tap.door in tap.profile",
        "if tap.profile",
    ),
    "expiry is ignored": (F + "access.decision", "not_ended", "if tap.utc >= end", "if False"),
    "expiry in local time": (F + "access.decision", "not_ended", "if tap.utc >= end", "if tap.utc + 3600 >= end"),
    "no clock, no expiry": (F + "access.decision", "not_ended", "return DENIED_NO_CLOCK", "return 0"),
    # Storage.
    "log without CRC": (S + "log", "EventLog._slot_at", "if whole(event)", "if min(event) < 255"),
    "table without CRC": (
        S + "table",
        "CredentialTable._resume",
        "if not whole(self.view[at : at + size])",
        "if min(self.view[at : at + size]) == 255",
    ),
    "journal without CRC": (S + "state", "StateJournal.__init__", "if whole(buf)", "if min(buf) < 255"),
    "the pending erase is forgotten": (S + "log", "EventLog._erase_next", "self._flash.erase(sector)", "pass"),
    "sequence numbers wrap": (
        S + "log",
        "EventLog.append",
        "pack_event(self.last + 1",
        "pack_event(self.last + 1 & 255",
    ),
    "a sequence number is used again": (
        S + "log",
        "EventLog.append",
        "self.last += 1",
        "self.last += 1 if self.last % 40 else 0",
    ),
    "the last event is forgotten at a start": (
        S + "log",
        "EventLog.__init__",
        "self.last = self._slot_at(head, slot)",
        "self.last = max(0, (self._slot_at(head, slot) or 0) - 1)",
    ),
    "a removal is forgotten": (
        S + "table",
        "CredentialTable._make",
        "self._change(key, record)",
        "record and self._change(key, record)",
    ),
    "a removed slot stays": (
        S + "table",
        "CredentialTable._change",
        "not self.flash.write(start + at, _REMOVED)",
        "False",
    ),
    "changes without a journal": (
        S + "table",
        "CredentialTable.steps",
        "self.note(version, digest, count, changes)",
        "self.note(version, digest, count)",
    ),
    "a start does not finish changes": (S + "table", "CredentialTable._resume", "self._make(changes)", "()"),
    "a snapshot's digest is not compared": (
        S + "snapshot",
        "Snapshot.finish",
        "if self._sum == digest",
        "if True",
    ),
    # The link, on the board.
    "sent is as good as stored": (
        CLOUD + "sync",
        "Sync._send_events",
        "self._sent = first + count - 1",
        "self._sent = first + count - 1; log.acknowledge(self._sent)",
    ),
    "an acknowledgement is for everything": (
        CLOUD + "sync",
        "Sync._stored",
        "log.acknowledge(sequence)",
        "log.acknowledge(log.last)",
    ),
    "a batch is never sent again": (CLOUD + "sync", "Sync._send_events", "self._sent = log.acknowledged", "pass"),
    "a delta from any version": (CLOUD + "sync", "Sync._delta", "if old == loop.table.version", "if True"),
    "a new session opens the door": (
        CLOUD + "sync",
        "Sync._opened",
        "self.open = True",
        "self.open = True; loop.release(loop.doors[0], 16, now)",
    ),
    "a late command counts": (
        CLOUD + "commands",
        "_refusal",
        "return _EXPIRED if type(expires) is not int or utc >= expires else 0",
        "return 0",
    ),
    "any answer tells the time": (
        CLOUD + "sync",
        "Sync._time",
        "bytes(message[1:9]) != nonce or ticks.diff(now, self._asked) > _TIME_MS",
        "False",
    ),
    # The channel, at both ends.
    "replays are taken": (CLOUD + "channel", "Channel.open", "if counter <= way.counter", "if False"),
    "tags are not compared": (
        CLOUD + "channel",
        "Channel.open",
        "if not same(way.tag(sealed[:-TAG]), sealed[-TAG:])",
        "if False",
    ),
    "no encryption": (
        CLOUD + "channel",
        "_Direction.crypt",
        'return mixed.to_bytes(len(data), "little")',
        "return bytes(data)",
    ),
    # The cloud.
    "acknowledged before stored": (
        C + "session",
        "Session._events",
        "stored = store.events(",
        'self.send(wire.packed(wire.STORED, "<II", epoch, batch[-1][0])); stored = store.events(',
    ),
    "what is ahead is stored": (C + "store", "events", "if first > acked + 1", "if False"),
    "the board's word for what is stored": (
        C + "store",
        "hello",
        "acked = _acked(controller, said.epoch)",
        "acked = said.last",
    ),
    "a command is sent again": (C + "store", "take", "return bool(", "return True or bool("),
    "taken rights stay in the cloud": ("tools.cloud.services.acl", "difference", "key not in wanted", "False"),
    "names in the rules": (
        "tools.cloud.services.rules",
        "content",
        "return {",
        'from ..models import Person\n    return {"people": list(Person.objects.values_list("name", flat=True)),',
    ),
}

# Dense enough that two hours hold what a quiet building sees in weeks.
RATES = {
    "network": 40.0, "black_hole": 40.0, "power": 60.0, "torn_write": 240.0, "broker": 20.0, "dns": 10.0,
    "hostile": 150.0, "noise": 0.1, "worker": 150.0, "backup": 30.0, "restore": 8.0,
    "break_in": 60.0,
}  # fmt: skip


@dataclass(frozen=True)
class Hunt:
    """The short soak. A small log, so that its ring turns."""

    doors: int = 2
    days: float = 0.12
    taps: float = 2_500
    changes: float = 500
    log_sectors: int = 8


HUNT = Hunt()


class Unfit(Problem):
    """The code has changed since the defect was written."""


def plant(name: str) -> None:
    """Puts a defect into this process."""
    where, what, old, new = DEFECTS[name]
    module = importlib.import_module(where)
    *path, last = what.split(".")
    owner: Any = module
    for part in path:
        owner = getattr(owner, part)
    function = inspect.unwrap(owner.__dict__[last])
    source = textwrap.dedent(inspect.getsource(function))
    if old not in source:
        raise Unfit(f"the planted defect '{name}' no longer fits {where}.{what}; adapt its old text")
    made: dict[str, Any] = {}
    exec(compile(source.replace(old, new), f"<planted: {name}>", "exec"), module.__dict__, made)
    before = owner.__dict__[last]
    setattr(owner, last, made[last])
    if owner is module:  # who imported it by name has to get it too
        for other in list(sys.modules.values()):
            if (
                getattr(other, "__name__", "").startswith(("firmware.", "tools.cloud"))
                and vars(other).get(last) is before
            ):
                setattr(other, last, made[last])


def hunt(name: str, seed: int) -> dict[str, Any]:
    """One short soak with a defect ("": with none), in a process of its own. Ends at the first broken promise."""
    from sim.virtual.scheduler import Stuck
    from tools.simulate.soak import soak

    began = time.process_time()
    facts: dict[str, Any] = {"name": name, "seed": seed, "found": True}
    try:
        run = soak(
            seed,
            doors=HUNT.doors,
            days=HUNT.days,
            taps=HUNT.taps,
            changes=HUNT.changes,
            log_sectors=HUNT.log_sectors,
            rates=dict(RATES),
            first=True,
            plant=(lambda: plant(name)) if name else None,
        )
    except Unfit as error:
        facts |= {"found": False, "what": str(error)}
    except (Problem, Stuck) as error:
        facts |= {"promise": None, "what": str(error)}
    else:
        facts["found"] = bool(run["broken"])
        if run["broken"]:
            facts |= {key: run["broken"][0][key] for key in ("promise", "step", "at", "what")}
    facts["seconds"] = round(time.process_time() - began, 1)
    return facts


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    missed = [one["name"] for one in found if not one["found"]]
    lines = [
        f"found      {one['name']}: promise {one['promise']}, {one['what'][:90]}" if one["found"]
        else f"NOT FOUND  {one['name']} {one.get('what', '')}"
        for one in found
    ]  # fmt: skip
    return {
        "planted": len(found),
        "found": len(found) - len(missed),
        "not_found": missed,
        "slowest_seconds": max(one["seconds"] for one in found),
        "defects": found,
        "lines": [*lines, f"{len(found) - len(missed)} of {len(found)} planted defects were found"],
    }
