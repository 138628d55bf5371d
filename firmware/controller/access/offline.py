"""Offline: a door may say for how long it lets people pass without having heard the cloud."""

from ..events import DENIED_OFFLINE


def rule(tap):
    """When the time is not known, nobody can say for how long that was."""
    hours = tap.here.get("offline_hours")
    if hours is None or (tap.utc and tap.heard and tap.utc - tap.heard < hours * 3600):
        return 0
    return DENIED_OFFLINE
