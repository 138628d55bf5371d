"""{{ moment|at:zone|date:"H:i" }}: Django would show a moment by the clock of its settings."""

from datetime import datetime

from django import template

from ...services import local_time

register = template.Library()


@register.filter
def at(moment: datetime | None, zone: str) -> datetime | None:
    return moment and local_time.there(moment, zone)
