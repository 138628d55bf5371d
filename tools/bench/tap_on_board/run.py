"""Runs on MicroPython: taps with every rule on, the bare kernel, and other designs. Its last line is JSON."""

# mypy: ignore-errors

import gc
import json
import sys
from array import array

from stand_ins import KIND, PLAN, UTC, build, had, nanoseconds, spent, used  # before what follows: it sets the path

from controller.app import card_value, keyed  # isort: skip  a slot has all of these in one file (tools/bundle.py)

GRANTED = 1
WARM = 64  # taps before it counts


def taps(loop, ticking, numbers, times, wholes, heaps):
    """Each card in at door 1 and, the next time, out at door 2. Fills arrays; returns how many were granted."""
    granted = 0
    for i in range(len(numbers)):
        if KIND != "soak" and i % 8 == 0:
            gc.collect()
        bytes(1)  # what follows the collector begins to look for room at the heap's start: here that is the flash
        ticking.now = (ticking.now + 6000) & ((1 << 30) - 1)
        now = ticking.now
        for unit in loop.doors:
            unit.watch(loop.record, now)
            unit.pins.strike.moved = 0
        for part in loop.parts:
            part.watch(loop, now)
        loop.log.acknowledge(loop.log.last)
        while loop.log.prepare():
            pass
        loop.journal.prepare()
        loop.table.prepare()
        unit = loop.doors[i & 1]
        frame = (26, numbers[i])
        spent[0] = spent[1] = 0
        heap = used()
        begun = nanoseconds()
        loop.tap(unit, frame, now)
        ended = nanoseconds() - spent[0]
        heaps[i] = used() - heap - spent[1]
        moved = unit.pins.strike.moved
        granted += moved > 0
        times[i] = (moved or ended) - begun
        wholes[i] = ended - begun
    return granted


def kernel(key, table, log, numbers, times, heaps):
    """One HMAC, one find, one record."""
    for i in range(len(numbers)):
        if i % 8 == 0:
            gc.collect()
        bytes(1)
        log.acknowledge(log.last)
        while log.prepare():
            pass
        number = numbers[i]
        spent[0] = spent[1] = 0
        heap = used()
        begun = nanoseconds()
        found = keyed(key, card_value(26, number))[:7]
        if table.find(found):
            log.append(GRANTED, 1, 0, found, UTC, 1)
        times[i] = nanoseconds() - spent[0] - begun
        heaps[i] = used() - heap - spent[1]


def others(count, numbers, list_times, dict_times):
    """The usual designs: a list of tags that is searched, a dictionary out of JSON; a line of JSON as the record."""
    tags = ["%08d" % n for n in range(count)]
    cards = json.loads("{%s}" % ", ".join(['"%08d": {"doors": [1, 2]}' % n for n in range(count)]))
    for i in range(len(numbers)):
        if i % 8 == 0:
            gc.collect()
        uid = "%08d" % numbers[i]
        begun = nanoseconds()
        for tag in tags:
            if tag == uid:
                json.dumps({"time": UTC, "uid": uid, "granted": True})
                break
        list_times[i] = nanoseconds() - begun
        begun = nanoseconds()
        card = cards.get(uid)
        if card and 1 in card["doors"]:
            json.dumps({"time": UTC, "uid": uid, "granted": True})
        dict_times[i] = nanoseconds() - begun


def cards_of(n, count):
    """Each card twice: in and out."""
    numbers = array("I", bytes(4 * n))
    seed = 12345
    for i in range(n):
        if i % 2 == 0:
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        numbers[i] = seed // 7 % count
    return numbers


def main():
    n, count = PLAN["n"], PLAN["cards"]
    numbers = cards_of(n, count)
    times, wholes, heaps = [array("I", bytes(4 * n)) for _ in range(3)]
    gc.collect()
    if KIND == "others":
        lists = array("I", bytes(4 * n))
        gc.disable()
        others(count, numbers, lists, times)
        return {"list": list(lists), "dict": list(times)}
    loop, ticking, key, held = build(PLAN["rules"])
    gc.disable()
    taps(loop, ticking, numbers[:WARM], times, wholes, heaps)  # what is loaded when it is first needed is
    granted = taps(loop, ticking, numbers, times, wholes, heaps)
    files = [getattr(sys.modules[m], "__file__", "") for m in sys.modules if m not in had]
    found = {"granted": granted, "held": held, "files": [file for file in files if file]}
    found["strike"], found["whole"], found["tap_heap"] = list(times), list(wholes), list(heaps)
    kernel(key, loop.table, loop.log, numbers, times, heaps)
    found["kernel"], found["kernel_heap"] = list(times), list(heaps)
    return found


def soak():
    """So many taps, garbage collected when the heap is full; how much is free after 1,000 of them, 10,000 and so on."""
    loop, ticking, _, _ = build(PLAN["rules"])
    n, count = PLAN["n"], PLAN["cards"]
    batch = 1000
    times, wholes, heaps = [array("I", bytes(4 * batch)) for _ in range(3)]
    numbers = array("I", bytes(4 * batch))
    free = {}
    granted = 0
    seed = 7
    for done in range(0, n, batch):
        for i in range(0, batch, 2):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            numbers[i] = numbers[i + 1] = seed // 7 % count
        granted += taps(loop, ticking, numbers, times, wholes, heaps)
        for one in loop.followers:
            one.upkeep(ticking.now)
        if done + batch in (1000, 10000, 100000, n):
            gc.collect()
            free[done + batch] = gc.mem_free()
    return {"free": free, "granted": granted}


if KIND == "soak":
    print(json.dumps(soak()))
else:
    print(json.dumps(main()))
