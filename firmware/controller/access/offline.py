"""Offline: a door may say for how long it lets people pass without having heard the cloud."""

from ..events import DENIED_OFFLINE


def rule(tap):
    """When the time is not known, nobody can say for how long that was."""
    hours = tap.here.get("offline_hours")
    if hours is None:
        return 0
    heard = tap.rules.heard(tap.utc)
    return 0 if tap.utc and heard and tap.utc - heard < hours * 3600 else DENIED_OFFLINE
