"""What a door asks for and how it behaves: checked whole before anything of it is kept."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext_lazy

from .. import limits
from ..audit import changes
from ..log import retention
from ..models import ASKS, Area, Door, DoorRules, Schedule, lock
from ..services import propagate
from ..services.refusal import Refusal

# Field -> what it is called where it is wrong.
NAMES: dict[str, Any] = {
    "extended_ms": gettext_lazy("extended unlock time"),
    "retention_days": gettext_lazy("days that the log is kept"),
    "retention_reason": gettext_lazy("why the log is kept so long"),
    "offline_hours": gettext_lazy("hours without a link"),
    "passback": gettext_lazy("anti-passback"),
    "passback_minutes": gettext_lazy("minutes of anti-passback"),
    "interlock": gettext_lazy("interlock group"),
    "relock": gettext_lazy("when it locks again"),
    "relock_delay_ms": gettext_lazy("delay before it locks again"),
    "pulse_ms": gettext_lazy("length of the pulse"),
    "warn_ms": gettext_lazy("warning before held open"),
    "repeat_ms": gettext_lazy("time after which held open is said again"),
    "forced": gettext_lazy("what a door that is forced open is"),
    "rex": gettext_lazy("what the exit button does"),
    "release_ms": gettext_lazy("unlock time"),
    "held_ms": gettext_lazy("held open after"),
}


def change(door: Door, fields: dict[str, Any]) -> Door:
    """Changes a door's name, times and rules. What is not in fields stays. Raises Refusal, with nothing changed."""
    own = {name: fields[name] for name in ("name", "release_ms", "held_ms") if name in fields}
    with changes.of(door):
        lock(door)
        rules = DoorRules.objects.filter(door=door).first() or DoorRules(door=door)
        for name, value in fields.items():
            if name not in own:
                setattr(rules, name, value)
        rules.who = [[what, pk] for what, pk in rules.who]
        rules.retention_reason = retention.reason(rules.retention_days, rules.retention_reason)
        _check(rules, door, door.controller.site.tenant_id)
        _check_warning(rules.warn_ms, own.get("held_ms", door.held_ms))
        if own:
            for name, value in own.items():
                setattr(door, name, value)
            _clean(door, ("name", "release_ms", "held_ms"))
            door.save()
        if set(fields) - set(own):
            rules.save()
            # What a door asks for also decides which PINs its controller knows.
            propagate.access_at(door.controller.site.tenant_id, [door.controller_id])
            propagate.rules_around(door.controller)
        elif own:
            propagate.rules_of([door.controller_id])
    return door


def _check(rules: DoorRules, door: Door, tenant: int) -> None:
    _clean(rules, tuple(NAMES))
    if len(rules.who) > limits.IN_TURN:
        raise Refusal("a door asks for at most %(most)d things in turn", most=limits.IN_TURN)
    known = set(Schedule.objects.filter(tenant=tenant).values_list("pk", flat=True))
    if ({pk for _, pk in rules.who} | _named(rules, Schedule)) - known - {None}:
        raise Refusal("there is no such schedule in this tenant; choose one of its own")
    if any(what not in ASKS for what, _ in rules.who):
        raise Refusal("a door asks for card, pin, card+pin or card/pin; choose one of these")
    if any("pin" in what for what, _ in rules.who) and _types_codes(door):
        raise Refusal("the keys of this door's reader are the bank's, for the codes of parcels; let it ask for cards")
    areas = set(Area.objects.filter(site=door.controller.site_id).values_list("pk", flat=True))
    if _named(rules, Area) - areas - {None}:
        raise Refusal("there is no such area at this site; choose one of its own")
    if rules.passback and rules.leads_from_id == rules.leads_to_id:
        raise Refusal("anti-passback needs to know where the door leads from and to; choose two different areas")
    if rules.first_in and rules.free_id is None:
        raise Refusal("the first person in begins free access, and there is none; choose its schedule")


def _types_codes(door: Door) -> bool:
    """Whether the keypad of a bank is that of this door: keys would be a PIN's first, and no code would be complete."""
    keypad = door.controller.board.get("bank", {}).get("keypad", {})
    return bool(keypad.get("door") == door.number)


def _named(rules: DoorRules, model: type[Model]) -> set[int | None]:
    """The rows of a model that the rules name in whichever field: none may be of somebody else."""
    return {getattr(rules, field.attname) for field in rules._meta.fields if field.related_model is model}


def _check_warning(warn_ms: int | None, held_ms: Any) -> None:
    """Also when only the other of the two is changed. What is no time at all is said by its own field."""
    if warn_ms and isinstance(held_ms, int) and warn_ms >= held_ms:
        raise Refusal(
            "the warning comes %(warn)g s before held open, which comes after %(held)g s; give it less time than that",
            warn=warn_ms / 1000,
            held=held_ms / 1000,
        )


def _clean(row: Any, names: tuple[str, ...]) -> None:
    """What the model's own fields refuse, as a sentence."""
    others = [field.name for field in row._meta.fields if field.name not in names]
    try:
        row.clean_fields(exclude=others)
    except ValidationError as error:
        name, faults = next(iter(error.message_dict.items()))
        raise Refusal("%(field)s: %(fault)s", field=NAMES.get(name, name), fault=" ".join(faults)) from None
