"""Lockdown: no credential passes but those that are to."""

from ...events import DENIED_LOCKDOWN


def lockdown(tap):
    """Asked before all others, and only during lockdown."""
    return 0 if tap.profile is not None and "lockdown" in tap.profile else DENIED_LOCKDOWN
