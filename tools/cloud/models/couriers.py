"""What leaves the house: notices to recipients, calls to the systems of couriers and partners."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..sealing import SealedField
from .accounts import ApiToken
from .lockers import Delivery
from .personal import Nobody, Personal
from .reach import NOWHERE, at
from .retention import PARCELS
from .rights import Right
from .scope import Owned, Whole


class State(models.TextChoices):
    WAITING = "waiting", _("Waits")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")  # tried again and again, and given up


class Leaving(Owned):
    """Something that is to leave, with how often that was tried."""

    made_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    why = models.CharField(max_length=100, blank=True)  # it did not leave, the last time

    class Meta:
        abstract = True
        ordering = ["-pk"]


class Notice(Leaving):
    """To a recipient. What it says is made of its delivery when it leaves: it goes when that is erased."""

    class Kind(models.TextChoices):
        DEPOSITED = "deposited", _("A parcel waits")
        REMINDER = "reminder", _("Reminder")
        OVERDUE = "overdue", _("Overdue")
        EXTENDED = "extended", _("More time")
        TO_LEAVE = "to leave", _("Code to leave something")  # to who hands it over, or sends it back
        MOVED = "moved", _("Another bank")

    class Way(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=12, choices=Kind)
    way = models.CharField(max_length=8, choices=Way)

    PERSON = Personal(PARCELS, person=("delivery__recipient", "delivery__giver"), theirs=("why",))
    TENANT_PATH = "delivery__bank__controller__site__tenant"
    AT = at(bank="delivery__bank")
    SEEN_WITH = Right.DELIVERIES

    class Meta(Leaving.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "failed"]), name="notice_state")
        ]
        indexes = [models.Index(fields=["state", "next_at"], name="notice_due")]


class Webhook(Whole):
    """Where a program's system wants to hear: a courier's of its deliveries, a partner's of its doors."""

    token = models.OneToOneField(ApiToken, models.CASCADE, related_name="webhook")
    url = models.CharField(max_length=500)
    webhook_secret = SealedField()  # with which each call is signed

    PERSON = Nobody("where a courier’s system wants to hear")
    TENANT_PATH = "token__tenant"
    AT = NOWHERE
    SEEN_WITH = Right.MEMBERS


class WebhookCall(Leaving):
    """One thing that became of a delivery, for its courier's system; or of a partner's doors (partners/feed.py)."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="calls")
    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True, related_name="calls")  # None: to a partner
    kind = models.CharField(max_length=12)  # deposited, picked up, cancelled, returned, overdue; passages, people
    at = models.DateTimeField()  # when that was
    content = models.TextField(default="")  # as it leaves, the same at every try; empty when its days are over

    PERSON = Personal(PARCELS, person=("delivery__recipient",), theirs=("content",), plain=("kind", "why"))
    TENANT_PATH = "webhook__token__tenant"
    AT = NOWHERE
    SEEN_WITH = Right.MEMBERS

    class Meta(Leaving.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "failed"]), name="webhook_call_state")
        ]
        indexes = [models.Index(fields=["state", "next_at"], name="webhook_call_due")]
