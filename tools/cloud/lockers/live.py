"""What changes on the page of a bank while it stands open."""

from django.template.loader import render_to_string

from ..models import Bank, User, visible
from . import shown


def parts(user: User, pk: int) -> dict[str, str]:
    """{element id: HTML}; nothing when the bank is not theirs to see."""
    bank = shown.in_sight(visible(Bank, user)).select_related("controller__site").filter(pk=pk).first()
    if bank is None:
        return {}
    picture = shown.picture(bank, user)
    found = {
        f"link-{bank.controller_id}": render_to_string("pages/_link.html", {**picture, "controller": bank.controller}),
        "bank-picture": render_to_string("pages/_bank.html", picture),
    }
    if picture["may_see"]:
        told = {"deliveries": shown.deliveries(bank)}
        found["bank-deliveries"] = render_to_string("pages/_deliveries.html", told)
    return found
