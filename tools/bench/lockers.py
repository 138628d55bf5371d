"""What a bank of compartments does with a code, its supply and the heap, on a controller that has a door as well.

From the last key of a code to the pulse of a lock among 128, beside a card and the strike of the door at the same
board, whose reader is the keypad: in virtual time with the chip's own pauses and each family of lock boards, and on the
real MicroPython, where the interpreter's own time counts. How much longer it takes there than a card counts in the
first as well, since the chip's pauses know only the interpreter's time for a card.
"""

import random
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from tools import boards, build, heap
from tools.bench import guessing, tap
from tools.bench import heap as heaps
from tools.bench.goals import goal, show
from tools.bench.heap_rules import for_doors, plain
from tools.simulate.run import import_path
from tools.terminal import Json, Problem, progress

COUNT = 128
FIT = 64  # compartments that a board without PSRAM has
DELIVERIES = 20  # of each family: two codes and two cards each
WAITING = 6  # of these are fetched together, while all compartments are opened
ON_BOARD, ROUNDS = 16, 3
STANDS_S = 2  # a leaf stays open at the least
FILLS_S = 60  # in which the cloud fills the stock of a bank
COILS = {"xor": 2, "kerong": 1, "kerong12": 3, "modbus": 4}  # that the supply bears at once: another number each
COIL_MA = 700
RATIO = 1.5
BYTES = 32

Figures = dict[str, Any]


