"""Who was erased, by number, while there are backups that still have them: backups/erasures.py."""

from django.db import models

from .accounts import Tenant
from .personal import Personal
from .reach import NOWHERE
from .retention import BACKUPS
from .rights import Right
from .scope import Owned


class Erased(Owned):
    """number: of the Person that there is no more. It says nothing of anybody to who has no backup of before."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")
    number = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    PERSON = Personal(BACKUPS, pseudonyms=("number",))
    SEEN_WITH = Right.PRIVACY
    AT = NOWHERE

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["at"], name="erased_at")]
