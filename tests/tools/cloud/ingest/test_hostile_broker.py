"""A broker that an attacker owns, between the real firmware and the real cloud: each thing it can do, done for long.

Nothing is released, no access list changes, no event is lost or kept twice, and each attempt is counted at one end.
"""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from cloud_world import House, Stopped

from firmware.controller import events as codes
from sim.fuzz import board as boards
from sim.mcu.chip import use
from sim.world.broker import Broker
from sim.world.hostile import Hostile
from tools.cloud.controllers.views import _refused
from tools.cloud.ingest.ingest import Ingest
from tools.cloud.models import Controller, Event, Gap

STEP_MS = 250
HARMLESS = {"drop", "stop for a while", "delay", "reorder", "stale time", "hint"}  # nothing arrives that is not honest
ACTS = (
    "replay", "replay old", "replay session", "forge", "turn a bit", "truncate", "swap", "duplicate", "reorder",
    "delay", "drop", "stop for a while", "hint", "forge acknowledgement", "stale time", "old time", "time of 2099",
    "set clock back",
)  # fmt: skip


class Town:
    """Two boards and a cloud, and whoever owns the broker between them."""

    def __init__(self, folder: Path, time_now: Stopped, only: tuple[str, ...]):
        self.time = time_now
        self.time.now = float(boards.UTC)
        self.broker = Broker()
        self.queue: list[tuple[Callable[[str, bytes], None], str, bytes]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.read: list[bytes] = []
        chance = Random(1)
        self.hostile = Hostile(
            self.broker, chance, self._later, rate=400, only=only, now=lambda: int(self.time.now * 1000)
        )
        self.boards = []
        for n, name in enumerate(("Solsiden", "Fjordgata")):
            house = House(name, time_now, seed=n)
            house.settings["broker"] = boards.SETTINGS["broker"]
            house.settings["wifi"] = boards.SETTINGS["wifi"]
            where = folder / name
            where.mkdir()
            self.boards.append((boards.HandBoard(where, Random(n), house.settings), house))
        self.ingest = Ingest(lambda topic, payload: self.broker.publish(topic, payload), time_now, chance.randbytes)
        self.broker.subscribe("portvakt/+/up", lambda topic, payload: self.queue.append((self._up, topic, payload)))
        self.broker.subscribe("portvakt/+/down", lambda topic, payload: self.queue.append((self._down, topic, payload)))
        for one, _ in self.boards:
            use(one.chip)
            one.session.begin(one.chip.time)

    def _later(self, ms: int, call: Callable[[], None]) -> None:
        self.later.append((self.time.now + ms / 1000, call))

    def _up(self, topic: str, payload: bytes) -> None:
        self.read.append(bytes(payload))
        self.ingest.on_message(topic, payload)

    def _down(self, topic: str, payload: bytes) -> None:
        self.read.append(bytes(payload))
        for one, _ in self.boards:
            if topic == f"portvakt/{one.name}/down":
                use(one.chip)
                one.session.receive(payload, one.chip.time)

    def run(self, seconds: float, taps: bool = False) -> None:
        for n in range(int(seconds * 1000) // STEP_MS):
            self.time.now += STEP_MS / 1000
            for due in [one for one in self.later if one[0] <= self.time.now]:
                self.later.remove(due)
                due[1]()
            for one, _ in self.boards:
                use(one.chip)
                one.chip.time = (one.chip.time + STEP_MS) % (1 << 30)
                if taps and n % 8 == 0:
                    one.loop.record(codes.DOOR_OPENED, one.chip.time, 1)
                    if one.loop.sync.open:
                        one.loop.sync._ask_for_time(one.chip.time)
                one.turn()
                for payload in one.sent:
                    self.broker.publish(f"portvakt/{one.name}/up", payload)
                one.sent.clear()
            while self.queue:
                call, topic, payload = self.queue.pop(0)
                call(topic, payload)
            self.ingest.poll()


@pytest.fixture
def town(tmp_path: Path, time_now: Stopped, request: pytest.FixtureRequest) -> Iterator[Town]:
    yield Town(tmp_path, time_now, request.param)
    use(None)
    gc.collect()


@pytest.mark.parametrize("town", [(act,) for act in ACTS] + [ACTS], indirect=True, ids=[*ACTS, "everything"])
def test_who_owns_the_broker_may_delay_and_no_more(town: Town) -> None:
    town.run(10)
    before = [(one.loop.table.version, one.loop.table.digest, one.loop.rules.version) for one, _ in town.boards]
    assert all(Controller.objects.values_list("in_sync", flat=True))
    town.hostile.start()
    town.run(50, taps=True)
    assert sum(town.hostile.acts.values()) > 5, town.hostile.acts
    assert [one.chip.releases for one, _ in town.boards] == [0, 0]
    after = [(one.loop.table.version, one.loop.table.digest, one.loop.rules.version) for one, _ in town.boards]
    assert after == before
    for one, _ in town.boards:
        utc = one.loop.clock.utc(one.chip.time)
        assert utc == 0 or abs(utc - town.time.now) <= 8, "the time was moved"
        stored = Event.objects.filter(controller__public_id=one.name)
        assert one.loop.log.acknowledged <= max(stored.values_list("sequence", flat=True), default=0)
    town.hostile.stop()
    town.run(45)
    for one, house in town.boards:
        stored = list(
            Event.objects.filter(controller=house.controller).order_by("id").values_list("sequence", flat=True)
        )
        assert stored == list(range(1, one.loop.log.last + 1)), "lost or doubled"
        assert house.row().in_sync and set(Event.objects.values_list("chain_ok", flat=True)) == {True}
    assert not Gap.objects.exists()
    if len(town.hostile.acts) > 1:  # both ends' counts stand on the controller's page: the board's come with its hello
        for one, _ in town.boards:
            use(one.chip)
            one.session.begin(one.chip.time)
        town.run(3)
        for one, house in town.boards:
            shown = _refused(house.row())
            assert shown["tag"] >= one.refused["tag"] > 0 and shown["replay"] >= one.refused["replay"] > 0, shown
            assert sum(shown.values()) >= sum(one.refused.values()) + sum(house.row().refused.values())
    counted = sum(sum(one.refused.values()) for one, _ in town.boards)
    counted += sum(sum(refused.values()) for refused in Controller.objects.values_list("refused", flat=True))
    if not set(town.hostile.acts) <= HARMLESS:
        assert counted > 0, "nobody noticed"


@pytest.mark.parametrize("town", [()], indirect=True)
def test_nothing_of_it_can_be_read_and_no_two_messages_are_alike(town: Town) -> None:
    town.run(60, taps=True)
    sealed = [payload for payload in town.read if payload[:1] == b"S"]
    assert len(sealed) > 100 and len(set(sealed)) == len(sealed)
    whole = b"".join(sealed)
    for word in (b"epoch", b"firmware", b"release", b"Ingrid", b"version", b"profiles", b'"id"'):
        assert word not in whole
    bits = sum(byte.bit_count() for payload in sealed for byte in payload[9:])
    size = sum(len(payload) - 9 for payload in sealed)
    assert 0.49 < bits / (8 * size) < 0.51
