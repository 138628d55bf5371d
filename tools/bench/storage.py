"""Our stores beside the usual ways to keep cards and events: on real MicroPython, over the same model of NOR flash.

Modelled time = flash (W25Q32 class) + 200 x the interpreter's time here. Ours is filled on the host, as snapshots and
years of use leave it, and measured on MicroPython; the others fill a littlefs there. One process a contender and size.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.mcu.flash import SECTOR, NorFlash
from tools import layouts
from tools.bench import growth
from tools.bench.flash_wear import flood_events_a_day
from tools.bench.goals import show
from tools.bench.storage_on_board import cards
from tools.terminal import Json, Problem, progress

HEAP = "64M"  # the JSON contenders need it at 5,000 cards; what each one holds is measured
OURS_HEAP = "16M"  # the samples lie there too; garbage is collected between operations
ROOT = Path(__file__).parents[2]
BOARD = Path(__file__).with_name("storage_on_board")
PEERS = ("json_dict", "json_files", "json_list", "sorted_file")
LITTLEFS = 512  # sectors: 2 MB, more than a 4 MB board has left beside the interpreter
FILES_AT_MOST = 1_000  # of one file a card: filling a folder takes the square of their number
PEERS_AT_MOST = 50_000
STATES = 253  # new ones a sector: header and values carried over are not
TIMEOUT_S = 85
EVENTS_A_DAY, ACL_CHANGES, FLOOD_A_SECOND = 10_000, 1_000, 10
ERASE_S = 0.045  # typical; a reader's frame that begins meanwhile is damaged
# Of a message beside its body: MQTT head and topic, TCP and IP heads; then its answer and the acknowledgements.
MQTT, TCP_IP = 7, 40
NOT_MEASURED = [
    "wear of the littlefs that holds settings and code",
    "the link itself: a message there and back is taken to last 100 ms",
]

LAYOUTS = (4, 8, 16)
GOALS = {4: (50_000, 10_000), 8: (170_000, 50_000), 16: (350_000, 150_000)}

Figures = dict[str, Any]


def sectors_for(count: int) -> int:
    """Of the acl partition that is at 70 % with so many cards."""
    sectors = 6
    while layouts.credentials(sectors) < count:
        sectors += 1
    return sectors


class HostPartition:
    """NOR flash as the firmware asks for it, on the host."""

    def __init__(self, sectors: int) -> None:
        self.flash = NorFlash(sectors * SECTOR)

    def readblocks(self, n: int, buf: Any, offset: int = 0) -> None:
        self.flash.read(n * SECTOR + offset, buf)

    def writeblocks(self, n: int, buf: Any, offset: int = 0) -> None:
        self.flash.program(n * SECTOR + offset, buf)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self.flash.erase(arg)
        return self.flash.size // SECTOR if op == 4 else 0

    def write_to(self, file: Path) -> None:
        image = bytearray(self.flash.size)
        self.flash.read(0, image)
        file.write_bytes(image)


def fill(folder: Path, count: int, acl: int, log: int) -> dict[str, Any]:
    """Full stores as files: the table at its load and long in use, the log more than once round."""
    from firmware.controller.records import NO_END, PUT, credential_digest, pack_credential
    from firmware.controller.storage.log import EventLog
    from firmware.controller.storage.state import StateJournal
    from firmware.controller.storage.table import CredentialTable
    from firmware.controller.storage.table_snapshot import Snapshot

    flash = {"acl": HostPartition(acl), "log": HostPartition(log), "state": HostPartition(2)}
    records = sorted(pack_credential(cards.key(i), 1, NO_END) for i in range(count))
    digest = 0
    for record in records:
        digest ^= credential_digest(record)
    table = CredentialTable(flash["acl"])
    whole = Snapshot(table)
    for _ in whole.take(b"".join(records)):
        while table.prepare():
            pass
    for _ in whole.finish(1, digest):
        pass
    for _ in table.steps(2, bytes((PUT,)) + records[0]):  # the journal ends with a change, as that of a board does
        pass
    if table.version != 2:
        raise Problem("the benchmark's own snapshot was refused; look at the last change of the credential table")
    while table.prepare():
        pass
    _use(flash["acl"].flash, acl)
    journal = StateJournal(flash["state"])
    events = EventLog(flash["log"], journal, os.urandom)
    for _ in range(log * layouts.EVENTS * 4 // 3):
        events.acknowledge(events.append(1, 1, 0, None, 1_800_000_000, 0))
        events.prepare()
    for part, partition in flash.items():
        partition.write_to(folder / part)
    (folder / "snapshot").write_bytes(b"".join(records))
    return {"sectors": {"acl": acl, "log": log, "state": 2}, "digest": str(digest)}


def _use(acl: NorFlash, sectors: int) -> None:
    """Each bucket somewhere between two compactions: slots of removed cards behind those that count."""
    chance = random.Random(1)
    for sector in range(sectors):
        image = bytearray(SECTOR)
        acl.read(sector * SECTOR, image)
        if image[:2] != b"KA" or image[16 + 7 : 16 + 9] != b"\x01\x00":
            continue  # a spare, the journal, or a bucket without cards
        used = next((at for at in range(16, SECTOR, 16) if min(image[at : at + 16]) == 0xFF), SECTOR)
        removed = chance.randrange((SECTOR - used) // 16 + 1)
        acl.program(sector * SECTOR + used, bytes(16 * removed))


def on_micropython(contender: str, folder: Path, heap: str = HEAP, **plan: Any) -> Figures:
    """One contender at one size."""
    interpreter = Path(sys.executable).with_name("micropython")
    if not interpreter.exists():
        raise Problem("there is no MicroPython wheel for this machine; measure on Linux x86-64")
    plan |= {"contender": contender, "folder": str(folder), "root": str(ROOT), "here": str(BOARD)}
    (folder / "plan.json").write_text(json.dumps(plan))
    command = [str(interpreter), "-X", f"heapsize={heap}", str(BOARD / "run.py"), str(folder / "plan.json")]
    begun = time.monotonic()
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done in {TIMEOUT_S} s"}
    if run.returncode:
        said = (run.stdout + run.stderr).strip().splitlines() or ["no message"]
        raise Problem(f"{contender} could not be measured ({said[-1]}); look at its last change")
    found: Figures = json.loads(run.stdout.strip().splitlines()[-1])
    return found | {"heap": heap, "took_s": round(time.monotonic() - begun, 1)}


def ours(count: int, events: int, n: int, snapshot: bool = False, acl: int = 0) -> Figures:
    """Our stores with so many cards and a log for so many events."""
    from firmware.protocol.cloud_side import RECORDS

    log = 4
    while layouts.events(log) < events:
        log += 1
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        plan = fill(Path(folder), count, acl or sectors_for(count), log)
        plan |= {"snapshot": "snapshot" if snapshot else None, "part": 12 * RECORDS}
        found = on_micropython("ours", Path(folder), OURS_HEAP, cards=count, n=n, **plan)
    if "failed" in found:
        raise Problem(
            f"our stores could not be measured with {count} cards ({found['failed']}); look at their last change"
        )
    return found


def peer(contender: str, count: int, n: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        changes = min(20, n, max(1, 20_000 // count))
        return on_micropython(
            contender, Path(folder), cards=count, events=count, n=n, changes=changes, sectors=LITTLEFS
        )


def measure(quick: bool = False) -> Figures:
    """quick: small sizes, to see that it runs; the goals are those of the real one."""
    sizes = [100, 300] if quick else [100, 1_000, 5_000, 50_000, 170_000, 350_000]
    full, events, n = (300, 600, 100) if quick else (*GOALS[4], 1_000)
    growth: dict[str, dict[int, Figures]] = {name: {} for name in ("ours", *PEERS)}
    for count in sizes:
        held = {170_000: GOALS[8][1], 350_000: GOALS[16][1]}.get(count, events)
        _note("ours", count, growth["ours"], ours(count, held, n, snapshot=count == full))
        for name in PEERS:
            if count <= (FILES_AT_MOST if name == "json_files" else PEERS_AT_MOST):
                _note(name, count, growth[name], peer(name, count, n // 10))
    append_log = peer("append_log", events, n)
    found: Figures = {
        "date": time.strftime("%Y-%m-%d"),
        "interpreter": append_log["interpreter"],
        "heap": {"ours": OURS_HEAP, "others": HEAP},
        "full": full,
        "growth": growth,
        "append_log": append_log,
        "layouts": {
            name: {label: layouts.load(name).sectors(label) for label in layouts.STORES} for name in layouts.names()
        },
        "not_measured": NOT_MEASURED,
    }
    found["lifetimes"] = lifetimes(growth["ours"][full]["wear"], append_log["wear"])
    return found | {"goals": goals(found)}


def lifetimes(wear: Figures, littlefs: Figures) -> dict[str, float]:
    """Years until a sector has its 100,000 erases, on a 4 MB board, from the erases that were measured."""
    sectors = {label: layouts.load("4mb").sectors(label) for label in layouts.STORES}
    journal = ACL_CHANGES * wear["journal_erases"] / wear["changes"] / layouts.JOURNAL
    buckets = wear["acl_erases"] - wear["journal_erases"]
    acl = ACL_CHANGES * buckets / wear["changes"] / (sectors["acl"] - layouts.JOURNAL)
    one_card = ACL_CHANGES * wear["hot_worst_sector"] / wear["hot_changes"]
    log = max(wear["log_erases"], wear["events"] / layouts.EVENTS) / wear["events"] / sectors["log"]
    state = wear["state_programs"] / STATES / wear["events"] / sectors["state"]  # too few for an erase to be seen
    flood = flood_events_a_day(FLOOD_A_SECOND)
    days = {
        "credentials, changes all over": acl,
        "credentials, their journal": journal,
        "credentials, one card alone": one_card,
        "events": EVENTS_A_DAY * log,
        "state": EVENTS_A_DAY * state,
        "events, flood": (EVENTS_A_DAY + flood) * log,
        "state, flood": (EVENTS_A_DAY + flood) * state,
        "littlefs append log": EVENTS_A_DAY * littlefs["erases"] / littlefs["events"] / LITTLEFS,
        "littlefs append log, most worn sector": EVENTS_A_DAY * littlefs["worst_sector"] / littlefs["events"],
    }
    return {name: round(100_000 / a_day / 365, 1) for name, a_day in days.items() if a_day}


def on_the_wire(cards: int) -> float:
    """Bytes a card of a snapshot, everything counted that travels for it, both ways."""
    from firmware.controller.cloud.channel import OVERHEAD
    from firmware.controller.cloud.wire import topics
    from firmware.protocol.cloud_side import RECORDS

    topic = len(topics("0" * 16)[1])
    down = 19 + RECORDS * 12 + OVERHEAD + topic + MQTT + 2 * TCP_IP
    up = 7 + OVERHEAD + topic + MQTT + TCP_IP
    acknowledged = 2 * (4 + TCP_IP) + 2 * TCP_IP  # MQTT's and TCP's, both ways
    return (down + up + acknowledged) * -(-cards // RECORDS) / cards


def damaged(ours: Figures) -> dict[str, float]:
    """Share of Wiegand frames that meet an erase. Erases begin only while no card is read, frames at any moment."""
    wear, snapshot = ours["wear"], ours["snapshot"]
    a_day = EVENTS_A_DAY * (wear["log_erases"] + wear["state_erases"]) / wear["events"]
    a_day += ACL_CHANGES * wear["acl_erases"] / wear["changes"]
    return {
        "during a snapshot": snapshot["erases"] * ERASE_S / snapshot["modelled_s"],
        "on a normal day": a_day * ERASE_S / 86_400,
    }


def typical(samples: Figures) -> float:
    """Modelled microseconds with the median of the interpreter's time: other processes only add to it."""
    return float(samples["flash_us"]["mean"] + 200 * samples["interpreter_us"]["p50"])


