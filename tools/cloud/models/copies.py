"""A copy of what is kept of somebody, encrypted, until it is fetched or its days are over: privacy/copies.py."""

from django.db import models

from .access import Person
from .personal import Personal
from .reach import NOWHERE
from .requests import DataRequest
from .retention import COPIES
from .rights import Right
from .scope import Owned


class DataCopy(Owned):
    """hash: of the address where it is fetched, once. content: a ZIP under a passphrase that is kept nowhere."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="data_copies")
    request = models.ForeignKey(DataRequest, models.CASCADE, related_name="copies")
    hash = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()  # empty once it was fetched
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    PERSON = Personal(COPIES, person=("person",), secret=("hash", "content"))
    TENANT_PATH = "request__tenant"
    SEEN_WITH = Right.PRIVACY
    AT = NOWHERE

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["expires_at"], name="data_copy_expires")]
