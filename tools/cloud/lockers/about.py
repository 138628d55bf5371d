"""For whom a delivery is and what it is: sealed as PINs are, and erased when its days are over."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from ..models import Delivery
from ..sealing import UNREADABLE, Unreadable
from ..services import entered as outside
from ..services.refusal import Refusal

LONGEST = {"name": 100, "email": 254, "phone": 20, "unit": 40, "description": 200}
GIVER = {"giver": 100, "giver_email": 254, "giver_phone": 20}  # ... and of who leaves it, where that is no courier
A_DAY = 8  # notices and calls of a kind, of one delivery
_PHONE = re.compile(r"\+?[0-9 ]{5,20}")


@dataclass(frozen=True)
class About:
    """At least one way to reach them. giver..: who leaves it there, where that is no courier."""

    name: str = ""
    email: str = ""
    phone: str = ""
    unit: str = ""
    description: str = ""
    giver: str = ""
    giver_email: str = ""
    giver_phone: str = ""

    @property
    def has_giver(self) -> bool:
        return any((self.giver, self.giver_email, self.giver_phone))

    def sealed(self) -> bytes:
        """For Delivery.about, which seals it."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}).encode()


def of(delivery: Delivery) -> About:
    """Nothing where its days are over. Raises Unreadable."""
    kept = bytes(delivery.about)
    try:
        return About(**json.loads(kept)) if kept else About()
    except (TypeError, ValueError):
        raise Unreadable(UNREADABLE) from None


def legible(delivery: Delivery) -> About:
    """For lists and pages: one that cannot be read is shown without whom it is for, so that all others are shown."""
    try:
        return of(delivery)
    except Unreadable:
        return About()


def is_enough(told: Any, kind: str, now: datetime, **more: str) -> bool:
    """Whether the same was told of a delivery so often today that it is told no more. told: its notices, or calls.

    A board that somebody has in hand could say "deposited" without end, and each is an e-mail, an SMS, a call.
    """
    return bool(told.filter(kind=kind, made_at__gt=now - timedelta(days=1), **more).count() >= A_DAY)


def entered(**said: str) -> About:
    """What somebody has entered. Refuses what nobody could be told with."""
    about = About(**{name: value.strip() for name, value in said.items()})
    outside.lines(*asdict(about).values())
    for name, longest in (LONGEST | GIVER).items():
        if len(getattr(about, name)) > longest:
            raise Refusal("%(field)s has at most %(n)d characters; shorten it", field=name, n=longest)
    if not (about.email or about.phone or about.unit):
        raise Refusal("a recipient needs an e-mail address, a phone number or a unit; give one")
    for email in filter(None, (about.email, about.giver_email)):
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            raise Refusal("this is no e-mail address; correct it")
    for phone in filter(None, (about.phone, about.giver_phone)):
        if not _PHONE.fullmatch(phone):
            raise Refusal("a phone number has digits, and a + before them at most; correct it")
    return about


def swapped(about: About, courier: str) -> About:
    """Of what goes back: who got it leaves it, for the courier."""
    return About(
        name=courier,
        description=about.description,
        giver=about.name or about.unit,
        giver_email=about.email,
        giver_phone=about.phone,
    )
