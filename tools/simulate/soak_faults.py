"""What goes wrong in a soak beside the faults of sim/virtual/faults.py: in the cloud, at doors, by hands."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.simulate.soak import Soak

BURNS_S = 300  # a fire, on average
# A day.
RATES = {
    "odd_command": 2.0,
    "quicker": 4.0,
    "installer": 0.1,
    "two_at_one_door": 1.0,
    "update": 0.5,
    "emergency": 0.5,
    "nervous": 0.3,
    "fire": 0.3,
    "break_in": 1.0,
    "worker": 6.0,
    "backup": 1.0,
    "restore": 0.5,
    "errs": 6.0,
}
# At a bank of compartments, where there is one.
BANK_RATES = {
    "jam": 6.0,
    "lie": 2.0,
    "crowbar": 2.0,
    "guesser": 1.0,
    "silent_lock_board": 3.0,
    "lock_line_cut": 2.0,
    "lock_line_noise": 4.0,
    "late_lock_board": 4.0,
}

Fault = tuple[float, str, Callable[[random.Random], None]]  # how often a day, what the counts call it, what it does


def faults(soak: "Soak", rates: dict[str, float]) -> tuple[Fault, ...]:
    """Each with its rate, which is taken out of rates where it is there."""
    from tools.simulate.cloud_errors import CloudErrors

    found = {
        "odd_command": ("odd row", soak.neighbours.odd_command),
        "quicker": ("second worker", soak.neighbours.quicker),
        "installer": ("board enrolled beside", soak.neighbours.installer),
        "two_at_one_door": ("two administrators at one door", soak.neighbours.two_at_one_door),
        "update": ("update offered", soak.rollouts.offer),
        "emergency": ("emergency", lambda chance: soak.people.emergency(chance)),
        "nervous": ("nervous hand", lambda chance: soak.people.nervous(chance)),
        "fire": ("fire", lambda chance: burn(soak, chance)),
        "break_in": ("door forced", lambda chance: break_in(soak, chance)),
        "worker": ("cloud worker killed", lambda chance: kill(soak, chance)),
        "backup": ("cloud backed up", soak.worker.back_up),
        "restore": ("cloud restored from backup", lambda chance: restore(soak, chance)),
        "errs": ("cloud errs", CloudErrors(soak.worker.sessions).err),
    }
    usual = dict(RATES)
    if soak.lockers is not None:
        usual |= BANK_RATES
        bank = soak.lockers.bank
        found |= {
            "jam": ("latch jammed", soak.lockers.jam),
            "lie": ("contact lies", soak.lockers.lie),
            "crowbar": ("compartment forced", soak.lockers.force),
            "guesser": ("codes guessed", soak.lockers.guess),
            "silent_lock_board": ("lock board silent", bank.silence),
            "lock_line_cut": ("lock boards cut off", bank.cut),
            "lock_line_noise": ("noise at the lock boards", bank.noise),
            "late_lock_board": ("lock board late", bank.lateness),
        }
    for key in BANK_RATES.keys() - usual.keys():
        rates.pop(key, 0)  # of a bank that is not there
    return tuple((rates.pop(key, usual[key]), name, what) for key, (name, what) in found.items())


def kill(soak: "Soak", chance: random.Random) -> None:
    from sim.virtual.scheduler import SECOND

    soak.worker.kill(chance)
    soak.faults.disturb("", 300 * SECOND)


def restore(soak: "Soak", chance: random.Random) -> None:
    from sim.virtual.scheduler import SECOND

    soak.known.remember()
    if soak.worker.restore():
        soak.faults.disturb("", 300 * SECOND)
        soak.people.restored()
        soak.books.restored()
        if soak.lockers is not None:
            soak.lockers.restored()


def break_in(soak: "Soak", chance: random.Random) -> None:
    building = soak.building
    one, door = building.doors[chance.choice(sorted(building.doors))]
    building.record(one.name, "force", door.number)
    door.force(2_000)


def burn(soak: "Soak", chance: random.Random) -> None:
    from sim.virtual.scheduler import SECOND

    one = chance.choice(soak.building.controllers)
    one.inputs.switch("fire", True)
    seconds = 1 + chance.expovariate(1 / BURNS_S)
    soak.building.scheduler.after(int(seconds * SECOND), one.inputs.switch, "fire", False)
