"""Programs of others that may know something of chosen doors: what they may ask for, and what they asked."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..sealing import SealedField
from .accounts import ApiToken
from .couriers import Webhook
from .personal import Nobody, Personal
from .places import Door
from .reach import NOWHERE
from .retention import TOLD
from .rights import Right
from .scope import Owned, Whole


class Partner(Whole):
    """What the API token of a partner is good for."""

    class Scope(models.TextChoices):
        PEOPLE = "people", _("Who belongs to these doors: name and a pseudonym")
        LOG = "log", _("The log of these doors")
        BIRTH = "birth", _("The birth dates of these people")

    token = models.OneToOneField(ApiToken, models.CASCADE, primary_key=True, related_name="partner")
    doors = models.ManyToManyField(Door, related_name="partners", blank=True)
    scopes = models.JSONField(default=list)  # of Scope
    pseudonym_key = SealedField()  # another one for each: two partners cannot put together what they know
    minute = models.PositiveBigIntegerField(default=0)  # the newest one in which it called, and how often
    in_minute = models.PositiveIntegerField(default=0)

    PERSON = Nobody("a program of others")
    TENANT_PATH = "token__tenant"
    SEEN_WITH = Right.MEMBERS
    AT = NOWHERE


class PartnerCall(Owned):
    """What a partner asked for in an hour, and how often it was refused."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="calls")
    hour = models.DateTimeField()
    what = models.CharField(max_length=8)  # doors, people or log; webhook: what it was told by itself
    count = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    PERSON = Nobody("how often a program asked")
    TENANT_PATH = "partner__token__tenant"
    SEEN_WITH = Right.MEMBERS
    AT = NOWHERE

    class Meta:
        ordering = ["-hour", "what"]
        constraints = [models.UniqueConstraint(fields=["partner", "hour", "what"], name="partner_call_once")]


class PartnerFeed(Owned):
    """How far a partner's webhook has been told."""

    webhook = models.OneToOneField(Webhook, models.CASCADE, primary_key=True, related_name="feed")
    event_after = models.PositiveBigIntegerField()  # passages up to this event are told, or on their way
    change_seen = models.PositiveBigIntegerField(default=0)  # the newest change of the tenant when people were compared
    compared_at = models.DateTimeField(null=True)

    PERSON = Nobody("how far a program has been told")
    TENANT_PATH = "webhook__token__tenant"
    SEEN_WITH = Right.MEMBERS
    AT = NOWHERE


class PartnerTold(Owned):
    """Who belongs to its doors, as it was told: by the partner's own pseudonym, and a mark of what was said of them."""

    feed = models.ForeignKey(PartnerFeed, models.CASCADE, related_name="told")
    pseudonym = models.CharField(max_length=16)
    mark = models.CharField(max_length=16)

    PERSON = Personal(TOLD, pseudonyms=("pseudonym", "mark"))
    TENANT_PATH = "feed__webhook__token__tenant"
    SEEN_WITH = Right.MEMBERS
    AT = NOWHERE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "pseudonym"], name="partner_told_once")]
