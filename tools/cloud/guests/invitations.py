"""What is behind the links: an invitation, taken up once, and then the page of the pass.

Looking at an invitation uses nothing up: mail scanners and previews look. Its button does: the invitation with its
address is gone from the database then, and the pass has a page of its own that only whoever pressed knows.
"""

import secrets
from datetime import datetime

from django.db import transaction

from .. import sealing
from ..models import Guest, Invitation
from ..row_security import admitted
from ..services import clock
from ..services.overwriting import overwrite
from ..services.tokens import hash_of

LONGEST = 100  # of what is sought as a token


def make(guest: Guest, email: str = "") -> str:
    """The token of its link. With an address it waits for letters.py."""
    now = clock.now()
    row = Invitation(guest=guest, nonce=secrets.token_bytes(16), email=email.encode(), made_at=now, next_at=now)
    said = token(row)
    row.hash = hash_of(said)
    row.save(force_insert=True)
    return said


def token(row: Invitation) -> str:
    """Made anew for the letter: what is kept is its hash, and what it is made of lies outside of the database."""
    return sealing.mark(f"invitation {bytes(row.nonce).hex()}")


def find(said: str) -> Invitation | None:
    """None as well when it was taken up or its time is over."""
    return _living(said, clock.now())


def _living(said: str, now: datetime) -> Invitation | None:
    if len(said) > LONGEST or not said.isascii():
        return None
    rows = Invitation.objects.filter(hash=hash_of(said), guest__ended_at=None, guest__valid_until__gt=now)
    with admitted.everywhere():
        row: Invitation | None = rows.select_related("guest__person__tenant", "guest__host").first()
    if row is not None:
        admitted.to_tenant_too(row.guest.person.tenant_id)
    return row


def take_up(said: str) -> str | None:
    """The token of the pass's page; None when somebody else was faster. The invitation is gone."""
    with transaction.atomic():
        row = _living(said, clock.now())
        # What was deleted decides: of two at once, one finds the row still there.
        if row is None or not Invitation.objects.filter(pk=row.pk, hash=row.hash).delete()[0]:
            return None
        page = secrets.token_urlsafe(32)
        Guest.objects.filter(pk=row.pk).update(page=hash_of(page))
        transaction.on_commit(overwrite)
    return page


def find_pass(said: str) -> Guest | None:
    """As long as it holds."""
    if len(said) > LONGEST or not said.isascii():
        return None
    rows = Guest.objects.filter(page=hash_of(said), ended_at=None, valid_until__gt=clock.now())
    with admitted.everywhere():
        row: Guest | None = rows.select_related("person__tenant", "host").first()
    if row is not None:
        admitted.to_tenant_too(row.person.tenant_id)
    return row
