"""What is entered about a guest: where, from, until, how often, and where the link goes."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from tools.terminal import Problem

from .. import limits
from ..lockers import sending
from ..models import Door, Person, User
from ..pages import telling
from ..pages.forms import Plain
from ..rules.forms import day, hour
from ..services import local_time
from . import guests


class _GuestForm(Plain):
    valid_from = day(gettext_lazy("From"))
    from_time = hour(gettext_lazy("From, time"), gettext_lazy("Empty: from the beginning of the day."))
    valid_until = day(gettext_lazy("Until"), required=True)
    until_time = hour(gettext_lazy("Until, time"), gettext_lazy("Empty: until the end of the day."))
    uses = forms.IntegerField(
        required=False,
        min_value=limits.USES[0],
        max_value=limits.USES[1],
        label=gettext_lazy("Number of passages"),
        help_text=gettext_lazy("Empty: as often as they like."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    email = forms.EmailField(
        required=False,
        label=gettext_lazy("Their e-mail"),
        help_text=gettext_lazy("The link goes there, and the address is forgotten with the invitation."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.begin: datetime | None = None
        self.end: datetime | None = None
        self.fields["valid_from"].help_text = gettext_lazy("Empty: from now on.")
        if not sending.is_set_up():
            del self.fields["email"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        try:
            if said.get("valid_from"):
                self.begin = local_time.begins(said["valid_from"], said.get("from_time"), self.zone)
            if said.get("valid_until"):
                self.end = local_time.ends(said["valid_until"], said.get("until_time"), self.zone)
        except Problem as problem:
            self.add_error(None, telling.sentence(problem))
        return said


class _DoorsForm(_GuestForm):
    doors = forms.TypedMultipleChoiceField(coerce=int, label=gettext_lazy("Doors"), widget=forms.CheckboxSelectMultiple)
    field_order = ("doors",)

    def __init__(self, *args: Any, found: list[Door], zone: str, **kwargs: Any):
        super().__init__(*args, zone=found[0].controller.site.zone if found else zone, **kwargs)
        choices: Any = self.fields["doors"]
        sites = {door.controller.site_id for door in found}
        choices.choices = [(door.pk, _named(door, len(sites) > 1)) for door in found]
        self.found = {door.pk: door for door in found}
        if len(found) == 1:
            self.initial["doors"] = [found[0].pk]

    def chosen(self) -> list[Door]:
        return [self.found[pk] for pk in self.cleaned_data["doors"]]


def _named(door: Door, several: bool) -> str:
    return f"{door.name} ({door.controller.site.name})" if several else door.name


class HostForm(_DoorsForm):
    """By a resident: doors of their own."""

    def __init__(self, *args: Any, host: Person, **kwargs: Any):
        super().__init__(*args, found=guests.doors_of(host), zone=local_time.of_tenant(host.tenant_id)[0], **kwargs)


class HouseForm(_DoorsForm):
    """By who may invite guests of the house: doors where they may."""

    def __init__(self, *args: Any, user: User, **kwargs: Any):
        super().__init__(*args, found=guests.doors_for(user), zone=local_time.NOWHERE, **kwargs)
