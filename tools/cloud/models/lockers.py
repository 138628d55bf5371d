"""Banks of compartments, and the deliveries that lie in them or are on their way."""

import struct
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from firmware.controller.access.codes import SLOTS  # of a bank's stock: the number n lies in slot n % SLOTS

from ..sealing import SealedField
from .access import Person
from .accounts import ApiToken, User
from .events import Event
from .personal import Nobody, Personal
from .places import Controller
from .reach import at
from .retention import COMPARTMENTS, PARCELS
from .rights import Right
from .scope import Owned, Whole

_NUMBERS = struct.Struct(f"<{SLOTS}I")


def first_numbers() -> bytes:
    """The first number of every slot. 0 means that a slot is empty, so slot 0 begins with 256."""
    return _NUMBERS.pack(*(slot or SLOTS for slot in range(SLOTS)))


def no_numbers() -> bytes:
    return bytes(_NUMBERS.size)


class Bank(Whole):
    """What a controller has beside its doors. Its numbers and keys are lockers/stock.py's to change."""

    controller = models.OneToOneField(Controller, models.CASCADE, related_name="bank")
    name = models.CharField(_("name"), max_length=100)  # on its door, for couriers and recipients
    delivery_secret = SealedField()  # what the codes of its deliveries hang on; the board never has it
    numbers = models.BinaryField(default=first_numbers)  # which number the board should hold in each slot
    held = models.BinaryField(default=no_numbers)  # ... and which it has said it does
    address = models.CharField(_("address"), max_length=200, blank=True)
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )

    PERSON = Nobody("a bank of compartments")
    TENANT_PATH = "controller__site__tenant"
    AT = at(bank="pk")
    SEEN_WITH = Right.BANKS

    def __str__(self) -> str:
        return self.name

    def wanted_numbers(self) -> list[int]:
        return list(_NUMBERS.unpack(bytes(self.numbers)))

    def held_numbers(self) -> list[int]:
        return list(_NUMBERS.unpack(bytes(self.held)))

    def keep_numbers(self, wanted: list[int], held: list[int]) -> None:
        """Under the lock of this row."""
        self.numbers, self.held = _NUMBERS.pack(*wanted), _NUMBERS.pack(*held)
        self.save(update_fields=["numbers", "held"])


class Compartment(Owned):
    """One compartment of a bank, as its board last said that it is."""

    class Size(models.TextChoices):
        SMALL = "S", _("Small")
        MEDIUM = "M", _("Medium")
        LARGE = "L", _("Large")
        EXTRA = "X", _("Extra large")

    bank = models.ForeignKey(Bank, models.CASCADE, related_name="compartments")
    number = models.PositiveSmallIntegerField()
    size = models.CharField(max_length=1, choices=Size)
    open = models.BooleanField(null=True)  # None: not known
    fault = models.PositiveSmallIntegerField(default=0)  # the event that put it out of use; 0: it is in use
    changed_at = models.DateTimeField(null=True)

    PERSON = Nobody("as its board says that it is")
    TENANT_PATH = "bank__controller__site__tenant"
    AT = at(bank="bank")
    SEEN_WITH = Right.BANKS

    class Meta:
        ordering = ["bank", "number"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "number"], name="compartment_number_once"),
            models.CheckConstraint(condition=Q(size__in=["S", "M", "L", "X"]), name="compartment_size"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=128), name="compartment_number"),
        ]


class Allotment(Whole):
    """A compartment that is somebody's: their own cards open it. lockers/allotments.py changes it.

    person None: nobody's here, and closed until somebody looks into it: they were erased, or this database is older
    than what the board says. ending: taken back, and the board has not said yet that it knows.

    hours: it is shared, and somebody's for so long, 0: until the day ends; what follows then the board has told. turn:
    which time it is taken, 0: it is free.
    """

    bank = models.ForeignKey(Bank, models.CASCADE, related_name="allotments")
    compartment = models.PositiveSmallIntegerField()
    mark = models.PositiveIntegerField()  # tells it from others of that compartment, also to a database from a backup
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="allotments")
    valid_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    held = models.BooleanField(default=False)  # its board has said that it knows
    ending = models.BooleanField(default=False)
    hours = models.PositiveSmallIntegerField(null=True)
    turn = models.PositiveSmallIntegerField(default=0)
    taken_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="taken")  # None: not on record
    taken_at = models.DateTimeField(null=True)
    taken_until = models.DateTimeField(null=True)

    PERSON = Personal(COMPARTMENTS, person=("person", "taken_by"))
    TENANT_PATH = "bank__controller__site__tenant"
    AT = at(bank="bank")
    SEEN_WITH = Right.PEOPLE

    class Meta:
        ordering = ["bank", "compartment"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "compartment"], name="allotment_of_compartment"),
            models.UniqueConstraint(fields=["bank", "person"], condition=Q(ending=False), name="allotment_of_person"),
            models.CheckConstraint(condition=Q(mark__gte=1, mark__lte=0xFFFF), name="allotment_mark"),
        ]

    def __str__(self) -> str:
        return f"{self.bank.name} {self.compartment}"


