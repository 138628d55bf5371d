"""What an event is called in scenarios, pictures and messages: one table for the simulator."""

from collections.abc import Sequence

from firmware.controller import events as codes
from firmware.protocol.bank_events import OF_COMPARTMENTS

GRANTED, DENIED, MISREAD = "granted", "denied", "misread"

# code: (word, kind). The word is what a scenario's expectation names; the kind is how the picture draws it.
EVENTS: dict[int, tuple[str, str]] = {
    codes.GRANTED: ("granted", GRANTED),
    codes.DENIED_UNKNOWN: ("denied: unknown card", DENIED),
    codes.DENIED_DOOR: ("denied: not at this door", DENIED),
    codes.DENIED_EXPIRED: ("denied: card expired", DENIED),
    codes.DENIED_NO_CLOCK: ("denied: no clock", DENIED),
    codes.DENIED_DAMAGED: ("denied: table damaged", DENIED),
    codes.DENIED_TIME: ("denied: outside its schedule", DENIED),
    codes.DENIED_NOT_YET: ("denied: not yet valid", DENIED),
    codes.DENIED_KIND: ("denied: something else is asked for", DENIED),
    codes.DENIED_PIN: ("denied: wrong PIN", DENIED),
    codes.DENIED_LOCKED_OUT: ("denied: too many wrong PINs", DENIED),
    codes.DENIED_USED: ("denied: used up", DENIED),
    codes.DENIED_PASSBACK: ("denied: anti-passback", DENIED),
    codes.DENIED_FULL: ("denied: area full", DENIED),
    codes.DENIED_INTERLOCK: ("denied: interlock", DENIED),
    codes.DENIED_LOCKDOWN: ("denied: lockdown", DENIED),
    codes.DENIED_OFFLINE: ("denied: offline too long", DENIED),
    codes.NEEDS_SECOND: ("waits for a second person", DENIED),
    codes.NEEDS_ESCORT: ("waits for an escort", DENIED),
    codes.DENIALS_REPEATED: ("denials repeated", "board"),
    codes.GRANTED_DURESS: ("granted under duress", GRANTED),
    codes.RELEASED_REMOTE: ("released from afar", "remote"),
    codes.RELEASED_REX: ("exit button", "exit"),
    codes.RELEASED_FIRE: ("released by fire", "alarm"),
    codes.DOOR_OPENED: ("opened", "leaf"),
    codes.DOOR_CLOSED: ("closed", "leaf"),
    codes.DOOR_FORCED: ("forced", "alarm"),
    codes.DOOR_HELD: ("held open", "alarm"),
    codes.DOOR_HELD_SOON: ("held open soon", "leaf"),
    codes.DOOR_STILL_HELD: ("still held open", "alarm"),
    codes.GRANTED_NOT_OPENED: ("granted, not opened", "leaf"),
    codes.DOOR_UNASKED: ("opened unasked", "leaf"),
    codes.EXIT_ASKED: ("exit button, no release", "exit"),
    codes.EXIT_REFUSED: ("exit button refused", "exit"),
    codes.DOOR_RELOCKED: ("locked after fire", "leaf"),
    codes.DOOR_FOUND_OPEN: ("found open at the start", "leaf"),
    codes.READER_TAMPER: ("reader tampered with", "alarm"),
    codes.READER_TAMPER_OVER: ("reader in place", "board"),
    codes.ENCLOSURE_OPENED: ("enclosure opened", "alarm"),
    codes.ENCLOSURE_CLOSED: ("enclosure closed", "board"),
    codes.LINE_CUT: ("line cut", "alarm"),
    codes.LINE_SHORT: ("line bridged", "alarm"),
    codes.LINE_RIGHT: ("line whole", "board"),
    codes.BELL: ("bell", "exit"),
    codes.MAINS_LOST: ("mains lost", "alarm"),
    codes.MAINS_BACK: ("mains back", "board"),
    codes.BATTERY_LOW: ("battery low", "alarm"),
    codes.BATTERY_RIGHT: ("battery right", "board"),
    codes.FIRE: ("fire", "alarm"),
    codes.FIRE_OVER: ("fire over", "board"),
    codes.FREE_BEGAN: ("free access begins", "board"),
    codes.FREE_ENDED: ("free access ends", "board"),
    codes.LOCKDOWN_BEGAN: ("lockdown", "alarm"),
    codes.EVACUATION_BEGAN: ("evacuation", "alarm"),
    codes.EMERGENCY_ENDED: ("back to normal", "board"),
    codes.READER_JABBERS: ("reader jabbers: muted", MISREAD),
    codes.READER_MISREAD: ("misread", MISREAD),
    codes.STARTED: ("started", "board"),
    codes.SETTINGS_FAULT: ("settings fault", "alarm"),
    codes.LOG_OVERWRITTEN: ("log overwritten", "alarm"),
    codes.TABLE_DAMAGED: ("table damaged", "alarm"),
    codes.CLOCK_SET: ("clock set", "board"),
    codes.COMMAND_REFUSED: ("command refused", "alarm"),
    codes.MESSAGE_REFUSED: ("message refused", "alarm"),
    codes.NETWORK_RESTARTED: ("network restarted", "alarm"),
    codes.COMMAND_DONE: ("command done", "board"),
    codes.RULES_REFUSED: ("rules refused", "alarm"),
    codes.UPDATE_STAGED: ("update staged", "board"),
    codes.UPDATE_KEPT: ("update kept", "board"),
    codes.UPDATE_RETURNED: ("update returned", "alarm"),
    codes.CHAIN_BROKEN: ("chain broken", "alarm"),
    codes.LOG_CHAIN_ANEW: ("log chain anew", "alarm"),
    codes.TABLE_FULL: ("table full", "alarm"),
    codes.SECTOR_BAD: ("sector bad", "alarm"),
    codes.BIT_TURNED: ("bit turned", "board"),
    codes.FLASH_FOREIGN: ("flash foreign", "alarm"),
    codes.FILES_INSTEAD: ("files instead", "board"),
    codes.NOT_SAVED: ("not saved", "alarm"),
    codes.LEARN_ARMED: ("waits for a card to learn", "remote"),
    codes.CARD_LEARNED: ("card learned", "remote"),
    codes.LEARN_ENDED: ("no card learned", "remote"),
    codes.COMMISSIONING_BEGAN: ("commissioning begins", "board"),
    codes.COMMISSIONING_ENDED: ("commissioning ends", "board"),
    codes.TRIED: ("tried and works", "board"),
    codes.READER_LOST: ("reader lost", "alarm"),
    codes.READER_BACK: ("reader back", "board"),
    codes.READER_POWER: ("reader power fails", "alarm"),
    codes.READER_POWER_RIGHT: ("reader power right", "board"),
    codes.READER_STRANGE: ("stranger on the reader's cable", "alarm"),
    codes.READER_KEYED: ("reader has its key", "board"),
    codes.COMPARTMENT_RELEASED: ("compartment released", "remote"),
    codes.COMPARTMENT_OPENED: ("compartment opened", "leaf"),
    codes.COMPARTMENT_CLOSED: ("compartment closed", "leaf"),
    codes.COMPARTMENT_LEFT_OPEN: ("compartment left open", "leaf"),
    codes.COMPARTMENT_FORCED: ("compartment forced", "alarm"),
    codes.COMPARTMENT_STUCK: ("compartment did not open", "alarm"),
    codes.COMPARTMENT_BLIND: ("compartment's contact lies", "alarm"),
    codes.COMPARTMENT_RIGHT: ("compartment in use again", "board"),
    codes.COMPARTMENT_FOUND_OPEN: ("compartment found open at the start", "leaf"),
    codes.AUDIT_ENDED: ("audit walk ends", "board"),
    codes.LOCK_BOARD_SILENT: ("lock board silent", "alarm"),
    codes.LOCK_BOARD_BACK: ("lock board back", "board"),
    codes.LOCK_BOARD_STRANGE: ("lock board strange", "alarm"),
    codes.DELIVERY_DEPOSITED: ("deposited", "leaf"),
    codes.DELIVERY_PICKED_UP: ("picked up", "leaf"),
    codes.DELIVERY_CANCELLED: ("delivery cancelled", "remote"),
    codes.DELIVERY_STRANDED: ("delivery in no compartment", "alarm"),
    codes.NO_ROOM: ("no room", "board"),
    codes.CODE_WRONG: ("code wrong", "board"),
    codes.CODES_LONG: ("only long codes", "alarm"),
    codes.ALLOTMENT_TAKEN: ("shared compartment taken", "board"),
    codes.ALLOTMENT_FREE: ("shared compartment free", "board"),
    codes.ALLOTMENT_NONE: ("no compartment for this card", "board"),
}

