"""Firmware on its way to controllers: what is to go out, to how many, and how each one fares."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .personal import Nobody
from .places import Controller


class Release(models.Model):
    """A signed build that lies in a folder of the cloud end."""

    build = models.CharField(max_length=64, unique=True)
    folder = models.CharField(max_length=500)
    size = models.PositiveIntegerField()
    added_at = models.DateTimeField()

    PERSON = Nobody("a signed build")

    def __str__(self) -> str:
        return self.build


class Rollout(models.Model):
    """A release going out to a part of the controllers, ended by too many that do not come back."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        ABORTED = "aborted", _("Aborted")

    release = models.ForeignKey(Release, models.PROTECT, related_name="rollouts")
    percent = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    abort_after = models.PositiveSmallIntegerField(default=1)  # failures; silence is one
    timeout_h = models.PositiveSmallIntegerField(default=24)
    why = models.CharField(max_length=200, blank=True)

    PERSON = Nobody("a build going out")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(percent__gte=1, percent__lte=100), name="rollout_percent")]


class RolloutBoard(models.Model):
    """One controller in a rollout."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        STAGED = "staged", _("Staged")
        KEPT = "kept", _("Kept")
        RETURNED = "returned", _("Returned")
        SILENT = "silent", _("Silent")

    rollout = models.ForeignKey(Rollout, models.CASCADE, related_name="boards")
    controller = models.ForeignKey(Controller, models.CASCADE, related_name="rollouts")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    at = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)  # parts so far

    PERSON = Nobody("a board in a rollout")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rollout", "controller"], name="rollout_board_once")]
