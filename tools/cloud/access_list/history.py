"""The history of access lists: kept as long as a controller or a late event may need it, then forgotten."""

from django.db.models import Exists, OuterRef, Q

from ..alarms import codes
from ..models import AclChange, Controller, Event


def prunable() -> Exists:
    """Of a controller: that it holds a version which makes steps needless, or may make them so with its next event."""
    steps = AclChange.objects.filter(controller=OuterRef("pk"))
    held = OuterRef("held_acl_version")
    later = AclChange.objects.filter(
        controller=OuterRef("controller"), key=OuterRef("key"), op=AclChange.Op.PUT, version__gt=OuterRef("version")
    )
    replaced = Q(op=AclChange.Op.REMOVE) | Q(credential=None) | Exists(later)
    said = ~Q(record=b"") | ~Q(key=b"")
    return Exists(steps.filter(Q(version__lt=held) & replaced | Q(version=held, credential=None) & said))


def prune(controller_id: int) -> int:
    """Removes steps of a controller's table that nobody asks for any more. Returns how many.

    A step goes when the controller holds a newer version, a later one has taken its place for the same key, and an
    event of after that has come in (logs come in order: none from before is still on its way). The last word about a
    key stays: a revoked card that is tried again still has a name. So does the step that made the version held.
    Nothing stays of an erased person, once the controller holds that; but the held version's own step keeps its digest.
    """
    row = Controller.objects.filter(pk=controller_id).values_list("held_acl_version", flat=True).first()
    erased = AclChange.objects.filter(controller=controller_id, credential=None)
    forgotten = erased.filter(version__lt=row or 0).delete()[0]
    erased.filter(version=row or 0).update(record=b"", key=b"")
    seen = (
        Event.objects.filter(controller=controller_id, utc__isnull=False, flags__in=codes.TRUSTED)
        .order_by("-pk")
        .values_list("utc", flat=True)
        .first()
    )
    if not row or seen is None:
        return forgotten
    steps = AclChange.objects.filter(controller=controller_id, version__lt=row)
    later = AclChange.objects.filter(
        controller=controller_id,
        key=OuterRef("key"),
        op=AclChange.Op.PUT,
        version__gt=OuterRef("version"),
        version__lte=row,
        at__lt=seen,
    )
    replaced = steps.filter(Exists(later))
    removals = steps.filter(op=AclChange.Op.REMOVE, at__lt=seen)
    gone = list((replaced | removals).values_list("pk", flat=True)[:5000])
    return forgotten + AclChange.objects.filter(pk__in=gone).delete()[0]


def digest_of(row: Controller, version: int) -> str | None:
    """Of a controller's access list at that version; None where the history does not have it any more."""
    if version == row.acl_version:
        return row.acl_digest
    return AclChange.objects.filter(controller=row.pk, version=version).values_list("digest", flat=True).first()
