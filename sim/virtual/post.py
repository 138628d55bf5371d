"""The broker and its cloud subscriber on the virtual network: the listeners, and how long things travel."""

from collections.abc import Callable
from functools import partial

from sim.world.broker import Broker

from .chip import VirtualChip
from .net import VirtualConnection, VirtualNetwork
from .scheduler import MS, ScheduledCall, Scheduler

PORT = 1883


class Post:
    """Carries between the chips' lines, the broker and the cloud. `up`: whether the broker runs."""

    def __init__(self, scheduler: Scheduler, network: VirtualNetwork, broker: Broker) -> None:
        self.scheduler = scheduler
        self.network = network
        self.broker = broker
        self.up = True
        self._silent = False
        self._tick: ScheduledCall | None = None
        self._cloud_last = 0
        self._lines: dict[VirtualConnection, None] = {}
        network.listen(PORT, self._accept)

    def now(self) -> int:
        return self.scheduler.now // MS

    def stop(self) -> None:
        """The broker is killed: every connection breaks, nothing is remembered."""
        self.up = False
        self.network.deafen(PORT)
        self.broker.restart(self.now())
        for line in list(self._lines):
            line.reset()
        self._lines.clear()

    def start(self) -> None:
        self.up = True
        self.network.listen(PORT, self._accept)

    def silence(self, on: bool) -> None:
        """Whether the listener at the broker's port takes connections and says nothing."""
        if on and not self._silent:
            for line in list(self._lines):
                line.reset()
        self._silent = on

    def forget(self, chip: VirtualChip) -> None:
        """The broker loses this chip's connection without telling it."""
        for line in list(self._lines):
            if line.near is not None and line.near.is_of(chip):
                line.closed()
                _deafen(line)

    def publish(self, topic: str, payload: bytes) -> None:
        """From the cloud: it reaches the broker a moment later, in order; not when the broker is down."""
        self._after_travel(self._published, topic, bytes(payload))

    def subscribe(self, pattern: str, callback: Callable[[str, bytes], None]) -> None:
        """For the cloud: callback(topic, payload) a moment after the broker has it, in order."""
        self.broker.subscribe(pattern, partial(self._after_travel, callback))

    def _after_travel(self, call: Callable[[str, bytes], None], topic: str, payload: bytes) -> None:
        at = self.scheduler.now + self.network.latency() // 4
        if at > self._cloud_last:
            self._cloud_last = at
        self.scheduler.surely(self._cloud_last, call, topic, payload)

    def _published(self, topic: str, payload: bytes) -> None:
        if self.up:
            self.broker.publish(topic, payload)

    def _accept(self, line: VirtualConnection) -> None:
        if self._silent:
            return
        client = self.broker.accept(line.down, line.close)
        self._lines[line] = None

        def receive(data: bytes) -> None:
            client.receive(data, self.scheduler.now // MS)
            if self._tick is None:
                self._watch()

        def closed() -> None:
            self._lines.pop(line, None)
            client.lost(self.now())

        line.receive = receive
        line.closed = closed

    def _watch(self) -> None:
        """One look at the keepalives is always due, and no more than one."""
        if self._tick is None and (deadline := self.broker.deadline) is not None:
            self._tick = self.scheduler.at(deadline * MS, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        self.broker.tick(self.now())
        self._watch()


def _deafen(line: VirtualConnection) -> None:
    line.receive = lambda data: None
    line.closed = lambda: None
