"""Lockdown and evacuation: what was asked of each board, and what it then has on record. Each command is good once."""

from collections.abc import Callable

from firmware.controller import events as codes

from .scheduler import SECOND

CODES = {
    "lockdown": codes.LOCKDOWN_BEGAN,
    "evacuation": codes.EVACUATION_BEGAN,
    "normal": codes.EMERGENCY_ENDED,
}
AFTER_US = SECOND  # so long after a change a card that was on its way may get either verdict


class Emergencies:
    """wrong(sentence, check): called when one begins or ends that was not asked for."""

    def __init__(self, now: Callable[[], int], wrong: Callable[[str, str], None]) -> None:
        self._now = now
        self._wrong = wrong
        self._asked: dict[tuple[str, int], list[int]] = {}  # by controller and code: until when each command is good
        self._state: dict[str, int] = {}  # of each controller: the code of its last event of these
        self._changed: dict[str, int] = {}
        self._evacuated: dict[str, int] = {}  # until when, where it is over
        self._stopped: dict[str, int] = {}  # when a board last stopped
        self._before: dict[str, int] = {}  # of each controller: what its last change put an end to

    def asked(self, controller: str, do: str, until: int) -> None:
        """The cloud was told to send this command, and not after that time."""
        self._asked.setdefault((controller, CODES[do]), []).append(until)

    def recorded(self, controller: str, code: int, starting: bool = False) -> None:
        """An event of the firmware is on flash. starting: before it said that it has started."""
        if code not in CODES.values():
            return
        again = code == self._state.get(controller) != codes.EMERGENCY_ENDED
        if again and starting:
            return  # it tells what lasts
        if not self._is_good(controller, code, starting):
            self._wrong(f"{controller}: an emergency begins or ends (code {code}), and no command is good", "command")
        if again:
            return
        if self._state.get(controller) == codes.EVACUATION_BEGAN:
            self._evacuated[controller] = self._now()
        self._before[controller] = self._state.get(controller, codes.EMERGENCY_ENDED)
        self._state[controller] = code
        self._changed[controller] = self._now()

    def lasts(self, controller: str) -> bool:
        """Whether there is one there."""
        return self._state.get(controller, codes.EMERGENCY_ENDED) != codes.EMERGENCY_ENDED

    def stopped(self, controller: str) -> None:
        """The board stopped."""
        self._stopped[controller] = self._now()

    def _is_good(self, controller: str, code: int, starting: bool) -> bool:
        """Whether it was asked for. When the power fails meanwhile, the next start tells it."""
        stopped = self._stopped.get(controller, -1)
        since = stopped if starting else self._now()
        asked = self._asked[controller, code] = [
            until for until in self._asked.get((controller, code), []) if until >= since
        ]
        if asked:
            del asked[0]
            return True
        cut_off = stopped - self._changed.get(controller, stopped - SECOND) < SECOND
        return starting and cut_off and code == self._before.get(controller)

    def locked(self, controller: str) -> bool:
        """Whether no card passes there."""
        return self._state.get(controller) == codes.LOCKDOWN_BEGAN

    def unsure(self, controller: str) -> bool:
        """Whether a command is on its way, or has just been carried out."""
        now = self._now()
        waits = any(name == controller and now <= max(asked, default=-1) for (name, _), asked in self._asked.items())
        return waits or now - self._changed.get(controller, -AFTER_US) < AFTER_US

    def evacuated(self, controller: str, since: int | None = None) -> bool:
        """Whether its doors stand released, or did so a moment ago. since: or ever since then."""
        if self._state.get(controller) == codes.EVACUATION_BEGAN:
            return True
        ended = self._evacuated.get(controller, -AFTER_US)
        return ended > (self._now() - AFTER_US if since is None else since)
