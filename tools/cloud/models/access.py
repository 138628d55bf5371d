"""People, what they carry, and which doors they may pass."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .accounts import Tenant
from .places import Door
from .rights import Right
from .scope import Whole


class Person(Whole):
    """Somebody who passes doors. Exists in the cloud only: a controller knows credentials."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="people")
    name = models.CharField(_("name"), max_length=100)
    active = models.BooleanField(_("active"), default=True)

    SEEN_WITH = Right.PEOPLE

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Out of every credential table first, in the same transaction."""
        with transaction.atomic():
            self.active = False
            self.save(update_fields=["active"])
            return super().delete(*args, **kwargs)


class Credential(Whole):
    """A card of a person. A revoked one stays here, not active, so that its later denials have a name."""

    class Kind(models.TextChoices):
        CARD = "card", _("Card")
        PIN = "pin", _("PIN")

    tenant = models.ForeignKey(
        Tenant, models.CASCADE, related_name="credentials"
    )  # the person's: see services/people
    person = models.ForeignKey(Person, models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.CARD)
    bits = models.PositiveSmallIntegerField(
        _("bits"), default=26, validators=[MinValueValidator(4), MaxValueValidator(64)]
    )
    number = models.PositiveBigIntegerField(_("number"))  # the payload of the frame, facility code included
    active = models.BooleanField(_("active"), default=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    SEEN_WITH = Right.PEOPLE

    class Meta:
        ordering = ["person", "pk"]
        constraints = [
            # One card, one person: otherwise an event could not say who passed.
            models.UniqueConstraint(
                fields=["tenant", "kind", "bits", "number"],
                condition=Q(active=True),
                name="credential_one_person",
            ),
            models.CheckConstraint(condition=Q(bits__gte=4, bits__lte=64), name="credential_bits"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Out of every credential table first, in the same transaction."""
        with transaction.atomic():
            self.active = False
            self.save(update_fields=["active"])
            return super().delete(*args, **kwargs)


class AccessGroup(Whole):
    """Doors that go together: "all of the basement"."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="groups")
    name = models.CharField(_("name"), max_length=100)
    doors = models.ManyToManyField(Door, related_name="groups", blank=True)

    SEEN_WITH = Right.PEOPLE

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="group_name_once")]

    def __str__(self) -> str:
        return self.name


class Grant(Whole):
    """A person may pass the doors of a group, for good or until a time."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="grants")
    group = models.ForeignKey(AccessGroup, models.CASCADE, related_name="grants")
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    TENANT_PATH = "person__tenant"
    SEEN_WITH = Right.PEOPLE

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "group"], name="grant_once")]
