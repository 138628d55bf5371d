"""What the cloud end keeps. One small file a subject; everything is imported from here."""

from .access import AccessGroup, Credential, Grant, Person
from .accounts import ApiToken, Membership, Role, SignInLink, Tenant, User
from .acl import AclChange, AclEntry, Exposure, Profile
from .chain import LogKey
from .commands import Command
from .events import Event, Gap
from .places import Controller, Door, Site
from .rights import Right
from .scope import Scoped, visible
from .updates import Release, Rollout, RolloutBoard

__all__ = [
    "AccessGroup",
    "AclChange",
    "AclEntry",
    "ApiToken",
    "Command",
    "Controller",
    "Credential",
    "Door",
    "Event",
    "Exposure",
    "Gap",
    "Grant",
    "LogKey",
    "Membership",
    "Person",
    "Profile",
    "Release",
    "Right",
    "Role",
    "Rollout",
    "RolloutBoard",
    "Scoped",
    "SignInLink",
    "Site",
    "Tenant",
    "User",
    "visible",
]
