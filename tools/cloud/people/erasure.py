"""A person is erased: out of every access list, and out of what is kept here, for good.

What a controller has yet to be told of them (that their keys are removed) stays until it holds that; history.py forgets
it then. Events keep their number and chain, name nobody from now on, and go with their door's retention.
"""

from datetime import datetime

from django.db import connection, transaction

from ..audit import changes
from ..guests import guests
from ..models import AclChange, ApiToken, Look, Person, User, lock
from ..partners import feed
from ..residents import accounts
from ..services import propagate

BUSY_MS = 200  # so long SQLite waits here for readers; otherwise as settings.py says


def erase(person: Person, now: datetime, user: User | None = None, token: ApiToken | None = None) -> None:
    """All of it or nothing. That somebody looked at them is still known, whom they looked at is not."""
    with changes.covering(person):
        lock(person)  # of two at once the second finds nobody
        changes.forget(person.tenant_id, person.pk)
        Look.objects.filter(person=person).update(person=None, erased=True)
        Look.objects.create(
            tenant_id=person.tenant_id, user=user, token=token, what=Look.What.ERASED, erased=True, at=now, until=now
        )
        guests.end_all(person)
        # Their cards leave the access lists first.
        person.grants.all().delete()
        person.active = False
        person.save(update_fields=["active"])
        propagate.access_of(person.tenant_id, [person.pk])
        feed.forget_person(person)
        account = person.user
        person.delete()
        if account is not None:
            accounts.forget(account)
        # A lost board hears nothing any more: nobody has to tell it.
        AclChange.objects.filter(controller__lost_at__isnull=False, credential=None).delete()
    transaction.on_commit(overwrite)


def overwrite() -> None:
    """SQLite's journal still has what was erased: it is emptied, unless a reader holds it at this moment."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        [patient_ms] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute(f"PRAGMA busy_timeout={patient_ms}")
