"""What controllers recorded. An event is kept once; what it refers to is resolved when it comes in."""

from django.db import models
from django.db.models import F

from firmware.controller import events as codes

from .access import Credential
from .personal import Nobody, Personal
from .places import Controller
from .reach import POINTS, at
from .retention import PASSAGES
from .rights import Right
from .scope import Owned


class Event(Owned):
    """One record of a controller's log."""

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="events")
    epoch = models.PositiveBigIntegerField()
    sequence = models.PositiveBigIntegerField()
    utc = models.DateTimeField(null=True)  # None: the controller did not know the time
    code = models.PositiveSmallIntegerField()  # firmware/controller/events.py
    # Where it happened: at a door, in a compartment of the bank, or (both 0) at the controller itself.
    door_number = models.PositiveSmallIntegerField()
    compartment = models.PositiveSmallIntegerField(default=0)
    extra = models.PositiveSmallIntegerField()
    flags = models.PositiveSmallIntegerField()
    count = models.PositiveSmallIntegerField(default=0)  # how many more of a denial came since; 255: or more
    key = models.BinaryField(max_length=7, null=True)
    credential = models.ForeignKey(Credential, models.SET_NULL, null=True, related_name="events")
    received_at = models.DateTimeField()
    chain = models.BinaryField(max_length=8, null=True)
    chain_ok = models.BooleanField(null=True)  # None: it cannot be checked
    # Whose it was is erased, and the key by which the controller knew them: of the record only number and chain can be
    # checked, as of one whose days are over.
    anonymous = models.BooleanField(default=False)

    POINT = F("door_number") + F("compartment")  # as the board has it: one of them is 0

    PERSON = Personal(PASSAGES, person=("credential__person",), secret=("key", "chain"))
    TENANT_PATH = "controller__site__tenant"
    AT = POINTS
    SEEN_WITH = Right.LOG

    class Meta:
        constraints = [models.UniqueConstraint(fields=["controller", "epoch", "sequence"], name="event_once")]
        indexes = [
            models.Index(fields=["controller", "door_number", "id"], name="event_of_door"),
            models.Index(fields=["received_at"], name="event_received"),
        ]

    @property
    def point(self) -> int:
        return self.door_number or self.compartment

    @property
    def time_trusted(self) -> bool:
        return bool(self.flags & codes.TIME_TRUSTED)


class Gap(Owned):
    """Events that the controller's ring overwrote before they came in: known to be missing."""

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="gaps")
    epoch = models.PositiveBigIntegerField()
    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    noticed_at = models.DateTimeField()

    PERSON = Nobody("numbers that are missing")
    TENANT_PATH = "controller__site__tenant"
    AT = at(controller="controller")
    SEEN_WITH = Right.LOG

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["controller", "epoch", "first"], name="gap_once"),
            models.CheckConstraint(condition=models.Q(first__lte=models.F("last")), name="gap_not_empty"),
        ]
