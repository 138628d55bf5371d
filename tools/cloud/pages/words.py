"""What every event code is called on the pages, with its icon: one table, translatable."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from firmware.controller import events

from ..models import Credential

Text = str | Promise


class Words(NamedTuple):
    """look: its colour (good, bad, warn or none); icon: a symbol of icons.svg; text: the sentence."""

    look: str
    icon: str
    text: Text


EVENTS = {
    events.GRANTED: Words("good", "check", gettext_lazy("Granted")),
    events.DENIED_UNKNOWN: Words("bad", "cross", gettext_lazy("Denied: unknown card")),
    events.DENIED_DOOR: Words("bad", "cross", gettext_lazy("Denied: no right at this door")),
    events.DENIED_EXPIRED: Words("bad", "cross", gettext_lazy("Denied: the card’s time has run out")),
    events.DENIED_NO_CLOCK: Words(
        "bad", "cross", gettext_lazy("Denied: the card has an end, and the controller did not know the time")
    ),
    events.DENIED_DAMAGED: Words(
        "bad", "cross", gettext_lazy("Denied: the controller could not read its table; it asks for a new one")
    ),
    events.RELEASED_REMOTE: Words("good", "unlock", gettext_lazy("Released from here")),
    events.RELEASED_REX: Words("", "exit", gettext_lazy("Released with the exit button")),
    events.DOOR_OPENED: Words("", "door-open", gettext_lazy("Door opened")),
    events.DOOR_CLOSED: Words("", "door-closed", gettext_lazy("Door closed")),
    events.DOOR_FORCED: Words("bad", "door-forced", gettext_lazy("Door forced: it opened without a release")),
    events.DOOR_HELD: Words("warn", "door-held", gettext_lazy("Door held open too long")),
    events.READER_MISREAD: Words("warn", "unknown", gettext_lazy("Misread: what the reader sent is no card")),
    events.STARTED: Words("", "power", gettext_lazy("Controller started")),
    events.SETTINGS_FAULT: Words(
        "bad", "door-forced", gettext_lazy("Faulty settings: the controller keeps its doors locked")
    ),
    events.LOG_OVERWRITTEN: Words("warn", "gap", gettext_lazy("Events were overwritten before they could be sent")),
    events.TABLE_DAMAGED: Words("warn", "door-forced", gettext_lazy("A part of the credential table is damaged")),
    events.CLOCK_SET: Words("", "clock", gettext_lazy("Clock set")),
    events.COMMAND_REFUSED: Words("warn", "cross", gettext_lazy("Command refused")),
    events.MESSAGE_REFUSED: Words("warn", "cross", gettext_lazy("Message refused")),
    events.NETWORK_RESTARTED: Words(
        "warn", "linked", gettext_lazy("Network loop restarted: it had been silent too long")
    ),
}

NO_LONGER = gettext_lazy("Denied: this card is not, or no longer, in the controller’s table")

PASSAGES = (
    events.GRANTED,
    events.DENIED_UNKNOWN,
    events.DENIED_DOOR,
    events.DENIED_EXPIRED,
    events.DENIED_NO_CLOCK,
    events.DENIED_DAMAGED,
    events.RELEASED_REMOTE,
    events.RELEASED_REX,
)

# What the log can be filtered by: shorter than the list of codes, and in the words people ask with.
KINDS: dict[str, tuple[Text, tuple[int, ...]]] = {
    "granted": (gettext_lazy("Granted"), (events.GRANTED,)),
    "denied": (gettext_lazy("Denied"), tuple(range(events.DENIED_UNKNOWN, events.DENIED_DAMAGED + 1))),
    "released": (gettext_lazy("Released without a card"), (events.RELEASED_REMOTE, events.RELEASED_REX)),
    "door": (gettext_lazy("Doors opened and closed"), (events.DOOR_OPENED, events.DOOR_CLOSED)),
    "alarm": (gettext_lazy("Forced or held open"), (events.DOOR_FORCED, events.DOOR_HELD)),
    "controller": (
        gettext_lazy("Readers and controllers"),
        tuple(code for code in EVENTS if code >= events.READER_MISREAD),
    ),
}

# machine.reset_cause() on the ESP32.
_RESETS = {
    1: gettext_lazy("power came on"),
    2: gettext_lazy("reset"),
    3: gettext_lazy("watchdog"),
    4: gettext_lazy("woke up"),
    5: gettext_lazy("restarted by itself"),
}
_REFUSALS = {
    1: gettext_lazy("it had expired"),
    2: gettext_lazy("there is no such door"),
    3: gettext_lazy("it was not understood"),
    4: gettext_lazy("the controller did not know the time"),
}

# Said by accounts.py, translated here with everything else that visitors read.
ELSEWHERE = (gettext_noop("This sign-in link has been used or has expired. Ask for a new one."),)


def words(code: int) -> Words:
    """The words of a code, also of one that a newer firmware has and these pages do not know."""
    known = EVENTS.get(code)
    return known or Words("", "unknown", _("Event %(code)d") % {"code": code})


def sentence(code: int, extra: int, named: bool) -> str:
    """What happened, with what `extra` tells. named: the cloud knows whose credential it is."""
    if code == events.DENIED_UNKNOWN and named:
        return str(NO_LONGER)
    text = str(words(code).text)
    if code == events.READER_MISREAD:
        return text + " (" + ngettext("%(n)d bit", "%(n)d bits", extra) % {"n": extra} + ")"
    if code == events.SETTINGS_FAULT:
        return text + " (" + ngettext("%(n)d field", "%(n)d fields", extra) % {"n": extra} + ")"
    why = {events.STARTED: _RESETS, events.COMMAND_REFUSED: _REFUSALS}.get(code, {}).get(extra)
    if why is not None:
        return f"{text}: {why}"
    if code == events.MESSAGE_REFUSED and extra > 1:
        return f"{text} ({extra}+)" if extra == 255 else f"{text} ({extra})"
    return text


def credential(row: Credential) -> str:
    """A card or PIN as the pages show it."""
    return card(row.bits, row.number)


def card(bits: int, number: int) -> str:
    """A card as the pages show it: enough to tell two apart, too little to copy one."""
    return _("%(bits)d-bit card ending in %(end)s") % {"bits": bits, "end": f"{number & 0xFFFF:05d}"[-3:]}
