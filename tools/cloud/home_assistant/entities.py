"""What Home Assistant gets: each controller a device, its doors binary sensors. No names of people, no commands.

Devices are announced as its MQTT integration describes (home-assistant.io/integrations/mqtt, device discovery). There
is no lock among them: its MQTT lock must be given a topic for commands (home-assistant.io/integrations/lock.mqtt).
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from firmware.controller import events

from ..alarms import codes
from ..doors import doors as door_states
from ..models import Alarm, Controller, Door, Event, Tenant

PREFIX = "homeassistant"
LINKED_FOR = timedelta(seconds=15)  # three times what a page waits: an entity that comes and goes helps nobody
RELEASES = (*codes.GRANTED, events.RELEASED_REMOTE, events.RELEASED_REX)

Place = tuple[int, int]  # controller, door number


def root(tenant: Tenant) -> str:
    """Everything but the announcements lies under this topic."""
    return f"portvakt-home/{tenant.pk}"


class RecentReleases:
    """Which doors were released a moment ago, from the events of a tenant as they come in. Reads each event once."""

    def __init__(self, tenant: Tenant):
        self._tenant = tenant
        self._after = 0
        self._released: dict[Place, datetime] = {}

    def read(self) -> None:
        rows = Event.objects.filter(tenant=self._tenant, pk__gt=self._after, code__in=RELEASES)
        for pk, at, number, utc, received in rows.order_by("pk").values_list(
            "pk", "controller", "door_number", "utc", "received_at"
        ):
            self._after = pk
            self._released[at, number] = utc or received

    def is_released(self, state: door_states.DoorState, now: datetime) -> bool:
        """What keeps it released for longer the controller tells of itself."""
        door = state.door
        at = self._released.get((door.controller_id, door.number))
        moment = at is not None and timedelta(0) <= now - at < timedelta(milliseconds=door.release_ms)
        return moment or state.lock.state == "unlocked"


def messages(tenant: Tenant, strikes: RecentReleases, now: datetime) -> dict[str, str]:
    """{topic: what is to be retained there}."""
    strikes.read()
    controllers = Controller.objects.filter(site__tenant=tenant, lost_at=None).select_related("site").order_by("pk")
    rows = Door.objects.filter(controller__in=controllers).select_related("controller").order_by("controller", "number")
    alarms = {
        (at, number)
        for at, number, code in Alarm.objects.filter(
            controller__in=controllers, acknowledged_at=None, ended_at=None
        ).values_list("controller", "door_number", "code")
        if code not in codes.SILENT
    }
    doors: dict[int, list[Door]] = {}
    found = {}
    for state in door_states.states(rows, now):
        door = state.door
        doors.setdefault(door.controller_id, []).append(door)
        found[f"{_base(tenant, door.controller)}/door/{door.number}"] = json.dumps(
            {
                "contact": {"closed": "OFF", "unknown": None}.get(state.contact, "ON"),
                "strike": _on(strikes.is_released(state, now)),
                "alarm": _on((door.controller_id, door.number) in alarms),
            }
        )
    for controller in controllers:
        at = controller.confirmed_at
        base = _base(tenant, controller)
        found[f"{base}/link"] = "online" if at is not None and now - at < LINKED_FOR else "offline"
        found[f"{base}/controller"] = json.dumps(
            {"alarm": _on((controller.pk, 0) in alarms), "behind": _on(not controller.in_sync)}
        )
        found[announcement(controller)] = json.dumps(_device(tenant, controller, doors.get(controller.pk, ())))
    return found


def announcement(controller: Controller) -> str:
    return f"{PREFIX}/device/portvakt_{controller.public_id}/config"


def _on(true: bool) -> str:
    return "ON" if true else "OFF"


def _base(tenant: Tenant, controller: Controller) -> str:
    return f"{root(tenant)}/{controller.public_id}"


def _device(tenant: Tenant, controller: Controller, doors: Iterable[Door]) -> dict[str, Any]:
    base = _base(tenant, controller)
    status = {"topic": f"{root(tenant)}/status"}
    link = {"topic": f"{base}/link"}
    parts: dict[str, dict[str, Any]] = {
        "link": _sensor("Link", link["topic"], "connectivity")
        | {"payload_on": "online", "payload_off": "offline", "availability": [status]},
        "alarm": _sensor("Alarm", f"{base}/controller", "problem", "alarm"),
        "behind": _sensor("Access list behind", f"{base}/controller", "problem", "behind"),
    }
    for name in ("link", "behind"):
        parts[name]["entity_category"] = "diagnostic"
    for door in doors:
        topic = f"{base}/door/{door.number}"
        parts |= {
            f"door_{door.number}_contact": _sensor(door.name, topic, "door", "contact"),
            f"door_{door.number}_strike": _sensor(f"{door.name} strike", topic, "lock", "strike"),
            f"door_{door.number}_alarm": _sensor(f"{door.name} alarm", topic, "problem", "alarm"),
        }
    for name, part in parts.items():
        part["unique_id"] = f"portvakt_{controller.public_id}_{name}"
    return {
        "device": {
            "identifiers": [f"portvakt_{controller.public_id}"],
            "name": controller.name,
            "manufacturer": "Portvakt",
            "model": controller.table.get("name", ""),
            "sw_version": controller.firmware,
            "suggested_area": controller.site.name,
        },
        "origin": {"name": "Portvakt"},
        "availability": [status, link],
        "availability_mode": "all",
        "components": parts,
    }


def _sensor(name: str, topic: str, kind: str, field: str = "") -> dict[str, Any]:
    """field: of the JSON at the topic. null there is unknown to Home Assistant, as its template engine has None."""
    sensor = {"platform": "binary_sensor", "name": name, "state_topic": topic, "device_class": kind}
    return sensor | ({"value_template": f"{{{{ value_json.{field} }}}}"} if field else {})
