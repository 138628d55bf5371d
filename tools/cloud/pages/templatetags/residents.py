"""{% own_page as url %}: where the reader's own page is, for who administers a house and is somebody in one, too."""

from typing import Any

from django import template
from django.urls import reverse

from ...residents import own

register = template.Library()


@register.simple_tag(takes_context=True)
def own_page(context: Any) -> str:
    request = context.get("request")
    return reverse("pages:mine") if request is not None and own.persons(request).exists() else ""
