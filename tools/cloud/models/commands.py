"""Commands from people to doors. Each is sent at most once."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .access import Person
from .accounts import User
from .personal import Personal
from .places import Controller, Door
from .reach import at
from .retention import COMMANDS
from .scope import Owned


class Command(Owned):
    class Do(models.TextChoices):
        RELEASE = "release", _("Unlock")
        HOLD = "hold", _("Hold unlocked")
        LOCKDOWN = "lockdown", _("Lockdown")
        EVACUATION = "evacuation", _("Evacuation")
        NORMAL = "normal", _("Back to normal")
        IDENTIFY = "identify", _("Identify")
        RESTART = "restart", _("Restart")
        DIAGNOSTICS = "diagnostics", _("Diagnostics")
        LEARN = "learn", _("Read a card")
        COMMISSION = "commission", _("Commissioning")
        TRY = "try", _("Try the alarm relay")
        OPEN = "open", _("Open a compartment")
        AUDIT = "audit", _("Open every compartment in turn")
        CANCEL = "cancel", _("Cancel a delivery")
        EMPTY = "empty", _("Say that a compartment is empty")

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Sent")
        DONE = "done", _("Done")
        EXPIRED = "expired", _("Expired")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Not known")  # sent, and never answered

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="commands")
    door = models.ForeignKey(Door, models.CASCADE, null=True, related_name="commands")  # None: the controller itself
    do = models.CharField(max_length=16, choices=Do, default=Do.RELEASE)
    arguments = models.JSONField(default=dict, blank=True)  # hold: {"until": Unix seconds}; commission: {"minutes"}
    data = models.JSONField(default=dict, blank=True)  # what diagnostics brought
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Who unlocked a door on their own page: a passage, forgotten when the door's days are over (residents/tidy.py).
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="unlocks")
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    why = models.CharField(max_length=100, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    PERSON = Personal(COMMANDS, person=("person",), acts=("requested_by",), plain=("arguments", "data", "why"))
    TENANT_PATH = "controller__site__tenant"
    AT = at(door="door", controller="controller")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "sent", "done", "expired", "refused", "unknown"]),
                name="command_state",
            )
        ]
        indexes = [
            models.Index(fields=["state", "expires_at"], name="command_state_expiry"),
            models.Index(fields=["requested_at"], name="command_requested"),
        ]
