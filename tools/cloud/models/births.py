"""A person's birth date, and the word of a guardian: only where somebody needs it, sealed, and beside the person."""

from django.db import models

from ..sealing import SealedField
from .access import Credential, Person
from .personal import Personal
from .reach import At
from .retention import PEOPLE
from .rights import Right
from .scope import Owned


class Birth(Owned):
    """Goes with its person. born: a day as ISO 8601 has it; guardian, agreed_on: who answers for a minor, since when.

    claimed: the sign-in provider said it; otherwise somebody has typed it.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="birth")
    born = SealedField(default=b"")
    guardian = SealedField(default=b"")
    agreed_on = models.DateField(null=True)
    claimed = models.BooleanField(default=False)

    PERSON = Personal(PEOPLE, person=("person",), theirs=("born", "guardian"))
    TENANT_PATH = "person__tenant"
    SEEN_WITH = Right.CHANGE  # nobody sees it who only looks
    AT = At(lambda places: Credential.AT.seen(places), lambda places: Credential.AT.whole(places))
