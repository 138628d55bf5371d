"""What the cloud end keeps. One small file a subject; everything is imported from here."""

from .access import AccessGroup, Credential, Grant, GroupDoor, Person
from .accounts import ApiToken, LogoutHeard, Membership, Role, Session, SignInLink, Tenant, User
from .acl import AclChange, AclEntry, Exposure, Profile
from .alarms import Alarm, Progress
from .births import Birth
from .breaches import Breach, BreachEntry, BreachNotice
from .chain import LogKey
from .changes import Change
from .commands import Command
from .copies import DataCopy
from .couriers import Notice, Webhook, WebhookCall
from .door_rules import ASKS, DoorRules
from .erased import Erased
from .events import Event, Gap
from .guests import Guest, GuestDoor, Invitation
from .help import HelpLetter, HelpMessage, HelpPolicy, HelpRequest
from .lockers import Allotment, Bank, Compartment, Delivery
from .log_ins import LogIn
from .looks import Look
from .partners import Partner, PartnerCall, PartnerFeed, PartnerTold
from .pictures import Picture
from .places import Controller, Door, Site
from .reach import HeldRole, Places, Reach
from .readings import Reading
from .requests import DataRequest, ErasedAt, RequestStep
from .residents import ResidentPolicy
from .rights import Right
from .rules import Area, Holiday, Schedule
from .scim import ScimGroup, ScimToken, ScimUser
from .scope import Scoped, lock, visible
from .statements import Statement
from .updates import Release, Rollout, RolloutBoard

__all__ = [
    "ASKS",
    "AccessGroup",
    "AclChange",
    "AclEntry",
    "Alarm",
    "Allotment",
    "ApiToken",
    "Area",
    "Bank",
    "Birth",
    "Breach",
    "BreachEntry",
    "BreachNotice",
    "Change",
    "Command",
    "Compartment",
    "Controller",
    "Credential",
    "DataCopy",
    "DataRequest",
    "Delivery",
    "Door",
    "DoorRules",
    "Erased",
    "ErasedAt",
    "Event",
    "Exposure",
    "Gap",
    "Grant",
    "GroupDoor",
    "Guest",
    "GuestDoor",
    "HeldRole",
    "HelpLetter",
    "HelpMessage",
    "HelpPolicy",
    "HelpRequest",
    "Holiday",
    "Invitation",
    "LogIn",
    "LogKey",
    "LogoutHeard",
    "Look",
    "Membership",
    "Notice",
    "Partner",
    "PartnerCall",
    "PartnerFeed",
    "PartnerTold",
    "Person",
    "Picture",
    "Places",
    "Profile",
    "Progress",
    "Reach",
    "Reading",
    "Release",
    "RequestStep",
    "ResidentPolicy",
    "Right",
    "Role",
    "Rollout",
    "RolloutBoard",
    "Schedule",
    "ScimGroup",
    "ScimToken",
    "ScimUser",
    "Scoped",
    "Session",
    "SignInLink",
    "Site",
    "Statement",
    "Tenant",
    "User",
    "Webhook",
    "WebhookCall",
    "lock",
    "visible",
]