def goals(found: Figures) -> list[Figures]:
    """The goals of the storage, each beside its figure."""
    ours = found["growth"]["ours"][found["full"]]
    find, record, wear = ours["find"], ours["record"], ours["wear"]
    ratio = typical(found["append_log"]["record"]) / typical(record)
    years = found["lifetimes"]
    normal = [years[name] for name in years if "flood" not in name and "littlefs" not in name]
    listed = []
    for mb, (cards_goal, events_goal) in GOALS.items():
        layout = layouts.load(f"{mb}mb")
        listed.append(_least(f"{mb} MB: credentials", layout.credentials, "cards", cards_goal))
        listed.append(_least(f"{mb} MB: events", layout.events, "events", events_goal))
    background = wear["event_programs"] / wear["events"]
    erases = (wear["log_erases"] + wear["state_erases"]) / wear["events"]
    listed += [
        _most("look-up p99: reads", find["reads"]["p99"], "reads", 1),
        _most("look-up p99: bytes read", find["bytes_read"]["p99"], "bytes", SECTOR),
        _most("look-up p99: flash part", find["flash_us"]["p99"], "us", 500),
        _most("an event: programs, its own", record["programs"]["max"], "programs", 1),
        _most("an event: programs, with upkeep", round(background, 3), "programs", 2),
        _most("an event: erases", round(erases, 4), "erases", 0.01),
        _most("an event: erases in the tap's path", record["erases"]["max"], "erases", 0),
        _most("an event: flash part p99", record["flash_us"]["p99"], "us", 200),
        _least("an event: littlefs append log / ours", round(ratio, 1), "times", 50),
        _most("a change: over 2 programs or erases", round(wear["changes_over"] / wear["changes"], 4), "share", 0.01),
        _most("100 changes: longest step", _ms(ours["delta_step"]["max"]), "ms", 500),
    ]
    for count, at in found["growth"]["ours"].items():
        if count >= found["full"]:
            # The quickest of five: other processes only add.
            listed.append(_most(f"start-up, {count} cards", _ms(at["startup"]["modelled_us"]["min"]), "ms", 500))
            listed.append(_most(f"RAM of both stores, {count} cards", at["ram"], "bytes", 8192))
    listed += [
        _most("snapshot: bytes on the wire a card", round(on_the_wire(ours["snapshot"]["cards"]), 1), "bytes", 20),
        _most("snapshot: time in all", round(ours["snapshot"]["modelled_s"], 1), "s", 300),
        _most("snapshot: frames damaged meanwhile", round(damaged(ours)["during a snapshot"], 4), "share", 0.05),
        _most("a normal day: frames damaged", round(damaged(ours)["on a normal day"], 6), "share", 0.0001),
        _least("years at 10,000 events, 1,000 changes", min(normal), "years", 20),
        _least("years under a flood of 10 a second", min(years["events, flood"], years["state, flood"]), "years", 20),
    ]
    return listed


