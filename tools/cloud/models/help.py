"""Requests for help and feedback: kept with the tenant, answered there, gone some days after they are closed."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..sealing import SealedField
from .access import Person
from .accounts import Tenant, User
from .couriers import Leaving
from .personal import Nobody, Personal
from .reach import NOWHERE
from .retention import HELP
from .rights import Right
from .scope import Owned

DAYS = (1, 365)  # that a closed request is kept
TEXT = 4000  # letters of what is written


class HelpPolicy(Owned):
    """One row a tenant that has said something."""

    tenant = models.OneToOneField(Tenant, models.CASCADE, primary_key=True, related_name="help_policy")
    days = models.PositiveSmallIntegerField(
        _("days"), default=90, validators=[MinValueValidator(DAYS[0]), MaxValueValidator(DAYS[1])]
    )

    PERSON = Nobody("how long help is kept")
    SEEN_WITH = Right.HELP
    AT = NOWHERE

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(days__gte=DAYS[0], days__lte=DAYS[1]), name="help_policy_days")
        ]


class HelpRequest(Owned):
    """One conversation. person: as whom the account wrote, where it is somebody's own; it goes when they are erased.

    about: what was attached, as it was shown to who wrote, and only what they ticked (help/diagnostics.py).
    """

    class Kind(models.TextChoices):
        QUESTION = "question", _("I need help")
        FAULT = "fault", _("Something does not work")
        FEEDBACK = "feedback", _("I have feedback")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waits for an answer")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", _("Closed")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="help_requests")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="help_requests")
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="help_requests")
    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    about = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()  # when something was written or it was closed, the last time

    PERSON = Personal(HELP, person=("person",), account=("user",), theirs=("about",))
    SEEN_WITH = Right.HELP
    AT = NOWHERE

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["waiting", "answered", "closed"]), name="help_state"),
            models.CheckConstraint(condition=Q(kind__in=["question", "fault", "feedback"]), name="help_kind"),
        ]
        indexes = [models.Index(fields=["tenant", "state", "-id"], name="help_of_tenant")]


class HelpMessage(Owned):
    """One thing that was written in it. by_house: an answer; user: who wrote it, None: a program, or who is gone."""

    request = models.ForeignKey(HelpRequest, models.CASCADE, related_name="messages")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    by_house = models.BooleanField()
    at = models.DateTimeField()
    said = SealedField()

    PERSON = Personal(HELP, person=("request__person",), account=("request__user",), others=("user",), theirs=("said",))
    TENANT_PATH = "request__tenant"
    SEEN_WITH = Right.HELP
    AT = NOWHERE

    class Meta:
        ordering = ["pk"]


class HelpLetter(Leaving):
    """The notice by e-mail that there is an answer. To whom and what is made when it leaves (help/letters.py)."""

    message = models.OneToOneField(HelpMessage, models.CASCADE, primary_key=True, related_name="letter")

    PERSON = Personal(HELP, person=("message__request__person",), account=("message__request__user",), theirs=("why",))
    TENANT_PATH = "message__request__tenant"
    SEEN_WITH = Right.HELP
    AT = NOWHERE

    class Meta(Leaving.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "failed"]), name="help_letter_state")
        ]
