"""Kinds of fault, each a function: what happens to a board, its readers, its heap, its flash, its connection.

Called with the Faults that plan them, the controller (None: the whole building) and a source of chance.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from sim.mcu.flash import SECTOR
from sim.world.broker import CONNECT, Broker, packet, text
from sim.world.wiegand import PULSE_US

from .controller import EVENT
from .scheduler import MS, SECOND, Scheduler
from .verdicts import ANYTHING

if TYPE_CHECKING:
    from .controller import VirtualController
    from .faults import FaultInjector

TRIES = 40  # at finding something that was written
ALONE_US = 200 * MS  # a reader that was silent for so long is not in the middle of a card


def half_open(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """The broker has lost the connection without a word; to the board it stands."""
    faults.disturb(controller.name, 150 * SECOND)
    faults.building.post.forget(controller.chip)


def twin(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """Another client connects under the board's name, again and again: the broker puts the board out each time."""
    broker, scheduler = faults.building.broker, faults.scheduler
    name = controller.settings["controller"]
    at = 0
    for _ in range(chance.randrange(1, 6)):
        scheduler.after(at, connect_as_twin, broker, name, scheduler)
        at += int(chance.uniform(0.01, 8) * SECOND)
    faults.disturb(controller.name, at + 150 * SECOND)


def connect_as_twin(broker: Broker, name: str, scheduler: Scheduler) -> None:
    client = broker.accept(lambda data: None, lambda: None)
    client.receive(packet(CONNECT, 0, text("MQTT") + b"\x04\x02\x00\x1e" + text(name)), scheduler.now // MS)


def silence(faults: "FaultInjector", _: None, chance: Random) -> None:
    """The broker's machine takes connections and never says a word: a handshake that stalls, a full queue."""
    post = faults.building.post
    post.silence(True)
    faults.scheduler.after(faults.until_mended(chance, 60), post.silence, False)


def slow(faults: "FaultInjector", _: None, chance: Random) -> None:
    """Everything takes up to seconds to travel."""
    network = faults.building.network
    network.slow_us = int(chance.uniform(0.1, 4) * SECOND)

    def over() -> None:
        network.slow_us = 0

    faults.scheduler.after(faults.until_mended(chance, 300), over)


def heap(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """One of the next allocations finds no memory, in whichever loop."""
    faults.disturb(controller.name, 150 * SECOND)
    controller.chip.starve_in = 1 + chance.randrange(400)


def brown_out(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """The supply comes and goes several times within seconds."""
    building, at = faults.building, 0
    for _ in range(chance.randrange(2, 7)):
        faults.scheduler.after(at, building.power, controller, False)
        at += chance.randrange(5, 500) * MS
        faults.scheduler.after(at, building.power, controller, True)
        at += chance.randrange(20, 3_000) * MS
    faults.disturb(controller.name, at + 150 * SECOND)


def reader(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """A reader is dead, or one of its two wires is cut."""
    door = chance.choice(controller.doors)
    door.break_reader(chance.choice(("dead", "0", "1")))
    faults.scheduler.after(SECOND + int(chance.expovariate(1 / 600) * SECOND), door.break_reader, None)


def pulses(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """A burst of noise on a reader's lines, when no card is held there: no more bits than any format has."""
    door = chance.choice(controller.doors)
    if not controller.chip.on or door.busy(ALONE_US):
        return
    if door.polled is not None:
        door.polled.line.noise(chance)
        return
    table = door.table["reader"]
    at = 0
    for _ in range(chance.randrange(1, 4)):
        faults.scheduler.after(at, door.pulse, table[chance.choice(("d0", "d1"))])
        at += PULSE_US + chance.randrange(50, 2_000)
    faults.building.muddled(controller, door)
    faults.building.verdicts.tapped(controller.name, door.number, ANYTHING)


def rot(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """A bit of flash turns over at rest; every other time one of something that was written there."""
    label = chance.choice(sorted(controller.parts))
    part = controller.parts[label]
    slot, found = 0, bytearray(EVENT)
    written = chance.random() < 0.5
    for _ in range(TRIES if written else 1):
        slot = chance.randrange(part.size // EVENT) * EVENT
        part.peek(slot, found)
        if max(found) > 0 and min(found) < 0xFF:
            break
    if slot // SECTOR in part.worn:
        return
    before, at = bytes(found), chance.randrange(EVENT)
    found[at] ^= 1 << chance.randrange(8)
    part.poke(slot + at, found[at : at + 1])
    faults.building.promises.flash_errors.turned(controller, label, slot, before, bytes(found))


def worn(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """A sector is worn out: from now on its erases and programs do nothing, without a word.

    No more of them than a store has to spare: one of the access list, of the log an eighth. The state journal has two
    sectors; with one it lives on, but a power cut while that is erased costs it what it held.
    """
    label = chance.choice(("acl", "log"))
    part = controller.parts[label]
    if len(part.worn) < (1 if label == "acl" else max(1, part.size // SECTOR // 8)):
        sector = chance.randrange(part.size // SECTOR)
        part.worn.add(sector)
        part.on_lost = partial(faults.building.promises.flash_errors.lost, controller)
        faults.building.promises.flash_errors.worn(controller, label, sector)


def sway(faults: "FaultInjector", controller: "VirtualController", chance: Random) -> None:
    """It gets warmer or colder, and the clock faster or slower."""
    most = faults.rates.drift_ppm
    controller.chip.set_drift(round(max(-most, min(most, controller.chip.drift_ppm + chance.uniform(-most, most) / 2))))


OF_A_BOARD: tuple[Callable[..., None], ...] = (half_open, twin, heap, brown_out, reader, pulses, rot, worn, sway)
OF_A_BUILDING: tuple[Callable[..., None], ...] = (silence, slow)
