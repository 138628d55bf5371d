"""Drafts of the notices, put together from what is known: to the authority (GDPR 33(3)) and to people (34(2)).

Plain text, to be edited and taken to where it is sent: the authority has a form of its own (in Norway Datatilsynet's
in Altinn, which asks for the same). No name of anybody affected is in one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from ..models import Breach, BreachNotice, Exposure, Membership
from ..services import clock, local_time
from . import scopes
from .affected import Affected

To, Scope = BreachNotice.To, Breach.Scope
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


class NoticeText(NamedTuple):
    """kept: as somebody has saved it; else a draft of this moment."""

    to: str
    language: str
    text: str
    kept: BreachNotice | None


def of(row: Breach, to: str, language: str, affected: Affected | None = None) -> NoticeText:
    """affected: where it is worked out already."""
    kept = BreachNotice.objects.filter(breach=row, to=to, language=language).select_related("saved_by").first()
    if kept is not None:
        return NoticeText(to, language, bytes(kept.text).decode(), kept)
    return NoticeText(to, language, draft(row, to, language, affected or scopes.work_out(row)), None)


def draft(row: Breach, to: str, language: str, affected: Affected) -> str:
    with override(language):
        written = _authority(row, affected) if to == To.AUTHORITY else _people(row, affected)
        return "\n\n".join(one for one in written if one) + "\n"


def consequences(row: Breach) -> str:
    """What it may lead to, as far as the program knows: until the owner writes it."""
    return {
        Scope.WHOLE: _(
            "Names, access rights, passages and the rest of what is listed above can be read. PINs, birth dates and "
            "the texts of parcels are sealed under a key that lies outside the database, and can be read only by who "
            "has that key as well."
        ),
        Scope.CONTROLLER: _(
            "Who has the board can find out the numbers of the cards and PINs that it knew and try them at other "
            "doors until they are replaced, and can read when which card passed. No names, addresses or birth dates "
            "are on a board."
        ),
        Scope.ACCOUNT: _(
            "Who used the account could read what its role shows, open what it may open and change what it may change."
        ),
        Scope.TOKEN: _("Who had the token could read what the program with it is allowed to read."),
    }[Scope(row.scope)]


def measures(row: Breach) -> list[str]:
    """What is on record as done already."""
    zone = local_time.of_tenant(row.tenant_id)[0]
    found = []
    if row.controller is not None and row.controller.lost_at is not None:
        day = _moment(row.controller.lost_at, zone)
        found.append(_("The board was shut out on %(day)s: nothing that it sends is taken.") % {"day": day})
        left = Exposure.objects.filter(
            controller=row.controller, credential__active=True, credential__person__active=True
        ).count()
        found.append(
            ngettext(
                "%(n)d card or PIN that it knew is still to be replaced.",
                "%(n)d cards and PINs that it knew are still to be replaced.",
                left,
            )
            % {"n": left}
            if left
            else _("All cards and PINs that it knew are replaced or revoked.")
        )
    if row.token is not None and row.token.revoked_at is not None:
        found.append(_("The token was revoked on %(day)s.") % {"day": _moment(row.token.revoked_at, zone)})
    if row.account is not None:
        member = Membership.objects.filter(user=row.account, tenant=row.tenant_id, pk__in=Membership.objects.living())
        if not row.account.is_active:
            found.append(_("The account is made inactive: nobody can sign in with it."))
        elif not member.exists():
            found.append(_("The account has no role here any more."))
    return found


def _authority(row: Breach, affected: Affected) -> Iterator[str]:
    yield _("Notice of a personal data breach (GDPR Article 33)")
    yield _("To the data protection authority (in Norway: Datatilsynet)")
    yield _lines(_("Controller of the data"), row.tenant.name, _("Contact: %(who)s") % {"who": _contact(row)})
    yield _lines(_("1. What happened"), bytes(row.said).decode(), _what(row), _when(row))
    yield _lines(_("2. Whose data, and which"), _whom(affected), *_kinds(affected))
    yield _lines(_("3. Likely consequences"), bytes(row.consequences).decode() or consequences(row))
    yield _lines(_("4. What has been done, and will be"), *_measures(row))
    if row.told_at is None and clock.now() > row.due_at:
        yield _lines(_("5. Why this comes later than 72 hours"), _("[write why]"))
    yield _("What is not known yet follows when it is (Article 33(4)).")


def _people(row: Breach, affected: Affected) -> Iterator[str]:
    yield _("Your data at %(tenant)s: a breach of security") % {"tenant": row.tenant.name}
    yield _lines(_("What happened"), bytes(row.said).decode(), _when(row))
    yield _lines(_("What of yours it may concern"), *(f"- {one.kept.kind}" for one in affected.kinds))
    yield _lines(_("What it may lead to"), bytes(row.consequences).decode() or consequences(row))
    yield _lines(_("What we have done, and will do"), *_measures(row))
    yield _lines(_("What you can do"), *_advice(row))
    yield _lines(
        _("Whom you can ask"), _contact(row),
        _("You may also complain to the data protection authority (in Norway: Datatilsynet)."),
    )  # fmt: skip


def _advice(row: Breach) -> list[str]:
    if row.scope == Scope.CONTROLLER:
        return [_("Use a new card or PIN as soon as you are given one, and choose no PIN that you use elsewhere.")]
    return [
        _("Trust no message or call that knows more of you than it should; we never ask for a PIN."),
        _("On your own page you see your passages and all that is kept of you; tell us what is not yours."),
    ]


def _what(row: Breach) -> str:
    """Never whose account it was."""
    name = str(row.controller or (row.token.name if row.token else ""))
    said = {
        Scope.WHOLE: _("Affected: all that the organisation keeps in this system."),
        Scope.ACCOUNT: _("Affected: an account, and what it could see."),
        Scope.CONTROLLER: _("Affected: the door controller %(name)s, and what lies on it."),
        Scope.TOKEN: _("Affected: the program %(name)s, and what it could read."),
    }[Scope(row.scope)]
    return said % {"name": name}


def _when(row: Breach) -> str:
    zone = local_time.of_tenant(row.tenant_id)[0]
    said = {"since": _moment(row.since, zone), "known": _moment(row.known_at, zone)}
    if row.until is None:
        return _("From %(since)s, and it is not over. Known since %(known)s.") % said
    return _("From %(since)s until %(until)s. Known since %(known)s.") % {**said, "until": _moment(row.until, zone)}


def _whom(affected: Affected) -> str:
    counts = affected.counts()
    said = {
        "people": ngettext("%(n)d person", "%(n)d people", counts["people"]) % {"n": counts["people"]},
        "accounts": ngettext("%(n)d account", "%(n)d accounts", counts["accounts"]) % {"n": counts["accounts"]},
    }
    found = [_("About %(people)s who pass doors or use lockers here.") % said]
    if counts["accounts"]:
        found = [_("About %(people)s who pass doors or use lockers here, and %(accounts)s.") % said]
    if n := counts["perhaps"]:
        more = ngettext(
            "%(n)d more person was removed before it began, and may still be on the board.",
            "%(n)d more people were removed before it began, and may still be on the board.",
            n,
        )
        found.append(more % {"n": n})
    if n := counts["erased"]:
        gone = ngettext("%(n)d person was erased here since then.", "%(n)d people were erased here since then.", n)
        found.append(gone % {"n": n})
    return " ".join(found)


def _kinds(affected: Affected) -> Iterator[str]:
    for one in affected.kinds:
        records = ngettext("%(n)d record", "%(n)d records", one.rows) % {"n": one.rows}
        yield f"- {one.kept.kind}: {records}"


def _measures(row: Breach) -> list[str]:
    said = bytes(row.measures).decode()
    return [*([said] if said else []), *measures(row)] or [_("[write what was done, and what will be]")]


def _contact(row: Breach) -> str:
    return row.tenant.privacy_contact or _("[whom they can ask: a name, with an address or a telephone number]")


def _lines(*said: str) -> str:
    return "\n".join(one for one in said if one)


def _moment(at: datetime, zone: str) -> str:
    return formats.date_format(local_time.there(at, zone), "DATETIME_FORMAT")
