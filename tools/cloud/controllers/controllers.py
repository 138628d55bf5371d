"""Controllers after their enrolment: another name."""

from django.db import IntegrityError

from ..audit import changes
from ..models import Controller
from ..services.refusal import Refusal


def rename(controller: Controller, name: str) -> None:
    controller.name = name.strip()
    if not controller.name:
        raise Refusal("a controller needs a name; give it one")
    try:
        with changes.of(controller):
            controller.save(update_fields=["name"])
    except IntegrityError:
        raise Refusal(
            "this site has a controller named %(name)s already; choose another name", name=controller.name
        ) from None
