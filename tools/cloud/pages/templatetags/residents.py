"""{% own_page as url %}: where the reader's own page is, for who administers a house and is somebody in one, too."""

from typing import Any

from django import template
from django.urls import reverse

register = template.Library()


@register.simple_tag(takes_context=True)
def own_page(context: Any) -> str:
    return reverse("pages:mine") if context.get("is_somebody") else ""
