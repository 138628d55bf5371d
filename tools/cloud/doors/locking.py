"""Whether a door is locked, in words: until when, by whom or what, since when."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .locks import LockState

Text = str | Promise

# Why -> look of a door that is unlocked or locked down for that reason.
LOOKS = {"schedule": "good", "first_person": "good", "office_mode": "good", "hold": "warn"}


@dataclass(frozen=True)
class Locking:
    """text: the state and its end; detail: by whom or what, and since when; both for a person."""

    look: str
    icon: str
    text: str
    detail: str


def moment(at: datetime, zone: str, now: datetime) -> str:
    """14:03, or with its day when that is not today."""
    there = at.astimezone(ZoneInfo(zone))
    clock_time = there.strftime("%H:%M")
    if there.date() == now.astimezone(ZoneInfo(zone)).date():
        return clock_time
    return formats.date_format(there.date(), "MONTH_DAY_FORMAT") + " " + clock_time


def of(lock: LockState, zone: str, now: datetime, by: bool, named: bool) -> Locking | None:
    """None before the controller has said. by: whether to tell which user asked; named: whether to tell who passed."""
    if lock.state == "unknown":
        return None
    if lock.state == "locked":
        return Locking("", "lock", _("Locked"), "")
    since = moment(lock.since, zone, now) if lock.since else ""
    until = moment(lock.until, zone, now) if lock.until else ""
    user = lock.user.get_full_name() if by and lock.user else ""
    person = lock.person if named else ""
    icon = "lock" if lock.state == "lockdown" else "fire" if lock.why == "fire" else "unlock"
    return Locking(LOOKS.get(lock.why, "bad"), icon, _text(lock.why, until, since), _detail(lock, since, user, person))


# Why -> the state with its beginning or its end, and without.
_TEXTS: dict[str, tuple[Text, Text]] = {
    "lockdown": (gettext_lazy("Lockdown since %(since)s"), gettext_lazy("Lockdown")),
    "evacuation": (gettext_lazy("Unlocked for evacuation since %(since)s"), gettext_lazy("Unlocked for evacuation")),
    "fire": (gettext_lazy("Unlocked by the fire input since %(since)s"), gettext_lazy("Unlocked by the fire input")),
    "hold": (gettext_lazy("Held unlocked until %(until)s"), gettext_lazy("Held unlocked until further notice")),
}
_SCHEDULED: tuple[Text, Text] = (gettext_lazy("Unlocked until %(until)s"), gettext_lazy("Unlocked"))


def _text(why: str, until: str, since: str) -> str:
    dated, plain = _TEXTS.get(why, _SCHEDULED)
    known = since if why in ("lockdown", "evacuation", "fire") else until
    return str(dated) % {"since": since, "until": until} if known else str(plain)


def _detail(lock: LockState, since: str, user: str, person: str) -> str:
    names = {"user": user, "person": person, "since": since, "schedule": lock.schedule}
    match lock.why:
        case "hold" if user and since:
            return _("By %(user)s, since %(since)s") % names
        case "hold" if since:
            return _("Since %(since)s") % names
        case "hold" | "lockdown" | "evacuation" | "fire":
            return _("By %(user)s") % names if user else ""
        case "office_mode":
            return _("Office mode, switched on by %(person)s") % names if person else _("Office mode")
        case "first_person" if person:
            return _("By schedule %(schedule)s, since %(person)s came") % names
        case "first_person":
            return _("By schedule %(schedule)s, since the first person came") % names
    return _("By schedule %(schedule)s") % names if lock.schedule else _("By schedule")
