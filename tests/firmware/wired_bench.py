"""A whole controller on the bench, wired to a fire panel, a lid switch and an alarm relay."""

from tests.firmware.controller_bench import RULES, TABLE, Bench

FIRE_IN, LID, RELAY, SOUND = 16, 17, 23, 22
MONDAY_NOON = 1800273600  # 2027-01-18 12:00 UTC
WIRED = dict(TABLE)
WIRED["inputs"] = [
    {"kind": "fire", "pin": FIRE_IN, "active": 0, "doors": [1]},
    {"kind": "enclosure", "pin": LID, "active": 0},
]
WIRED["alarm"] = {"pin": RELAY, "active": 1, "seconds": 10}


class Wired(Bench):
    """Its inputs are quiet from the start."""

    def __init__(self, rules=RULES, **more):
        super().__init__(rules=rules, table=WIRED, **more)
        self.put(FIRE_IN, 1)
        self.put(LID, 1)
        self.forget()

    def put(self, pin, level, ms=40):
        self.chip.input(pin, level)
        self.run(ms)

    def forget(self):
        self.last = self.loop.log.last
        self.chip.moves = []

    def told(self):
        """Codes recorded since forget()."""
        return [event[0] for event in self.events()][self.last - self.loop.log.first + 1 :]


def rules(**door):
    return dict(RULES, schedules={"1": {"times": [[31, 480, 1020]]}}, doors={"1": door})
