"""What somebody should look at now: raised by an event, a gap in a log, a silent controller, or work left aside."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from firmware.controller.events import GRANTED_DURESS

from .accounts import User
from .events import Event, Gap
from .personal import Nobody, Personal
from .places import Controller
from .reach import POINTS
from .retention import ALARMS
from .rights import Right
from .scope import Owned

SILENT = (GRANTED_DURESS,)  # codes of alarms that only those with the right may know of


class Alarm(Owned):
    class Kind(models.TextChoices):
        EVENT = "event", _("Event")
        GAP = "gap", _("Gap in the log")
        SILENT = "silent", _("Controller silent")
        TROUBLE = "trouble", _("Work left aside")
        TWINS = "twins", _("Two boards with one identity")

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="alarms")
    kind = models.CharField(max_length=8, choices=Kind)
    code = models.PositiveSmallIntegerField(default=0)  # of its event
    door_number = models.PositiveSmallIntegerField(default=0)
    compartment = models.PositiveSmallIntegerField(default=0)
    extra = models.PositiveSmallIntegerField(default=0)  # of a trouble: controllers/troubles.py says which work
    said = models.JSONField(default=dict)  # of a trouble or twins: {"text": English sentence, "values": what it names}
    event = models.OneToOneField(Event, models.SET_NULL, null=True, related_name="alarm")
    gap = models.OneToOneField(Gap, models.SET_NULL, null=True, related_name="alarm")
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # the thing itself is over
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    note = models.CharField(_("note"), max_length=200, blank=True)  # of who acknowledged it: what it was

    PERSON = Personal(
        ALARMS, person=("event__credential__person",), acts=("acknowledged_by",), others=("note",), plain=("said",)
    )
    TENANT_PATH = "controller__site__tenant"
    AT = POINTS
    SECRET = Q(code__in=SILENT), Right.DURESS

    class Meta:
        indexes = [
            models.Index(fields=["controller"], condition=Q(acknowledged_at=None), name="alarm_unacknowledged"),
            models.Index(fields=["raised_at"], name="alarm_raised"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["controller"], condition=Q(kind="silent", ended_at=None), name="alarm_silent_once"
            ),
            models.UniqueConstraint(
                fields=["controller", "extra"], condition=Q(kind="trouble", ended_at=None), name="alarm_trouble_once"
            ),
        ]


class Progress(models.Model):
    """Up to which row some work of the worker has come."""

    name = models.CharField(max_length=20, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(null=True)

    PERSON = Nobody("how far the worker is")
