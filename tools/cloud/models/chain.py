"""The keys by which a controller's log is known to be whole: the first of each epoch."""

from django.db import models

from ..sealing import SealedField
from .personal import Nobody
from .places import Controller


class LogKey(models.Model):
    """The chain key of a controller's log, from a sequence number on. Told once, sealed, in a HELLO."""

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="log_keys")
    epoch = models.PositiveBigIntegerField()
    sequence = models.PositiveBigIntegerField()
    key = SealedField()

    PERSON = Nobody("a key of a controller’s log")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["controller", "epoch", "sequence"], name="log_key_once")]
