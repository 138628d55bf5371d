"""People, what they carry, and which doors they may pass."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .. import limits
from .accounts import Tenant, User
from .personal import Nobody, Personal
from .places import Door
from .reach import At, Places, at
from .retention import PEOPLE
from .rights import Right
from .rules import Schedule
from .scope import Whole


class Person(Whole):
    """Somebody who passes doors. Exists in the cloud only: a controller knows credentials."""

    class Escort(models.TextChoices):
        NEEDS = "needs", _("Passes only with an escort")
        GIVES = "gives", _("Escorts others")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="people")
    name = models.CharField(_("name"), max_length=100)
    active = models.BooleanField(_("active"), default=True)
    extended = models.BooleanField(_("doors stay unlocked longer"), default=False)
    escort = models.CharField(_("escort"), max_length=8, blank=True, choices=Escort)
    # With which account they see their own page (residents/); that is no role and no membership.
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="persons")
    left_at = models.DateTimeField(null=True, blank=True)  # since when they have no right here (privacy/leaving.py)

    PERSON = Personal(PEOPLE, person=("pk",), account=("user",), theirs=("name",))
    SEEN_WITH = Right.PEOPLE
    AT = At(lambda places: _people(places), lambda places: _people(places) & ~_people_elsewhere(places))

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="person_account_once")]
        indexes = [models.Index(fields=["tenant", "-active", "name", "id"], name="person_of_tenant")]

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Out of every credential table first, in the same transaction."""
        with Whole.made_in():
            if self.active:
                self.active = False
                self.save(update_fields=["active"])
            return super().delete(*args, **kwargs)


