"""What the cloud may tell the controller to do. Each command has an expiry and is done at most once.

Loaded when the first command comes. What was done is remembered on flash until it expires: neither a restart nor a
cloud that repeats itself does it again, and a restart is not followed by another. Where there is no more room, the one
that expires first is forgotten, and nothing is taken that expires no later: so what was forgotten is not done again.
"""

import gc
from binascii import crc32

from micropython import const

from ..events import COMMAND_DONE, COMMAND_REFUSED, RELEASED_REMOTE
from ..storage.state import BOOTS
from ..version import VERSION
from .wire import RESULT, json_message, read_json

# Why a command was refused: the `extra` of COMMAND_REFUSED, and the word in the result.
_EXPIRED = const(1)
_NO_DOOR = const(2)
_UNKNOWN = const(3)
_NO_CLOCK = const(4)
_DONE_BEFORE = const(5)
_TOO_MANY = const(6)
_TOO_LATE = const(7)
_NOT_NOW = const(8)
_WHY = (
    "",
    "expired",
    "no such door",
    "unknown command",
    "no clock",
    "done before",
    "too many at once",
    "expires too late",
    "commissioning is not on",
)

# Commands that are remembered, number << 32 | expiry in the state journal, under 8 kinds or 4 from these on. Each room
# is of its own: what lives for ten minutes must not keep out what lives for ten seconds. The cloud counts as we do, and
# refuses what we would.
_STRIKES = const(64)
_EMERGENCIES = const(72)
_OTHERS = const(76)
_RELEASE_S = const(30)  # an expiry further away than this is not a release's
_LEARN_S = const(60)
_LONGEST_S = const(900)
_LONGEST_ID = const(40)
_BLINK = ((300, 1, 1), (300, 0, 0)) * 10


def run(sync, loop, message, now):
    """Carries a command out, after its record, and says what became of it.

    Raises ValueError or KeyError when it is no command.
    """
    fields = read_json(message)
    name, verb, door = fields["id"], fields["do"], fields.get("door", 0)
    if type(name) not in (int, str) or len(str(name)) > _LONGEST_ID or type(verb) is not str:
        raise ValueError("command: id or do")  # the id goes back in the answer, which must fit into a message
    do, first_door, longest, room = _VERBS.get(verb) or sync.handlers.get("do " + verb, (None, 0, 0, 0))
    data = None
    if do is None:
        why = _UNKNOWN
    elif type(door) is not int or not first_door <= door <= len(loop.doors):
        why = _NO_DOOR
    else:
        why = _remember(loop, crc32(str(name).encode()), fields["expires"], longest, room, now)
    if not why:
        data = do(sync, loop, fields, now)
        if type(data) is int:
            why = data
    if why:
        loop.record(COMMAND_REFUSED, now, 0, why)
        result = "expired" if why == _EXPIRED else "refused"
    else:
        result = "done"
    answer = {"id": name, "result": result, "why": _WHY[why]}
    if type(data) is dict:
        answer["data"] = data
    sync.say(json_message(RESULT, answer))
    if data == "restart":
        from ..delayed_restart import leave

        leave(loop, sync, now)


def _remember(loop, number, expires, longest, room, now):
    """Notes on flash that this command is being done. Returns why it is not. longest: seconds until it expires."""
    utc = loop.clock.utc(now)
    if not utc:
        return _NO_CLOCK
    if type(expires) is not int or utc >= expires:
        return _EXPIRED
    if expires - utc > longest:
        return _TOO_LATE
    free, soonest = 0, expires
    for kind in range(room, room + (8 if room == _STRIKES else 4)):
        kept = loop.journal.get(kind)
        until = kept & 0xFFFFFFFF
        if kept >> 32 == number and until > utc:
            return _DONE_BEFORE
        if until < soonest:
            free, soonest = kind, until
    if not free:
        return _TOO_MANY
    loop.journal.set(free, number << 32 | expires)
    return 0


