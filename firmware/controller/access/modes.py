"""Modes: when a door stands released, by schedule, first person in, office mode or command. No hardware."""

# Why, as it is on record with FREE_BEGAN.
SCHEDULE = 1
FIRST_IN = 2
OFFICE = 3
COMMAND = 4
# Why a door stands other than usual, as the cloud is told beside those (cloud/door_status.py).
EVACUATION = 5
FIRE = 6
LOCKDOWN = 7  # locked


class Mode:
    """One door's. first_in, office: a person has begun it. until: when a command's hold ends, 0: never."""

    def __init__(self):
        self.first_in = False
        self.office = False
        self.until = None

    def reason(self, says, on, utc):
        """Why the door stands released now, or 0. says: the door's fields; on(schedule, utc): whether it says yes.

        What a person began ends with its schedule.
        """
        free = "free" in says and on(says["free"], utc)
        self.first_in = self.first_in and free
        self.office = self.office and "office" in says and on(says["office"], utc)
        if self.until is not None:
            if not self.until or (utc and utc < self.until):
                return COMMAND
            self.until = None
        if self.office:
            return OFFICE
        if free and not says.get("first_in"):
            return SCHEDULE
        return FIRST_IN if self.first_in else 0

    def granted(self, says, on, utc):
        """A credential was granted: the first person in begins the free access."""
        self.first_in = bool(says.get("first_in")) and "free" in says and on(says["free"], utc)

    def tapped_twice(self, says, on, utc):
        """By a credential that may: office mode begins, or it ends."""
        self.office = not self.office and "office" in says and on(says["office"], utc)
