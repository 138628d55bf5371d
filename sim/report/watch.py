"""Puts on record what a picture needs beside the building's own records: leaves, and how far the cloud is."""

from typing import Any

from sim.cloud import Hand
from sim.virtual.building import PING_BYTES, Cloud, VirtualBuilding
from sim.virtual.controller import VirtualController
from sim.world.door import Door


class _Leaf(Door):
    """A door that tells each time its leaf opens or shuts."""

    def __init__(self, told: Any) -> None:
        self._told = told
        self._stands_open = False
        super().__init__()

    @property
    def open(self) -> bool:  # type: ignore[override]
        return self._stands_open

    @open.setter
    def open(self, value: bool) -> None:
        if value != self._stands_open:
            self._stands_open = value
            self._told(value)


class _Listening:
    """The cloud, as it was; after each message that can have moved something, `moved` is called."""

    def __init__(self, cloud: Cloud, moved: Any) -> None:
        self._cloud = cloud
        self._moved = moved

    def on_message(self, topic: str, payload: bytes) -> bool | None:
        due = self._cloud.on_message(topic, payload)
        if len(payload) > PING_BYTES:
            self._moved(topic.split("/")[1])
        return due

    def poll(self) -> None:
        self._cloud.poll()

    def __getattr__(self, name: str) -> Any:
        """What else the cloud can say, such as when something is due."""
        return getattr(self._cloud, name)


def watch(building: VirtualBuilding, hand: Hand) -> None:
    """To be called before the power comes. The building must keep its records."""
    for one in building.controllers:
        for door in one.doors:
            door.door = _Leaf(lambda stands, one=one, door=door: building.record(one.name, "leaf", door.number, stands))
    by_id = {controller.settings["controller"]: controller for controller in building.controllers}
    last: dict[str, tuple[int, bool]] = {}

    def moved(public_id: str) -> None:
        one: VirtualController = by_id[public_id]
        state = hand.acknowledged(one), hand.in_sync(one)
        if last.get(public_id) != state:
            last[public_id] = state
            building.record(one.name, "sync", *state)

    if building.cloud is not None:
        building.cloud = _Listening(building.cloud, moved)