class Delivery(Whole):
    """Something that a courier, or whoever hands it over, puts into a compartment and somebody takes out.

    `about`: for whom and what, sealed; empty when its days are over (lockers/privacy.py). What happened came from the
    board: the events are the proof.
    """

    class State(models.TextChoices):
        MADE = "made", _("On its way")
        DEPOSITED = "deposited", _("Deposited")
        PICKED_UP = "picked up", _("Picked up")
        CANCELLING = "cancelling", _("Being cancelled")  # the bank has not said yet that it is
        CANCELLED = "cancelled", _("Cancelled")
        RETURNED = "returned", _("Taken back")

    class Kind(models.TextChoices):
        PARCEL = "parcel", _("Parcel")
        HAND_OVER = "hand-over", _("Hand-over")  # one person leaves it for another
        RETURN = "return", _("Return")  # a recipient leaves it for the courier

    bank = models.ForeignKey(Bank, models.CASCADE, related_name="deliveries")
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PARCEL)
    low = models.BooleanField(default=False)  # a low compartment was asked for: its number says so to the board
    about = SealedField(default=b"")
    # Whose own page shows it (residents/parcels.py); forgotten with `about`.
    recipient = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="deliveries")
    giver = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="given")  # ... of who leaves it
    state = models.CharField(max_length=12, choices=State, default=State.MADE)
    compartment = models.PositiveSmallIntegerField(null=True)
    size = models.CharField(max_length=1, blank=True)  # of that compartment
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="deliveries")  # ... or which program
    reference = models.CharField(max_length=64, blank=True)  # what the courier's system calls it
    due_at = models.DateTimeField(null=True, blank=True)  # to be picked up by then
    deposited_at = models.DateTimeField(null=True)
    deposit = models.ForeignKey(Event, models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)  # picked up, cancelled or taken back
    end = models.ForeignKey(Event, models.SET_NULL, null=True, related_name="+")
    reminded_at = models.DateTimeField(null=True)  # the recipient was, of the day that is set now
    overdue_at = models.DateTimeField(null=True)  # it was told that this day is over
    taking_back_at = models.DateTimeField(null=True)  # somebody got the code to take it back
    moved_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="moved_from")  # at another bank

    OVER = (State.PICKED_UP, State.CANCELLED, State.RETURNED)

    PERSON = Personal(
        PARCELS, person=("recipient", "giver"), acts=("made_by",), theirs=("about", "reference"), plain=("size",)
    )
    TENANT_PATH = "bank__controller__site__tenant"
    AT = at(bank="bank")
    SEEN_WITH = Right.DELIVERIES

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["bank", "number"], name="delivery_number_once"),
            models.UniqueConstraint(
                fields=["token", "reference"], condition=~Q(reference=""), name="delivery_reference_once"
            ),
            models.UniqueConstraint(
                fields=["made_by", "reference"], condition=~Q(reference=""), name="delivery_reference_of_account"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["made", "deposited", "picked up", "cancelling", "cancelled", "returned"]),
                name="delivery_state",
            ),
            models.CheckConstraint(condition=Q(kind__in=["parcel", "hand-over", "return"]), name="delivery_kind"),
        ]
        indexes = [
            models.Index(fields=["bank", "state"], name="delivery_of_bank"),
            models.Index(fields=["ended_at"], name="delivery_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.bank.name} {self.number}"

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER

    def made_by_whom(self) -> Any:
        return self.token or self.made_by
