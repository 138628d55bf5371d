"""What a controller's diagnostics brought, in words. The board says it, so nothing of it is taken for granted."""

from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Controller

# Field -> what it is called. The others have rows of their own, below.
_NAMES: dict[str, str | Promise] = {
    "firmware": gettext_lazy("Firmware"),
    "boots": gettext_lazy("Starts"),
    "heap": gettext_lazy("Free memory"),
    "log": gettext_lazy("Events on its flash"),
    "acl": gettext_lazy("Access list"),
    "rules": gettext_lazy("Rules"),
}
_LEFT_OUT = {"ticks"}  # a clock that only means something on the board


def rows(data: dict[str, Any], controller: Controller) -> list[tuple[str, str]]:
    """(what, value) in the order of a person's interest. What a newer firmware adds comes last, as it is."""
    found = [(str(name), _value(field, data[field], controller)) for field, name in _NAMES.items() if field in data]
    names = {door.number: door.name for door in controller.doors.all()}
    doors = data.get("doors")
    if isinstance(doors, list):
        found += [(names.get(number, str(number)), _door(said)) for number, said in enumerate(doors[:255], 1)]
    known = {*_NAMES, *_LEFT_OUT, "doors"}
    return found + [(field, str(value)) for field, value in sorted(data.items()) if field not in known]


def _value(field: str, value: Any, controller: Controller) -> str:
    match field, value:
        case "heap", int():
            return filesizeformat(value)
        case "log", [int(), int(first), int(last), int(stored)]:
            many = max(0, last - first + 1) if last else 0
            left = max(0, last - stored)
            return ngettext("%(n)d, of which %(left)d not yet sent", "%(n)d, of which %(left)d not yet sent", many) % {
                "n": many,
                "left": left,
            }
        case "acl", [int(), str(digest), int(count)]:
            same = digest == controller.acl_digest
            said = _("%(n)d records, as it should be") if same else _("%(n)d records, another list than it should be")
            return said % {"n": count}
        case "rules", int():
            return _("as they should be") if value == controller.rules_version else _("others than they should be")
    return str(value)


def _door(said: Any) -> str:
    if not (isinstance(said, list) and len(said) == 2):
        return str(said)
    leaf = _("open") if said[0] else _("closed")
    lock = _("unlocked") if said[1] else _("locked")
    return f"{leaf}, {lock}"
