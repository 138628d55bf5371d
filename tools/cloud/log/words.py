"""What happened, in words: an event as a sentence with what its `extra` tells; cards masked."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from firmware.controller import events

from ..alarms import codes
from ..models import Credential
from .table import EVENTS, Words

Text = str | Promise

NO_LONGER = gettext_lazy("Denied: this card is not, or no longer, in the controller’s table")

# What the log can be filtered by: shorter than the list of codes, and in the words people ask with.
KINDS: dict[str, tuple[Text, tuple[int, ...]]] = {
    "granted": (gettext_lazy("Granted"), codes.GRANTED),
    "denied": (gettext_lazy("Denied"), codes.DENIED),
    "released": (gettext_lazy("Unlocked without a card"), codes.RELEASED),
    "door": (gettext_lazy("Doors opened and closed"), codes.LEAF),
    "alarm": (gettext_lazy("Alarms"), tuple(codes.ALARMS)),
    "controller": (
        gettext_lazy("Readers and controllers"),
        tuple(code for code in EVENTS if code >= events.READER_MISREAD and code not in codes.DENIED),
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
    5: gettext_lazy("it was done before"),
    6: gettext_lazy("too many at once"),
    7: gettext_lazy("it would hold too long"),
    8: gettext_lazy("commissioning is not on"),
}
# The same as a command's row has it, which says it before the controller does.
WHY = {
    "expired": _REFUSALS[1],
    "no such door": _REFUSALS[2],
    "unknown command": _REFUSALS[3],
    "no clock": _REFUSALS[4],
    "done before": _REFUSALS[5],
    "too many at once": _REFUSALS[6],
    "expires too late": _REFUSALS[7],
    "commissioning is not on": _REFUSALS[8],
    "the cloud could not send it": gettext_lazy("this cloud could not send it"),
}
_WANTED = {
    1: gettext_lazy("a card"),
    2: gettext_lazy("a PIN"),
    3: gettext_lazy("card and PIN"),
    4: gettext_lazy("a card or a PIN"),
}
_DONE = {
    1: gettext_lazy("identify"),
    2: gettext_lazy("restart"),
    3: gettext_lazy("diagnostics"),
    4: gettext_lazy("alarm relay tried"),
}
_ENDED = {1: gettext_lazy("its time is over"), 2: gettext_lazy("by command")}
_UNLEARNED = {
    1: gettext_lazy("its time is over"),
    2: gettext_lazy("by command"),
    3: gettext_lazy("what the reader sent is no card"),
}
_TRIED = {
    1: gettext_lazy("contact"),
    2: gettext_lazy("exit button"),
    3: gettext_lazy("a card was read"),
    4: gettext_lazy("a key was pressed"),
    5: gettext_lazy("unlocked, and the door opened"),
}
_RETURNED = {1: gettext_lazy("the new one did not start"), 2: gettext_lazy("the new one did not prove healthy")}
_GUESSED = {1: gettext_lazy("at this reader"), 2: gettext_lazy("with this card")}
_FREE = {
    1: gettext_lazy("by schedule"),
    2: gettext_lazy("the first person came"),
    3: gettext_lazy("office mode"),
    4: gettext_lazy("from here"),
}
_LINES = {1: gettext_lazy("contact"), 2: gettext_lazy("exit button")}
_FILES = {
    1: gettext_lazy("the keys of its readers"),
    2: gettext_lazy("what its rules remember"),
    3: gettext_lazy("that its new firmware is well"),
}
_STORES = {65: gettext_lazy("access list"), 76: gettext_lazy("log"), 83: gettext_lazy("state")}
_LOST = {
    1: gettext_lazy("silent"),
    2: gettext_lazy("refuses our key"),
    3: gettext_lazy("has no key of ours"),
    4: gettext_lazy("answers unsealed"),
}
_STRANGE = {
    1: gettext_lazy("an answer in plain"),
    2: gettext_lazy("an answer with a wrong seal"),
    3: gettext_lazy("an answer of who has not our key"),
}
# Code -> what its extra stands for.
_EXTRA: dict[int, dict[int, Text]] = {
    events.STARTED: _RESETS,
    events.COMMAND_REFUSED: _REFUSALS,
    events.DENIED_KIND: _WANTED,
    events.COMMAND_DONE: _DONE,
    events.UPDATE_RETURNED: _RETURNED,
    events.DENIED_LOCKED_OUT: _GUESSED,
    events.FREE_BEGAN: _FREE,
    events.LINE_CUT: _LINES,
    events.LINE_SHORT: _LINES,
    events.LINE_RIGHT: _LINES,
    events.TABLE_FULL: _STORES,
    events.SECTOR_BAD: _STORES,
    events.BIT_TURNED: _STORES,
    events.NOT_SAVED: _FILES,
    events.FLASH_FOREIGN: _STORES,
    events.FILES_INSTEAD: _STORES,
    events.LEARN_ENDED: _UNLEARNED,
    events.COMMISSIONING_ENDED: _ENDED,
    events.TRIED: _TRIED,
    events.READER_LOST: _LOST,
    events.READER_STRANGE: _STRANGE,
}
_AREA = (events.DENIED_PASSBACK, events.DENIED_FULL)
_INPUT = (events.LINE_CUT, events.LINE_SHORT, events.LINE_RIGHT, events.TRIED)

# Said by accounts.py, translated here with everything else that visitors read.
ELSEWHERE = (gettext_noop("This sign-in link has been used or has expired. Ask for a new one."),)


def words(code: int) -> Words:
    """The words of a code, also of one that a newer firmware has and these pages do not know."""
    known = EVENTS.get(code)
    return known or Words("", "unknown", _("Event %(code)d") % {"code": code})


def sentence(code: int, extra: int, named: bool, count: int = 0) -> str:
    """What happened, with what `extra` tells. named: the cloud knows whose credential it is. count: how often again."""
    if code == events.DENIED_UNKNOWN and named:
        return str(NO_LONGER)
    if code == events.DENIALS_REPEATED:
        again = f"{count}+" if count == 255 else str(count)
        return _("%(what)s, %(n)s times more") % {"what": words(extra).text, "n": again}
    text = str(words(code).text)
    detail = _detail(code, extra)
    return f"{text}{detail}" if detail else text


def _detail(code: int, extra: int) -> str:
    if code == events.READER_MISREAD:
        return " (" + ngettext("%(n)d bit", "%(n)d bits", extra) % {"n": extra} + ")"
    if code == events.COMMISSIONING_BEGAN:
        return " (" + ngettext("%(n)d minute", "%(n)d minutes", extra) % {"n": extra} + ")"
    if code == events.CARD_LEARNED:
        return " (" + ngettext("%(n)d bit", "%(n)d bits", extra) % {"n": extra} + ")"
    if code == events.SETTINGS_FAULT:
        return " (" + ngettext("%(n)d field", "%(n)d fields", extra) % {"n": extra} + ")"
    if code == events.MESSAGE_REFUSED and extra > 1:
        return f" ({extra}+)" if extra == 255 else f" ({extra})"
    if code in codes.GRANTED and extra:
        used = _(", use number %(n)d") % {"n": extra & 127} if extra & 127 else ""
        return used + (_(", against anti-passback") if extra & 128 else "")
    if code == events.DENIED_PIN and extra & 15:
        return " (" + _("%(n)d in a row") % {"n": extra & 15} + ")"
    if code == events.DENIED_USED and extra:
        return " (" + ngettext("%(n)d time", "%(n)d times", extra) % {"n": extra} + ")"
    if code in _AREA and extra:
        return " (" + _("area %(n)d") % {"n": extra} + ")"
    if code in _INPUT and extra > 16:
        return ": " + _("input %(n)d") % {"n": extra - 16}
    why = _EXTRA.get(code, {}).get(extra)
    return f": {why}" if why is not None else ""


def missing(count: int) -> str:
    said_of = ngettext("%(n)d event is missing in the log", "%(n)d events are missing in the log", count)
    return said_of % {"n": count}


def compartment(number: int, bank: str) -> str:
    return _("Compartment %(n)d (%(bank)s)") % {"n": number, "bank": bank}


def credential(row: Credential, all_of_it: bool = True) -> str:
    """A card or PIN as the pages show it. all_of_it: to who may know of duress; to others every PIN is a PIN."""
    if row.kind == Credential.Kind.CARD:
        return card(row.bits, row.number)
    return str(Credential.Kind(row.kind if all_of_it else Credential.Kind.PIN).label)


def card(bits: int, number: int) -> str:
    """A card as the pages show it: enough to tell two apart, too little to copy one."""
    return _("%(bits)d-bit card ending in %(end)s") % {"bits": bits, "end": f"{number & 0xFFFF:05d}"[-3:]}
