"""What a directory keeps here by SCIM: its token, its users (people) and its groups (access groups)."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .access import AccessGroup, Person
from .accounts import Tenant, User
from .personal import Nobody, Personal
from .reach import NOWHERE
from .retention import PEOPLE
from .rights import Right
from .scope import Owned


class ScimToken(Owned):
    """The bearer token of a tenant's directory. Only its hash is kept."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="scim_tokens")
    name = models.CharField(_("name"), max_length=100)
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # None: on the command line
    used_at = models.DateTimeField(null=True, blank=True)  # to the hour
    revoked_at = models.DateTimeField(null=True, blank=True)

    PERSON = Nobody("what a directory signs in with", acts=("made_by",))
    SEEN_WITH = Right.MEMBERS
    AT = NOWHERE

    def __str__(self) -> str:
        return self.name


class ScimUser(Owned):
    """A person whom the directory looks after. said: the names that it gave them, no more of what it sends."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="scim_users")
    person = models.OneToOneField(Person, models.CASCADE, related_name="scim")
    user_name = models.CharField(max_length=254)
    user_key = models.CharField(max_length=254)  # user_name, as it is compared
    external_id = models.CharField(max_length=254, blank=True)
    said = models.JSONField(default=dict)
    others = models.JSONField(default=list)  # numbers of people of whom somebody said that they are somebody else
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)

    PERSON = Personal(
        PEOPLE, person=("person",), others=("others",), theirs=("user_name", "user_key", "external_id", "said")
    )
    SEEN_WITH = Right.PEOPLE
    AT = NOWHERE  # a directory is of the organisation as a whole

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user_key"], name="scim_user_once")]
        indexes = [models.Index(fields=["tenant", "external_id"], name="scim_user_external")]


class ScimGroup(Owned):
    """An access group whose people the directory chooses. Its doors stay ours."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="scim_groups")
    group = models.OneToOneField(AccessGroup, models.CASCADE, related_name="scim")
    external_id = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)

    PERSON = Nobody("a group that a directory fills")
    SEEN_WITH = Right.PEOPLE
    AT = NOWHERE  # a directory is of the organisation as a whole
