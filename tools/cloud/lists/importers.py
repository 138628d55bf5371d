"""Lists that other systems write, as rows of ours: an uhppoted ACL file and a user backup of esp-rfid.

uhppoted (uhppoted-lib, acl/parse.go): tab-separated, "Card Number", "From", "To", perhaps "PIN", then a column a door
with Y, N or the number of a time profile (2 to 254). Names are compared without blanks and case. The number of a card
of 26 bits is its facility code followed by five digits (uhppote-core, card formats).

esp-rfid (src/websrc/js/esprfid.js, src/rfid.esp): JSON, {"type": "esp-rfid-userbackup", "list": [{"uid", "username",
"acctype": 0 disabled, 1 always, 99 administrator, "validuntil": Unix seconds}, ...]}, later versions "validsince",
"pincode". A Wiegand reader's uid is decimal; a 13.56 MHz reader's is hexadecimal, and a byte below 16 lost its zero.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..models import AccessGroup, Door, Tenant
from ..people import groups
from ..services.refusal import Refusal
from . import columns
from .card_forms import Form
from .people_rows import Options
from .tables import Table

SHEET, UHPPOTED, ESP_RFID = "sheet", "uhppoted", "esp-rfid"
SOURCES = (SHEET, UHPPOTED, ESP_RFID)
Rows = list[tuple[int, dict[str, Any]]]

_ESP_TYPE = "esp-rfid-userbackup"
_FOR_GOOD = 4_102_444_800  # the year 2100: whoever wrote this meant no end
_ACL = ("cardnumber", "from", "to")


def source(table: Table) -> str:
    """Who wrote it, as far as it shows."""
    if table.about.get("type") == _ESP_TYPE:
        return ESP_RFID
    names = {columns.key(name) for name in table.header}
    return UHPPOTED if names >= set(_ACL) and "name" not in names else SHEET


def rows(tenant: Tenant, table: Table, options: Options, written_by: str = "") -> Rows:
    """The rows of a list of people. Makes the groups that an ACL file needs, so within a transaction."""
    kind = written_by or source(table)
    if kind == UHPPOTED:
        return _uhppoted(tenant, table, options)
    if kind == ESP_RFID:
        return [(line, _esp(row, options)) for line, row in table.rows]
    names = columns.known(table.header, columns.PEOPLE)
    return [(line, columns.said(cells, names)) for line, cells in table.rows]


def _uhppoted(tenant: Tenant, table: Table, options: Options) -> Rows:
    keys = {columns.key(name): name for name in table.header}
    if missing := [name for name in _ACL if name not in keys]:
        raise Refusal(
            "an uhppoted list has the columns Card Number, From and To; %(missing)s is not there", missing=missing[0]
        )
    doors = _doors(tenant, [name for key, name in keys.items() if key not in (*_ACL, "pin", "name")])
    alone: dict[str, str] = {}
    found = []
    for line, cells in table.rows:
        row: dict[str, Any] = {"cards": _uhppoted_card(str(cells.get(keys["cardnumber"], "")), options)}
        row["new name"] = f"Card {cells.get(keys['cardnumber'], '')}"
        row |= {ours: cells[keys[key]] for key, ours in (("from", "from"), ("to", "until")) if cells.get(keys[key])}
        if "name" in keys and cells.get(keys["name"]):
            row["name"] = cells[keys["name"]]
        if "pin" in keys and str(cells.get(keys["pin"], "")) not in ("", "0"):
            row["pin"] = str(cells[keys["pin"]])
        named = []
        for name, door in doors.items():
            said = str(cells.get(name, "N")).strip().upper()
            if said == "Y":
                if name not in alone:
                    alone[name] = _group_of(tenant, door)
                named.append(alone[name])
            elif said not in ("N", ""):
                named.append(f"{door.name} {said}")
        if named:
            row["groups"] = named
        else:
            row.pop("from", None)
            row.pop("until", None)
        found.append((line, row))
    return found


def _uhppoted_card(said: str, options: Options) -> str:
    if options.form in (Form.ANY, Form.FACILITY) and re.fullmatch(r"\d{1,8}", said, re.ASCII):
        return f"{options.bits or 26}:{int(said) // 100_000}-{int(said) % 100_000}"
    return said


def _doors(tenant: Tenant, names: list[str]) -> dict[str, Door]:
    """The doors that the columns name."""
    ours: dict[str, list[Door]] = {}
    for door in Door.objects.of(tenant).filter(controller__lost_at=None):
        ours.setdefault(columns.key(door.name), []).append(door)
    found = {}
    for name in names:
        those = ours.get(columns.key(name), [])
        if len(those) != 1:
            raise Refusal(
                "the column %(name)s must be the name of one door here, and %(n)d are called so; rename one of the two",
                name=name[:60],
                n=len(those),
            )
        found[name] = those[0]
    return found


def _group_of(tenant: Tenant, door: Door) -> str:
    """The group that has this door at all times and nothing else; made where there is none."""
    for group in AccessGroup.objects.filter(tenant=tenant, places__door=door).prefetch_related("places"):
        places = list(group.places.all())
        plain = not any(getattr(group, flag) for flag in AccessGroup.FLAGS)
        if plain and len(places) == 1 and places[0].schedule_id is None:
            return f"#{group.pk}"
    taken = set(AccessGroup.objects.filter(tenant=tenant).values_list("name", flat=True))
    name = next(
        name for name in (door.name[:100], f"{door.name[:80]} (uhppoted)", f"door {door.pk}") if name not in taken
    )
    return f"#{groups.save(AccessGroup(tenant=tenant), name, {}, {door.pk: None}).pk}"


def _esp(row: Mapping[str, Any], options: Options) -> dict[str, Any]:
    found: dict[str, Any] = {"cards": _esp_card(str(row.get("uid", "")).strip(), options)}
    name = str(row.get("username") or row.get("user") or "").strip()
    found["name" if name else "new name"] = name or f"Card {row.get('uid', '')}"
    if "acctype" in row:
        found["active"] = "no" if str(row["acctype"]) == "0" else "yes"
    for theirs, ours in (("validsince", "from"), ("validuntil", "until")):
        seconds = row.get(theirs)
        if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
            seconds = int(seconds)
        if isinstance(seconds, int) and 0 < seconds < _FOR_GOOD and options.groups:
            found[ours] = datetime.fromtimestamp(seconds, UTC).isoformat()
    if row.get("pincode"):
        found["pin"] = str(row["pincode"])
    return found


def _esp_card(uid: str, options: Options) -> str:
    if options.form == Form.ANY and uid.isascii() and uid.isdigit():
        return f"{options.bits}:{int(uid):010d}" if options.bits else f"{int(uid):010d}"
    if options.form in (Form.HEX, Form.HEX_REVERSED) and len(uid) not in (6, 8):
        # A missing zero may have been in any byte: guessed wrong, the card would be somebody else's.
        return f"{uid} (a byte lost its zero: read this card anew)"
    return uid
