"""The running building: broker, cloud worker, controllers, people, and the figures of it all."""

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from firmware.controller.access.credential import card_value, credential_key
from firmware.protocol.bank_events import OF_COMPARTMENTS
from sim.world.wiegand import payload
from tools import build
from tools.cloud.doors.locks import LockState
from tools.terminal import Problem

from . import figures, seed
from .child import READY
from .children import Child, own
from .controllers import LiveController
from .described import PARCEL_DOOR
from .doors import LiveDoor, LiveTap
from .environment import address_of
from .figures import PinFigures
from .flash import Recorded
from .parcels import Parcel, of
from .rounds import ParcelFigures, prepare, rounds
from .ticker import Ticker
from .walks import Walker, Walks

_SAMPLE_S = 0.4
_SIGN_IN_S = 30
_KEYS_S = 10
_HANDS_S = 1.0  # to put a parcel in, or to take it out
T = TypeVar("T")


class Building:
    """described: as sim/world/building.py does. say: told what happens, sentence by sentence.

    mqtt_url, own_broker: where the broker is, and whether to start it.
    rush: people hurry, for a short run with many taps.
    """

    def __init__(
        self,
        described: dict[str, Any],
        folder: Path,
        interpreter: str,
        say: Callable[[str], None],
        mqtt_url: str,
        own_broker: bool,
        rush: bool = False,
        chance: int = 2,
    ) -> None:
        self.folder = folder
        self.say = say
        self.pins = PinFigures()
        self.parcels = ParcelFigures()
        self.ticker = Ticker()
        self.version = 0  # goes up with every change that the page shows
        self.ended = False
        self.builds: set[str] = set()
        self.broker: Child | None = None
        self.worker: Child | None = None
        self._described = described
        self._interpreter = interpreter
        self._rush = rush
        self._moved = asyncio.Condition()
        self._delivered = 0
        self._settling = False
        self._rounds: list[asyncio.Task[None]] = []
        self._sampler: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "figures")  # one thread keeps one connection to the database
        self._names: dict[tuple[int, bytes], str] = {}
        self.mqtt_url, self.broker_address = mqtt_url, address_of(mqtt_url)
        if own_broker:
            accounts = str(folder / "broker")
            self.broker = Child("broker", own("broker", str(self.broker_address[1]), accounts), say, ready=READY)
        self.controllers: list[LiveController] = []
        for place, one in enumerate(described["controllers"]):
            first = sum(len(other["doors"]) for other in described["controllers"][:place])
            board_folder = folder / f"controller-{place + 1}"
            board_folder.mkdir(parents=True)
            self.controllers.append(
                LiveController(place, one, first, board_folder, self.broker_address, interpreter, self.changed)
            )
        self.doors: list[LiveDoor] = [door for controller in self.controllers for door in controller.doors]
        self.walks = Walks(described, self.doors, random.Random(chance), self._tapped, self.changed, rush)

    @property
    def interpreter(self) -> str:
        """What the boards say they run on."""
        return ", ".join(
            sorted({controller.board.version for controller in self.controllers if controller.board.version})
        )

    # Start and end.

    async def start(self) -> None:
        """Everything but the people. The database is migrated and Django set up before."""
        begun = time.monotonic()
        compiled = asyncio.create_task(asyncio.to_thread(build.make))  # once, and not by every installer
        await self.in_thread(self._seed)
        if self.broker is not None:
            await self.broker.start()
            self.say(f"broker: amqtt on {self.broker_address[0]}:{self.broker_address[1]}")
        else:
            self.say(f"broker: {self.broker_address[0]}:{self.broker_address[1]}, from MQTT_URL")
        env = {"DJANGO_SETTINGS_MODULE": "tools.cloud.settings", "MQTT_URL": self.mqtt_url}
        self.worker = Child("cloud worker", own("worker"), self.say, env=env)
        await self.worker.start()
        people, doors = len(self._described["people"]), len(self.doors)
        self.say(f"cloud: {self._described['site']}, {people} people, {doors} doors")
        await compiled
        await self._start_controllers()
        self.say(f"building: {len(self.controllers)} controllers in {time.monotonic() - begun:.1f} s")
        self._sampler = asyncio.create_task(self._sample())
        await self._until_online()

    def start_parcels(self) -> None:
        """One for the visitor to put in; in a rush parcels go in and out of every bank until `settle`."""
        for one in self.controllers:
            if one.parcels is None:
                continue
            work = rounds(self, one, lambda: self._settling) if self._rush else prepare(self, one)
            self._rounds.append(asyncio.create_task(work))

    def end_streams(self) -> None:
        """Every open page gets its last state: the server ends at once then, and not after its patience."""
        self.ended = True
        self.changed()

    async def stop(self) -> None:
        self.end_streams()
        if self._sampler is not None:
            self._sampler.cancel()
        await self.walks.stop()
        for task in self._rounds:
            task.cancel()
        for controller in self.controllers:
            await controller.stop()
        for child in (self.worker, self.broker):
            if child is not None:
                await child.stop()
        self._thread.shutdown()

    def _seed(self) -> None:
        seed.places(self._described)
        for one, described in zip(self.controllers, self._described["controllers"], strict=True):
            one.settings = seed.enrol(described, one.network.port, 1_000 if self._rush else 3_000)
            if one.parcels is not None:
                one.parcels.page = seed.page_of(one.identity)
            table_key = bytes.fromhex(one.settings["table_key"])
            for walker in self.walks.walkers:
                card = walker.holder["card"]
                number = payload(card["bits"], card["facility"], card["number"])
                key = credential_key(table_key, card_value(card["bits"], number))
                self._names[one.place, key] = walker.name
        seed.people(self._described)
        if self.broker is not None:
            seed.accounts(self.folder / "broker", self.mqtt_url)

    async def _start_controllers(self) -> None:
        """All at once. What stops one stops all: half a building is of no use."""
        tasks = [asyncio.create_task(self._start_controller(controller)) for controller in self.controllers]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_online(self) -> None:
        """Until every controller has signed in to the cloud and holds what it should."""
        end = time.monotonic() + _SIGN_IN_S
        while offline := [controller for controller in self.controllers if not controller.online]:
            if self._sampler is not None and self._sampler.done():
                await self._sampler  # it failed: that is why nobody is seen
            if time.monotonic() > end:
                raise Problem(f"{offline[0].name} did not sign in to the cloud; {offline[0].console()}")
            await asyncio.sleep(0.05)

    async def _start_controller(self, controller: LiveController) -> None:
        await controller.network.start()
        await controller.board.start()
        build, seconds = await controller.install()
        self.builds.add(build)
        self.say(f"installed: {controller.name}, build {build} in {seconds:.1f} s")

    # Switches.

    async def set_network(self, controller: LiveController, up: bool) -> None:
        if up != controller.network_up:
            await controller.set_network(up)
            self.ticker.add("network on" if up else "network off", controller.name)
            self.changed()

    def set_input(self, controller: LiveController, number: int, on: bool) -> None:
        """A fire alarm, the mains, ...: what it comes to the controller records."""
        controller.inputs.switch(number, on)
        self.changed()

    async def set_power(self, controller: LiveController, on: bool) -> None:
        if on != controller.power:
            await controller.set_power(on)
            self.ticker.add("power on" if on else "power off", controller.name)
            self.changed()

    async def deliver(self, controller: LiveController) -> Parcel:
        """A delivery in the cloud, for the next resident. Raises Problem: the bank's board has no key for one."""
        parcels = of(controller)
        here = [one["name"] for one in self._described["people"] if PARCEL_DOOR in one["doors"]]
        residents = [name for name in here if "," not in name]  # what follows a comma is why somebody is none
        self._delivered += 1
        recipient = residents[self._delivered % len(residents)]
        unit = f"H0{self._delivered % 4 + 1}0{self._delivered % 3 + 1}"
        parcel = await self.in_thread(seed.deliver, controller.identity, recipient, unit)
        parcels.add(parcel)
        self.changed()
        return parcel

    async def deliver_soon(self, controller: LiveController) -> Parcel:
        """As soon as the board has keys: it gets them when it signs in for the first time."""
        end = time.monotonic() + _KEYS_S
        while True:
            try:
                return await self.deliver(controller)
            except Problem:
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(0.2)

    async def shut(self, controller: LiveController, compartment: int) -> None:
        """Somebody does what he came for, which takes a moment, and shuts the leaf."""
        parcels = of(controller)
        await asyncio.sleep(max(0.0, parcels.bank.opened_at + _HANDS_S - time.perf_counter()))
        await self.look()  # for whom it was opened
        if compartment in parcels.bank.standing_open:
            parcels.shut(compartment)
            self.changed()

    # Watching.

    def changed(self) -> None:
        self.version += 1
        # Callbacks cannot wait for the condition's lock; the waiting task is woken a moment later.
        asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._wake()))

    async def until_changed(self, seen: int, seconds: float) -> None:
        """Waits until `version` is no longer `seen`, at most so long."""
        try:
            async with asyncio.timeout(seconds), self._moved:
                await self._moved.wait_for(lambda: self.version != seen)
        except TimeoutError:
            pass

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Runs database work beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def settle(self, seconds: float) -> bool:
        """Nobody walks, doors fall shut, everything recorded is stored: at most so long. Whether it is."""
        self._settling = True
        await asyncio.gather(self.walks.stop(), *self._rounds)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self.look()
            still = not any(door.leaf.open or door.strike for door in self.doors)
            if still and all(controller.log.last <= controller.progress.newest for controller in self.controllers):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _wake(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def _sample(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(_SAMPLE_S)

    async def look(self) -> None:
        """Reads what the boards have recorded, and what the cloud knows of it."""
        for controller in self.controllers:
            fresh, progress, online, locks = await self.in_thread(self._measure, controller)
            if fresh or (progress, online, locks) != (controller.progress, controller.online, controller.locks):
                controller.progress, controller.online, controller.locks = progress, online, locks
                self.changed()
            if controller.parcels is not None and await self.in_thread(seed.ask_cloud, list(controller.parcels.known)):
                self.changed()
            for event in fresh:
                self._happened(controller, event)

    @staticmethod
    def _measure(controller: LiveController) -> tuple[list[Recorded], figures.StoreProgress, bool, list[LockState]]:
        told = controller.identity
        return controller.log.refresh(), figures.progress(told), seed.is_online(told), figures.locks(told)

    def _happened(self, controller: LiveController, event: Recorded) -> None:
        if event.code in OF_COMPARTMENTS:
            if controller.parcels is not None:
                controller.parcels.happened(event)
            self.ticker.add(event.code, controller.name, "", event.extra, event.door)
            return
        door = controller.doors[event.door - 1] if 1 <= event.door <= len(controller.doors) else None
        person = self._names.get((controller.place, event.key), "") if event.key else ""
        self.ticker.add(event.code, door.name if door else controller.name, person, event.extra)
        if door is not None and door.last is not None and person == door.last.person:
            door.last.why, door.last.extra = event.code, event.extra

    def _tapped(self, walker: Walker, tap: LiveTap) -> None:
        self.pins.count(tap)
