"""The last log-ins of each account, and no more of them."""

from django.db import models
from django.db.models import Q

from .accounts import User
from .personal import Personal
from .retention import SIGN_INS

MOST = 10


class LogIn(models.Model):
    """Somebody signed in. The newest takes the slot of the oldest: an eleventh cannot be."""

    class End(models.TextChoices):
        OUT = "out"  # signed out there
        CUT = "cut"  # ended from elsewhere: by themselves, an owner, or a new log-in in the same browser
        OVER = "over"  # not used for too long, or its days are over

    user = models.ForeignKey(User, models.CASCADE, related_name="log_ins")
    slot = models.PositiveSmallIntegerField()
    session = models.CharField(max_length=64)  # as the session's own key is kept: a hash
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=4, choices=End, blank=True)
    device = models.CharField(max_length=40, blank=True)  # of words of our own, never what the browser wrote
    address = models.GenericIPAddressField(null=True, blank=True)
    place = models.CharField(max_length=80, blank=True)  # a town or region and a country: members/log_in_places.py

    PERSON = Personal(SIGN_INS, account=("user",), theirs=("device", "address", "place"), secret=("session",))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "slot"], name="log_in_slot_once"),
            models.CheckConstraint(condition=Q(slot__gte=0, slot__lt=MOST), name="log_in_slot"),
            models.CheckConstraint(
                condition=Q(end="", ended_at=None) | (~Q(end="") & Q(ended_at__isnull=False)), name="log_in_end"
            ),
        ]
        indexes = [models.Index(fields=["session"], name="log_in_session")]
