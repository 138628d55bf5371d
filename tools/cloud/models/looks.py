"""Who looked at whose passages, and who read cards: kept so that they can be asked why."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .access import Person
from .accounts import ApiToken, Tenant, User
from .personal import Personal
from .reach import NOWHERE
from .retention import LOOKS
from .rights import Right
from .scope import Owned


class Look(Owned):
    class What(models.TextChoices):
        LOG = "log", _("the log")
        LOG_FILE = "log_file", _("the log as a file")
        DOORS = "doors", _("who passed last, at the doors")
        EXPORT = "export", _("an export of all about a person")
        ARMED = "armed", _("a reader armed for a card")
        LEARNED = "learned", _("a card read at a door")
        GAVE = "gave", _("a card given that was read at a door")
        ERASED = "erased", _("a person erased")
        BREACH = "breach", _("whom a breach concerns")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="looks")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="looks")
    token = models.ForeignKey(ApiToken, models.SET_NULL, null=True, related_name="looks")
    what = models.CharField(max_length=8, choices=What)
    # None: of everybody, or of somebody who is erased since.
    person = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="looked_at")
    erased = models.BooleanField(default=False)
    at = models.DateTimeField()
    until = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    PERSON = Personal(LOOKS, person=("person",), acts=("user",))
    SEEN_WITH = Right.AUDIT
    AT = NOWHERE

    class Meta:
        ordering = ["-until", "-pk"]
        indexes = [models.Index(fields=["tenant", "until"], name="look_until")]
