"""How long things take on the chip: flash, garbage, a handshake, the interpreter from a wake to what it does."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Pace:
    """All zero: code and flash take no time. Microseconds.

    look_us: how often a loop that sleeps looks at its inputs. wake_us: from there to what it does about them.
    program_us: a program of flash. erase_us: an erase; slow_erases of them take up to slowest_erase_us.
    collect_us: a garbage collection, one in collect_every wakes. handshake_us: the arithmetic of a TLS handshake.
    """

    look_us: int = 0
    wake_us: int = 0
    program_us: int = 0
    erase_us: int = 0
    slow_erases: float = 0
    slowest_erase_us: int = 0
    collect_us: int = 0
    collect_every: int = 0
    handshake_us: int = 0

    def erase(self, chance: Random) -> int:
        """How long this one takes."""
        if self.slow_erases and chance.random() < self.slow_erases:
            return chance.randrange(self.erase_us, self.slowest_erase_us)
        return self.erase_us


INSTANT = Pace()

# Flash: W25Q32 data sheet, table of AC characteristics (sector erase 45 ms typical, 400 ms at the most; a program of 32
# bytes some 0.1 ms). look_us: controller/clock.py. wake_us: 200 times what a step with a look-up and a keyed hash takes
# on a desktop core. Collections: of a heap of 100 KB. None of it was measured on silicon.
ESP32 = Pace(
    look_us=5_000,
    wake_us=4_000,
    program_us=110,
    erase_us=45_000,
    slow_erases=0.02,
    slowest_erase_us=400_000,
    collect_us=10_000,
    collect_every=50,
)
HANDSHAKE_US = 1_000_000  # with a certificate (RSA or ECDSA); with a pre-shared key some milliseconds
SOFT_INTERRUPTS = 8  # MICROPY_SCHEDULER_DEPTH of the ESP32 port: what waits longer than so many is lost
