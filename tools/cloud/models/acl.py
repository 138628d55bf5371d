"""Each controller's credential table as it should be, and its history. Only access_list/acl.py writes it."""

from django.db import models
from django.db.models import Q

from firmware.controller import records

from .access import Credential
from .personal import Nobody, Personal
from .places import Controller
from .reach import at
from .retention import TABLES
from .rights import Right
from .scope import Owned


class AclEntry(models.Model):
    """One record of a controller's credential table."""

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="entries")
    # A credential that stands in a table is taken out of it before it goes: Credential.delete says how.
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="entries")
    key = models.BinaryField(max_length=7)
    profile = models.PositiveIntegerField()
    until = models.PositiveIntegerField()  # minutes, as packed on the wire
    due = models.PositiveIntegerField(null=True)  # the same: when time alone next changes it or what its profile says

    PERSON = Personal(TABLES, person=("credential__person",), secret=("key",))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["controller", "key"], name="entry_key_once"),
        ]
        indexes = [models.Index(fields=["controller", "due"], name="entry_due")]

    @property
    def record(self) -> bytes:
        return records.pack_credential(bytes(self.key), self.profile, self.until)


class AclChange(models.Model):
    """One step of a controller's ACL version. The history also tells whose key a key once was."""

    class Op(models.IntegerChoices):
        PUT = records.PUT
        REMOVE = records.REMOVE

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="changes")
    version = models.PositiveBigIntegerField()
    op = models.PositiveSmallIntegerField(choices=Op)
    record = models.BinaryField(max_length=12)
    key = models.BinaryField(max_length=7)  # of the record, for finding it
    digest = models.CharField(max_length=16)  # of the whole table after this change
    credential = models.ForeignKey(Credential, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    PERSON = Personal(TABLES, person=("credential__person",), secret=("record", "key"), plain=("digest",))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["controller", "version"], name="change_version_once")]
        indexes = [models.Index(fields=["controller", "key"], name="change_key")]


class Exposure(Owned):
    """A credential that lay on a board which is lost: whoever has the board can find it out, so it is replaced."""

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="exposures")
    credential = models.ForeignKey(Credential, models.CASCADE, related_name="exposures")

    PERSON = Personal(TABLES, person=("credential__person",))
    TENANT_PATH = "controller__site__tenant"
    AT = at(controller="controller")
    SEEN_WITH = Right.PEOPLE
    SECRET = Q(credential__kind="duress"), Right.DURESS

    class Meta:
        constraints = [models.UniqueConstraint(fields=["controller", "credential"], name="exposure_once")]


class Profile(models.Model):
    """What a controller's profile says, under a number. Never changed; gone when no record names it (prune)."""

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="profiles")
    number = models.PositiveIntegerField()
    content = models.CharField(max_length=4000)  # as access_list/rights.py writes it: "[1,2]"

    PERSON = Nobody("what is granted, under a number")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["controller", "number"], name="profile_number_once"),
            models.UniqueConstraint(fields=["controller", "content"], name="profile_content_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=0xFFFF), name="profile_number"),
        ]
