"""What can be entered about schedules, groups and doors. What was entered is shown again when something is wrong."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import limits
from ..models import ASKS, AccessGroup, Area, Door, DoorRules, Grant, GroupDoor, Schedule, Tenant
from ..pages import telling
from ..pages.forms import Plain, Shared, plain
from ..services import entered, local_time
from ..services.refusal import Refusal
from . import schedules

DAYS = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
    gettext_lazy("Holidays"),
)
ASKED = {
    "card": gettext_lazy("a card"),
    "pin": gettext_lazy("a PIN"),
    "card+pin": gettext_lazy("card and PIN"),
    "card/pin": gettext_lazy("a card or a PIN"),
}


DAYS_TAKEN = (MinValueValidator(limits.DAYS[0]), MaxValueValidator(limits.DAYS[1]))


def day(label: Any, required: bool = False) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(required=required, label=label, widget=widget, validators=DAYS_TAKEN)


def hour(label: Any, help_text: Any) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(required=False, label=label, help_text=help_text, widget=widget)


class ScheduleForm(Shared):
    """A week, day by day; as many intervals a day as one likes, each a pair of times."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    first_day = day(gettext_lazy("Counts from"))
    last_day = day(gettext_lazy("Counts until"))
    following = forms.ModelChoiceField(
        Schedule.objects.none(), required=False, label=gettext_lazy("Or also"), empty_label=gettext_lazy("nothing else")
    )

    def __init__(self, *args: Any, schedule: Schedule, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = Schedule.objects.filter(tenant=schedule.tenant_id).exclude(pk=schedule.pk)
        self.fields["following"].queryset = others  # type: ignore[attr-defined]
        self.times = schedule.times
        self.faults: dict[int, str] = {}

    @property
    def week(self) -> list[dict[str, Any]]:
        """Each day as its row shows it: what was entered, else what is kept, and room for one more."""
        if self.is_bound:
            pairs = [_entered(self.data, bit) for bit in range(schedules.DAYS)]
        else:
            pairs = [[(_clock(a), _clock(b)) for a, b in found] for found in schedules.by_day(self.times)]
        return [
            {
                "bit": bit,
                "name": DAYS[bit],
                "pairs": [pair for pair in found if any(pair)] + [("", "")],
                "bars": _bars(found),
                "fault": self.faults.get(bit, ""),
            }
            for bit, found in enumerate(pairs)
        ]

    def kept(self) -> dict[str, Any]:
        return super().kept() | {f"day{bit}": day for bit, day in enumerate(schedules.by_day(self.times))}

    def said(self) -> dict[str, Any]:
        found = super().said()
        for bit in range(schedules.DAYS):
            try:
                found[f"day{bit}"] = _intervals(_entered(self.data, bit))
            except forms.ValidationError:
                continue
        return found

    def put(self, data: Any, unit: str, value: Any) -> None:
        if unit in self.fields:
            super().put(data, unit, value)
            return
        bit = unit.removeprefix("day")
        data.setlist(f"from-{bit}", [_clock(begin) for begin, _end in value])
        data.setlist(f"to-{bit}", [_clock(end) for _begin, end in value])

    def label(self, unit: str) -> str:
        return super().label(unit) if unit in self.fields else str(DAYS[int(unit.removeprefix("day"))])

    def shown(self, unit: str, value: Any) -> str:
        if unit in self.fields:
            return super().shown(unit, value)
        return ", ".join(f"{_clock(begin)}–{_clock(end)}" for begin, end in value) or "–"

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        days = []
        for bit in range(schedules.DAYS):
            try:
                days.append(_intervals(_entered(self.data, bit)))
            except forms.ValidationError as fault:
                self.faults[bit] = fault.messages[0]
        if self.faults:
            raise forms.ValidationError(_("Some hours are not right yet: see the days marked below."))
        fields["times"] = schedules.of_days(days)
        return fields


def like_monday(data: Any) -> Any:
    """The entered week with Monday's hours on every working day."""
    copied = data.copy()
    for bit in range(1, 5):
        for side in ("from", "to"):
            copied.setlist(f"{side}-{bit}", data.getlist(f"{side}-0"))
    return copied


def _entered(data: Any, bit: int) -> list[tuple[str, str]]:
    return list(zip(data.getlist(f"from-{bit}"), data.getlist(f"to-{bit}"), strict=False))


def _intervals(pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    found = []
    for begin_text, end_text in pairs:
        if not begin_text and not end_text:
            continue
        begin, end = _minute(begin_text), _minute(end_text) or 1440  # 00:00 at the end is midnight
        if begin >= end:
            raise forms.ValidationError(_("An interval ends after it begins. Past midnight, divide it in two."))
        found.append((begin, end))
    found.sort()
    if any(one[1] > two[0] for one, two in pairwise(found)):
        raise forms.ValidationError(_("Two intervals overlap. Join them, or move one."))
    return found


def _minute(text: str) -> int:
    hour, minute = (entered.number(part) for part in (text.partition(":")[0], text.partition(":")[2][:2]))
    if hour is None or minute is None or hour > 23 or minute > 59:
        raise forms.ValidationError(_("A time looks like 08:00, and each interval has two."))
    return hour * 60 + minute


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def _bars(pairs: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """(start, length) of each interval, in minutes, as far as it can be drawn."""
    try:
        return [(begin, end - begin) for begin, end in _intervals(pairs)]
    except forms.ValidationError:
        return []


class GroupForm(Shared):
    """A group: its doors with their schedules, and what it allows beyond passing."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))

    needs_door = False  # of who has some doors only: a group without any would not be theirs
    MOST_OPTIONS = 2000  # in all menus of a page; beyond them a door that is not in the group offers always and no

    def __init__(self, *args: Any, group: AccessGroup, doors: QuerySet[Door], **kwargs: Any):
        """doors: those that whoever fills this in may see."""
        super().__init__(*args, **kwargs)
        self.group = group
        held = {place.door_id: place.schedule_id for place in GroupDoor.objects.filter(accessgroup=group.pk)}
        doors = doors.filter(controller__site__tenant=group.tenant_id, controller__lost_at=None)
        self.doors = list(
            doors.select_related("controller__site").order_by("controller__site__name", "controller__name", "number")
        )
        self.schedules = list(Schedule.objects.filter(tenant=group.tenant_id))
        for flag in AccessGroup.FLAGS:
            label = FLAGS[flag]
            self.fields[flag] = forms.BooleanField(required=False, label=label, initial=getattr(group, flag))
        choices = [("", gettext_lazy("no")), ("0", gettext_lazy("Always"))]
        choices += [(str(schedule.pk), schedule.name) for schedule in self.schedules]
        self.is_large = len(choices) > 2 and len(choices) * len(self.doors) > self.MOST_OPTIONS
        for door in self.doors:
            name, value = f"door-{door.pk}", "" if door.pk not in held else str(held[door.pk] or 0)
            field = forms.ChoiceField(required=False, choices=choices, label=door.name, initial=value)
            said = self.data.get(name, "") if self.is_bound else value
            if self.is_large and door.pk not in held and said in ("", "0"):
                field.widget = forms.Select(choices=choices[:2])
            self.fields[name] = field

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        if self.needs_door and not self.errors and not any(fields.get(f"door-{door.pk}") for door in self.doors):
            raise forms.ValidationError(_("Choose at least one door."))
        return fields

    @property
    def flags(self) -> list[Any]:
        return [self[flag] for flag in AccessGroup.FLAGS]

    @property
    def places(self) -> list[dict[str, Any]]:
        return [{"door": door, "field": self[f"door-{door.pk}"]} for door in self.doors]

    def wanted(self) -> dict[int, int | None]:
        """{door: schedule, None for always}."""
        chosen = {door.pk: self.cleaned_data[f"door-{door.pk}"] for door in self.doors}
        return {door: int(value) or None for door, value in chosen.items() if value}


FLAGS = {
    "pin": gettext_lazy("Their card alone is never enough: the PIN is asked for as well"),
    "hold": gettext_lazy("A door they opened may stand open without an alarm"),
    "office": gettext_lazy("Two taps switch the office mode of a door that has one"),
    "exempt": gettext_lazy("Anti-passback, area limits and interlocks do not count for them"),
    "lockdown": gettext_lazy("They pass during a lockdown"),
    "no_clock": gettext_lazy("They pass also while a controller does not know the time"),
}


def _seconds(name: str, label: Any, help_text: Any = "", required: bool = False) -> forms.FloatField:
    """A time of a door in seconds, with the limits that it has in milliseconds."""
    lowest, highest = (bound / 1000 for bound in limits.door(name))
    return forms.FloatField(min_value=lowest, max_value=highest, label=label, help_text=help_text, required=required)


def _number(label: Any, bounds: tuple[int, int], help_text: Any = "") -> forms.IntegerField:
    lowest, highest = bounds
    return forms.IntegerField(min_value=lowest, max_value=highest, label=label, help_text=help_text, required=False)


SECONDS = ("release_ms", "held_ms", "extended_ms", "relock_delay_ms", "pulse_ms", "warn_ms", "repeat_ms")
SCHEDULED = ("free", "office", "rex_when")


class DoorForm(Shared):
    """A door: its name, its times in seconds, and its rules. What is left empty is as the firmware has it."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    release_ms = _seconds("release_ms", gettext_lazy("Unlocked for, seconds"), required=True)
    extended_ms = _seconds(
        "extended_ms", gettext_lazy("For those who need longer, seconds"), gettext_lazy("Empty: 15 seconds.")
    )
    held_ms = _seconds("held_ms", gettext_lazy("Counts as held open after, seconds"), required=True)
    warn_ms = _seconds("warn_ms", gettext_lazy("Warn so long before, seconds"), gettext_lazy("The reader sounds."))
    repeat_ms = _seconds("repeat_ms", gettext_lazy("Say it again every, seconds"))
    relock = forms.ChoiceField(choices=DoorRules.Relock.choices, label=gettext_lazy("Locks again"))
    relock_delay_ms = _seconds("relock_delay_ms", gettext_lazy("after a delay of, seconds"))
    pulse_ms = _seconds(
        "pulse_ms",
        gettext_lazy("Pulse to the strike, seconds"),
        gettext_lazy("Empty: current as long as it is unlocked."),
    )
    forced = forms.ChoiceField(choices=DoorRules.Forced.choices, label=gettext_lazy("A door that is forced open is"))
    unopened = forms.BooleanField(
        required=False, label=gettext_lazy("Record when a door was unlocked and nobody opened it")
    )
    rex = forms.ChoiceField(choices=DoorRules.Rex.choices, label=gettext_lazy("The exit button"))
    rex_when = forms.ModelChoiceField(Schedule.objects.none(), required=False, label=gettext_lazy("at"))
    free = forms.ModelChoiceField(Schedule.objects.none(), required=False, label=gettext_lazy("Unlocked at"))
    first_in = forms.BooleanField(required=False, label=gettext_lazy("only after the first person came in"))
    office = forms.ModelChoiceField(
        Schedule.objects.none(), required=False, label=gettext_lazy("Office mode may be on at")
    )
    two_person = forms.ChoiceField(required=False, label=gettext_lazy("Two people together"))
    residents = forms.BooleanField(
        required=False, label=gettext_lazy("Residents whose card opens it now may unlock it on their own page")
    )
    offline_hours = _number(
        gettext_lazy("Hours without a link, then nobody passes"),
        limits.door("offline_hours"),
        gettext_lazy("Empty: no limit."),
    )
    leads_from = forms.ModelChoiceField(Area.objects.none(), required=False, label=gettext_lazy("Leads from"))
    leads_to = forms.ModelChoiceField(Area.objects.none(), required=False, label=gettext_lazy("to"))
    passback = forms.ChoiceField(required=False, label=gettext_lazy("Who did not leave"))
    passback_minutes = _number(gettext_lazy("for minutes"), limits.door("passback_minutes"), gettext_lazy("Empty: 10."))
    interlock = _number(
        gettext_lazy("Interlock group"),
        limits.door("interlock"),
        gettext_lazy("Of the doors of a group only one is open at a time."),
    )
    interlock_open = forms.BooleanField(required=False, label=gettext_lazy("an open door counts, too"))
    retention_days = _number(
        gettext_lazy("Keep the log of this door for days"),
        limits.door("retention_days"),
        gettext_lazy("0: no event names who passed. Empty: as the organisation has it."),
    )
    retention_reason = forms.CharField(
        max_length=200,
        required=False,
        label=gettext_lazy("Why longer than 90 days"),
        help_text=gettext_lazy("Whoever may pass here can read it."),
    )

    def __init__(self, *args: Any, door: Door, **kwargs: Any):
        rules = DoorRules.objects.filter(door=door).first() or DoorRules(door=door)
        tenant = door.controller.site.tenant_id
        initial = {name: getattr(rules, name) for name in self.base_fields if hasattr(rules, name)}
        initial |= {"name": door.name, "release_ms": door.release_ms, "held_ms": door.held_ms}
        initial |= {name: initial[name] / 1000 for name in SECONDS if initial[name] is not None}
        initial["two_person"] = "" if not rules.two_person else str(rules.two_person_when_id or 0)
        super().__init__(*args, initial=initial, **kwargs)
        fields: Any = self.fields
        when = Schedule.objects.filter(tenant=tenant)
        for name in SCHEDULED:
            fields[name].queryset = when
            fields[name].empty_label = _("never") if name != "rex_when" else _("always")
        areas = Area.objects.filter(site=door.controller.site_id)
        for name in ("leads_from", "leads_to"):
            fields[name].queryset, fields[name].empty_label = areas, _("outside")
        fields["passback"].choices = [("", _("passes as anyone")), *DoorRules.Passback.choices]
        always = [("0", _("always")), *((str(one.pk), one.name) for one in when)]
        fields["two_person"].choices = [("", _("never")), *always]
        asked = [("", "–"), *((what, ASKED[what]) for what in ASKS)]
        self.who = []
        # As many lines as were entered, also where somebody else has taken some away meanwhile.
        entered_lines = sum(name.startswith("who-") for name in self.data)
        for place in range(max(3, len(rules.who) + 1, min(entered_lines, limits.IN_TURN + 1))):
            what, pk = rules.who[place] if place < len(rules.who) else ("", None)
            fields[f"who-{place}"] = forms.ChoiceField(
                required=False, choices=asked, initial=what, label=_("It asks for")
            )
            fields[f"when-{place}"] = forms.ChoiceField(
                required=False, choices=always, initial=str(pk or 0), label=_("at")
            )
            self.who.append((f"who-{place}", f"when-{place}"))

    def part(self, *names: str) -> list[Any]:
        return [self[name] for name in names]

    @property
    def asked(self) -> list[tuple[Any, Any]]:
        return [(self[what], self[when]) for what, when in self.who]

    def sections(self) -> list[tuple[Any, list[Any]]]:
        """The form in parts; what most doors never need comes last."""
        return [
            (_("Unlocking"), self.part("name", "release_ms", "extended_ms", "residents")),
            (_("Privacy"), self.part("retention_days", "retention_reason")),
            (_("Unlocked by schedule"), self.part("free", "first_in", "office")),
            (_("Held open and forced"), self.part("held_ms", "warn_ms", "repeat_ms", "forced", "unopened")),
            (_("Lock and exit button"), self.part("relock", "relock_delay_ms", "pulse_ms", "rex", "rex_when")),
            (_("People together"), self.part("two_person", "interlock", "interlock_open", "offline_hours")),
            (_("Areas"), self.part("leads_from", "leads_to", "passback", "passback_minutes")),
        ]

    def wanted(self) -> dict[str, Any]:
        """As doors/door_rules.py takes it."""
        said = dict(self.cleaned_data)
        for name in SECONDS:
            said[name] = None if said[name] is None else round(said[name] * 1000)
        two_person = said.pop("two_person")
        said["two_person"] = bool(two_person)
        said["two_person_when_id"] = int(two_person or 0) or None
        chosen = [(said.pop(what), said.pop(when)) for what, when in self.who]
        said["who"] = [[what, int(when or 0) or None] for what, when in chosen if what]
        return said


class AreaForm(Shared):
    """area: the one of that number, as it is now."""

    number = forms.IntegerField(min_value=1, max_value=limits.AREAS, label=gettext_lazy("Number"))
    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    limit = _number(gettext_lazy("At most so many people"), limits.area("limit"))
    forget_hours = _number(
        gettext_lazy("Forget who went in after hours"), limits.area("forget_hours"), gettext_lazy("Empty: 24.")
    )

    def __init__(self, *args: Any, area: Area | None = None, **kwargs: Any):
        initial = {} if area is None else {name: getattr(area, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)

    def _own(self) -> list[str]:
        return [name for name in super()._own() if name != "number"]  # says which area it is


class HolidayForm(Plain):
    """tenant: asked for only when the user administers several."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    first = day(gettext_lazy("First day"), required=True)
    last = day(gettext_lazy("Last day, if more than one"))


class GrantForm(Shared):
    """When and how often a right in a group holds. zones: where the group's doors lie; the first is what is offered."""

    valid_from = day(gettext_lazy("From"))
    from_time = hour(gettext_lazy("From, time"), gettext_lazy("Empty: from the beginning of the day."))
    valid_until = day(gettext_lazy("Until"))
    until_time = hour(gettext_lazy("Until, time"), gettext_lazy("Empty: until the end of the day."))
    zone = forms.ChoiceField(label=gettext_lazy("By the clock in"))
    uses = _number(gettext_lazy("Number of passages"), limits.USES, gettext_lazy("Empty: as often as they like."))

    def __init__(self, *args: Any, grant: Grant, zones: list[str], **kwargs: Any):
        initial = self._shown(grant, zones[0])
        super().__init__(*args, initial=initial, auto_id=f"grant_{grant.pk}_%s", **kwargs)
        self.grant = grant
        zone: Any = self.fields["zone"]
        zone.choices = [(one, local_time.city(one)) for one in zones]
        if len(zones) > 1:
            zone.help_text = _("The doors of this group lie in several time zones. It is one moment for all of them.")
        else:
            zone.disabled = True

    # A moment is its day, its time and whose clock that is: one change, whichever of them somebody touches.
    TIMES = ("valid_from", "from_time", "valid_until", "until_time", "zone")

    def kept(self) -> dict[str, Any]:
        return self._together({"zone": self.initial["zone"]} | super().kept())

    def said(self) -> dict[str, Any]:
        return self._together({"zone": self.initial["zone"]} | super().said())

    def _together(self, units: dict[str, Any]) -> dict[str, Any]:
        if not all(name in units for name in self.TIMES):
            return {name: value for name, value in units.items() if name not in self.TIMES}
        return {"times": [units.pop(name) for name in self.TIMES]} | units

    def put(self, data: Any, unit: str, value: Any) -> None:
        for name, one in zip(self.TIMES, value, strict=True) if unit == "times" else [(unit, value)]:
            super().put(data, name, one)

    def label(self, unit: str) -> str:
        return _("From and until") if unit == "times" else super().label(unit)

    def shown(self, unit: str, value: Any) -> str:
        if unit != "times":
            return super().shown(unit, value)
        return " – ".join(" ".join(str(one) for one in value[at : at + 2] if one) for at in (0, 2))

    @staticmethod
    def _shown(grant: Grant, zone: str) -> dict[str, Any]:
        said: dict[str, Any] = {"uses": grant.uses, "zone": zone}
        if grant.valid_from:
            begins = local_time.there(grant.valid_from, zone)
            said |= {"valid_from": begins.date(), "from_time": begins.time()}
        if grant.valid_until:
            ends, last = local_time.there(grant.valid_until, zone), local_time.last_day(grant.valid_until, zone)
            said |= {"valid_until": last} if last else {"valid_until": ends.date(), "until_time": ends.time()}
        return said

    def clean(self) -> dict[str, Any]:
        """As people/people.py limit() takes it."""
        fields = super().clean() or {}
        begins = self._moment(fields, "valid_from", "from_time", local_time.begins)
        ends = self._moment(fields, "valid_until", "until_time", local_time.ends)
        if begins and ends and ends <= begins:
            self.add_error("valid_until", _("It ends before it begins. Exchange the two."))
        if plain(self.said().get("times")) == plain(self.kept().get("times")):
            begins, ends = self.grant.valid_from, self.grant.valid_until  # to the second, as nobody has touched it
        return {"valid_from": begins, "valid_until": ends, "uses": fields.get("uses")}

    def _moment(self, fields: dict[str, Any], day: str, hour: str, find: Callable[..., datetime]) -> datetime | None:
        if fields.get(day) is None or "zone" not in fields:
            if fields.get(hour) is not None and day in fields:
                self.add_error(day, _("A time needs its day. Choose it."))
            return None
        try:
            return find(fields[day], fields.get(hour), fields["zone"])
        except Refusal as wrong:
            self.add_error(hour, telling.sentence(wrong))
            return None


class PinForm(Plain):
    """A PIN of one's own choice; left empty, one is made."""

    digits = forms.CharField(
        required=False,
        max_length=limits.PIN_DIGITS[1],
        label=gettext_lazy("PIN"),
        help_text=gettext_lazy("Empty: one is chosen at random, which is best."),
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def chosen_tenant(tenants: QuerySet[Tenant], wanted: str) -> Tenant | None:
    """The tenant that a form names among those of the user, else the first."""
    number = entered.number(wanted)
    return tenants.first() if number is None else tenants.filter(pk=number).first()
