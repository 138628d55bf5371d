"""What every event code is called on the pages, with its colour and icon: one table, translatable."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from firmware.controller import events

from ..alarms import codes

Text = str | Promise


class Words(NamedTuple):
    """look: its colour (good, bad, warn or none); icon: a symbol of icons.svg; text: the sentence."""

    look: str
    icon: str
    text: Text


EVENTS = {
    codes.EXPIRED: Words("", "clock", _("Erased on the controller when its time was over, before it could be sent")),
    events.GRANTED: Words("good", "check", _("Granted")),
    events.DENIED_UNKNOWN: Words("bad", "cross", _("Denied: unknown card")),
    events.DENIED_DOOR: Words("bad", "cross", _("Denied: no right at this door")),
    events.DENIED_EXPIRED: Words("bad", "cross", _("Denied: the card’s time has run out")),
    events.DENIED_NO_CLOCK: Words(
        "bad", "cross", _("Denied: the card has its times, and the controller did not know the time")
    ),
    events.DENIED_DAMAGED: Words(
        "bad", "cross", _("Denied: the controller could not read its table; it asks for a new one")
    ),
    events.DENIED_TIME: Words("bad", "clock", _("Denied: outside its schedule")),
    events.DENIED_NOT_YET: Words("bad", "clock", _("Denied: valid later on, not yet")),
    events.DENIED_KIND: Words("bad", "cross", _("Denied: the door asked for something else")),
    events.DENIED_PIN: Words("bad", "keypad", _("Denied: wrong PIN")),
    events.DENIED_LOCKED_OUT: Words("bad", "keypad", _("Denied: too many wrong PINs")),
    events.DENIED_USED: Words("bad", "cross", _("Denied: used up")),
    events.DENIED_PASSBACK: Words("bad", "exit", _("Denied: it has not left where it last went in")),
    events.DENIED_FULL: Words("bad", "people", _("Denied: no more people may be in there")),
    events.DENIED_INTERLOCK: Words("bad", "door-open", _("Denied: another door of the interlock is open")),
    events.RELEASED_REMOTE: Words("good", "unlock", _("Unlocked from here")),
    events.RELEASED_REX: Words("", "exit", _("Unlocked with the exit button")),
    events.RELEASED_FIRE: Words("bad", "fire", _("Unlocked by the fire input")),
    events.GRANTED_DURESS: Words("bad", "door-forced", _("Duress: somebody was forced to open")),
    events.DOOR_OPENED: Words("", "door-open", _("Door opened")),
    events.DOOR_CLOSED: Words("", "door-closed", _("Door closed")),
    events.DOOR_FORCED: Words("bad", "door-forced", _("Door forced open")),
    events.DOOR_HELD: Words("warn", "door-held", _("Door held open too long")),
    events.DOOR_HELD_SOON: Words("warn", "door-held", _("Door open: the reader warns")),
    events.DOOR_STILL_HELD: Words("warn", "door-held", _("Door still held open")),
    events.GRANTED_NOT_OPENED: Words("", "door-closed", _("Unlocked, and nobody opened")),
    events.DOOR_UNASKED: Words("", "door-open", _("Door opened without being unlocked")),
    events.EXIT_ASKED: Words("", "exit", _("Exit button pressed")),
    events.EXIT_REFUSED: Words("warn", "exit", _("Exit button pressed outside its schedule")),
    events.DOOR_RELOCKED: Words("", "door-closed", _("Locked again after the fire input")),
    events.DOOR_FOUND_OPEN: Words("warn", "door-open", _("Door found open when the controller started")),
    events.READER_JABBERS: Words("bad", "unknown", _("Reader sends without a pause: it is muted until it stops")),
    events.READER_MISREAD: Words("warn", "unknown", _("Misread: what the reader sent is no card")),
    events.READER_TAMPER: Words("bad", "door-forced", _("Reader opened or torn off")),
    events.READER_TAMPER_OVER: Words("", "check", _("Reader in its place again")),
    events.ENCLOSURE_OPENED: Words("bad", "door-forced", _("Enclosure opened")),
    events.ENCLOSURE_CLOSED: Words("", "check", _("Enclosure closed")),
    events.LINE_CUT: Words("bad", "gap", _("Line cut")),
    events.LINE_SHORT: Words("bad", "gap", _("Line bridged")),
    events.LINE_RIGHT: Words("", "check", _("Line whole again")),
    events.BELL: Words("", "bell", _("Somebody rang")),
    events.STARTED: Words("", "power", _("Controller started")),
    events.SETTINGS_FAULT: Words("bad", "door-forced", _("Faulty settings: the controller keeps its doors locked")),
    events.LOG_OVERWRITTEN: Words("warn", "gap", _("Events were overwritten before they could be sent")),
    events.TABLE_DAMAGED: Words("warn", "door-forced", _("A part of the credential table is damaged")),
    events.CLOCK_SET: Words("", "clock", _("Clock set")),
    events.COMMAND_REFUSED: Words("warn", "cross", _("Command refused")),
    events.MESSAGE_REFUSED: Words("warn", "cross", _("Message refused")),
    events.NETWORK_RESTARTED: Words("warn", "linked", _("Network loop restarted: it had been silent too long")),
    events.COMMAND_DONE: Words("", "check", _("Command done")),
    events.RULES_REFUSED: Words("bad", "cross", _("The controller did not accept its new rules: the old ones hold")),
    events.UPDATE_STAGED: Words("", "save", _("New firmware received and verified")),
    events.UPDATE_KEPT: Words("good", "check", _("New firmware is healthy and stays")),
    events.UPDATE_RETURNED: Words("bad", "back", _("The old firmware is back")),
    events.CHAIN_BROKEN: Words("bad", "gap", _("The log’s chain is broken: events were altered, removed or added")),
    events.DENIED_LOCKDOWN: Words("bad", "lock", _("Denied: lockdown")),
    events.DENIED_OFFLINE: Words("bad", "unlinked", _("Denied: the controller has been without a link too long")),
    events.NEEDS_SECOND: Words("", "people", _("Waits for a second person")),
    events.NEEDS_ESCORT: Words("", "people", _("Waits for an escort")),
    events.FREE_BEGAN: Words("", "unlock", _("Free access begins")),
    events.FREE_ENDED: Words("", "lock", _("Free access ends")),
    events.LOCKDOWN_BEGAN: Words("bad", "lock", _("Lockdown begins")),
    events.EVACUATION_BEGAN: Words("bad", "exit", _("Evacuation begins: the doors are unlocked")),
    events.EMERGENCY_ENDED: Words("", "check", _("Back to normal")),
    events.MAINS_LOST: Words("bad", "power", _("Mains power lost")),
    events.MAINS_BACK: Words("", "power", _("Mains power is back")),
    events.BATTERY_LOW: Words("bad", "power", _("Battery low")),
    events.BATTERY_RIGHT: Words("", "power", _("Battery charged again")),
    events.FIRE: Words("bad", "fire", _("Fire input active: doors are unlocked")),
    events.FIRE_OVER: Words("", "fire", _("Fire input quiet again")),
    events.DENIALS_REPEATED: Words("bad", "cross", _("The same again")),
    events.LOG_CHAIN_ANEW: Words("warn", "gap", _("The log’s chain had to begin anew")),
    events.TABLE_FULL: Words("bad", "door-forced", _("The access list does not fit this board: the old one holds")),
    events.SECTOR_BAD: Words("warn", "chip", _("A sector of the flash is worn out and left out")),
    events.NOT_SAVED: Words("bad", "chip", _("The board could not save this: its flash takes no more")),
    events.BIT_TURNED: Words("warn", "chip", _("A bit of the flash had turned over and was turned back")),
    events.FLASH_FOREIGN: Words("warn", "chip", _("A part of the flash held something else and was begun anew")),
    events.FILES_INSTEAD: Words("warn", "chip", _("The board has no such partition: files take its place")),
    events.LEARN_ARMED: Words("", "cardid", _("The reader waits for a card to learn")),
    events.CARD_LEARNED: Words("", "cardid", _("A card was read for an administrator: nobody passed")),
    events.LEARN_ENDED: Words("", "cardid", _("No card was learned")),
    events.COMMISSIONING_BEGAN: Words("warn", "chip", _("Commissioning begins")),
    events.COMMISSIONING_ENDED: Words("", "chip", _("Commissioning ends")),
    events.TRIED: Words("good", "check", _("Tried, and works")),
    events.READER_LOST: Words("bad", "gap", _("Reader does not work")),
    events.READER_BACK: Words("", "check", _("Reader works again")),
    events.READER_POWER: Words("bad", "power", _("Supply of the reader fails")),
    events.READER_POWER_RIGHT: Words("", "power", _("Supply of the reader is right again")),
    events.READER_STRANGE: Words("bad", "door-forced", _("Somebody may be on the reader’s cable")),
    events.READER_KEYED: Words("good", "save", _("The reader has a key of its own")),
    events.COMPARTMENT_RELEASED: Words("good", "check", _("Compartment is opened")),
    events.COMPARTMENT_OPENED: Words("", "check", _("Compartment opened")),
    events.COMPARTMENT_CLOSED: Words("", "check", _("Compartment closed")),
    events.COMPARTMENT_LEFT_OPEN: Words("warn", "gap", _("Compartment left open")),
    events.COMPARTMENT_FORCED: Words("bad", "door-forced", _("Compartment forced open")),
    events.COMPARTMENT_STUCK: Words("bad", "gap", _("Compartment did not open, and is out of use")),
    events.COMPARTMENT_BLIND: Words("bad", "gap", _("The compartment’s contact cannot be right: out of use")),
    events.COMPARTMENT_RIGHT: Words("good", "check", _("Compartment is in use again")),
    events.COMPARTMENT_FOUND_OPEN: Words("warn", "gap", _("Compartment was open at the start")),
    events.AUDIT_ENDED: Words("", "check", _("Every compartment was opened in turn")),
    events.LOCK_BOARD_SILENT: Words("bad", "gap", _("Lock board does not answer")),
    events.LOCK_BOARD_BACK: Words("", "check", _("Lock board answers again")),
    events.LOCK_BOARD_STRANGE: Words("bad", "gap", _("Lock board answers strangely")),
    events.DELIVERY_DEPOSITED: Words("good", "check", _("Deposited")),
    events.DELIVERY_PICKED_UP: Words("good", "check", _("Picked up")),
    events.DELIVERY_CANCELLED: Words("", "cross", _("Delivery cancelled")),
    events.DELIVERY_STRANDED: Words(
        "bad", "gap", _("The board no longer knows of a parcel that may lie in this compartment")
    ),
    events.NO_ROOM: Words("warn", "cross", _("No compartment was free for a parcel of this size")),
    events.CODE_WRONG: Words("bad", "keypad", _("Wrong code")),
    events.ALLOTMENT_TAKEN: Words("good", "key", _("Shared compartment taken")),
    events.ALLOTMENT_FREE: Words("", "check", _("Shared compartment free again")),
    events.ALLOTMENT_NONE: Words("bad", "cross", _("No compartment for this card")),
    events.CODES_LONG: Words("bad", "keypad", _("Too many wrong codes: only long ones count for a day")),
}
