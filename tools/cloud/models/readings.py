"""A card that somebody reads at a door for a person, to give it to them. Its number is kept for minutes."""

from django.db import models
from django.db.models import Q

from .access import Credential, Person
from .commands import Command
from .personal import Personal
from .retention import READINGS
from .rights import Right
from .scope import Owned


class Reading(Owned):
    class State(models.TextChoices):
        WAITING = "waiting"  # how far it has come is its command's state
        READ = "read"
        MISREAD = "misread"  # what the reader sent is no card
        OVER = "over"  # nobody came in time
        ENDED = "ended"  # by another command, or by whoever wanted it
        GIVEN = "given"

    command = models.OneToOneField(Command, models.CASCADE, related_name="reading")
    person = models.ForeignKey(Person, models.CASCADE, related_name="readings")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    bits = models.PositiveSmallIntegerField(null=True)
    number = models.PositiveBigIntegerField(null=True)  # only while it is read and not yet given
    read_at = models.DateTimeField(null=True)
    credential = models.ForeignKey(Credential, models.SET_NULL, null=True, related_name="+")  # what it became

    PERSON = Personal(READINGS, person=("person",))
    TENANT_PATH = "person__tenant"
    AT = Credential.AT
    SEEN_WITH = Right.PEOPLE

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state="read") | Q(number=None), name="reading_number_for_minutes")
        ]
        indexes = [models.Index(fields=["person", "-id"], name="reading_of_person")]
