"""A courier and a recipient in a hurry, for a short run: each parcel goes in and out while the network is cut."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.terminal import Problem

from .parcels import MADE, PUT_IN, TAKEN_OUT, Parcel, of

if TYPE_CHECKING:
    from .building import Building
    from .controllers import LiveController

_PATIENCE_S = 10.0  # for anything that takes a second
_SIZES = "1231"  # one after the other, as a courier types them: small, middle, large


@dataclass
class ParcelFigures:
    """told_early: steps that the cloud knew of before the link came back."""

    put_in: int = 0
    taken_out: int = 0
    told_early: int = 0
    failed: int = 0
    open_ms: list[float] = field(default_factory=list)  # from the last key to the leaf
    parcels: list[Parcel] = field(default_factory=list)


async def rounds(building: "Building", controller: "LiveController", ended: Callable[[], bool]) -> None:
    """Parcel after parcel until `ended`; who has begun finishes."""
    done = building.parcels
    while not ended():
        try:
            parcel = await building.deliver_soon(controller)
            done.parcels.append(parcel)
            await building.set_network(controller, False)
            await _in_and_out(building, controller, parcel)
            await building.look()
            done.told_early += parcel.in_cloud
        except (TimeoutError, Problem) as problem:
            building.say(_failure(problem))
            done.failed += 1
        finally:
            await building.set_network(controller, True)


async def prepare(building: "Building", controller: "LiveController") -> None:
    """A parcel for the visitor."""
    try:
        await building.deliver_soon(controller)
    except Problem as problem:
        building.say(_failure(problem))


def _failure(problem: Exception) -> str:
    return f"parcel: {str(problem) or 'the bank did not do as it should'}"


async def _in_and_out(building: "Building", controller: "LiveController", parcel: Parcel) -> None:
    done = building.parcels
    size = _SIZES[len(done.parcels) % len(_SIZES)]
    await _through(building, controller, f"{parcel.deposit}#{size}#")
    await _until(lambda: parcel.step == PUT_IN)
    done.put_in += 1
    await _through(building, controller, f"{parcel.pick_up}#")
    await _until(lambda: parcel.step == TAKEN_OUT)
    done.taken_out += 1


async def _through(building: "Building", controller: "LiveController", keys: str) -> None:
    """Somebody types, a compartment opens, he does what he came for and shuts it."""
    bank = of(controller).bank
    before = set(bank.standing_open)
    await bank.type(keys)
    await _until(lambda: set(bank.standing_open) - before)
    building.parcels.open_ms.append((bank.opened_at - bank.typed_at) * 1000)
    for compartment in set(bank.standing_open) - before:
        await building.shut(controller, compartment)


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


def proofs(parcels: list[Parcel]) -> int:
    """What the cloud knows of them: two a parcel, that it was put in and that it was taken out."""
    return sum(parcel.in_cloud - MADE for parcel in parcels)
