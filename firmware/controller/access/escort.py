"""Escort: a visitor passes only with an escort, who is presented right after."""

from ..events import NEEDS_ESCORT


def rule(tap):
    """The visitor waits; who gives escort brings the visitor along (company.py)."""
    return NEEDS_ESCORT if tap.says("escort") == "needs" else 0