VERDICTS = {code: kind for code, (_, kind) in EVENTS.items() if kind in (GRANTED, DENIED, MISREAD)}


def word(code: int) -> str:
    return EVENTS[code][0] if code in EVENTS else f"event {code}"


def place(code: int, number: int, doors: Sequence[str]) -> str:
    """Where it happened: a door by its name, "compartment 3", or "" for the board itself."""
    if code in OF_COMPARTMENTS:
        return f"compartment {number}" if number else ""
    return doors[number - 1] if number else ""


def codes_of(name: str) -> tuple[int, ...]:
    """The event codes that a word or a kind of verdict stands for; none when nothing is called so."""
    return tuple(code for code, (text, kind) in EVENTS.items() if name == text or (name == kind and code in VERDICTS))


def names() -> list[str]:
    """Every word that codes_of() knows."""
    return sorted({text for text, _ in EVENTS.values()} | set(VERDICTS.values()))


def moment(us: int) -> str:
    """Microseconds since the start as people say it: "day 2 14:03:20.125"."""
    day, rest = divmod(us // 1000, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, ms = divmod(rest, 60_000)
    text = f"day {day + 1} {hours:02}:{minutes:02}:{ms // 1000:02}"
    return f"{text}.{ms % 1000:03}" if ms % 1000 else text


def span(us: int) -> str:
    """A length of time: "90 s", "2 h"."""
    for unit, name in ((86_400_000_000, "days"), (3_600_000_000, "h"), (60_000_000, "min")):
        if us and us % unit == 0:
            return f"{us // unit} {name}"
    return f"{us / 1_000_000:g} s"