class VirtualLockers:
    """A board with a bank and a door in virtual time, and who stands there."""

    def __init__(self, folder: Path, family: str, seed: int) -> None:
        from sim.story.play import begin, stage
        from sim.virtual.pace import ESP32
        from sim.world.bank import table
        from sim.world.building import generate

        self.chance = random.Random(seed)
        described = generate(1, 5, self.chance)
        bank = table(COUNT, family, 1, coil_ma=COIL_MA, supply_ma=COIL_MA * COILS[family] + COIL_MA // 2)
        self._stage = stage(described, folder, seed, bank=bank, pace=ESP32)
        self.world, self.cloud = self._stage.__enter__()
        begin(self.world, self.cloud, walk=False)
        self.controller = self.world.controllers[0]
        assert self.controller.bank is not None
        self.bank = self.controller.bank
        self.door = self.controller.doors[0]
        self.holder = next(one for one in described["people"] if self.door.name in one["doors"])
        self.most = 0  # coils at once
        self.pulses: list[tuple[int, int]] = []  # (compartment, when its current begins)
        self._ends: list[int] = []
        self._last = 0
        self._judged = self.bank.bank.on_pulse
        self.bank.bank.on_pulse = self._pulse
        self.world.run(FILLS_S)

    def close(self) -> None:
        self._stage.__exit__(None, None, None)

    def sends(self) -> Any:
        """A delivery whose codes somebody has."""
        from sim.virtual.parcels import DEPOSIT, PICK_UP, KnownDelivery

        made = self.cloud.deliver(self.controller)
        if made is None:
            raise Problem("the bank has no key for a delivery; look at the last change of its stock")
        delivery = KnownDelivery(made[0], {DEPOSIT: made[1], PICK_UP: made[2]}, 1)
        self.world.promises.parcels.made(self.controller, delivery)
        return delivery

    def _pulse(self, n: int) -> None:
        """A lock gets current: when the last byte of its frame is out."""
        begins = self.bank.board_of(n).pulses[-1][1]
        self.pulses.append((n, begins))
        self._ends = [*(end for end in self._ends if end > begins), begins + self.bank.pulse_us(n)]
        self.most = max(self.most, len(self._ends))
        self._judged(n)

    def types(self, keys: str, pause_s: float = 0.15) -> int:
        """When the last bit of the last key was out. If one was lost in a pause of the chip, all are typed again."""
        from sim.virtual.verdicts import ANYTHING

        seen: list[bool] = []

        def read(began: int) -> None:
            self._last = self.world.scheduler.now
            seen.append(self.world.seen(self.controller, self.door, began))
            if not seen[-1]:
                self.world.verdicts.tapped(self.controller.name, self.door.number, ANYTHING)

        while not seen or not all(seen):
            seen.clear()
            for key in keys:
                self.door.tap(f"{'0123456789*#'.index(key):04b}", read)
                self.world.run(pause_s + self.chance.random() * 0.1)
        return self._last

    def opens(self, keys: str, delivery: Any, kind: str) -> tuple[int, int]:
        """(compartment, microseconds from the last key to the pulse)."""
        self.world.promises.parcels.typed(self.controller, delivery, kind, True, True)
        before = len(self.pulses)
        last = self.types(keys)
        if not self.world.run_until(lambda: len(self.pulses) > before, at_most_s=5, step_s=0.2):
            raise Problem("a good code opened nothing; look at the last change of the bank")
        n, at = self.pulses[before]
        self.world.run(STANDS_S)
        return n, at - last

    def shuts(self, n: int) -> None:
        self.bank.shut(n)
        self.world.run(0.8 + self.chance.random() * 0.3)

    def card(self) -> None:
        self.world.tap(self.door.name, self.holder)
        self.world.run(6)  # until the door is locked again


def codes_and_cards(lockers: VirtualLockers, deliveries: int) -> list[int]:
    """Parcels put in and taken out; of each code microseconds to the pulse. The last ones lie there still."""
    from sim.virtual.parcels import DEPOSIT, PICK_UP

    waits, lie = [], []
    for n in range(deliveries):
        delivery = lockers.sends()
        lockers.types(f"*{delivery.codes[DEPOSIT][:10]}#")
        compartment, waited = lockers.opens("1#", delivery, DEPOSIT)
        waits.append(waited)
        lockers.world.promises.parcels.put_in(lockers.controller, compartment, delivery)
        lockers.shuts(compartment)
        lockers.card()
        if n >= deliveries - WAITING:
            lie.append(delivery)
            continue
        compartment, waited = lockers.opens(f"*{delivery.codes[PICK_UP][:10]}#", delivery, PICK_UP)
        waits.append(waited)
        lockers.world.promises.parcels.take_out(lockers.controller, compartment)
        lockers.shuts(compartment)
        lockers.card()
    wave(lockers, lie)
    return waits


def wave(lockers: VirtualLockers, lie: list[Any]) -> None:
    """All compartments are opened, and several people type their codes meanwhile."""
    from sim.virtual.parcels import PICK_UP

    world, controller = lockers.world, lockers.controller
    before = len(lockers.pulses)
    world.promises.compartments.asked(controller, 0, lockers.cloud.command(controller, do="open", compartment=0))
    world.run(0.5)
    for delivery in lie:
        world.promises.parcels.typed(controller, delivery, PICK_UP, True, True)
        lockers.types(f"*{delivery.codes[PICK_UP][:10]}#", 0.1)
    if not world.run_until(lambda: len({n for n, _ in lockers.pulses[before:]}) == COUNT, at_most_s=300, step_s=2):
        raise Problem("not every compartment got its pulse; look at the last change of the bank")
    world.run(5)


def in_virtual_time(deliveries: int, seed: int = 1) -> Figures:
    """Codes of each family of lock boards, and cards at all of them: to a card it is all the same what hangs there."""
    import_path()
    found: Figures = {}
    cards: list[int] = []
    for family in COILS:
        with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
            lockers = VirtualLockers(Path(folder), family, seed)
            try:
                waits = codes_and_cards(lockers, deliveries)
                cards += lockers.world.answers
                found[family] = {
                    "code_ms": _percentiles(waits),
                    "coils": {"most": lockers.most, "supply": COILS[family]},
                    "pulses": len(lockers.pulses),
                    "broken": list(lockers.world.faults),
                }
            finally:
                lockers.close()
            progress(f"{family}: {found[family]}")
    return {"card_ms": _percentiles(cards), "families": found}


def _percentiles(values: Any) -> dict[str, float]:
    ordered = sorted(values)
    return {name: round(ordered[int(len(ordered) * at)] / 1000, 1) for name, at in (("p50", 0.5), ("p99", 0.99))}


def on_micropython(deliveries: int = ON_BOARD, rounds: int = ROUNDS) -> Figures:
    """The interpreter's own time: of each code and card the quickest of all rounds."""
    from sim.world.bank import table

    made = build.make()
    bank = table(COUNT, "xor", 1)
    del bank["locks"]["de"]  # its timer would need a chip that goes on by itself
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as name:
        folder = Path(name)
        plan = {
            "acl": tap.image(folder, 1_000),
            "cards": 1_000,
            "kind": "time",
            "rules": tap.PLAIN,
            "bank": bank,
            "script": "codes.py",
        }
        runs = [tap.play(folder, made.folder, "4M", n=deliveries, **plan) for _ in range(rounds)]
    if any(run["opened"] != 2 * deliveries for run in runs):
        raise Problem("a good code opened nothing on MicroPython; look at the last change of the bank")
    found: Figures = {part + "_us": tap.percentiles(tap.quickest(runs, part)) for part in ("taps", "picks", "deposits")}
    return found


def in_heap() -> Figures:
    """Words of 32 bits: bytes of a compartment, and all of a board with a door and 64 compartments for parcels."""
    board = boards.load("esp32-bank")
    chain = {"driver": "shift", "data": 13, "clock": 12, "latch": 5, "load": 26, "enable": 27, "back": 35, "sensor": 1}

    def of(locks: Figures, count: int) -> int:
        bank = {**board["bank"], "locks": locks, "sizes": "S" * count}
        bank.pop("rows", None)
        return made.measure({**board, "bank": bank}, for_doors(plain(), len(board["doors"]))).running

    with heaps.bench() as made:
        few, many = (of({**chain, "locks": count}, count) for count in (8, COUNT))
        line = {**board["bank"]["locks"], "addresses": [1, 2, 3, 4], "locks": FIT // 4}
        fits = of(line, FIT)
    return {
        "compartment": round((many - few) / (COUNT - 8), 1),
        "chain of 8": few,
        f"chain of {COUNT}": many,
        "64": fits,
    }


def measure(
    deliveries: int = DELIVERIES, on_board: int = ON_BOARD, rounds: int = ROUNDS, days: int = guessing.DAYS
) -> Figures:
    from sim.virtual.pace import ESP32

    found: Figures = {"micropython": on_micropython(on_board, rounds)}
    progress(f"MicroPython: {found['micropython']}")
    found["chip"] = in_virtual_time(deliveries)
    found["heap"] = in_heap()
    progress(f"heap: {found['heap']}")
    found["guessing"] = guessing.measure(days)
    goals = []
    interpreter = found["micropython"]
    slower = max(interpreter[part]["p50"] for part in ("picks_us", "deposits_us")) / interpreter["taps_us"]["p50"]
    found["interpreter_to_a_card"] = round(slower, 2)
    families, card = found["chip"]["families"], found["chip"]["card_ms"]["p99"]
    for family, one in families.items():
        whole = one["code_ms"]["p99"] + max(0.0, slower - 1) * ESP32.wake_us / 1000
        goals.append(goal(f"{family}: p99 to a card's", round(whole / card, 2), "times", RATIO))
        goals.append(goal(f"{family}: coils at once", one["coils"]["most"], "coils", one["coils"]["supply"]))
    goals += [
        goal("promises broken meanwhile", sum(len(one["broken"]) for one in families.values()), "times", 0),
        goal("heap a compartment, 32 bits", found["heap"]["compartment"], "bytes", BYTES),
        goal(f"heap with {FIT} compartments", found["heap"]["64"], "bytes", heap.BUDGET),
        *found["guessing"].pop("goals"),
    ]
    return {**found, "goals": goals}


def bench(
    deliveries: Annotated[int, typer.Option("--deliveries", help="At each family of lock boards.", min=8)] = DELIVERIES,
    rounds: Annotated[int, typer.Option("--rounds", help="On MicroPython; the quickest counts.", min=1)] = ROUNDS,
    days: Annotated[int, typer.Option("--days", help="On which codes are guessed.", min=1)] = guessing.DAYS,
    json: Json = False,
) -> None:
    """From a code to the lock's pulse beside a card at the door, coils at once, heap a compartment, guessing codes."""
    show(json, measure(deliveries, ON_BOARD, rounds, days))
