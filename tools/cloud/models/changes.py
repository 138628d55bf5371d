"""Who changed what: kept a year, for owners. audit/recorded.py says what is kept of which row."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .access import Person
from .accounts import ApiToken, Tenant, User
from .personal import Personal
from .reach import NOWHERE
from .retention import CHANGES
from .rights import Right
from .scope import Owned


class Change(Owned):
    class Way(models.TextChoices):
        PAGE = "page", _("on the pages")
        API = "api", _("through the API")
        COMMAND = "command", _("on the command line")
        ITSELF = "itself", _("by itself")

    class What(models.TextChoices):
        MADE = "made", _("made")
        CHANGED = "changed", _("changed")
        REMOVED = "removed", _("removed")
        ASKED = "asked", _("asked for")  # of a door or controller: a command

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        CARD = "card", _("Card")
        PIN = "pin", _("PIN")
        DURESS = "duress", _("Duress PIN")
        GRANT = "grant", _("Access")
        GROUP = "group", _("Access group")
        SCHEDULE = "schedule", _("Schedule")
        HOLIDAY = "holiday", _("Holiday")
        DOOR = "door", _("Door")
        AREA = "area", _("Area")
        SITE = "site", _("Site")
        CONTROLLER = "controller", _("Controller")
        TENANT = "tenant", _("Organisation")
        MEMBER = "member", _("Member")
        TOKEN = "token", _("API token")
        LINK = "link", _("Sign-in link")
        ALARM = "alarm", _("Alarm")
        ROLLOUT = "rollout", _("Update")
        DELIVERY = "delivery", _("Delivery")
        ALLOTMENT = "allotment", _("Own compartment")
        HELP = "help", _("Request for help")
        REQUEST = "request", _("Request about one’s own data")
        BREACH = "breach", _("Breach of security")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="record_of_changes")
    at = models.DateTimeField()
    way = models.CharField(max_length=8, choices=Way)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="+")
    account = models.CharField(max_length=64, blank=True)  # the host's, of a command line
    kind = models.CharField(max_length=12, choices=Kind)
    what = models.CharField(max_length=8, choices=What)
    object = models.PositiveBigIntegerField(null=True)  # its number
    name = models.CharField(max_length=254, blank=True)  # what it was called then
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="changes")  # whom it is about
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    erased = models.BooleanField(default=False)  # whom it was about is erased since: name and values are gone
    hidden = models.BooleanField(default=False)  # for those only who may know of duress

    PERSON = Personal(
        CHANGES, person=("person",), acts=("user",), others=("account",), theirs=("name", "before", "after")
    )
    SEEN_WITH = Right.AUDIT
    AT = NOWHERE
    SECRET = Q(hidden=True), Right.DURESS

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(way__in=["page", "api", "command", "itself"]), name="record_way"),
            models.CheckConstraint(condition=Q(what__in=["made", "changed", "removed", "asked"]), name="record_what"),
            models.CheckConstraint(
                condition=Q(erased=False) | Q(name="", person=None, before={}, after={}), name="record_erased"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-id"], name="record_of_tenant"),
            models.Index(fields=["tenant", "kind", "object"], name="record_of_object"),
            models.Index(fields=["at"], name="record_at"),
        ]
