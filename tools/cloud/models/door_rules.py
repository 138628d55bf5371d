"""What a door asks for and how it behaves: everything of it that is a rule and not a name."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .. import limits
from .personal import Nobody
from .places import Door
from .reach import at
from .rules import Area, Schedule
from .scope import Whole

ASKS = limits.ASKS


def _number(name: str, label: str) -> models.PositiveIntegerField:
    """A field with the limits that the controller has for it."""
    lowest, highest = limits.door(name)
    bounds = [MinValueValidator(lowest), MaxValueValidator(highest)]
    return models.PositiveIntegerField(label, null=True, blank=True, validators=bounds)


class DoorRules(Whole):
    """One row a door that has more rules than its times. What is empty is the firmware's default."""

    class Passback(models.TextChoices):
        HARD = "hard", _("Deny")
        SOFT = "soft", _("Let pass, and record it")
        TIMED = "timed", _("Deny for a time")

    class Relock(models.TextChoices):
        TIME = "time", _("when the time is over")
        OPEN = "open", _("when it is opened")
        CLOSE = "close", _("when it is closed")

    class Forced(models.TextChoices):
        ALARM = "alarm", _("an alarm")
        EVENT = "event", _("recorded only")

    class Rex(models.TextChoices):
        RELEASE = "release", _("unlocks the door")
        HOLD = "hold", _("unlocks it as long as it is pressed")
        SHUNT = "shunt", _("does not unlock, but opening is no alarm")

    door = models.OneToOneField(Door, models.CASCADE, primary_key=True, related_name="rules")
    extended_ms = _number("extended_ms", _("extended unlock time"))
    retention_days = _number("retention_days", _("keep the log for days"))
    retention_reason = models.CharField(_("why so long"), max_length=200, blank=True)
    who = models.JSONField(default=list, blank=True)  # [[one of ASKS, schedule's primary key or None], ...]
    offline_hours = _number("offline_hours", _("hours without a link"))
    free = models.ForeignKey(Schedule, models.PROTECT, null=True, blank=True, related_name="+")
    first_in = models.BooleanField(default=False)
    office = models.ForeignKey(Schedule, models.PROTECT, null=True, blank=True, related_name="+")
    two_person = models.BooleanField(default=False)
    two_person_when = models.ForeignKey(Schedule, models.PROTECT, null=True, blank=True, related_name="+")
    leads_from = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+")
    leads_to = models.ForeignKey(Area, models.PROTECT, null=True, blank=True, related_name="+")
    passback = models.CharField(max_length=8, blank=True, choices=Passback)
    passback_minutes = _number("passback_minutes", _("minutes"))
    interlock = _number("interlock", _("interlock group"))
    interlock_open = models.BooleanField(default=True)
    relock = models.CharField(max_length=8, choices=Relock, default=Relock.TIME)
    relock_delay_ms = _number("relock_delay_ms", _("delay"))
    pulse_ms = _number("pulse_ms", _("pulse"))
    warn_ms = _number("warn_ms", _("warning before held open"))
    repeat_ms = _number("repeat_ms", _("say held open again"))
    unopened = models.BooleanField(default=False)
    forced = models.CharField(max_length=8, choices=Forced, default=Forced.ALARM)
    rex = models.CharField(max_length=8, choices=Rex, default=Rex.RELEASE)
    rex_when = models.ForeignKey(Schedule, models.PROTECT, null=True, blank=True, related_name="+")
    residents = models.BooleanField(default=False)  # those whose card opens it now may unlock it on their page

    PERSON = Nobody("what a door asks for")
    TENANT_PATH = "door__controller__site__tenant"
    AT = at(door="door")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(retention_days=None)
                | models.Q(retention_days__lte=limits.RETENTION_FREELY)
                | ~models.Q(retention_reason=""),
                name="door_retention_reason",
            )
        ]
