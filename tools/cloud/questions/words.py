"""Answers in words: why somebody may pass, or which rule says no, and what an administrator can do about it."""

from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from firmware.controller import events as codes

from ..alarms import codes as alarm_codes
from ..log import words as log_words
from ..models import Area, Credential, Door, Event, Grant, Person, Schedule
from ..services import local_time
from .access_at import NOBODY, Answer

_BY = {
    "card": gettext_lazy("with a card"),
    "pin": gettext_lazy("with a PIN"),
    "card+pin": gettext_lazy("with card and PIN"),
}
_NEEDS = {
    "second": gettext_lazy("together with a second person"),
    "escort": gettext_lazy("with an escort"),
}
_ALSO = {
    "passback": gettext_lazy("anti-passback: only when known to be on the right side"),
    "interlock": gettext_lazy("the interlock: only while its other doors are shut"),
    "offline_hours": gettext_lazy("the limit without a link"),
    "uses": gettext_lazy("passages that are left"),
    "limit": gettext_lazy("the limit of people in the area"),
}
# What an administrator can do, by the code of the refusal.
_CURE: dict[int, Any] = {
    codes.DENIED_UNKNOWN: gettext_lazy("Give the card to somebody, or wait until the door has the newest access list."),
    codes.DENIED_DOOR: gettext_lazy("Put the person into a group that has this door."),
    codes.DENIED_EXPIRED: gettext_lazy("Give the right, or the card, a later end."),
    codes.DENIED_NOT_YET: gettext_lazy("It begins later. Give the right an earlier beginning."),
    codes.DENIED_TIME: gettext_lazy("Choose another schedule for this door in the group, or change its hours."),
    codes.DENIED_NO_CLOCK: gettext_lazy("The controller did not know the time, as after a power cut. See to its link."),
    codes.DENIED_KIND: gettext_lazy("The door asked for something else then; its page says what and when."),
    codes.DENIED_PIN: gettext_lazy("Nobody has this PIN. Give a new one if it was forgotten."),
    codes.DENIED_LOCKED_OUT: gettext_lazy("After wrong PINs none is taken for a while. It ends by itself."),
    codes.DENIED_USED: gettext_lazy("The right is used up. Give it more passages."),
    codes.DENIED_PASSBACK: gettext_lazy(
        "They were elsewhere by the log: somebody passed without a card, or lent theirs."
    ),
    codes.DENIED_FULL: gettext_lazy("As many as the area takes were in it."),
    codes.DENIED_INTERLOCK: gettext_lazy("Another door of the interlock was open or unlocked. Shut it first."),
    codes.DENIED_LOCKDOWN: gettext_lazy("Only groups that pass during lockdown do. It ends when somebody lifts it."),
    codes.DENIED_OFFLINE: gettext_lazy("The controller had no link for longer than the door allows. See to its link."),
    codes.DENIED_DAMAGED: gettext_lazy(
        "A part of the board’s access list could not be read. It is sent again by itself."
    ),
    codes.NEEDS_SECOND: gettext_lazy("Two persons are to present their cards within 15 seconds."),
    codes.NEEDS_ESCORT: gettext_lazy("Somebody who gives escort is to present their card within 15 seconds."),
}


class Why(NamedTuple):
    """rule: what was decided, in words. more: what it went by. cure: what can be done."""

    rule: str
    more: str
    cure: str


def of_answer(person: Person, door: Door, found: Answer) -> str:
    """One line: how they pass, or why not."""
    if found.may:
        said = [str(_BY.get(found.by, "")), str(_NEEDS.get(found.needs, ""))]
        return ", ".join(one for one in said if one)
    if not person.active:
        return _("is not active: no card works")
    if found == NOBODY:
        return _nothing(person, door)
    return _decided(found.code, found.extra, door)


def also(found: Answer) -> list[str]:
    """What the board weighs besides, which nobody can know beforehand."""
    return [str(_ALSO[one]) for one in found.also if one in _ALSO]


def _nothing(person: Person, door: Door) -> str:
    if not Grant.objects.filter(person=person, group__places__door__controller=door.controller_id).exists():
        return _("is in no group that has this door")
    return _("has no card or PIN that works here")


def _decided(code: int, extra: int, door: Door) -> str:
    if code == codes.DENIED_TIME and (name := _schedule(door, extra)):
        return _("outside the hours of %(schedule)s") % {"schedule": name}
    return log_words.sentence(code, extra, named=False)


def _schedule(door: Door, number: int) -> str:
    found = Schedule.objects.filter(tenant=door.controller.site.tenant_id, number=number).first()
    return found.name if found else ""


def of_event(event: Event, door: Door | None, all_of_it: bool) -> Why:
    """Which rule said so. The rules are those of then; names and rights as they are called now.

    all_of_it: to who may know of duress; to others it is a grant.
    """
    code, extra = (event.extra, 0) if event.code == codes.DENIALS_REPEATED else (event.code, event.extra)
    code, said = alarm_codes.shown(code, all_of_it), alarm_codes.shown(event.code, all_of_it)
    rule = log_words.sentence(said, event.extra, named=event.credential_id is not None, count=event.count)
    return Why(rule, _more(event, code, extra, door), str(_CURE.get(code, "")))


def _more(event: Event, code: int, extra: int, door: Door | None) -> str:
    if door is None:
        return ""
    zone = door.controller.site.zone
    if code == codes.DENIED_TIME and (name := _schedule(door, extra)):
        return _("It was outside the hours of the schedule %(schedule)s.") % {"schedule": name}
    if code in (codes.DENIED_PASSBACK, codes.DENIED_FULL):
        area = Area.objects.filter(site=door.controller.site_id, number=extra).first()
        return _("The area is %(area)s.") % {"area": area.name} if area else ""
    if code == codes.DENIED_INTERLOCK:
        other = Door.objects.filter(controller=door.controller_id, number=extra).first()
        return _("The other door was %(door)s.") % {"door": other.name} if other else ""
    if code in (codes.DENIED_EXPIRED, codes.DENIED_NOT_YET) and event.credential is not None:
        return _validity(event.credential, door, zone, ends=code == codes.DENIED_EXPIRED)
    return ""


def _validity(card: Credential, door: Door, zone: str, ends: bool) -> str:
    grants = Grant.objects.filter(person=card.person_id, group__places__door=door).select_related("group")
    told = []
    for grant in grants:
        at = grant.valid_until if ends else grant.valid_from
        if at is not None:
            sentence = _("%(group)s: until %(at)s") if ends else _("%(group)s: from %(at)s")
            told.append(sentence % {"group": grant.group.name, "at": shown(at, zone)})
    if ends and card.valid_until is not None:
        told.append(_("the card: until %(at)s") % {"at": shown(card.valid_until, zone)})
    return "; ".join(told)


def shown(at: datetime, zone: str) -> str:
    return f"{local_time.there(at, zone):%Y-%m-%d %H:%M}"


def clock(at: datetime, zone: str, now: datetime) -> str:
    """Of the same day the time alone."""
    there = local_time.there(at, zone)
    return f"{there:%H:%M}" if there.date() == local_time.there(now, zone).date() else shown(at, zone)
