"""How long what is kept of people, why, on what ground, and what becomes of it: one table, a row a kind.

Each model that holds something of somebody names its row (personal.py). The page, the README and the nightly tidy read
it here, so none of them can say anything else than another does.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

YEAR = timedelta(days=365)
CONSENT = _("consent, which can be withdrawn at any time, GDPR 6(1)(a)")
AGREEMENT = _("agreement with the person, GDPR 6(1)(b)")
SECURITY = _("legitimate interest in a safe house, GDPR 6(1)(f)")
ACCOUNTABLE = _("legal duty to account for what is done with personal data, GDPR 6(1)(c) and 5(2)")


class Kept(NamedTuple):
    """how_long: a sentence, with %(days)d where `period` or the organisation has days. end: what becomes of it then.

    own: the field of an organisation that has its days, where it chooses them itself. off: the sentence where it has
    chosen none.
    """

    kind: Any
    purpose: Any
    ground: Any
    how_long: Any
    changed_by: Any
    end: Any
    period: timedelta | None = None
    own: str = ""
    off: Any = ""

    def days(self, tenant: Any = None) -> int | None:
        """Of an organisation; None: what an organisation begins with, where it chooses."""
        if self.own:
            from .accounts import Tenant

            chosen: int | None = getattr(tenant or Tenant(), self.own)
            return chosen
        return None if self.period is None else self.period.days

    def long(self, tenant: Any = None) -> str:
        days = self.days(tenant)
        if days is None:
            return str(self.off or self.how_long)
        return str(self.how_long) % {"days": days}


NOBODY_MAY = _("nobody: it is built in")
AN_ADMINISTRATOR = _("an administrator")
OVERWRITTEN = _("erased, and overwritten in the database’s file (PostgreSQL: with the next VACUUM)")

PEOPLE = Kept(
    _("Names, cards, PINs and what they open"),
    _("to decide who may pass a door, and when"),
    AGREEMENT,
    _("as long as the person has a right here; %(days)d days after the last one has ended, or when they ask"),
    AN_ADMINISTRATOR,
    _("erased here at once, and at each controller as it is reached; events stay and name nobody"),
    own="erase_after",
    off=_("until the person asks, or an administrator erases them"),
)
PICTURES = Kept(
    _("Profile pictures: a small square, of nothing but pixels"),
    _("to be recognised by those who look after the people here"),
    CONSENT,
    _("until the person deletes it, withdraws their consent, or has a page of their own no longer"),
    _("the person; an administrator, who may only delete it"),
    OVERWRITTEN,
)
ACCOUNTS = Kept(
    _("Accounts: e-mail and name, what they are in an organisation, identity at a provider"),
    _("to sign in, and to see one’s own page or do one’s work here"),
    AGREEMENT,
    _("as long as the account is somebody here; then while a record says what it did, %(days)d days at most"),
    _("an owner, who ends a membership; an administrator, who ends a page of one’s own"),
    OVERWRITTEN,
    YEAR,
)
SIGN_INS = Kept(
    _(
        "Sign-ins: sessions, links, the last ten log-ins with time, browser in two words and address; town or region "
        "and country, where an organisation has turned that on"
    ),
    _("to stay signed in, and to see a sign-in that was somebody else’s"),
    SECURITY,
    _("sessions %(days)d days at most, links until their time is over, of log-ins the last ten"),
    _("the person, who ends sessions; the host, who makes them shorter"),
    OVERWRITTEN,
    timedelta(days=14),
)
PASSAGES = Kept(
    _("Passages: the log of doors and compartments"),
    _("to know who passed where when something has happened"),
    SECURITY,
    _("%(days)d days, where a door says nothing else; more than 90 only with a written reason"),
    AN_ADMINISTRATOR,
    _("content erased here and on the flash of the board; number and chain stay, so the log can be verified"),
    own="retention_days",
)
PARCELS = Kept(
    _("Parcels: for whom, what, how to reach them; notices about them"),
    _("to hand a parcel to whom it is for"),
    AGREEMENT,
    _("%(days)d days after it was picked up; what never ends, a year later"),
    AN_ADMINISTRATOR,
    _("text and recipient erased; number, compartment and times stay and name nobody"),
    own="retention_days",
)
COMPARTMENTS = Kept(
    _("Own and shared compartments: whose, until when"),
    _("to open for whom it is"),
    AGREEMENT,
    _("until it is taken back or left"),
    AN_ADMINISTRATOR,
    _("the row is removed when its board knows; of an erased person it names nobody at once"),
)
GUESTS = Kept(
    _("Guests: a pseudonym, whose guest, until when; the address of an invitation"),
    _("to let in whom a resident or the house has invited"),
    AGREEMENT,
    _("the invitation until it is taken up or over; the pass %(days)d days after its end, as the log"),
    AN_ADMINISTRATOR,
    OVERWRITTEN,
    own="retention_days",
)
READINGS = Kept(
    _("Cards read at a door to be given"),
    _("to give a card without typing its number"),
    AGREEMENT,
    _("the number for ten minutes"),
    NOBODY_MAY,
    _("erased within the hour; that somebody armed a reader is among who looked"),
    timedelta(minutes=10),
)
TABLES = Kept(
    _("Access lists: keyed hashes of cards and PINs, as each controller holds them"),
    _("to let doors decide without a network"),
    AGREEMENT,
    _("as long as the card or PIN works; a revoked one’s last word while the person is known, so that it has a name"),
    NOBODY_MAY,
    _("removed at the controller, which reports the new digest; then forgotten here"),
)
CHANGES = Kept(
    _("Who changed what of people, access and settings"),
    _("to answer who gave somebody access, and why"),
    ACCOUNTABLE,
    _("%(days)d days"),
    NOBODY_MAY,
    _("erased; of an erased person name and values at once"),
    YEAR,
)
LOOKS = Kept(
    _("Who looked at whose passages; how often partners asked"),
    _("so that people can ask why"),
    ACCOUNTABLE,
    _("%(days)d days"),
    NOBODY_MAY,
    _("erased; at whom, of an erased person, at once"),
    YEAR,
)
ALARMS = Kept(
    _("Alarms: who acknowledged them, and their note"),
    _("to know what became of an alarm"),
    SECURITY,
    _("%(days)d days; that of a passage as long as the passage"),
    NOBODY_MAY,
    OVERWRITTEN,
    YEAR,
)
COMMANDS = Kept(
    _("Commands to doors and controllers: who asked for them"),
    _("to know who unlocked a door from afar"),
    SECURITY,
    _("%(days)d days; who unlocked a door on their own page as long as a passage there"),
    NOBODY_MAY,
    OVERWRITTEN,
    YEAR,
)
TOLD = Kept(
    _("Who belongs to a partner’s doors, as it was told: by a pseudonym of its own"),
    _("to tell it who has left"),
    AGREEMENT,
    _("as long as the person belongs there, and the partner is told of it"),
    _("an owner, who ends the partner’s token"),
    _("erased when it was told that they left"),
)
HELP = Kept(
    _("Requests for help: what was written, and what somebody attached"),
    _("to answer"),
    AGREEMENT,
    _("while open, then the days that an organisation chooses: %(days)d, if nothing else"),
    AN_ADMINISTRATOR,
    OVERWRITTEN,
    timedelta(days=90),
)
REQUESTS = Kept(
    _("Requests about one’s own data: what was asked, what was done and when"),
    _("to answer in time, and to prove it"),
    ACCOUNTABLE,
    _("%(days)d days after the answer: as long as a claim can be raised"),
    NOBODY_MAY,
    _("erased; of an erased person the words at once, kind and times stay and name nobody"),
    3 * YEAR,
)
COPIES = Kept(
    _("Copies of what is kept, made for the person: encrypted under a passphrase that is kept nowhere"),
    _("to hand them over"),
    ACCOUNTABLE,
    _("until fetched, once, or for %(days)d days"),
    NOBODY_MAY,
    OVERWRITTEN,
    timedelta(days=7),
)
BREACHES = Kept(
    _("Breaches of security: whose account it was, what happened, what was done and who was told"),
    _("to tell the authority and the people, and to prove it"),
    _("legal duty to document breaches, GDPR 6(1)(c) and 33(5)"),
    _("while open, then %(days)d days: as long as a claim can be raised"),
    NOBODY_MAY,
    OVERWRITTEN,
    3 * YEAR,
)

BACKUPS = Kept(
    _("Backups of all of this, encrypted; and the numbers of those who were erased since"),
    _("to have everything again after a fault"),
    SECURITY,
    _("%(days)d days"),
    _("the host, who may keep them for less"),
    _("removed by the next backup; who was erased since is erased anew before anybody looks at one that is put back"),
    timedelta(days=30),
)

# As they are shown.
TABLE = (
    PEOPLE, PICTURES, ACCOUNTS, SIGN_INS, PASSAGES, PARCELS, COMPARTMENTS, GUESTS, READINGS, TABLES, CHANGES, LOOKS,
    ALARMS, COMMANDS, TOLD, HELP, REQUESTS, COPIES, BREACHES, BACKUPS,
)  # fmt: skip
