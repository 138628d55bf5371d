"""Tenants, the people who administer them, and what those sign in with. No passwords."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import limits
from ..services import clock
from .personal import Nobody, Personal
from .reach import EVERYWHERE, NOWHERE
from .retention import ACCOUNTS, SIGN_INS
from .rights import ENDING, ROLES, UNBOUND, Right
from .scope import Owned, Scoped


class Users(BaseUserManager["User"]):
    def named(self, email: str) -> "User":
        """The user with this address, made when there is none."""
        return self.get_or_create(email=self.normalize_email(email).lower())[0]

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who can sign in. Known by an address; holds no password."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    password = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = Users()

    PERSON = Personal(ACCOUNTS, account=("pk",), theirs=("email", "name"))

    def has_usable_password(self) -> bool:
        return False

    def check_password(self, raw_password: Any) -> bool:
        return False

    def get_full_name(self) -> str:
        return self.name or self.email


def statement_key() -> str:
    return secrets.token_urlsafe(16)


class Tenant(Owned):
    """An organisation with its own sites, people and administrators."""

    CONTACT = 200  # letters

    name = models.CharField(_("name"), max_length=100)
    created_at = models.DateTimeField(default=timezone.now)
    pin_digits = models.PositiveSmallIntegerField(default=6)  # every PIN of the tenant has so many
    retention_days = models.PositiveSmallIntegerField(default=limits.RETENTION_FREELY)  # of doors that say nothing else
    retention_reason = models.CharField(max_length=200, blank=True)  # for whoever passes: why so long
    # Days after a person's last right here has ended they are erased by themselves; None: never.
    erase_after = models.PositiveSmallIntegerField(null=True, blank=True, default=limits.ERASE_AFTER[1])

    # Its privacy statement: whom people ask, and the address at which anybody reads it.
    privacy_contact = models.CharField(max_length=CONTACT, blank=True)
    statement_key = models.CharField(max_length=22, unique=True, default=statement_key, editable=False)

    # How its members sign in. providers: ids of OpenID Connect providers, empty: all there are; entra: the directory
    # of Entra's that it is bound to, empty: none.
    providers = models.JSONField(default=list, blank=True)
    entra = models.CharField(max_length=36, blank=True)
    log_in_places = models.BooleanField(default=False)  # roughly where from is kept with a log-in

    PERSON = Nobody("an organisation")
    TENANT_PATH = "pk"
    SEEN_WITH = Right.BANKS  # which every role has: whoever belongs to it knows its name
    AT = EVERYWHERE

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pin_digits__gte=limits.PIN_DIGITS[0], pin_digits__lte=limits.PIN_DIGITS[1]),
                name="tenant_pin_digits",
            ),
            models.CheckConstraint(
                condition=Q(retention_days__lte=limits.door("retention_days")[1]), name="tenant_retention"
            ),
            models.CheckConstraint(
                condition=Q(retention_days__lte=limits.RETENTION_FREELY) | ~Q(retention_reason=""),
                name="tenant_retention_reason",
            ),
            models.CheckConstraint(
                condition=Q(erase_after=None)
                | Q(erase_after__gte=limits.ERASE_AFTER[0], erase_after__lte=limits.ERASE_AFTER[1]),
                name="tenant_erase_after",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What somebody is in a tenant. What that allows is in rights.py."""

    OWNER = "owner", _("Owner")
    ADMINISTRATOR = "administrator", _("Administrator")
    VIEWER = "viewer", _("Viewer")
    GUARD = "guard", _("Guard")
    INSTALLER = "installer", _("Installer")
    COURIER = "courier", _("Courier")
    RECEPTIONIST = "receptionist", _("Receptionist")
    AUDITOR = "auditor", _("Auditor")
    SUPPORT = "support", _("Support")

    @property
    def rights(self) -> frozenset[Right]:
        return ROLES[self.value]

    @property
    def may_change(self) -> bool:
        return Right.CHANGE in self.rights


