"""Event codes by subject, for filters, counts and alarms: one place beside the firmware's table."""

from firmware.controller import events
from firmware.protocol.bank_events import OF_COMPARTMENTS

from ..models import Credential, Event
from ..models.alarms import SILENT

FLAGS = {"TIME_TRUSTED", "NEW_KEY", "CHAIN_BEGINS", "COMMISSIONING"}  # bits of an event's flags, in the same table
NAMES = {
    value: name.lower()
    for name, value in vars(events).items()
    if isinstance(value, int) and name.isupper() and name not in FLAGS
}
EXPIRED = 0  # the content was erased on the board before it could be sent
NAMES[EXPIRED] = "expired"

GRANTED = (events.GRANTED, events.GRANTED_DURESS)
DENIED = tuple(code for code, name in NAMES.items() if name.startswith(("denied_", "needs_", "denials_")))
RELEASED = (events.RELEASED_REMOTE, events.RELEASED_REX, events.RELEASED_FIRE)
PASSAGES = (*GRANTED, *DENIED, *RELEASED)
LEAF = (
    events.DOOR_OPENED,
    events.DOOR_CLOSED,
    events.DOOR_UNASKED,
    events.DOOR_FOUND_OPEN,
    events.GRANTED_NOT_OPENED,
)

TRUSTED = [bits for bits in range(256) if bits & events.TIME_TRUSTED]  # flags of an event whose time is to be trusted

# Code that raises an alarm -> code that says it is over by itself (0: somebody acknowledges it).
ALARMS: dict[int, int] = {
    events.GRANTED_DURESS: 0,
    events.DOOR_FORCED: events.DOOR_CLOSED,
    events.DOOR_HELD: events.DOOR_CLOSED,
    events.READER_TAMPER: events.READER_TAMPER_OVER,
    events.READER_LOST: events.READER_BACK,
    events.READER_POWER: events.READER_POWER_RIGHT,
    events.READER_STRANGE: 0,
    events.ENCLOSURE_OPENED: events.ENCLOSURE_CLOSED,
    events.LINE_CUT: events.LINE_RIGHT,
    events.LINE_SHORT: events.LINE_RIGHT,
    events.MAINS_LOST: events.MAINS_BACK,
    events.BATTERY_LOW: events.BATTERY_RIGHT,
    events.FIRE: events.FIRE_OVER,
    events.DENIED_LOCKED_OUT: 0,
    events.SETTINGS_FAULT: 0,
    events.LOG_OVERWRITTEN: 0,
    events.LOG_CHAIN_ANEW: 0,
    events.CHAIN_BROKEN: 0,
    events.TABLE_DAMAGED: 0,
    events.TABLE_FULL: 0,
    events.SECTOR_BAD: 0,
    events.NOT_SAVED: 0,
    events.RULES_REFUSED: 0,
    events.UPDATE_RETURNED: 0,
    events.COMPARTMENT_FORCED: events.COMPARTMENT_CLOSED,
    events.COMPARTMENT_STUCK: events.COMPARTMENT_RIGHT,
    events.COMPARTMENT_BLIND: events.COMPARTMENT_RIGHT,
    events.LOCK_BOARD_SILENT: events.LOCK_BOARD_BACK,
    events.DELIVERY_STRANDED: 0,
    events.CODES_LONG: 0,
}
# Alarms that an installer raises who tries the doors: while that goes on they are on record, and no more.
TRYING = {
    events.DOOR_FORCED,
    events.DOOR_HELD,
    events.READER_TAMPER,
    events.ENCLOSURE_OPENED,
    events.LINE_CUT,
    events.LINE_SHORT,
    events.MAINS_LOST,
    events.BATTERY_LOW,
}
# These stand until somebody acknowledges them, also when the thing itself is over.
LATCHED = {code for code, end in ALARMS.items() if not end} | {
    events.DOOR_FORCED,
    events.READER_TAMPER,
    events.ENCLOSURE_OPENED,
    events.LINE_CUT,
    events.LINE_SHORT,
    events.FIRE,
}


def place(code: int, point: int, extra: int) -> tuple[int, int]:
    """(door, compartment) of what a record says of a point of the board; both 0: the controller itself."""
    of = extra if code == events.DENIALS_REPEATED else code
    return (0, point) if of in OF_COMPARTMENTS else (point, 0)


def shown(code: int, all_of_it: bool) -> int:
    """The code as somebody may see it: who may not know of duress sees that somebody was granted."""
    return events.GRANTED if code in SILENT and not all_of_it else code


def shown_credential(event: Event, all_of_it: bool) -> int | None:
    """Which of somebody's credentials it was, as somebody may see it: no PIN, ordinary or of duress."""
    if event.credential is None or (event.credential.kind != Credential.Kind.CARD and not all_of_it):
        return None
    return int(event.credential.pk)
