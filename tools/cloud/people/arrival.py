"""Whether a revocation has reached the doors, told door by door: one without a link still lets in."""

from dataclasses import dataclass

from django.db.models import Max, Min, QuerySet

from ..doors import door_status
from ..models import AclChange, Controller, Credential, Door
from ..services import clock


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

    @property
    def mark(self) -> str:
        """Changes whenever there is something new to tell."""
        return "-".join(f"{door.pk}{'l' if linked else ''}" for door, linked in self.waiting)


def of(credential: Credential, doors: QuerySet[Door]) -> Arrival:
    """At which of these doors a revoked card is refused by now. doors: those that whoever asks may see."""
    now = clock.now()
    changes = AclChange.objects.filter(credential=credential).values("controller")
    versions = {
        row["controller"]: (row["first"], row["last"])
        for row in changes.annotate(first=Min("version"), last=Max("version"))
    }
    found = Arrival([], [])
    doors = doors.select_related("controller__site")
    for door in doors.filter(controller__site__tenant=credential.tenant_id).order_by("controller__name", "number"):
        if _forgotten(door.controller, *versions.get(door.controller_id, (0, 0))):
            found.refused.append(door)
        else:
            found.waiting.append((door, door_status.linked(door.controller, now)))
    return found


def _forgotten(controller: Controller, first: int, last: int) -> bool:
    """first, last: ACL versions in which the card came and in which it went; both 0: it was never there.

    A controller that holds no version (0) may have a part of a snapshot: it counts as holding the card.
    """
    held = controller.held_acl_version
    return held >= last or 0 < held < first
