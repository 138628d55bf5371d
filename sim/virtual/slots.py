"""The firmware's slots as a board of the simulator has them, and promise 12: the new version, proven, or the old one.

boot.py's own code chooses the slot; the firmware's own code takes a release in, checks it and looks after its trial.
What is thin: every slot runs the firmware of this tree, well or in one of the manners below, which stands in a file of
the release; and a file is written at once, so that the power goes between two writes, not within one. Cuts within them,
on a real littlefs, are in tests/update.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from .scheduler import SECOND

if TYPE_CHECKING:
    from .controller import VirtualController
    from .promises import Promises

WELL = "well"
MANNERS = ("blind", "silent", "hangs", "crashes")
MANNER = "manner.txt"
STARTS = 5  # so many times its minutes a trial lasts at the most: three starts, and the power may fail


class DoesNotStart(Exception):
    """A firmware that ends in an error as soon as it starts."""


class Slots:
    """What the boards may run. offered: of each build its files, by name, and its manner; None: nobody signed it."""

    def __init__(self, promises: "Promises") -> None:
        self._promises = promises
        self.offered: dict[str, tuple[dict[str, bytes], str | None]] = {}
        self.minutes = 24 * 60  # of a trial
        self.runs: dict[str, str] = {}  # of each board: which build it started last
        self.before: dict[str, str] = {}  # and how the one was that ran before
        self._tried: dict[str, tuple[str, int]] = {}  # of each board: the build on trial, and when it first started

    def manner(self, name: str) -> str:
        """How the firmware is that a board runs."""
        return self.offered.get(self.runs.get(name, ""), ({}, WELL))[1] or WELL

    def started(self, controller: "VirtualController", build: str) -> None:
        """boot.py has chosen."""
        promises, now = self._promises, self._promises.scheduler.now
        self.before[controller.name] = self.manner(controller.name)
        self.runs[controller.name] = build
        if self._tried.get(controller.name, (build,))[0] != build:
            del self._tried[controller.name]  # it is over
        if build not in self.offered:
            return
        promises.checks["update"] += 1
        files, manner = self.offered[build]
        text = f"{controller.name}: it starts build {build}"
        if manner is None:
            promises.red("update", f"{text}, which nobody signed")
        for name, content in files.items():
            path = controller.folder / "slots" / build / name
            if not path.is_file() or path.read_bytes() != content:
                promises.red("update", f"{text}, of which {name} is not whole")
        self.look(controller)
        if _word(controller.folder / "trial") == build:
            since = self._tried.setdefault(controller.name, (build, now))[1]
            if now - since > STARTS * self.minutes * 60 * SECOND:
                promises.red("update", f"{text}, whose trial should have ended")

    def look(self, controller: "VirtualController") -> None:
        """Whether what is in charge has proven healthy."""
        current = _word(controller.folder / "current")
        self._promises.checks["update"] += 1
        if self.offered.get(current, ({}, WELL))[1] != WELL:
            manner = self.offered[current][1]
            self._promises.red("update", f"{controller.name}: build {current} is kept, and it is not well: {manner}")


def _word(path: Path) -> str:
    words = path.read_text().split() if path.is_file() else []
    return words[0] if words else ""


def release(
    manner: str, chance: Random, serial: int, sign: Callable[[bytes], bytes]
) -> tuple[str, bytes, dict[str, bytes]]:
    """(build, the release as it travels, its files). sign(head): 256 bytes."""
    files = {MANNER: manner.encode(), "controller/filling.bin": chance.randbytes(5_000)}
    rows = [(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in sorted(files.items())]
    build = hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:12]
    head = json.dumps({"build": build, "serial": serial, "files": rows}, separators=(",", ":")).encode()
    return build, sign(head) + head + b"".join(files[name] for name, _, _ in rows), files
