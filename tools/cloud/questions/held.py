"""What a controller holds, beside what it should: by the versions and digests that it reports, and who is between."""

from typing import NamedTuple

from django.db.models import Q, QuerySet

from firmware.controller import records

from ..models import AclChange, Controller, Person


class Difference(NamedTuple):
    """person: whose card or PIN; None: erased since. comes: it is to be there, and is not yet, or not so."""

    person: Person | None
    comes: bool


class Comparison(NamedTuple):
    """behind: how many changes it has not reported yet. strange: it reports this version with another content.

    rules: it follows the newest rules. between: the last word about each card or PIN that it has not reported.
    known: whether those can be told; what is older than the changes kept goes by a whole list.
    """

    same: bool
    behind: int
    strange: bool
    rules: bool
    known: bool
    between: list[Difference]


def of(controller: Controller, seen: QuerySet[Person] | None = None) -> Comparison:
    """seen: the people who show to whoever asks, of others nothing is said; None: all."""
    behind = max(0, controller.acl_version - controller.held_acl_version)
    same = behind == 0 and controller.acl_digest == controller.held_acl_digest
    strange = behind == 0 and not same
    steps = AclChange.objects.filter(controller=controller, version__gt=controller.held_acl_version)
    last: dict[bytes, AclChange] = {}
    told = steps if seen is None else steps.filter(Q(credential=None) | Q(credential__person__in=seen))
    for step in told.select_related("credential__person").order_by("version"):
        last[bytes(step.key)] = step
    between = [
        Difference(step.credential.person if step.credential else None, step.op == records.PUT)
        for step in last.values()
    ]
    rules = controller.rules_version == controller.held_rules_version
    known = not strange and steps.count() == behind and controller.acl_version >= controller.held_acl_version
    return Comparison(same, behind, strange, rules, known, between)
