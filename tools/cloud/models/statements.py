"""What an organisation tells people of their data: put together from what is set up (privacy/statement.py)."""

from django.db import models

from .accounts import Tenant
from .personal import Nobody
from .reach import NOWHERE
from .rights import Right
from .scope import Owned


class Statement(Owned):
    """One version, as it was read then. content: {language: [[heading, [[label, text], ...]], ...]}."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="statements")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    content = models.JSONField()

    PERSON = Nobody("what an organisation says of itself")
    SEEN_WITH = Right.PRIVACY
    AT = NOWHERE

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="statement_number")]
