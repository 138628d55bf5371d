"""What a board is wired to beside its doors: `inputs` and `alarm` of board.json. Loaded only where there are some.

A part has watch(loop, now), called in every step of the control loop, and deadline().
"""

from .events import (
    BATTERY_LOW,
    BATTERY_RIGHT,
    BELL,
    ENCLOSURE_CLOSED,
    ENCLOSURE_OPENED,
    LINE_RIGHT,
    MAINS_BACK,
    MAINS_LOST,
    READER_TAMPER,
    READER_TAMPER_OVER,
)

# kind: (event when it becomes true, event when it is over or 0 for none)
_KINDS = {
    "reader": (READER_TAMPER, READER_TAMPER_OVER),
    "enclosure": (ENCLOSURE_OPENED, ENCLOSURE_CLOSED),
    "mains": (MAINS_LOST, MAINS_BACK),
    "battery": (BATTERY_LOW, BATTERY_RIGHT),
    "bell": (BELL, 0),
}
_CONTACT, _REX, _INPUT = 1, 2, 16  # which line, in the `extra` of a line's events


class Watched:
    """One input that does nothing but tell. number: its place in board.json, the first is 1; door: 0 for none."""

    def __init__(self, number, kind, source, door):
        self._number = number
        self._codes = _KINDS[kind]
        self._source = source
        self._door = door
        self._told = False

    def watch(self, loop, now):
        source = self._source
        source.poll(now)
        if source.on == self._told:
            return
        self._told = source.on
        code = self._codes[0 if source.on else 1]
        if code:
            loop.record(code, now, self._door, self._number)
        if code == BELL:
            from .outputs.patterns import BELL as RINGS

            loop.doors[self._door - 1].pins.signal.show(RINGS, now)

    def deadline(self):
        return self._source.deadline()


class Faults:
    """The supervised lines of a board. lines: [(line, door, which)]."""

    def __init__(self, lines):
        self._lines = lines
        self._told = [0] * len(lines)

    def watch(self, loop, now):
        for n, (line, door, which) in enumerate(self._lines):
            if line.fault != self._told[n]:
                self._told[n] = line.fault
                loop.record(line.fault or LINE_RIGHT, now, door, which)

    def deadline(self):
        return None  # its door looks at it


def parts(table, board):
    """The parts that board.json asks for. Fire first: it waits for nothing else."""
    sources = [_source(fields, board.wake) for fields in table["inputs"]]
    return list(_fire(table, sources)) + list(_others(table, board, sources))


def _fire(table, sources):
    fires = []
    reset = None
    for number, one in enumerate(table["inputs"], 1):
        if one["kind"] == "fire":
            fires.append((number, sources[number - 1], one["doors"], one.get("relock", 0)))
        elif one["kind"] == "reset":
            reset = sources[number - 1]
    if fires:
        from .points.fire import Fire

        yield Fire(fires, reset, _stand_told)


def _stand_told(loop):
    """From now on the cloud is told how the doors stand."""
    from .cloud.door_status import begin

    begin(loop, loop.sync)


def _others(table, board, sources):
    lines = []
    for number, pins in enumerate(board.doors, 1):
        lines += [(pins.contact, number, _CONTACT), (pins.rex, number, _REX)]
    for number, one in enumerate(table["inputs"], 1):
        source, door = sources[number - 1], one.get("door", 0)
        lines.append((source, door, _INPUT + number))
        if one["kind"] in _KINDS:
            yield Watched(number, one["kind"], source, door)
    lines = [line for line in lines if hasattr(line[0], "fault")]
    if lines:
        yield Faults(lines)
    if "alarm" in table:
        from .outputs.alarm import alarm

        yield alarm(table["alarm"])


def _source(one, wake):
    if "low_mv" in one:
        from .readers.battery import Battery

        return Battery(one["pin"], one["low_mv"], one.get("ratio", 1))
    from .board import wired  # here, not above: it is to be forgotten after the start

    return wired(one, "active", wake)
