"""A run's summary in words, for a person."""

from typing import Any


def lines(facts: dict[str, Any]) -> list[str]:
    strike, parcels = facts["tap_to_strike_ms"], facts["parcels"]
    return [
        f"taps {facts['taps']}: {facts['granted']} granted, {facts['denied']} denied",
        f"events: {facts['recorded']} recorded, {facts['stored']} stored, "
        f"{facts['lost']} lost, {facts['duplicated']} stored twice",
        f"parcels with the network cut: {parcels['put_in']} put in, {parcels['taken_out']} taken out, "
        f"{parcels['proofs']} proofs in the cloud",
        f"tap to strike: p50 {strike['p50']} ms, p99 {strike['p99']} ms, on {facts['interpreter']}",
    ]
