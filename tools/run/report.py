"""A run's summary in words, for a person."""

from typing import Any


def lines(facts: dict[str, Any]) -> list[str]:
    strike = facts["tap_to_strike_ms"]
    return [
        f"taps {facts['taps']}: {facts['granted']} granted, {facts['denied']} denied",
        f"events: {facts['recorded']} recorded, {facts['stored']} stored, "
        f"{facts['lost']} lost, {facts['duplicated']} stored twice",
        f"tap to strike: p50 {strike['p50']} ms, p99 {strike['p99']} ms, on {facts['interpreter']}",
    ]
