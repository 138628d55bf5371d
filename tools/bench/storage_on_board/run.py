"""Runs on MicroPython: measures one contender at one size. micropython run.py PLAN.json; the last line is JSON."""

# mypy: ignore-errors

import gc
import json
import sys

with open(sys.argv[1]) as file:  # an argument is cut short at 255 bytes
    PLAN = json.load(file)
sys.path[:] = [PLAN["root"], PLAN["here"], ".frozen"]

import vfs  # noqa: E402
from cards import key, some  # noqa: E402
from meter import Meter, Samples  # noqa: E402


def mounted(sectors):
    flash = Meter(PLAN["folder"] + "/littlefs", sectors)
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    return flash


def remount(flash):
    vfs.umount("/flash")
    gc.collect()
    vfs.mount(vfs.VfsLfs2(flash), "/flash")


def cards(plan):
    """Cards on littlefs: start, find, change."""
    from peers import PEERS

    n, few = plan["n"], plan["changes"]
    flash = mounted(plan["sectors"])
    peer = PEERS[plan["contender"]]()
    peer.fill([key(i) for i in range(plan["cards"])])
    remount(flash)
    startup, found, changed = (Samples([flash], k) for k in (1, 2 * n, 2 * few))
    gc.collect()
    before = gc.mem_alloc()
    startup.time(peer.start)
    gc.collect()
    held = gc.mem_alloc() - before
    numbers = some(plan["cards"], n)
    for i in range(n):
        if not found.time(peer.find, key(numbers[i])):
            raise ValueError("a card is not found")
        if found.time(peer.find, key(-1 - i)):
            raise ValueError("a card is found that nobody has")
    gc.collect()
    before = flash.erases
    for i in range(few):
        changed.time(peer.put, key(-1 - i))
        changed.time(peer.remove, key(-1 - i))
    return {
        "startup": startup.summary(),
        "find": found.summary(),
        "change": changed.summary(),
        "wear": {"changes": 2 * few, "erases": flash.erases - before},
        "ram": held,
    }


def events(plan):
    """Events on littlefs: start, record."""
    from peers import AppendLog

    flash = mounted(plan["sectors"])
    peer = AppendLog()
    peer.fill(plan["events"])
    remount(flash)
    startup, recorded = Samples([flash], 1), Samples([flash], plan["n"])
    gc.collect()
    before = gc.mem_alloc()
    startup.time(peer.start)
    gc.collect()
    held = gc.mem_alloc() - before
    for sector in range(len(flash.worn)):
        flash.worn[sector] = 0
    before = flash.erases
    event = bytes(range(32))
    for _ in range(plan["n"]):
        recorded.time(peer.record, event)
    wear = {"events": plan["n"], "erases": flash.erases - before, "worst_sector": max(flash.worn)}
    return {"startup": startup.summary(), "record": recorded.summary(), "wear": wear, "ram": held}


def measure(plan):
    if plan["contender"] == "ours":
        from ours import measure as ours

        return ours(plan)
    return (events if plan["contender"] == "append_log" else cards)(plan)


try:
    figures = measure(PLAN)
except OSError as error:
    if error.errno != 28:
        raise
    figures = {"failed": "no space left on its file system"}
except MemoryError:
    figures = {"failed": "out of memory"}
figures["interpreter"] = "MicroPython %d.%d.%d" % sys.implementation.version[:3]
print(json.dumps(figures))
