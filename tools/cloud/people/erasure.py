"""A person is erased: out of every access list, and out of what is kept here, for good.

What a controller has yet to be told of them (that their keys are removed) stays until it holds that; history.py forgets
it then. Events keep their number and chain, name nobody from now on, and go with their door's retention.
privacy/erasing.py does this at the request of somebody, and follows what each controller reports.
"""

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from ..audit import changes
from ..backups import erasures
from ..guests import guests
from ..lockers import privacy as parcels
from ..models import (
    AclChange,
    AclEntry,
    Alarm,
    ApiToken,
    Change,
    Credential,
    DataRequest,
    Event,
    Look,
    Person,
    User,
    lock,
)
from ..partners import feed
from ..residents import accounts
from ..row_security import admitted
from ..services import propagate
from ..services.overwriting import overwrite

Counts = dict[str, int]


def erase(person: Person, now: datetime, user: User | None = None, token: ApiToken | None = None) -> Counts:
    """All of it or nothing. That somebody looked at them is still known, whom they looked at is not.

    Returns how much that was, by what a receipt calls it.
    """
    with changes.covering(person):
        lock(person)  # of two at once the second finds nobody
        account = person.user
        done = {
            "changes": changes.forget(person.tenant_id, person.pk),
            "looks": Look.objects.filter(person=person).update(person=None, erased=True),
            "parcels": parcels.forget_of(person),
            "events": _forget_events(person),
            "cards": person.credentials.exclude(kind=Credential.Kind.DURESS).count(),  # of which a receipt tells nobody
            "groups": person.grants.count(),
        }
        Look.objects.create(
            tenant_id=person.tenant_id, user=user, token=token, what=Look.What.ERASED, erased=True, at=now, until=now
        )
        _forget_words(person)
        guests.end_all(person)
        erasures.note(person, now)
        # Their cards leave the access lists first.
        person.grants.all().delete()
        person.active = False
        person.save(update_fields=["active"])
        propagate.access_of(person.tenant_id, [person.pk])
        feed.forget_person(person)
        person.delete()
        if account is not None:
            done["account"] = _forget_account(account)
        # A lost board hears nothing any more: nobody has to tell it.
        AclChange.objects.filter(controller__lost_at__isnull=False, credential=None).delete()
    transaction.on_commit(overwrite)
    return done


def keys_of(person: Person) -> dict[int, set[bytes]]:
    """By controller, the keys under which it holds them, or has held: they stand in its log too."""
    found: dict[int, set[bytes]] = defaultdict(set)
    for rows in (AclEntry, AclChange):
        for controller, key in rows.objects.filter(credential__person=person).values_list("controller", "key"):
            found[controller].add(bytes(key))
    return {controller: keys - {b""} for controller, keys in found.items()}


def anonymise(controller: int, keys: set[bytes]) -> int:
    """Events that say one of these keys say none. Returns how many those were."""
    rows = Event.objects.filter(controller=controller, key__in=keys)
    return int(rows.update(key=None, credential=None, anonymous=True))


def _forget_events(person: Person) -> int:
    Alarm.objects.filter(event__credential__person=person).exclude(note="").update(note="")  # free text
    mine = Event.objects.filter(credential__person=person)
    return int(mine.update(key=None, credential=None, anonymous=True))


def _forget_words(person: Person) -> None:
    """What was asked about them, and by whom: that it was asked stays."""
    rows = DataRequest.objects.filter(person=person)
    rows.update(said=b"", asked_by="", checked="", extension="", answer=b"")


@admitted.everywhere()
def _forget_account(account: User) -> int:
    """1: it is gone, with what is recorded of it; 0: it is somebody here or elsewhere, and stays."""
    email, pk = account.email, account.pk
    accounts.forget(account)
    if User.objects.filter(pk=pk).exists():
        return 0
    named = Change.objects.filter(name=email, kind__in=[Change.Kind.MEMBER, Change.Kind.LINK])
    named.update(name="", before={}, after={}, person=None, object=None, erased=True)
    return 1
