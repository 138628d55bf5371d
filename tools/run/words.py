"""What the building page says about events, as the cloud's pages do, and about its own switches."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from firmware.controller import events
from tools.cloud.alarms import codes
from tools.cloud.log import words

from .doors import SILENT

_SWITCHED: dict[str, str | Promise] = {
    "network off": _("the network is cut"),
    "network on": _("the network is back"),
    "power off": _("the power is gone"),
    "power on": _("the power is back"),
    SILENT: _("no answer"),
}
INPUTS: dict[str, str | Promise] = {
    "fire": _("Fire alarm"),
    "mains": _("Mains lost"),
    "enclosure": _("Enclosure opened"),
    "bell": _("Bell rung"),
    "reader": _("Reader torn off"),
    "battery": _("Battery low"),
    "reset": _("Fire reset"),
}

# Kinds of denial, as the summary names them.
KINDS = {
    events.DENIED_UNKNOWN: "unknown card",
    events.DENIED_DOOR: "wrong door",
    events.DENIED_EXPIRED: "expired",
    events.DENIED_NO_CLOCK: "no clock",
    events.DENIED_DAMAGED: "damaged",
}


def word(what: int | str | None, extra: int = 0) -> str:
    """The words for an event code, with what its `extra` tells, or for a switch; empty when untold.

    Whoever stands at the building's doors may see the screen: duress looks like any grant.
    """
    if what is None:
        return ""
    if isinstance(what, str):
        return str(_SWITCHED.get(what, ""))
    return words.sentence(codes.shown(what, False), extra, named=False)
