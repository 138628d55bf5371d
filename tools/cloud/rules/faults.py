"""What a board says is wrong with the rules it was sent, in the words of the page on which it is corrected."""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..doors.door_rules import NAMES
from ..models import AclEntry, Area, Controller, Door, Person, Schedule

NAMED = 3  # people, before the others are counted
_FIELDS: dict[str, Any] = NAMES | {
    "who": gettext_lazy("what it asks for"),
    "free": gettext_lazy("when it is unlocked by schedule"),
    "office": gettext_lazy("office mode"),
    "two_person": gettext_lazy("two people together"),
    "passage": gettext_lazy("where it leads from and to"),
    "pin_length": gettext_lazy("length of PINs"),
    "rex_schedule": gettext_lazy("when the exit button works"),
    "uses": gettext_lazy("number of passages"),
    "from": gettext_lazy("first day"),
    "to": gettext_lazy("last day"),
    "times": gettext_lazy("intervals"),
    "next": gettext_lazy("the schedule it goes on with"),
    "limit": gettext_lazy("at most so many people"),
    "forget_hours": gettext_lazy("forget after hours"),
    "doors": gettext_lazy("doors"),
}
_RANGE = re.compile(r"must be (-?\d+) to (-?\d+)$")


def of(controller: Controller, people: bool) -> str | None:
    """The sentence about rules that the board refuses now, in the language in use; None: it refuses none.

    people: whether the reader may know who has the rights that are at fault.
    """
    wanted = controller.rules_version
    if controller.rules_refused != wanted or controller.held_rules_version == wanted:
        return None
    path, _colon, fault = controller.rules_fault.partition(": ")
    if not fault:
        path, fault = "", path
    what = _where(controller, path.split("."), people) + _fault(fault)
    return _(
        "The controller refuses its new rules and goes on with the ones before: who has got other rights since may "
        "not pass. %(fault)s. Correct it; the controller is told at once."
    ) % {"fault": what[:1].upper() + what[1:]}


def _where(controller: Controller, path: list[str], people: bool) -> str:
    """Of what is spoken, ending with a colon: "main entrance, release time: "."""
    room, number, field = ([*path, "", ""])[:3]
    name = ""
    if room == "doors":
        name = _name(Door.objects.filter(controller=controller, number=_number(number)))
    elif room == "schedules":
        row = _name(Schedule.objects.filter(tenant=controller.site.tenant_id, number=_number(number)))
        name = row or _("a schedule of rights that begin or end")
    elif room == "areas":
        name = _name(Area.objects.filter(site=controller.site_id, number=_number(number)))
    elif room == "profiles":
        name = _holders(controller, _number(number)) if people and number else _("rights of people")
    elif room == "holidays":
        name = _("holidays")
    elif room == "zone":
        name = _("time zone")
    said = [name or " ".join(part for part in (room, number) if part)]
    if field:
        said.append(str(_FIELDS.get(field, field)))
    found = ", ".join(part for part in said if part)
    return f"{found}: " if found else ""


def _holders(controller: Controller, profile: int) -> str:
    """Whose rights a profile holds."""
    mine = AclEntry.objects.filter(controller=controller, profile=profile)
    rows = Person.objects.filter(credentials__in=mine.values("credential")).order_by("name", "pk").distinct()
    names = [person.name for person in rows[:NAMED]]
    more = rows.count() - len(names)
    text = _("rights of %(names)s") % {"names": ", ".join(names)} if names else _("rights that nobody has now")
    return text + (" " + ngettext("and %(n)d other", "and %(n)d others", more) % {"n": more} if more > 0 else "")


def _fault(said: str) -> str:
    found = _RANGE.search(said)
    if found:
        return _("must be %(least)s to %(most)s") % {"least": found[1], "most": found[2]}
    if "must be less than held_ms" in said:
        return _("must be shorter than the time after which it counts as held open")
    if "is not known here" in said:
        return _("its firmware does not know that; update it")
    if "MemoryError" in said or "memory" in said:
        return _("there is no memory left for so many rules; use fewer schedules or groups there")
    return said or _("it does not say what is wrong")


def _name(rows: Any) -> str:
    found: str = rows.values_list("name", flat=True).first() or ""
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
