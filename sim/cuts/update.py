"""Updates on littlefs that lose their power: the slot in charge is whole, the old one or the new one, and it ends well.

The real boot.py, update.py and trial.py. A release comes in pieces, is staged and tried; the new firmware is well, or
it hangs, loses the link, or reads no card. The file system has room for two releases and for little more.
"""

import builtins
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from firmware.controller.cloud import trial, update, wire
from firmware.controller.events import UPDATE_KEPT, UPDATE_RETURNED
from firmware.controller.records import EVENT, pack_event
from firmware.controller.storage import room
from sim.mcu import chip as chips
from sim.mcu import machine
from sim.mcu.flash import SECTOR, NorFlash
from sim.release import MODULUS, SignedRelease

from .files import MountedFiles, make, seen_by
from .power import Tally, anywhere

FATES = ("well", "hangs", "loses the link", "reads no card")
STRIKE = 25
CUTS = 40  # in the way of one update, at most
MOST_STEPS = 80  # that an update takes when nothing is cut any more
BOOT = compile((Path(__file__).parents[2] / "firmware/boot.py").read_text(), "boot.py", "exec")
RELEASES = 6
FOLDERS = ("controller", "controller/access", "controller/cloud", "controller/points", "controller/storage", "umqtt")
BLOCKS = 2 + 2 + 1  # of the root, of /slots, of the release key
SPARE = 8  # blocks that stay free, as room.py has it


class Restart(Exception):
    """The board resets itself."""


class UpdateChip(chips.Chip):
    """For boot.py: it is over at once, and what it started is looked at."""

    def __init__(self) -> None:
        super().__init__(b"update")
        self.watchdogs: list[int] = []

    def ticks_ms(self) -> int:
        return 0

    def moved(self, n: int, level: int) -> None:
        pass

    def watchdog(self, timeout_ms: int) -> None:
        self.watchdogs.append(timeout_ms)

    def reset(self, cause: int = chips.HARD_RESET) -> None:
        raise Restart


@cache
def release(number: int) -> SignedRelease:
    """One of some releases: folders as the firmware has them, files of other sizes in each release."""
    random = Random(number)
    files = {f"{folder}/{n}.mpy": random.randbytes(random.choice((9, 300, 900))) for n, folder in enumerate(FOLDERS)}
    files["controller/large.mpy"] = random.randbytes(random.randrange(4000, 13000))
    return SignedRelease(f"{number:012x}", files)


