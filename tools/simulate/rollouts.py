"""Updates during a soak: releases that are well, that are ill in one manner or another, and one that nobody signed."""

from itertools import cycle
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sim.virtual.building import VirtualBuilding
from sim.virtual.slots import MANNERS, WELL, release
from tools import release as releases
from tools.cloud.models import Rollout
from tools.cloud.updates import updates

ENDS_BEFORE = 6  # trials before the end of a soak nothing is offered any more


class Rollouts:
    """minutes: of a trial; a board's is a day. until: microseconds; nothing is offered too late for it to end."""

    def __init__(self, building: VirtualBuilding, minutes: int, until: int) -> None:
        from firmware.controller.cloud import update

        update._TRIAL_MINUTES = minutes
        self.counts = 0
        self._building = building
        self._until = until - ENDS_BEFORE * minutes * 60_000_000
        self._manners = cycle((MANNERS[0], None, WELL, *MANNERS[1:]))
        self._key = rsa.generate_private_key(65537, 2048)
        self._slots = building.promises.slots
        self._slots.minutes = minutes
        for controller in building.controllers:
            (controller.folder / "release.key").write_text(releases.modulus(self._key))

    def offer(self, chance: Random) -> None:
        """The next one, to all boards, when the one before is over."""
        if self._building.scheduler.now > self._until or Rollout.objects.filter(state=Rollout.State.RUNNING).exists():
            return
        self.counts += 1
        manner = next(self._manners)
        build, body, files = release(manner or WELL, chance, self.counts, self._sign if manner else _forged(chance))
        self._slots.offered[build] = files, manner
        updates.start(updates.add(body), 100, abort_after=len(self._building.controllers) + 1)
        self._building.record("", "update offered", build, manner or "forged")
        self._building.nudge()

    def look(self) -> None:
        """Whether what is in charge has proven healthy."""
        for controller in self._building.controllers:
            self._slots.look(controller)

    def _sign(self, head: bytes) -> bytes:
        return self._key.sign(head, padding.PKCS1v15(), SHA256())


def _forged(chance: Random) -> Any:
    return lambda head: b"\x01" + chance.randbytes(255)
