"""When doors may be passed: schedules of a week, holidays, and the areas that doors lead to."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .. import limits
from .accounts import Tenant
from .personal import Nobody
from .places import Site
from .reach import EVERYWHERE, At, at
from .scope import Owned, Whole

LIMIT, FORGET_HOURS = limits.area("limit"), limits.area("forget_hours")


class Schedule(Whole):
    """Hours of a week. times: [[days, from, to], ...]: days a sum of 1 Monday .. 64 Sunday, 128 holidays; minutes."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="schedules")
    name = models.CharField(_("name"), max_length=100)
    number = models.PositiveSmallIntegerField()  # as controllers and their events know it
    times = models.JSONField(default=list)
    first_day = models.DateField(_("counts from"), null=True, blank=True)
    last_day = models.DateField(_("counts until"), null=True, blank=True)
    next = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="before")  # or this one

    PERSON = Nobody("hours of a week")
    AT = EVERYWHERE

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="schedule_name_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="schedule_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=200), name="schedule_number"),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(Whole):
    """Days on which only what a schedule says of holidays counts."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="holidays")
    name = models.CharField(_("name"), max_length=100)
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"))

    PERSON = Nobody("days off, with a name")
    AT = EVERYWHERE

    class Meta:
        ordering = ["first", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "first", "last"], name="holiday_once"),
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="holiday_order"),
        ]

    def __str__(self) -> str:
        return self.name


class Area(Owned):
    """A part of a site that people are in or not: for anti-passback and for counting."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="areas")
    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(limits.AREAS)])
    name = models.CharField(_("name"), max_length=100)
    limit = models.PositiveSmallIntegerField(_("at most so many people"), null=True, blank=True)
    forget_hours = models.PositiveSmallIntegerField(_("forget after hours"), null=True, blank=True)

    PERSON = Nobody("a part of a site")
    TENANT_PATH = "site__tenant"
    AT = At(at(touched="site").seen, at(site="site").whole)

    class Meta:
        ordering = ["site", "number"]
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="area_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=limits.AREAS), name="area_number"),
            models.CheckConstraint(
                condition=Q(limit=None) | Q(limit__gte=LIMIT[0], limit__lte=LIMIT[1]), name="area_limit"
            ),
            models.CheckConstraint(
                condition=Q(forget_hours=None)
                | Q(forget_hours__gte=FORGET_HOURS[0], forget_hours__lte=FORGET_HOURS[1]),
                name="area_forget",
            ),
        ]

    def __str__(self) -> str:
        return self.name
