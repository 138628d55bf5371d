"""Breaches of security: what happened to whose data, who was told, and what was done. breaches/ works them out."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ..sealing import SealedField
from .accounts import ApiToken, Tenant, User
from .personal import Personal
from .places import Controller
from .reach import NOWHERE
from .retention import BREACHES
from .rights import Right
from .scope import Owned

TO_TELL = timedelta(hours=72)  # the authority, from when it is known: GDPR 33(1)


class Breach(Owned):
    """One breach: what others could get at, from when until when. until None: it is not over.

    said, consequences, measures: in the owner's words; the notices are made of them. told_at: when the authority was
    told, or it was decided that it need not be: then the clock stands. account, controller, token: one of them, as
    `scope` says; None as well when it is gone since.
    """

    class Scope(models.TextChoices):
        WHOLE = "whole", _("The whole organisation")
        ACCOUNT = "account", _("An account")
        CONTROLLER = "controller", _("A controller")
        TOKEN = "token", _("An API token or partner")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="breaches")
    scope = models.CharField(max_length=10, choices=Scope)
    account = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    controller = models.ForeignKey(Controller, models.SET_NULL, null=True, related_name="+")
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    known_at = models.DateTimeField()
    said = SealedField(default=b"")
    consequences = SealedField(default=b"")
    measures = SealedField(default=b"")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # None: on the command line
    told_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    PERSON = Personal(BREACHES, account=("account",), acts=("opened_by",), others=("said", "consequences", "measures"))
    SEEN_WITH = Right.BREACHES
    AT = NOWHERE

    class Meta:
        ordering = ["-known_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="breach_order"),
            models.CheckConstraint(
                condition=Q(scope__in=["whole", "account", "controller", "token"]), name="breach_scope"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "closed_at"], name="breach_of_tenant")]

    @property
    def due_at(self) -> datetime:
        return self.known_at + TO_TELL


class BreachEntry(Owned):
    """What was done about a breach, by whom and when: GDPR 33(5). Never changed.

    happened_at: when the authority or people were told. counts: of people and accounts, as it was worked out then;
    afterwards some are erased and records are past their days.
    """

    class What(models.TextChoices):
        OPENED = "opened", _("Opened")
        CHANGED = "changed", _("Described anew")
        LIST = "list", _("List of people taken")
        AUTHORITY = "authority", _("The authority was told")
        NO_AUTHORITY = "no authority", _("The authority need not be told")
        PEOPLE = "people", _("People were told")
        NO_PEOPLE = "no people", _("People need not be told")
        NOTE = "note", _("Note")
        CLOSED = "closed", _("Closed")

    breach = models.ForeignKey(Breach, models.CASCADE, related_name="entries")
    what = models.CharField(max_length=12, choices=What)
    at = models.DateTimeField()
    happened_at = models.DateTimeField(null=True)
    note = SealedField(default=b"")
    counts = models.JSONField(default=dict)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    PERSON = Personal(BREACHES, account=("breach__account",), acts=("user",), others=("note",), plain=("counts",))
    TENANT_PATH = "breach__tenant"
    SEEN_WITH = Right.BREACHES
    AT = NOWHERE

    class Meta:
        ordering = ["pk"]


class BreachNotice(Owned):
    """A notice as somebody has edited it; without a row it is drafted anew each time it is looked at."""

    class To(models.TextChoices):
        AUTHORITY = "authority", _("To the authority")
        PEOPLE = "people", _("To the people")

    breach = models.ForeignKey(Breach, models.CASCADE, related_name="notices")
    to = models.CharField(max_length=10, choices=To)
    language = models.CharField(max_length=5, choices=settings.LANGUAGES)
    text = SealedField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    PERSON = Personal(BREACHES, account=("breach__account",), acts=("saved_by",), others=("text",))
    TENANT_PATH = "breach__tenant"
    SEEN_WITH = Right.BREACHES
    AT = NOWHERE

    class Meta:
        ordering = ["to", "language"]
        constraints = [models.UniqueConstraint(fields=["breach", "to", "language"], name="breach_notice_once")]
