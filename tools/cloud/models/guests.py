"""Guests: a pass under a pseudonym, and the invitation to it, which is gone when it was taken up or is over."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .. import limits
from ..sealing import SealedField
from .access import Person
from .accounts import User
from .couriers import Leaving
from .personal import Personal
from .places import Door
from .reach import NOWHERE, At, Places, at
from .retention import GUESTS
from .rights import Right
from .scope import Owned, Whole


class Guest(Whole):
    """Somebody who may pass for a while. `person` is their pseudonym: nothing here says who they are.

    host: whose guest; the pass never opens what the host's own right does not (access_list/grants.py). house: whoever
    may invite guests for the house did, to any of its doors; otherwise a guest without a host (erased) has nothing.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="guest")
    host = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="guests")
    house = models.BooleanField(default=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"))
    uses = models.PositiveSmallIntegerField(_("uses"), null=True)
    page = models.CharField(max_length=64, null=True, unique=True)  # hash of the address where the code stands
    ended_at = models.DateTimeField(null=True)

    PERSON = Personal(GUESTS, person=("person", "host"), acts=("invited_by",), secret=("page",))
    TENANT_PATH = "person__tenant"
    SEEN_WITH = Right.GUESTS
    AT = At(lambda places: _guests(places), lambda places: _guests(places) & ~_guests_elsewhere(places))

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(house=False) | Q(host=None), name="guest_of_one"),
            models.CheckConstraint(condition=Q(valid_from__lt=F("valid_until")), name="guest_order"),
            models.CheckConstraint(
                condition=Q(uses=None) | Q(uses__gte=limits.USES[0], uses__lte=limits.USES[1]), name="guest_uses"
            ),
        ]

    def __str__(self) -> str:
        return self.person.name


class GuestDoor(Owned):
    """A door that the guest may pass: one of the host's."""

    guest = models.ForeignKey(Guest, models.CASCADE, related_name="places")
    door = models.ForeignKey(Door, models.CASCADE, related_name="+")

    PERSON = Personal(GUESTS, person=("guest__person", "guest__host"))
    TENANT_PATH = "guest__person__tenant"
    SEEN_WITH = Right.GUESTS
    AT = at(door="door")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["guest", "door"], name="guest_door_once")]


class Invitation(Leaving):
    """The link to a pass that nobody has taken up yet, and to whom it goes by e-mail. The whole row goes then.

    hash: of its token, which is made of the nonce and the key outside of the database (guests/invitations.py).
    """

    guest = models.OneToOneField(Guest, models.CASCADE, primary_key=True, related_name="invitation")
    hash = models.CharField(max_length=64, unique=True)
    nonce = models.BinaryField(max_length=16)
    email = SealedField(default=b"")

    PERSON = Personal(
        GUESTS,
        person=("guest__person", "guest__host"),
        others=("email",),
        secret=("hash", "nonce"),
        plain=("why",),
    )
    TENANT_PATH = "guest__person__tenant"
    SEEN_WITH = Right.GUESTS
    AT = NOWHERE

    class Meta(Leaving.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "failed"]), name="invitation_state")
        ]


def _guests(places: Places) -> Q:
    """With a door of theirs."""
    return Q(pk__in=GuestDoor.objects.filter(door__in=places.doors).values("guest"))


def _guests_elsewhere(places: Places) -> Q:
    """With a door that is not theirs."""
    return Q(pk__in=GuestDoor.objects.exclude(door__in=places.doors).values("guest"))
