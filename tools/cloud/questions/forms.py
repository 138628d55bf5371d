"""What is asked: a door, a moment by the clock of its site, a number of days."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ..models import Door, visible
from ..pages.forms import Plain
from ..rules.forms import day
from ..services import local_time


class MomentForm(Plain):
    """A day and a time; empty: now."""

    day = day(gettext_lazy("Day"))
    time = forms.TimeField(
        required=False, label=gettext_lazy("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def at(self, zone: str, now: datetime) -> datetime:
        """Raises Refusal for a time that the clock skips there."""
        if not self.is_valid() or not self.cleaned_data["day"]:
            when, clock = local_time.there(now, zone), self.cleaned_data.get("time") if self.is_valid() else None
            return local_time.begins(when.date(), clock, zone) if clock else now
        local_time.check(self.cleaned_data["day"])
        return local_time.begins(self.cleaned_data["day"], self.cleaned_data["time"], zone)


class DoorQuestionForm(MomentForm):
    door = forms.ModelChoiceField(Door.objects.none(), label=gettext_lazy("Door"), required=False)

    field_order = ("door", "day", "time")

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        doors = visible(Door, user).filter(controller__lost_at=None)
        self.fields["door"].queryset = doors.order_by("name", "pk")  # type: ignore[attr-defined]


class DaysForm(Plain):
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=3650, required=False)