def blocks_of(one: SignedRelease) -> int:
    """What a slot takes: its folders, two blocks each, its files, the signature and release.json."""
    return 2 + 2 * len(FOLDERS) + sum(len(body) // SECTOR + 1 for body in one.files.values()) + 2


class Firmware:
    """What update.py and trial.py find around them on a board that runs: its session, its loop and its log."""

    first = 1
    open = True
    doors = ()
    trial = None

    def __init__(self, on_record: Callable[[int], None]) -> None:
        self.said: dict[str, Any] = {}
        self.link = self.log = self
        self.journal = SimpleNamespace(get=lambda kind: 0, set=lambda kind, value: None)  # a walk of its own: state.py
        self.parts = SimpleNamespace(append=lambda leaving: self.restart())  # nobody passes here
        self.beat = 0
        self.on_record = on_record
        self.events: list[bytes | None] = []  # the credential of each

    def say(self, message: bytes) -> bool:
        self.said = wire.read_json(message)
        return True

    def sent(self) -> bool:
        return True

    def record(self, code: int, now: int, door: int = 0, extra: int = 0, key: bytes | None = None) -> None:
        self.on_record(code)

    def restart(self) -> None:
        raise Restart

    @property
    def last(self) -> int:
        return len(self.events)

    def read(self, sequence: int, buf: Any) -> None:
        buf[:EVENT] = pack_event(sequence, 0, 1, 1, 0, 0, self.events[sequence - 1])


class UpdateWalk:
    """One board that is updated again and again, and loses its power on the way."""

    def __init__(self, seed: int, tally: Tally | None = None, spare: int | None = None) -> None:
        """spare: blocks that are free beside what two releases take; by default what update.py wants, or some more."""
        self.random = random = Random(seed)
        self.tally = tally
        spare = SPARE + random.randrange(4) if spare is None else spare
        self.number = random.randrange(RELEASES)
        most = max(blocks_of(release(number)) for number in range(RELEASES))
        self.flash = NorFlash((BLOCKS + 2 * most + spare) * SECTOR)
        self.cuts = 0
        make(self.flash)
        self.files = MountedFiles(self.flash)
        old = release(self.number)
        self.write("/board.json", b'{"doors": [{"strike": {"pin": %d, "active": 1}}]}' % STRIKE)
        self.write("/release.key", MODULUS.encode())
        self.files.mkdir("/slots")
        slot = "/slots/" + old.build
        for folder in ("", *(f"/{name}" for name in FOLDERS)):
            self.files.mkdir(slot + folder)
        self.write(slot + "/release.sig", old.stream[:256])
        self.write(slot + "/release.json", old.head)
        for name, body in old.files.items():
            self.write(f"{slot}/{name}", body)
        self.write("/current", old.build.encode() + b"\n")
        self.new = old
        self.another()
        self.start()

    def write(self, path: str, data: bytes) -> None:
        with self.files.open(path, "wb") as file:
            file.write(data)

    def another(self) -> None:
        """What was new is the old one, and another release is offered."""
        self.old = release(self.number)
        self.number = (self.number + self.random.randrange(1, RELEASES)) % RELEASES
        self.new = release(self.number)
        self.fate = self.random.choice(FATES)
        self.cuts_left = self.random.randrange(CUTS)
        self.steps = self.starts = 0
        self.hurt = self.tried = False

    def step(self) -> None:
        """What the board does next, with a cut somewhere in it or none. Then it starts again where it must."""
        self.steps = 0 if self.cuts_left else self.steps + 1
        assert self.steps <= MOST_STEPS, f"an update does not end; the new firmware {self.fate}"
        if self.build == self.new.build and self.fate == "hangs":
            self.start()  # by the watchdog
        elif not self.goes_on(self.new_firmware if self.build == self.new.build else self.old_firmware):
            self.start()

    def goes_on(self, act: Callable[[], None]) -> bool:
        """Whether the board still runs after it."""
        restarted = []

        def whole() -> None:
            chip = chips.use(self.chip)
            try:
                with seen_by(update, self.files), seen_by(room, self.files):
                    act()
            except Restart:
                restarted.append(True)
            finally:
                chips.use(chip)

        before = self.flash.programs + self.flash.erases
        if self.cuts_left and self.random.random() < 0.8:
            most = self.random.choice((2, 6, 20, 60))
            if anywhere([self.flash], whole, most, self.random, self.tally, recovering=self.hurt):
                self.cuts += 1
                self.cuts_left -= 1
                self.hurt = True
                return False
        else:
            whole()
        if self.flash.programs + self.flash.erases > before:
            self.hurt = False  # what was cut is behind it
        return not restarted

    def start(self) -> None:
        """The board starts, until it runs. Whatever happened before, it has a whole slot."""
        while True:
            self.chip = UpdateChip()
            self.files = MountedFiles(self.flash)
            self.check()
            if not self.goes_on(self.boot):
                continue
            self.firmware = Firmware(self.noted)
            self.updates = update.Updates("/")
            self.trial: Any = None
            self.now = 0
            if self.build == self.new.build and self.fate == "hangs":
                return
            if self.goes_on(self.begin):
                return

    def noted(self, code: int) -> None:
        """An event is on record: it tells the cloud how a trial ended."""
        if code in (UPDATE_KEPT, UPDATE_RETURNED):
            self.tried = False

    def boot(self) -> None:
        """The real boot.py."""
        modules = {"os": self.files.os, "machine": machine}
        modules["sys"] = system = SimpleNamespace(path=[], print_exception=self.unhappy)

        def imported(name: str, *how: Any) -> Any:
            return modules[name] if name in modules else __import__(name, *how)

        names = {**vars(builtins), "open": self.files.open, "__import__": imported}
        exec(BOOT, {"__name__": "__main__", "__builtins__": names})
        assert self.chip.outputs == {STRIKE: 0}, "a strike is not in its safe state"
        self.build = system.path[0].removeprefix("/slots/")
        self.whole()
        on_trial = self.build != self.files.content("/current").decode().strip()
        self.starts = self.starts + 1 if on_trial else 0
        self.tried = self.tried or on_trial
        assert self.starts <= 3, "a trial has three starts"
        assert self.chip.watchdogs == [60_000] * on_trial, "a trial without a watchdog"
        assert [timer[1] for timer in self.chip.timers] == [None] * on_trial, "a trial without its end"

    def unhappy(self, error: Exception) -> None:
        raise AssertionError(f"boot.py meets {error!r}") from error

    def whole(self) -> None:
        """The slot in charge holds one of the two releases, to the last byte."""
        assert self.build in (self.old.build, self.new.build), "a slot that is neither the old nor the new one"
        one = self.new if self.build == self.new.build else self.old
        slot = f"/slots/{self.build}/"
        assert self.files.content(slot + "release.json") == one.head, "the slot in charge has no release.json"
        for name, body in one.files.items():
            assert self.files.content(slot + name) == body, f"the slot in charge is not whole: {name}"

    def check(self) -> None:
        for name in ("/board.json", "/release.key", "/current"):
            assert self.files.content(name), f"{name} is gone"

    def begin(self) -> None:
        """As app.py: what a start finds of a trial."""
        returned = "returned" in self.files.listdir("/")
        if returned or "trial" in self.files.listdir("/"):
            self.trial = trial.begin("/", self.firmware, 0)
        if returned:
            assert self.build == self.old.build, "a release that was returned is in charge"
            self.over("returned")
        elif self.build == self.new.build and self.trial is None:
            self.over("kept")

    def old_firmware(self) -> None:
        """The old firmware is asked by the cloud: to take the release, a piece of it, and to try it."""
        assert not self.tried, "a trial is over, and the board tells nobody"
        state, firmware = self.firmware.said.get("state"), self.firmware
        at = firmware.said.get("next", -1)
        if state == "wanted":
            piece = self.new.piece(at, self.random.choice((1, 300, 900, 1900, 1900, 1900)))
            self.updates.take(firmware, firmware, piece, 0)
        else:
            self.updates.take(firmware, firmware, self.new.offer(start=state == "staged"), 0)
        assert firmware.said["state"] in ("wanted", "staged"), f"a good release is not taken: {firmware.said}"
        assert firmware.said.get("next", 1 << 30) > at, f"a piece is lost: {firmware.said}"

    def new_firmware(self) -> None:
        """The new firmware on its trial: somebody taps a card, the link is up, time passes, as far as its fate lets."""
        firmware = self.firmware
        assert self.trial is not None, "the new firmware does not know that it is on trial"
        if self.fate != "reads no card":
            firmware.events.append(b"someone")
        firmware.events.append(None)
        firmware.open = self.fate != "loses the link"
        for _ in range(self.random.randrange(1, 4)):
            self.now += 10_000
            firmware.beat = self.now
            self.trial = self.trial.look(firmware, firmware, self.now)
            if self.trial is None:
                self.over("kept")
                return
        if self.fate != "well":
            self.chip.timers[0][2](None)  # a day is over
            raise AssertionError("the time of a trial is over, and it goes on")

    def over(self, how: str) -> None:
        """The update has an end, and it is the right one."""
        self.tried = False
        now = self.files.content("/current").decode().strip()
        left = [name for name in self.files.listdir("/") if name in ("trial", "returned")]
        assert not left, f"an update is over, and there is still {left[0]}"
        if how == "kept":
            assert self.fate == "well", f"a firmware is kept that {self.fate}"
            assert now == self.new.build, "what is kept is not in charge"
            self.count()
            self.another()
            return
        assert now == self.old.build, "what was returned is in charge"
        assert self.new.build not in self.files.listdir("/slots"), "what was returned is still there"
        if self.fate != "well":  # else the power took its three starts, and the cloud offers it once more
            self.count()
            self.number = int(self.old.build, 16)
            self.another()

    def count(self) -> None:
        if self.tally is not None:
            self.tally.ends[self.fate] += 1