def _release(sync, loop, fields, now):
    loop.release(loop.doors[fields["door"] - 1], RELEASED_REMOTE, now)


def _hold(sync, loop, fields, now):
    """until: Unix seconds, 0 until another command, None ends it. It goes back with each hello: 32 bits, no more."""
    until = fields.get("until")
    if until is not None and (type(until) is not int or until < 0 or until >> 32):
        raise ValueError("command: until")
    from ..door_modes import door_modes

    door_modes(loop).hold(loop.doors[fields["door"] - 1], until, now)


def _emergency(sync, loop, fields, now):
    from ..door_modes import door_modes

    door_modes(loop).emergency(fields["do"], now)


def _identify(sync, loop, fields, now):
    """Light and sound of one door's reader, or of all."""
    from ..outputs.patterns import IDENTIFY

    loop.record(COMMAND_DONE, now, fields.get("door", 0), 1)
    for unit in loop.doors:
        if fields.get("door", 0) in (0, unit.number):
            unit.pins.signal.show(IDENTIFY, now)


def _restart(sync, loop, fields, now):
    loop.record(COMMAND_DONE, now, 0, 2)
    return "restart"


def _diagnostics(sync, loop, fields, now):
    loop.record(COMMAND_DONE, now, 0, 3)
    log, table = loop.log, loop.table
    return {
        "firmware": VERSION,
        "boots": loop.journal.get(BOOTS),
        "heap": gc.mem_free() if hasattr(gc, "mem_free") else 0,
        "ticks": now,
        "log": [log.epoch, log.first, log.last, log.acknowledged],
        "acl": [table.version, "%016x" % table.digest, table.count],
        "rules": loop.rules.version,
        "doors": [[unit.door.open, unit.door.released] for unit in loop.doors],
    }


def _learn(sync, loop, fields, now):
    """The next card at the door's reader is learned, until the command expires. door 0: none is any more."""
    if "learning" not in sync.handlers:
        from ..learning import Learning

        sync.handlers["learning"] = Learning(loop, sync)
    door = fields.get("door", 0)
    left = fields["expires"] - loop.clock.utc(now)
    sync.handlers["learning"].arm(loop.doors[door - 1] if door else None, fields["id"], left, now)


def _commission(sync, loop, fields, now):
    """minutes: how long, 0 ends it."""
    from ..commissioning import MOST_MINUTES, commissioning

    minutes = fields.get("minutes", 15)
    if type(minutes) is not int or not 0 <= minutes <= MOST_MINUTES:
        raise ValueError("command: minutes")
    commissioning(loop).begin(minutes, now)


def _try(sync, loop, fields, now):
    """The alarm relay, for a moment. Strikes have "release", light and sound "identify"."""
    from ..commissioning import commissioning

    trying = commissioning(loop)
    if not trying.is_on():
        return _NOT_NOW
    loop.record(COMMAND_DONE, now, 0, 4)
    return None if trying.sound(now) else _UNKNOWN


# What a command does, the lowest door number it may name (0 is the controller), how soon it must expire: seconds, and
# where it is remembered.
_VERBS = {
    "release": (_release, 1, _RELEASE_S, _STRIKES),
    "hold": (_hold, 1, _LONGEST_S, _STRIKES),
    "lockdown": (_emergency, 0, _LONGEST_S, _EMERGENCIES),
    "evacuation": (_emergency, 0, _LONGEST_S, _EMERGENCIES),
    "normal": (_emergency, 0, _LONGEST_S, _EMERGENCIES),
    "identify": (_identify, 0, _LONGEST_S, _OTHERS),
    "restart": (_restart, 0, _LONGEST_S, _OTHERS),
    "diagnostics": (_diagnostics, 0, _LONGEST_S, _OTHERS),
    "learn": (_learn, 0, _LEARN_S, _OTHERS),
    "commission": (_commission, 0, _LONGEST_S, _OTHERS),
    "try": (_try, 0, _LONGEST_S, _STRIKES),
}
