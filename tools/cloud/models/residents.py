"""What a tenant lets its residents do on their own page. Nothing, until somebody says so."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .accounts import Tenant
from .personal import Nobody
from .reach import EVERYWHERE
from .rights import Right
from .scope import Owned

AT_ONCE = (1, 20)  # guests of one resident
DAYS = (1, 90)  # that one of them may pass
PARCEL_DAYS = (1, 31)  # that a parcel may lie, as far as a resident decides


def _within(label: str, bounds: tuple[int, int], default: int) -> models.PositiveSmallIntegerField:
    validators = [MinValueValidator(bounds[0]), MaxValueValidator(bounds[1])]
    return models.PositiveSmallIntegerField(label, default=default, validators=validators)


class ResidentPolicy(Owned):
    """One row a tenant that has said something; without one all of it is off. Doors say for themselves: DoorRules."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="residents")
    unlock = models.BooleanField(_("residents unlock doors"), default=False)
    guests = models.BooleanField(_("residents invite guests"), default=False)
    birth_dates = models.BooleanField(_("birth dates are taken from the sign-in"), default=False)
    guests_at_once = _within(_("guests at once"), AT_ONCE, 3)
    guest_days = _within(_("days of a guest"), DAYS, 14)
    parcels = models.BooleanField(_("residents hand over and send back parcels"), default=False)
    parcel_days = _within(_("days of a parcel"), PARCEL_DAYS, 7)

    PERSON = Nobody("what residents may do")
    SEEN_WITH = Right.PEOPLE
    AT = EVERYWHERE

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(guests_at_once__gte=AT_ONCE[0], guests_at_once__lte=AT_ONCE[1]), name="policy_at_once"
            ),
            models.CheckConstraint(
                condition=Q(guest_days__gte=DAYS[0], guest_days__lte=DAYS[1]), name="policy_guest_days"
            ),
            models.CheckConstraint(
                condition=Q(parcel_days__gte=PARCEL_DAYS[0], parcel_days__lte=PARCEL_DAYS[1]),
                name="policy_parcel_days",
            ),
        ]
