"""What an event is called in scenarios, pictures and messages: one table for the simulator."""

from firmware.controller import events as codes

GRANTED, DENIED, MISREAD = "granted", "denied", "misread"

# code: (word, kind). The word is what a scenario's expectation names; the kind is how the picture draws it.
EVENTS: dict[int, tuple[str, str]] = {
    codes.GRANTED: ("granted", GRANTED),
    codes.DENIED_UNKNOWN: ("denied: unknown card", DENIED),
    codes.DENIED_DOOR: ("denied: not at this door", DENIED),
    codes.DENIED_EXPIRED: ("denied: card expired", DENIED),
    codes.DENIED_NO_CLOCK: ("denied: no clock", DENIED),
    codes.DENIED_DAMAGED: ("denied: table damaged", DENIED),
    codes.RELEASED_REMOTE: ("released from afar", "remote"),
    codes.RELEASED_REX: ("exit button", "exit"),
    codes.DOOR_OPENED: ("opened", "leaf"),
    codes.DOOR_CLOSED: ("closed", "leaf"),
    codes.DOOR_FORCED: ("forced", "alarm"),
    codes.DOOR_HELD: ("held open", "alarm"),
    codes.READER_MISREAD: ("misread", MISREAD),
    codes.STARTED: ("started", "board"),
    codes.SETTINGS_FAULT: ("settings fault", "alarm"),
    codes.LOG_OVERWRITTEN: ("log overwritten", "alarm"),
    codes.TABLE_DAMAGED: ("table damaged", "alarm"),
    codes.CLOCK_SET: ("clock set", "board"),
    codes.COMMAND_REFUSED: ("command refused", "alarm"),
    codes.MESSAGE_REFUSED: ("message refused", "alarm"),
    codes.NETWORK_RESTARTED: ("network restarted", "alarm"),
}

VERDICTS = {code: kind for code, (_, kind) in EVENTS.items() if kind in (GRANTED, DENIED, MISREAD)}


def word(code: int) -> str:
    return EVENTS[code][0] if code in EVENTS else f"event {code}"


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
