"""What controllers recorded. An event is kept once; what it refers to is resolved when it comes in."""

from typing import Any

from django.db import models
from django.db.models import F

from firmware.controller import events as codes

from .access import Credential
from .accounts import Tenant
from .personal import Nobody, Personal
from .places import Controller
from .reach import POINTS, at
from .retention import PASSAGES
from .rights import Right
from .scope import Owned, Scoped


class Events(Scoped):
    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        objs = list(objs)
        for one in objs:
            _say_tenant(one)
        return super().bulk_create(objs, *args, **kwargs)


class Event(Owned):
    """One record of a controller's log.

    tenant: its controller's, which never changes. It stands here too so that the newest of one's own are found among
    millions of all, in their order.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)  # it begins two others
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
    # In the index event_of_credential.
    credential = models.ForeignKey(Credential, models.SET_NULL, null=True, related_name="events", db_index=False)
    received_at = models.DateTimeField()
    chain = models.BinaryField(max_length=8, null=True)
    chain_ok = models.BooleanField(null=True)  # None: it cannot be checked
    # Whose it was is erased, and the key by which the controller knew them: of the record only number and chain can be
    # checked, as of one whose days are over.
    anonymous = models.BooleanField(default=False)

    POINT = F("door_number") + F("compartment")  # as the board has it: one of them is 0

    PERSON = Personal(PASSAGES, person=("credential__person",), secret=("key", "chain"))
    objects = Events.as_manager()
    AT = POINTS
    SEEN_WITH = Right.LOG

    class Meta:
        constraints = [models.UniqueConstraint(fields=["controller", "epoch", "sequence"], name="event_once")]
        indexes = [
            # With the code: of a door by which nobody passes the last passage is looked for through all of its events.
            models.Index(fields=["controller", "door_number", "-id", "code"], name="event_at_door"),
            models.Index(fields=["tenant", "-id"], name="event_of_tenant"),
            models.Index(fields=["tenant", "utc"], name="event_of_day"),
            models.Index(fields=["credential", "-id"], name="event_of_credential"),
            models.Index(fields=["received_at"], name="event_received"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        _say_tenant(self)
        super().save(*args, **kwargs)

    @property
    def point(self) -> int:
        return self.door_number or self.compartment

    @property
    def time_trusted(self) -> bool:
        return bool(self.flags & codes.TIME_TRUSTED)


def _say_tenant(event: Any) -> None:
    """Where it was not said."""
    if event.tenant_id is None:
        event.tenant_id = event.controller.site.tenant_id


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
