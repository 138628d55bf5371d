"""Whether a revocation has reached the doors, told door by door: one without a link still lets in."""

from dataclasses import dataclass

from django.db.models import Max

from ..models import AclChange, Controller, Credential, Door, User, visible
from ..services import clock
from . import standing


@dataclass
class Arrival:
    """refused: doors whose controller does not hold the card; waiting: (door, whether it has a link)."""

    refused: list[Door]
    waiting: list[tuple[Door, bool]]

    @property
    def total(self) -> int:
        return len(self.refused) + len(self.waiting)

    @property
    def complete(self) -> bool:
        return not self.waiting


def of(credential: Credential, user: User) -> Arrival:
    """Where a revoked card is refused by now.

    A controller has forgotten it when it holds an ACL version not older than the card's removal.
    One whose table never had the card refuses it anyway.
    """
    now = clock.now()
    last = dict(
        AclChange.objects.filter(credential=credential)
        .values_list("controller")
        .annotate(last=Max("version"))
        .values_list("controller", "last")
    )
    found = Arrival([], [])
    doors = visible(Door, user).select_related("controller__site")
    for door in doors.filter(controller__site__tenant=credential.tenant_id).order_by("controller__name", "number"):
        if _forgotten(door.controller, last.get(door.controller_id)):
            found.refused.append(door)
        else:
            found.waiting.append((door, standing.linked(door.controller, now)))
    return found


def _forgotten(controller: Controller, version: int | None) -> bool:
    return version is None or controller.held_acl_version >= version
