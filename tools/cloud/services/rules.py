"""A controller's rules: what each profile opens, how long its doors stay released, under a version."""

import json
from typing import Any
from zlib import crc32

from ..models import Controller, Door, Profile


def content(controller_id: int) -> dict[str, Any]:
    """The fields of the wire's RULES message, without the version."""
    profiles = Profile.objects.filter(controller=controller_id).order_by("number")
    doors = Door.objects.filter(controller=controller_id).order_by("number")
    return {
        "profiles": {str(profile.number): profile.door_numbers for profile in profiles},
        "doors": {str(d.number): {"release_ms": d.release_ms, "held_ms": d.held_ms} for d in doors},
    }


def version(fields: dict[str, Any]) -> int:
    """A version made of the content, never 0: after a restore from backup no number can mean two things."""
    return crc32(json.dumps(fields, sort_keys=True).encode()) & 0x3FFFFFFF | 0x20000000


def refresh(controller_id: int) -> None:
    """Notes that the rules of a controller may have changed."""
    number = version(content(controller_id))
    Controller.objects.filter(pk=controller_id).exclude(rules_version=number).update(rules_version=number)
