"""What is done with data about people, on what ground it rests, and which word of the person stops it: one table.

Code asks standing.py with a row of it, so nothing is stopped here and goes on there; page and README read it too.
"""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from . import retention
from .retention import AGREEMENT, CONSENT, SECURITY, Kept

INTEREST = _("legitimate interest in a house that works well, GDPR 6(1)(f)")
VITAL = _("to protect somebody’s life, GDPR 6(1)(d)")
# Kinds of requests, as models/requests.py has them.
RESTRICTION, OBJECTION, WITHDRAWAL = "restriction", "objection", "withdrawal"


class Processing(NamedTuple):
    """stopped_by: kinds of requests. hides: what rows of these kinds are, nobody sees but who handles requests."""

    what: Any
    ground: Any
    stopped_by: tuple[str, ...] = ()
    hides: tuple[Kept, ...] = ()


DOORS = Processing(_("Doors and compartments decide who may pass, and record it"), AGREEMENT)
PARCELS = Processing(_("Parcels are handed over, and told of"), AGREEMENT)
ALARMS = Processing(_("Alarms and the roll call of who is inside"), VITAL)
DIRECTORY = Processing(_("The organisation’s directory says who belongs to it, and who has left"), AGREEMENT)
LOG = Processing(
    _("The log is shown, searched, counted and taken along, and so is who looked and what was changed"),
    SECURITY,
    (RESTRICTION,),
    (retention.PASSAGES, retention.LOOKS, retention.CHANGES, retention.COMMANDS),
)
PEOPLE = Processing(
    _("They are shown and found among the people, with cards and accesses"),
    AGREEMENT,
    (RESTRICTION,),
    (retention.PEOPLE, retention.PICTURES),
)
PURGE = Processing(_("What is kept of them is erased by itself when its days are over"), SECURITY, (RESTRICTION,))
USE = Processing(_("Figures of how compartments are used"), INTEREST, (RESTRICTION, OBJECTION))
PARTNERS = Processing(
    _("A partner is told who belongs to its doors and who passed, when it asks and by itself (webhook)"),
    INTEREST,
    (RESTRICTION, OBJECTION),
)
BIRTH = Processing(_("The birth date, and a guardian’s word, are kept"), CONSENT, (WITHDRAWAL,))
BIRTH_SHARED = Processing(_("The birth date is told to a partner"), CONSENT, (RESTRICTION, OBJECTION, WITHDRAWAL))
PICTURE = Processing(
    _("A profile picture is kept, and shown on their own page and to those who may change people"),
    CONSENT,
    (WITHDRAWAL,),
)

# As they are shown.
TABLE = (DOORS, PARCELS, ALARMS, DIRECTORY, LOG, PEOPLE, PURGE, USE, PARTNERS, BIRTH, BIRTH_SHARED, PICTURE)