class Credential(Whole):
    """A card or PIN of a person. A revoked one stays here, not active, so that its later denials have a name.

    Of a PIN there is no number: `sealed` holds it under a key that is not in the database, `mark` tells whether two
    are the same (people/pins.py).
    """

    class Kind(models.TextChoices):
        CARD = "card", _("Card")
        PIN = "pin", _("PIN")
        DURESS = "duress", _("Duress PIN")

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="credentials")  # the person's: see people/people.py
    person = models.ForeignKey(Person, models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.CARD)
    bits = models.PositiveSmallIntegerField(
        _("bits"), default=26, null=True, validators=[MinValueValidator(4), MaxValueValidator(64)]
    )
    number = models.PositiveBigIntegerField(_("number"), null=True)  # the frame's payload, facility code included
    sealed = models.BinaryField(null=True)
    mark = models.CharField(max_length=64, blank=True)
    active = models.BooleanField(_("active"), default=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    PERSON = Personal(PEOPLE, person=("person",), secret=("sealed", "mark"))
    SEEN_WITH = Right.PEOPLE
    SECRET = Q(kind="duress"), Right.DURESS  # that somebody has one is for those who hear of it
    AT = At(lambda places: _of_people(Person.AT.seen(places)), lambda places: _of_people(Person.AT.whole(places)))

    class Meta:
        ordering = ["person", "pk"]
        constraints = [
            # One card, one person: otherwise an event could not say who passed.
            models.UniqueConstraint(
                fields=["tenant", "kind", "bits", "number"],
                condition=Q(active=True),
                name="credential_one_person",
            ),
            # ... and one PIN, one person: at a door that asks for nothing else it is all that tells them apart.
            models.UniqueConstraint(
                fields=["tenant", "mark"], condition=Q(active=True) & ~Q(mark=""), name="credential_pin_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="card", bits__gte=4, bits__lte=64, number__isnull=False, mark="", sealed=None)
                | Q(kind__in=["pin", "duress"], bits=None, number=None, sealed__isnull=False) & ~Q(mark="")
                | Q(kind__in=["pin", "duress"], bits=None, number=None, sealed=None, mark="", active=False),
                name="credential_content",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or ''}".strip()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Out of every credential table first, in the same transaction."""
        with Whole.made_in():
            if self.active:
                self.active = False
                self.save(update_fields=["active"])
            return super().delete(*args, **kwargs)


class AccessGroup(Whole):
    """Doors that go together, each with its schedule: "all of the basement". Says what else it allows, too."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="groups")
    name = models.CharField(_("name"), max_length=100)
    doors = models.ManyToManyField(Door, through="GroupDoor", related_name="groups", blank=True)
    pin = models.BooleanField(_("the card alone is never enough"), default=False)
    hold = models.BooleanField(_("a door they opened may stand open"), default=False)
    office = models.BooleanField(_("two taps switch the office mode"), default=False)
    exempt = models.BooleanField(_("anti-passback, limits and interlocks do not count"), default=False)
    lockdown = models.BooleanField(_("pass during lockdown"), default=False)
    no_clock = models.BooleanField(_("pass while the controller does not know the time"), default=False)

    FLAGS = ("pin", "hold", "office", "exempt", "lockdown", "no_clock")

    PERSON = Nobody("doors that go together")
    SEEN_WITH = Right.PEOPLE
    AT = At(lambda places: _groups(places), lambda places: _groups(places) & ~_groups_elsewhere(places))

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="group_name_once")]

    def __str__(self) -> str:
        return self.name


class GroupDoor(Whole):
    """A door of a group, at the times of a schedule or always."""

    accessgroup = models.ForeignKey(AccessGroup, models.CASCADE, related_name="places")
    door = models.ForeignKey(Door, models.CASCADE, related_name="places")
    schedule = models.ForeignKey(Schedule, models.PROTECT, null=True, blank=True, related_name="places")

    PERSON = Nobody("a door of a group")
    TENANT_PATH = "accessgroup__tenant"
    SEEN_WITH = Right.PEOPLE
    AT = at(door="door")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["accessgroup", "door"], name="group_door_once")]


class Grant(Whole):
    """A person may pass the doors of a group: from a time, until a time, a number of times, or for good."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants")
    group = models.ForeignKey(AccessGroup, models.CASCADE, related_name="grants")
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    uses = models.PositiveSmallIntegerField(_("uses"), null=True, blank=True)

    PERSON = Personal(PEOPLE, person=("person",))
    TENANT_PATH = "person__tenant"
    SEEN_WITH = Right.PEOPLE
    AT = At(
        lambda places: Q(group__in=AccessGroup.objects.filter(AccessGroup.AT.seen(places)).values("pk")),
        lambda places: Q(group__in=AccessGroup.objects.filter(AccessGroup.AT.whole(places)).values("pk")),
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "group"], name="grant_once"),
            models.CheckConstraint(
                condition=Q(uses=None) | Q(uses__gte=limits.USES[0], uses__lte=limits.USES[1]), name="grant_uses"
            ),
        ]


def _groups(places: Places) -> Q:
    """With a door of theirs."""
    return Q(pk__in=GroupDoor.objects.filter(door__in=places.doors).values("accessgroup"))


def _groups_elsewhere(places: Places) -> Q:
    """With a door that is not theirs."""
    return Q(pk__in=GroupDoor.objects.exclude(door__in=places.doors).values("accessgroup"))


def _people(places: Places) -> Q:
    """Who may pass a door of theirs, or has a compartment there."""
    from .lockers import Allotment

    granted = Grant.objects.filter(Grant.AT.seen(places)).values("person")
    own = Allotment.objects.filter(bank__in=places.banks, person__isnull=False).values("person")
    return Q(pk__in=granted) | Q(pk__in=own)


def _people_elsewhere(places: Places) -> Q:
    """Who is in a group, or has a compartment, that is not wholly theirs: a card would open there as well."""
    from .lockers import Allotment

    granted = Grant.objects.exclude(Grant.AT.whole(places)).values("person")
    own = Allotment.objects.filter(person__isnull=False).exclude(bank__in=places.banks).values("person")
    return Q(pk__in=granted) | Q(pk__in=own)


def _of_people(people: Q) -> Q:
    return Q(person__in=Person.objects.filter(people).values("pk"))
