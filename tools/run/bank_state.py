"""A bank as the building's page draws it: what stands open, what lies where, and whose parcels are on their way."""

from typing import Any

from firmware.controller import events
from firmware.controller.points.why import TO_DEPOSIT, TO_PICK_UP
from tools.cloud.lockers import layout
from tools.cloud.lockers.deliveries import spaced

from .parcels import LiveParcels, Parcel
from .words import word

_BAD = {
    events.COMPARTMENT_STUCK,
    events.COMPARTMENT_BLIND,
    events.COMPARTMENT_FORCED,
    events.CODE_WRONG,
    events.NO_ROOM,
}
_ACTS = {TO_DEPOSIT: "put", TO_PICK_UP: "take"}


def bank(parcels: LiveParcels, board: dict[str, Any], codes: bool) -> dict[str, Any]:
    """board: its table. codes: whether whoever looks may know them."""
    look = layout.read(board)
    leaves = parcels.bank.bank
    said = parcels.said
    return {
        "sizes": look.sizes,
        "columns": look.columns,
        "open": {n: _ACTS.get(parcels.opened_for(n), "shut") for n in parcels.bank.standing_open},
        "full": [n for n in leaves.numbers if leaves[n].inside],
        "fault": sorted(parcels.out_of_use),
        "lit": parcels.bank.lit,
        "said": said
        and {
            "text": word(said.code, said.extra),
            "compartment": said.compartment,
            "bad": said.code in _BAD,
            "at": said.sequence,
        },
        "parcels": [_parcel(one, codes) for one in parcels.shown],
        "page": parcels.page,
    }


def _parcel(one: Parcel, codes: bool) -> dict[str, Any]:
    return {
        "id": one.delivery,
        "name": one.recipient,
        "unit": one.unit,
        "deposit": spaced(one.deposit) if codes else "",
        "pickUp": spaced(one.pick_up) if codes else "",
        "compartment": one.compartment,
        "step": one.step,
        "inCloud": one.in_cloud,
    }
