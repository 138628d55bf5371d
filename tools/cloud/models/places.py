"""Sites, the controllers on them and their doors."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .. import limits
from ..sealing import SealedField
from .accounts import Tenant, User
from .personal import Nobody
from .reach import At, at
from .scope import Owned, Whole

NO_DIGEST = "0" * 16  # of an empty table


class Site(Owned):
    """A building or yard: where controllers hang and in which time zone."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="sites")
    name = models.CharField(_("name"), max_length=100)
    zone = models.CharField(_("time zone"), max_length=64, default="Europe/Oslo")

    PERSON = Nobody("a building")
    AT = At(at(touched="pk").seen, at(site="pk").whole)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="site_name_once")]

    def __str__(self) -> str:
        return self.name


class Controller(Owned):
    """A board: its keys, what its credential table should hold and holds, how far its log has come."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="controllers")
    name = models.CharField(_("name"), max_length=100)
    public_id = models.CharField(max_length=16, unique=True)  # 16 hex digits, random: says nothing about the place
    link_secret = SealedField()
    next_secret = SealedField(null=True)  # the link secret that is to take its place
    secret_at = models.DateTimeField(null=True, blank=True)  # since when it is this one; None: since the enrolment
    secrets_held = models.PositiveSmallIntegerField(default=1)  # how many the board keeps, as far as it has said
    table_key = SealedField()
    broker_key = SealedField(default=b"")  # of its account at the broker; empty: it has none
    board = models.JSONField()
    enrolled_at = models.DateTimeField()

    # Given up: stolen, or nowhere to be found. Its keys are gone from here and nothing it sends is taken.
    lost_at = models.DateTimeField(null=True, blank=True)
    lost_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    replaced_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")

    # What it should hold. One version step a change, so that any stretch of the history is a delta.
    acl_version = models.PositiveBigIntegerField(default=0)
    acl_digest = models.CharField(max_length=16, default=NO_DIGEST)
    acl_due = models.DateTimeField(null=True, blank=True)  # when time alone next changes who may pass
    rules_version = models.PositiveBigIntegerField(default=0)
    rules_refused = models.PositiveBigIntegerField(default=0)  # the last version that the board did not take
    rules_fault = models.CharField(max_length=200, blank=True)  # and what it said is wrong with it: field and fault

    # What it last said it holds.
    held_acl_version = models.PositiveBigIntegerField(default=0)
    held_acl_digest = models.CharField(max_length=16, default=NO_DIGEST)
    held_rules_version = models.PositiveBigIntegerField(default=0)
    in_sync = models.GeneratedField(
        expression=Q(
            acl_version=F("held_acl_version"),
            acl_digest=F("held_acl_digest"),
            rules_version=F("held_rules_version"),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    # How far its event log is stored here.
    log_epoch = models.PositiveBigIntegerField(null=True, blank=True)
    log_epoch_before = models.PositiveBigIntegerField(null=True, blank=True)  # controllers/twins.py
    acked = models.PositiveBigIntegerField(default=0)

    # How it is. `confirmed_at`: when it last said something, sealed; what a broker says of it counts for nothing.
    last_seen = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    firmware = models.CharField(max_length=40, blank=True)
    health = models.JSONField(default=dict, blank=True)  # of the last HELLO: boot, heap, doors
    refused = models.JSONField(default=dict, blank=True)  # messages not accepted, by why
    # Of doors that do not stand as usual, {number: [why, until, since]} as it last said; None: it never did.
    door_status = models.JSONField(null=True, blank=True, default=None)

    PERSON = Nobody("a board", acts=("lost_by",))
    TENANT_PATH = "site__tenant"
    AT = At(at(controller="pk").seen, at(site="site").whole)

    class Meta:
        # A lost one leaves its name to the board that comes after it.
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], condition=Q(lost_at=None), name="controller_name_once")
        ]
        indexes = [
            models.Index(fields=["in_sync"], name="controller_in_sync"),
            models.Index(fields=["acl_due"], name="controller_acl_due"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def table(self) -> dict[str, Any]:
        """The board's table; empty where something else was kept: the controller's page shows all the same."""
        return self.board if isinstance(self.board, dict) else {}

    def wiring(self, number: int) -> dict[str, Any]:
        """How a door is wired, as the board's table says; nothing where that makes no sense."""
        doors = self.table.get("doors")
        wired = doors[number - 1] if isinstance(doors, list) and number <= len(doors) else None
        return wired if isinstance(wired, dict) else {}

    def inputs(self) -> list[dict[str, Any]]:
        """The board's own inputs, in the same way."""
        listed = self.table.get("inputs")
        return [one if isinstance(one, dict) else {} for one in listed] if isinstance(listed, list) else []


class Door(Whole):
    """One door of a controller; numbers as on the board, from 1."""

    SETTINGS = ("release_ms", "held_ms")  # how it is worked; what a door at another controller can take over

    controller = models.ForeignKey(Controller, models.CASCADE, related_name="doors")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(_("name"), max_length=100)
    release_ms = models.PositiveIntegerField(
        _("unlock time"),
        default=5000,
        validators=[MinValueValidator(limits.door("release_ms")[0]), MaxValueValidator(limits.door("release_ms")[1])],
    )
    held_ms = models.PositiveIntegerField(
        _("held open after"),
        default=30_000,
        validators=[MinValueValidator(limits.door("held_ms")[0]), MaxValueValidator(limits.door("held_ms")[1])],
    )

    PERSON = Nobody("a door")
    TENANT_PATH = "controller__site__tenant"
    AT = at(door="pk")

    class Meta:
        ordering = ["controller", "number"]
        constraints = [
            models.UniqueConstraint(fields=["controller", "number"], name="door_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=255), name="door_number"),
        ]

    def __str__(self) -> str:
        return self.name
