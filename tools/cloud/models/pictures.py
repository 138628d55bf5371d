"""A person's profile picture: a small square that they gave themselves, and may delete at any time."""

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from .access import Credential, Person
from .personal import Personal
from .reach import At
from .retention import PICTURES
from .rights import Right
from .scope import Owned

MOST = 100_000  # bytes


class Picture(Owned):
    """Goes with its person. content: a JPEG that was written here (people/square.py), of nothing but pixels."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="picture")
    content = models.BinaryField(max_length=MOST)
    given_at = models.DateTimeField()

    PERSON = Personal(PICTURES, person=("person",), theirs=("content",))
    TENANT_PATH = "person__tenant"
    SEEN_WITH = Right.CHANGE  # nobody sees it who only looks
    AT = At(lambda places: Credential.AT.seen(places), lambda places: Credential.AT.whole(places))

    @property
    def version(self) -> int:
        """In the picture's address: a browser shows the newest."""
        return int(self.given_at.timestamp())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=LessThanOrEqual(Length("content"), MOST), name="picture_small"),
        ]
