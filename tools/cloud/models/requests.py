"""What people ask about their own data, worked as a queue: privacy/requests.py changes it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ..sealing import SealedField
from .access import Person
from .accounts import ApiToken, Tenant, User
from .personal import Personal
from .places import Controller
from .reach import NOWHERE
from .retention import REQUESTS
from .rights import Right
from .scope import Owned


class DataRequest(Owned):
    """One request. Of a person who is erased it stays, with what was done and when: it names nobody then.

    said: what they wrote. asked_by: who asked for them, checked: how it was made sure who that is; both empty where
    they asked themselves, signed in. page: hash of the address where they see how it goes, without an account too.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("A copy of my data")
        CORRECTION = "correction", _("Correction")
        ERASURE = "erasure", _("Erasure")
        RESTRICTION = "restriction", _("Restriction")
        OBJECTION = "objection", _("Objection")
        PORTABILITY = "portability", _("My data to take elsewhere")
        WITHDRAWAL = "withdrawal", _("Withdrawal of consent")
        COMPLAINT = "complaint", _("Complaint")

    class Way(models.TextChoices):
        OWN = "own", _("on their own page")
        BEHALF = "behalf", _("on their behalf")
        OFFICE = "office", _("by those who look after the house")
        ITSELF = "itself", _("by itself, as the table of retention says")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ERASING = "erasing", _("Being erased")  # not every controller has said yet that it knows
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        TAKEN_BACK = "taken back", _("Withdrawn")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="data_requests")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="data_requests")
    kind = models.CharField(max_length=12, choices=Kind)
    way = models.CharField(max_length=8, choices=Way)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    said = SealedField(default=b"")
    asked_by = models.CharField(max_length=100, blank=True)
    checked = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    extension = models.CharField(max_length=200, blank=True)  # why it takes longer; empty: it was not extended
    closed_at = models.DateTimeField(null=True)
    answer = SealedField(default=b"")  # to the person
    lifted_at = models.DateTimeField(null=True)  # of what was granted and stood (standing.py): it does no longer
    lifting = models.CharField(max_length=200, blank=True)  # why; empty: the person asked for it
    page = models.CharField(max_length=64, null=True, unique=True)
    erased_at = models.DateTimeField(null=True)  # of an erasure: when it was done in this database
    receipt = models.JSONField(default=dict)  # ... and what that was: privacy/erasing.py

    GOING = (State.OPEN, State.ERASING)
    STANDING = (Kind.RESTRICTION, Kind.OBJECTION, Kind.WITHDRAWAL)  # what they stop: processing.py

    PERSON = Personal(
        REQUESTS,
        person=("person",),
        acts=("made_by",),
        others=("asked_by", "checked"),
        theirs=("said", "extension", "answer", "lifting"),
        secret=("page",),
        plain=("receipt",),
    )
    SEEN_WITH = Right.PRIVACY
    AT = NOWHERE

    @property
    def stands(self) -> bool:
        """As standing.py has it: from when it is asked until it is refused, taken back or lifted."""
        holds = self.state in (self.State.OPEN, self.State.DONE) and self.lifted_at is None
        return self.kind in self.STANDING and holds and self.person_id is not None

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(due_at__gt=F("made_at")), name="request_due"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "erasing"], closed_at=None)
                | ~Q(state__in=["open", "erasing"]) & Q(closed_at__isnull=False),
                name="request_closed",
            ),
            # The same asked twice is one request.
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(state__in=["open", "erasing"]), name="request_open_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "state", "due_at"], name="request_of_tenant")]


class RequestStep(Owned):
    """What was done about a request, by whom and when: together they are its receipt."""

    class What(models.TextChoices):
        MADE = "made", _("Received")
        EXTENDED = "extended", _("More time")
        BEGUN = "begun", _("Erasure begun")
        ERASED = "erased", _("Erased in the database")
        STOPPED = "stopped", _("Could not be erased")
        COPIED = "copied", _("Copy made")
        FETCHED = "fetched", _("Copy fetched")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        TAKEN_BACK = "taken back", _("Withdrawn")
        LIFTED = "lifted", _("It holds no longer")

    request = models.ForeignKey(DataRequest, models.CASCADE, related_name="steps")
    what = models.CharField(max_length=12, choices=What)
    at = models.DateTimeField()
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="+")

    PERSON = Personal(REQUESTS, person=("request__person",), acts=("user",))
    TENANT_PATH = "request__tenant"
    SEEN_WITH = Right.PRIVACY
    AT = NOWHERE

    class Meta:
        ordering = ["pk"]


class ErasedAt(Owned):
    """A controller that held, or had held, somebody who is erased: what it has to report, and when it did.

    keys: by which they stand in its log, so that what it still sends of before is made anonymous too; gone when that
    is in. A board that was given up as lost reports nothing any more: the receipt says so.
    """

    request = models.ForeignKey(DataRequest, models.CASCADE, related_name="controllers")
    controller = models.ForeignKey(Controller, models.CASCADE, related_name="+")
    version = models.PositiveBigIntegerField()  # of its access list without them
    digest = models.CharField(max_length=16)
    keys = SealedField(default=b"")
    held_at = models.DateTimeField(null=True)  # it has reported that version, or a newer one of ours

    PERSON = Personal(REQUESTS, person=("request__person",), secret=("keys",), plain=("digest",))
    TENANT_PATH = "request__tenant"
    SEEN_WITH = Right.PRIVACY
    AT = NOWHERE

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["request", "controller"], name="erased_at_once")]
