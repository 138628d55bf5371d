"""What a door asks for and how it behaves: checked whole before anything of it is kept."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ..models import ASKS, Area, Door, DoorRules, Schedule
from .told import Told, text

ASKED = 8  # lines of what a door asks for

# Field -> what it is called where it is wrong.
NAMES = {
    "extended_ms": text("extended release time"),
    "retention_days": text("days that the log is kept"),
    "offline_hours": text("hours without a link"),
    "passback": text("anti-passback"),
    "passback_minutes": text("minutes of anti-passback"),
    "interlock": text("interlock group"),
    "relock": text("when it locks again"),
    "relock_delay_ms": text("delay before it locks again"),
    "pulse_ms": text("length of the pulse"),
    "warn_ms": text("warning before held open"),
    "repeat_ms": text("time after which held open is said again"),
    "forced": text("what an opening without a release is"),
    "rex": text("what the exit button does"),
    "release_ms": text("release time"),
    "held_ms": text("held open after"),
}


def change(door: Door, fields: dict[str, Any]) -> Door:
    """Changes a door's name, times and rules. What is not in fields stays. Raises Told, and then nothing is changed."""
    tenant = door.controller.site.tenant_id
    own = {name: fields[name] for name in ("name", "release_ms", "held_ms") if name in fields}
    rules = DoorRules.objects.filter(door=door).first() or DoorRules(door=door)
    for name, value in fields.items():
        if name not in own:
            setattr(rules, name, value)
    rules.who = [[what, pk] for what, pk in rules.who]
    _check(rules, door, tenant)
    with transaction.atomic():
        if own:
            for name, value in own.items():
                setattr(door, name, value)
            _clean(door, ("name", "release_ms", "held_ms"))
            door.save()
        if set(fields) - set(own):
            rules.save()
    return door


def _check(rules: DoorRules, door: Door, tenant: int) -> None:
    _clean(rules, tuple(NAMES))
    if len(rules.who) > ASKED:
        raise Told("a door asks for at most %(most)d things in turn", most=ASKED)
    known = set(Schedule.objects.filter(tenant=tenant).values_list("pk", flat=True))
    wanted = {pk for _, pk in rules.who} | {rules.free_id, rules.office_id, rules.two_person_when_id, rules.rex_when_id}
    if wanted - known - {None}:
        raise Told("there is no such schedule in this tenant; choose one of its own")
    if any(what not in ASKS for what, _ in rules.who):
        raise Told("a door asks for card, pin, card+pin or card/pin; choose one of these")
    areas = set(Area.objects.filter(site=door.controller.site_id).values_list("pk", flat=True))
    if {rules.leads_from_id, rules.leads_to_id} - areas - {None}:
        raise Told("there is no such area at this site; choose one of its own")
    if rules.passback and rules.leads_from_id == rules.leads_to_id:
        raise Told("anti-passback needs to know where the door leads from and to; choose two different areas")
    if rules.first_in and rules.free_id is None:
        raise Told("the first person in begins free access, and there is none; choose its schedule")


def _clean(row: Any, names: tuple[str, ...]) -> None:
    """What the model's own fields refuse, as a sentence."""
    others = [field.name for field in row._meta.fields if field.name not in names]
    try:
        row.clean_fields(exclude=others)
    except ValidationError as error:
        name, faults = next(iter(error.message_dict.items()))
        raise Told("%(field)s: %(fault)s", field=str(NAMES.get(name, name)), fault=" ".join(faults)) from None