def _most(name: str, value: float, unit: str, goal: float) -> Figures:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": value <= goal}


def _least(name: str, value: float, unit: str, goal: float) -> Figures:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "met": value >= goal}


def _ms(us: float) -> float:
    return round(us / 1000, 2)


def _note(name: str, count: int, into: dict[int, Figures], figures: Figures) -> None:
    into[count] = figures
    if "failed" in figures:
        progress(f"{name:<12} {count:>7,} cards: {figures['failed']}")
        return
    find, change, start = figures["find"], figures["change"], figures["startup"]
    reads, flash, modelled = (find[column]["p99"] for column in ("reads", "flash_us", "modelled_us"))
    programs, erases, took = (change[column]["mean"] for column in ("programs", "erases", "modelled_us"))
    progress(
        f"{name:<12} {count:>7,} cards: find p99 {reads:.0f} reads, {_ms(flash)} ms flash, {_ms(modelled)} ms in all; "
        f"change {programs:.1f} programs, {erases:.2f} erases, {_ms(took)} ms; "
        f"start {_ms(start['modelled_us']['min'])} ms; RAM {figures['ram']:,}"
    )


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, in seconds.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw the growth: an SVG file.")] = None,
    json: Json = False,
) -> None:
    """Our stores beside the usual ways to keep cards and events, on the real MicroPython over one model of flash."""
    found = measure(quick)
    if picture is not None:
        picture.write_text(growth.svg(found))
    show(json, found)
