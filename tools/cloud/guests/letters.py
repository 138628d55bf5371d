"""The invitation as an e-mail: it leaves as notices do (lockers/sending.py), by the plug-in, if there is one."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from ..models import Invitation
from ..services import clock, local_time, mail
from . import invitations


def subject(row: Invitation) -> str:
    # One line, whatever the house is called: more would be headers of an e-mail.
    return _("You are invited: %(house)s") % {"house": " ".join(row.guest.person.tenant.name.split())}


def text(row: Invitation, token: str) -> str:
    guest = row.guest
    who = guest.host.name if guest.host else guest.person.tenant.name
    zone = local_time.of_tenant(guest.person.tenant_id)[0]
    until = formats.date_format(local_time.there(guest.valid_until, zone), "DATETIME_FORMAT")
    said = [
        _("%(who)s invites you. Your code for the door is here, until %(until)s:") % {"who": who, "until": until},
        settings.PORTVAKT_URL.rstrip("/") + reverse("pages:guest", args=[token]),
        _("Your e-mail address is forgotten as soon as you have opened it and pressed the button."),
    ]
    return " ".join(said)


def send(row: Invitation, plugin: Any) -> bool:
    """False: there is nobody to send it to any more. Raises OSError, without the address in it."""
    to = bytes(row.email).decode()
    if row.guest.ended_at is not None or row.guest.valid_until <= clock.now() or not to:
        return False
    mail.send(plugin, to, subject(row), text(row, invitations.token(row)))
    return True
