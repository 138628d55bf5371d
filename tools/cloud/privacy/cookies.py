"""The cookies that the server sets, all of them, with what for and how long: for the statement of each organisation."""

from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_lazy as _


class Cookie(NamedTuple):
    name: str
    purpose: Any
    life: Any


TABLE = (
    Cookie(
        settings.SESSION_COOKIE_NAME,
        _("to stay signed in"),
        _("%(days)d days after the sign-in at most, and until one signs out")
        % {"days": settings.SESSION_COOKIE_AGE // 86_400},
    ),
    Cookie(
        settings.CSRF_COOKIE_NAME,
        _("so that no other page can send a form in somebody’s name"),
        _("%(days)d days") % {"days": settings.CSRF_COOKIE_AGE // 86_400},
    ),
    Cookie(settings.LANGUAGE_COOKIE_NAME, _("the language that was chosen"), _("until the browser is closed")),
    Cookie("messages", _("what has just been done, to say it on the next page"), _("until it was read")),
)
