"""The one building that this process runs, for the views to find."""

from .building import Building

_running: Building | None = None


def put(building: Building | None) -> None:
    global _running
    _running = building


def building() -> Building:
    if _running is None:
        raise RuntimeError("no building runs in this process")
    return _running
