"""What a recipient sees of their own parcel: by an address that nobody can guess, without an account.

It goes where the notices go. Who has it may pick the parcel up: so it can be handed on to somebody else.
"""

from hmac import compare_digest

from firmware.controller.hmac import hmac
from firmware.protocol.deliveries import delivery_key

from ..models import Delivery
from ..row_security import admitted
from ..sealing import Unreadable

LONGEST = 60


def token(delivery: Delivery) -> str:
    """Its number here, and 16 bytes that only the bank's secret makes."""
    key = delivery_key(bytes(delivery.bank.delivery_secret), delivery.number)
    return f"{delivery.pk}-{hmac(key, b'page %d' % delivery.pk)[:16].hex()}"


def find(said: str) -> Delivery | None:
    """The delivery of an address; None as well when its days are over."""
    number = said.partition("-")[0]
    if len(said) > LONGEST or not said.isascii() or not (number.isdigit() and len(number) <= 18):
        return None
    rows = Delivery.objects.select_related("bank__controller__site").filter(pk=int(number))
    with admitted.everywhere():
        row: Delivery | None = rows.first()
    if row is None or not row.about or row.bank.controller.lost_at is not None:
        return None
    try:
        if not compare_digest(token(row), said):
            return None
    except Unreadable:  # the bank's secret: nothing can be proven
        return None
    admitted.to_tenant_too(row.bank.controller.site.tenant_id)
    return row