class Members(Scoped):
    def living(self) -> "Members":
        """Those that have not ended."""
        return self.filter(Q(until=None) | Q(until__gt=clock.now()))


class Membership(Owned):
    """What a user may do in a tenant: in all of it, or (bound) at some of its sites, doors and banks. until: it ends.

    One that is bound stays so when the last of its places is gone: then it allows nothing.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    until = models.DateTimeField(null=True, blank=True)
    bound = models.BooleanField(default=False)
    sites = models.ManyToManyField("Site", blank=True, related_name="+")
    doors = models.ManyToManyField("Door", blank=True, related_name="+")
    banks = models.ManyToManyField("Bank", blank=True, related_name="+")

    objects = Members.as_manager()
    PERSON = Personal(ACCOUNTS, account=("user",))
    SEEN_WITH = Right.MEMBERS
    AT = NOWHERE
    PLACES = ("sites", "doors", "banks")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role"),
            # Rights that nobody else could give back are never lost by time; what is lent always ends.
            models.CheckConstraint(
                condition=~Q(role__in=UNBOUND) | Q(until=None, bound=False), name="membership_unbound"
            ),
            models.CheckConstraint(condition=~Q(role__in=ENDING) | Q(until__isnull=False), name="membership_ending"),
        ]


class ApiToken(Owned):
    """A bearer token of the API. Only its hash is kept."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    PARTNER = "partner"  # no role of a member: of nobody here, and good for the partners' API only (partners/)

    role = models.CharField(max_length=16, choices=[*Role.choices, (PARTNER, _("Partner"))])
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="tokens")  # None: on the command line
    used_at = models.DateTimeField(null=True, blank=True)  # to the hour
    revoked_at = models.DateTimeField(null=True, blank=True)

    PERSON = Nobody("what a program signs in with", acts=("made_by",))
    SEEN_WITH = Right.MEMBERS
    AT = NOWHERE
    ROLES = [Role.ADMINISTRATOR, Role.VIEWER, Role.GUARD, Role.INSTALLER, Role.COURIER]  # no program is an owner

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=[*Role.values, "partner"]), name="token_role")
        ]


class Session(AbstractBaseSession):
    """Somebody is signed in. session_key is the hash of what their browser holds (sessions.py)."""

    session_key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    began_at = models.DateTimeField()
    used_at = models.DateTimeField()
    # Who made the link that opened it; None: nobody did, or it was made on the command line.
    vouched_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    provider_session = models.CharField(max_length=64, blank=True, db_index=True)  # the mark of theirs there
    objects = models.Manager()

    PERSON = Personal(
        SIGN_INS,
        account=("user",),
        others=("vouched_by",),
        secret=("session_key", "session_data", "provider_session"),
    )

    @classmethod
    def living(cls) -> "models.QuerySet[Session]":
        """Those that still sign somebody in."""
        now = timezone.now()
        return cls.objects.filter(expire_date__gt=now, used_at__gt=now - settings.SESSION_IDLE)

    @classmethod
    def over(cls) -> "models.QuerySet[Session]":
        now = timezone.now()
        return cls.objects.filter(Q(expire_date__lte=now) | Q(used_at__lte=now - settings.SESSION_IDLE))


class LogoutHeard(models.Model):
    """A provider has said that somebody signed out there: each time it says so counts once (its jti, hashed)."""

    mark = models.CharField(max_length=64, primary_key=True)
    until = models.DateTimeField()  # after which it is refused for its age alone

    PERSON = Nobody("that a token was heard once")


class SignInLink(models.Model):
    """A link that signs one user in, once; with a tenant one that lets them join it. Only its hash is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="links")
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")  # None: on the command line
    tenant = models.ForeignKey(Tenant, models.CASCADE, null=True, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role, blank=True)  # in that tenant
    terms = models.JSONField(default=dict)  # ... with its end and places, as members/terms.py has them
    hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    PERSON = Personal(SIGN_INS, account=("user",), acts=("made_by",), secret=("hash",), plain=("terms",))
