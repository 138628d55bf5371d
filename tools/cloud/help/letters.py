"""The notice by e-mail that there is an answer: what it says stands on the page alone, behind the sign-in."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from ..models import HelpLetter, HelpRequest
from ..services import mail


def subject(row: HelpRequest) -> str:
    # One line, whatever the house is called: more would be headers of an e-mail.
    return _("An answer from %(house)s") % {"house": " ".join(row.tenant.name.split())}


def text(row: HelpRequest) -> str:
    link = settings.PORTVAKT_URL.rstrip("/") + reverse("pages:help_own", args=[row.pk])
    return (
        _("You asked %(house)s for help, and there is an answer. Sign in to read it:") % {"house": row.tenant.name}
        + f" {link}"
    )


def send(letter: HelpLetter, plugin: Any) -> bool:
    """False: there is nobody to send it to any more. Raises OSError, without the address in it."""
    row = letter.message.request
    if row.user is None or not row.user.is_active:
        return False
    to = row.user.email
    mail.send(plugin, to, subject(row), text(row))
    return True
