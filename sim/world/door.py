"""A door as people meet it: a leaf with a closer, held by a strike, seen by a contact."""

OPENED = "opened"
CLOSED = "closed"


class Door:
    """Times are milliseconds of a clock that only goes forward. The contact follows `open`.

    stays_open_ms: how long the closer takes to shut the leaf after a push.
    """

    def __init__(self, stays_open_ms: int = 3_000) -> None:
        self.stays_open_ms = stays_open_ms
        self.open = False
        self.released = False
        self.deadline: int | None = None
        self.strikes = 0  # how often the strike has been released

    def strike(self, on: bool, now: int) -> None:
        """The controller moved the strike. A leaf that stands open is not moved by it."""
        if on and not self.released:
            self.strikes += 1
        self.released = on

    def push(self, now: int, stays_open_ms: int | None = None) -> bool:
        """Someone pushes the leaf. True when it gave way: it was released, or stood open already."""
        if not (self.released or self.open):
            return False
        self._swing(now, stays_open_ms)
        return True

    def force(self, now: int, stays_open_ms: int | None = None) -> None:
        """The leaf is opened whatever the strike says: a crowbar, or a mechanical key."""
        self._swing(now, stays_open_ms)

    def close(self, now: int) -> bool:
        """Someone shuts the leaf. True when it stood open."""
        was_open = self.open
        self.open = False
        self.deadline = None
        return was_open

    def tick(self, now: int) -> list[str]:
        """What the closer has done by `now`: [CLOSED] once, when the deadline has come."""
        if self.deadline is None or now < self.deadline:
            return []
        self.close(now)
        return [CLOSED]

    def _swing(self, now: int, stays_open_ms: int | None) -> None:
        self.open = True
        self.deadline = now + (self.stays_open_ms if stays_open_ms is None else stays_open_ms)
