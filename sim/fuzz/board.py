"""A whole controller driven by hand: its application as built from settings, the far end's keys in our hands."""

import _thread
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller import clock, ticks
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OPEN
from firmware.controller.storage.settings_save import save
from firmware.protocol.cloud_side import CloudChannel, accept_message, read_open
from sim.mcu import bind
from sim.mcu.chip import PERIOD, Chip, use
from sim.mcu.flash import NorFlash

UTC = 1_800_000_000
SETTINGS = {
    "controller": "00112233aabbccdd",
    "link_secret": "5a" * 32,
    "table_key": "a5" * 32,
    "broker": {"host": "broker.example", "port": 1883, "user": "", "password": ""},
    "wifi": {"name": "portvakt", "password": ""},
}
STRIKES = (25, 26)
LOCKS = {"data": 32, "clock": 33, "latch": 4, "load": 0, "enable": 2, "back": 35}
BANK = {  # its keypad is the first door's reader
    "supply_ma": 1000, "coil_ma": 500, "sizes": "SSSSMMLL", "keypad": {"door": 1},
    "locks": {"driver": "shift", "locks": 8, "sensor": 1, "ring": False, **LOCKS},
}  # fmt: skip


class HandChip(Chip):
    """Time moves when it is told to. releases: how often a strike was released, or a lock of a bank got current."""

    thread: Any = _thread
    partitions = ("acl", "log", "state", "bank")

    def __init__(self, chance: Random) -> None:
        super().__init__(b"fuzzed")
        self.time = PERIOD - 5_000
        self.chance = chance
        self.releases = 0
        sizes = {"acl": 16, "log": 8, "state": 4, "bank": 6}
        self.flashes = {label: NorFlash(count * 4096, label) for label, count in sizes.items()}

    def ticks_ms(self) -> int:
        return self.time

    def ticks_us(self) -> int:
        return self.time * 1000 % PERIOD

    def uptime(self) -> int:
        return 0

    def sleep_ms(self, ms: int) -> None:
        self.time = (self.time + ms) % PERIOD

    def wait(self, ms: int, pending: Any) -> None:
        self.sleep_ms(ms)

    def watchdog(self, timeout_ms: int) -> None:
        pass

    def feed(self) -> None:
        pass

    def reset(self, cause: int = 2) -> None:
        raise AssertionError("the board was restarted")

    def partition(self, label: str) -> Any:
        return self.flashes.get(label)

    def urandom(self, n: int) -> bytes:
        return self.chance.randbytes(n)

    def moved(self, n: int, level: int) -> None:
        self.releases += (n in STRIKES and level == 1) or (n == LOCKS["enable"] and level == 0)


def _door(pins: tuple[int, ...], strike: int) -> dict[str, Any]:
    d0, d1, light, sound, contact, rex = pins
    return {
        "reader": {"kind": "wiegand", "d0": d0, "d1": d1, "light": light, "sound": sound},
        "strike": {"pin": strike, "active": 1},
        "contact": {"pin": contact, "open": 1},
        "rex": {"pin": rex, "active": 0},
    }


class HandBoard:
    """folder: its littlefs. bank: has it one. Everything it sends is in `sent` until connect() or told() takes it."""

    def __init__(
        self, folder: Path, chance: Random, settings: dict[str, Any] = SETTINGS, bank: dict[str, Any] | None = None
    ) -> None:
        from firmware.controller import app
        from firmware.controller.cloud import link, session
        from firmware.controller.storage import sectors

        bind.bind(app, clock, link, session)
        sectors.faults.clear()  # a board starts without any; this list is one for the whole process
        self.chip = HandChip(chance)
        use(self.chip)
        doors = [_door((12, 13, 14, 15, 16, 17), STRIKES[0]), _door((18, 19, 21, 22, 23, 27), STRIKES[1])]
        table = {"status": 5, "doors": doors} | ({"bank": bank} if bank else {})
        (folder / "board.json").write_text(json.dumps(table))
        save(f"{folder}/", settings)
        for module in [one for name, one in sys.modules.items() if name.startswith("firmware.controller")]:
            module.print = lambda *words: None  # type: ignore[attr-defined]
        self.chip.inputs.update(dict.fromkeys((12, 13, 17, 18, 19, 27), 1))
        self.loop = app.build(f"{folder}/")
        self.link = self.loop.link
        self.sync = self.loop.sync
        self.refused: dict[str, int] = self.sync._refused
        self.sent: list[bytes] = []
        self.name = settings["controller"]
        self.secret = bytes.fromhex(str(settings["link_secret"]))
        self._sessions = session
        self.session = self._new_session()
        self.channel: CloudChannel | None = None
        self.asked = bytes(8)  # the nonce of the last question for the time

    def _new_session(self) -> Any:
        shared = self.sync._inbox, self.sync._outbox, self.refused
        secret = bytes.fromhex(self.link.settings["link_secret"])
        self.link.session = self._sessions.Session(self.name, secret, self.sent.append, *shared)
        return self.link.session

    def turn(self) -> None:
        """One round of both loops at this moment; a link that was given up is tried again at once."""
        now = self.link.beat = self.chip.time
        self.loop.wake[0] = 0
        self.loop.step(now)
        try:
            self.session.step(now)
        except OSError:
            self.sync._inbox.put(self._sessions.LOST)
            self.session = self._new_session()
            self.session.begin(now)
        self.session.blocked()

    def connect(self, tell_time: bool = True) -> None:
        """Opens a session, and tells the time when the controller asks for it."""
        self.session.begin(self.chip.time)
        opening = next(message for message in reversed(self.sent) if message[0] == OPEN)
        own = self.chip.urandom(16)
        self.secret = bytes(self.session.secret)  # a holder of the keys may have given it another one
        nonce = read_open(self.secret, self.name, opening)
        self.channel = CloudChannel(self.secret, nonce, own)
        self.sent.clear()
        self.deliver(accept_message(self.secret, self.name, nonce, own))
        asked = [message for message in self.told() if message[0] == wire.TIME_ASKED]
        if asked:
            self.asked = bytes(asked[-1][1:9])
        if asked and tell_time:
            self.deliver(self.channel.seal(wire.packed(wire.TIME, "<8sQ", self.asked, UTC * 1000)))

    def deliver(self, payload: bytes) -> None:
        """One payload from the broker, and all that the controller does about it."""
        now = self.chip.time
        self.link.beat = now
        self.session.receive(payload, now)
        self.run()

    def run(self) -> None:
        """Both loops until neither has anything to do. Work on the table has its pauses: time goes on meanwhile."""
        for _ in range(2000):
            work = self.loop.sync._work_at
            if work is not None and ticks.diff(work, self.chip.time) > 0:
                self.chip.time = work
            now = self.link.beat = self.chip.time
            self.session._heard = now
            try:
                self.session.step(now)
            except OSError:  # hints made it ask for a new session, without an answer for long: the link is given up
                self.sync._inbox.put(self._sessions.LOST)
                self.session, self.channel = self._new_session(), None
                self.sent.clear()
                return
            self.loop.wake[0] = 0
            self.loop.step(now)
            if work is None and not (self.session.blocked() or self.loop._pending() or self.sync._outbox.waiting()):
                return
        raise AssertionError("it does not come to rest")

    def told(self) -> list[bytes]:
        """What the controller said in this session, opened."""
        if self.channel is None:
            return []
        said = [self.channel.open(message) for message in self.sent if message[0] != OPEN]
        self.sent.clear()
        return said
