"""A board that is stolen or nowhere to be found: shut out at once, and what it knew is listed to be replaced."""

import os
from collections.abc import Callable

from ..audit import changes
from ..lockers import banks
from ..models import AclChange, AclEntry, Command, Controller, Credential, Exposure, User
from ..services import clock, propagate
from ..services.refusal import Refusal


def lost(controller: Controller, user: User | None, urandom: Callable[[int], bytes] = os.urandom) -> int:
    """Gives a controller up. Returns how many cards and PINs are to be replaced.

    Its keys are overwritten: nothing that the board says is taken from now on, and nothing is sent to it. Whatever
    ever stood in its credential table and still works counts as known to whoever has the board: a removed record may
    still be read from the flash.
    """
    now = clock.now()
    with changes.of(controller):
        row = Controller.objects.select_for_update(of=("self",)).select_related("site").get(pk=controller.pk)
        if row.lost_at is not None:
            raise Refusal("this controller was reported lost before; its list of what to replace stands")
        held = AclEntry.objects.filter(controller=row).values_list("credential", flat=True)
        once = AclChange.objects.filter(controller=row, op=AclChange.Op.PUT, credential__isnull=False)
        known = {*held, *once.values_list("credential", flat=True)}
        working = Credential.objects.filter(pk__in=known, active=True).order_by("pk")
        exposed = [Exposure(controller=row, credential=credential) for credential in working]
        Exposure.objects.bulk_create(exposed)
        row.lost_at, row.lost_by = now, user
        row.link_secret, row.table_key, row.broker_key = urandom(32), urandom(32), b""
        row.next_secret = None
        row.confirmed_at = None
        changed = ["lost_at", "lost_by", "link_secret", "next_secret", "table_key", "broker_key", "confirmed_at"]
        row.save(update_fields=changed)
        Command.objects.filter(controller=row, state=Command.State.QUEUED).update(
            state=Command.State.EXPIRED, why="the controller was given up as lost", ended_at=now
        )
        banks.lost(row, now, urandom)
        propagate.access_at(row.site.tenant_id, [row.pk])
    return len(exposed)


def to_replace(controller: Controller, duress: bool = True) -> list[Credential]:
    """The cards and PINs that the lost board knew and that still work elsewhere. duress: for who may know of it."""
    still = Credential.objects.filter(exposures__controller=controller, active=True, person__active=True)
    if not duress:
        still = still.exclude(kind=Credential.Kind.DURESS)
    return list(still.select_related("person").order_by("person__name", "pk"))
