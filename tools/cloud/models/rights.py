"""What each role allows: one table. Nobody sees or does more than their work needs."""

from enum import Enum


class Right(Enum):
    LOOK = "look"  # sites, controllers, doors and how they stand; alarms
    PEOPLE = "people"  # see people, cards, groups and grants
    LOG = "log"  # see who passed where
    ALARMS = "alarms"  # acknowledge an alarm
    DURESS = "duress"  # see that somebody was forced to open
    RELEASE = "release"  # release a door, lock down and lift it again
    CHANGE = "change"  # people, cards, PINs, groups, schedules, holidays, doors
    INSTALL = "install"  # sites and controllers: enrol, rename, give up as lost
    AUDIT = "audit"  # see who looked at whose passages, and who changed what
    BANKS = "banks"  # banks of compartments: where they are, how they stand; numbers, never names
    DELIVERIES = "deliveries"  # see for whom deliveries are, and what they are
    PARCELS = "parcels"  # make deliveries for recipients here, cancel them, give more time, take them back
    DELIVER = "deliver"  # bring deliveries as a courier: make one, cancel one's own
    GUESTS = "guests"  # invite guests, and take it back
    HELP = "help"  # see what people ask for help with, answer and close it
    PRIVACY = "privacy"  # work what people ask about their own data
    BREACHES = "breaches"  # what others could get at, whom it concerns, and who was told
    MEMBERS = "members"  # who may sign in and as what; tokens of the API


ROLES = {
    "owner": frozenset(Right),
    "administrator": frozenset(Right) - {Right.AUDIT, Right.BREACHES, Right.MEMBERS},
    "viewer": frozenset({Right.LOOK, Right.PEOPLE, Right.LOG, Right.BANKS, Right.DELIVERIES}),
    "guard": frozenset({Right.LOOK, Right.ALARMS, Right.DURESS, Right.RELEASE, Right.BANKS}),
    "installer": frozenset({Right.LOOK, Right.INSTALL, Right.BANKS}),
    "courier": frozenset({Right.BANKS, Right.DELIVER}),
    "receptionist": frozenset({Right.LOOK, Right.BANKS, Right.DELIVERIES, Right.PARCELS, Right.GUESTS}),
    "auditor": frozenset({Right.LOOK, Right.PEOPLE, Right.LOG, Right.AUDIT, Right.BANKS}),
    "support": frozenset({Right.LOOK, Right.PEOPLE, Right.LOG, Right.BANKS}),
}

# Who may be bound to chosen sites, doors and banks has these there; the others are about the tenant as a whole.
AT_PLACES = frozenset(Right) - {Right.AUDIT, Right.BREACHES, Right.HELP, Right.MEMBERS, Right.PRIVACY}
UNBOUND = ("owner",)  # roles that are never bound, and never end by themselves
ENDING = ("support",)  # roles that always end by themselves: an owner lets them in, for days
SUPPORT_DAYS = 7  # at most


def roles_with(right: Right) -> list[str]:
    """The roles that have a right."""
    return [role for role, rights in ROLES.items() if right in rights]


def rights_of(role: str, bound: bool) -> frozenset[Right]:
    """What a membership allows: in its tenant, or at the places it is bound to."""
    return ROLES[role] & AT_PLACES if bound else ROLES[role]
