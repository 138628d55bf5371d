"""Who is invited, as what, until when and where; and what a program gets a token for."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import ApiToken, Bank, Door, Membership, Role, Site, Tenant
from ..models.rights import SUPPORT_DAYS
from ..pages.forms import ChosenRows, Plain, Shared
from ..rules.forms import day
from ..services import local_time
from . import log_in_places, sign_in, terms
from .terms import Terms

# What each role is for, in a few words; rights.py has it to the letter.
SAYS = {
    Role.OWNER: _("Everything, and who is a member."),
    Role.ADMINISTRATOR: _("People, cards, doors, schedules and controllers."),
    Role.VIEWER: _("Sees people, doors, the log and parcels; changes nothing."),
    Role.GUARD: _("Unlocks, locks down and acknowledges alarms; sees no names."),
    Role.INSTALLER: _("Sites and controllers; sees no people."),
    Role.COURIER: _("Brings parcels; sees nobody’s name."),
    Role.RECEPTIONIST: _("Guests and parcels; sees no log."),
    Role.AUDITOR: _("Reads the log and who looked at it; changes nothing."),
    Role.SUPPORT: _("Sees people, doors and the log for some days, then it ends by itself."),
}
ALL, SOME = "all", "some"


def _places(model: Any, label: Any) -> ChosenRows:
    return ChosenRows(model.objects.none(), required=False, label=label, widget=forms.CheckboxSelectMultiple)


class MemberForm(Shared):
    """row: the membership as it is now; None: a new one."""

    role = forms.TypedChoiceField(coerce=Role, choices=Role.choices, label=_("Role"))
    until = day(_("Ends after"))
    where = forms.ChoiceField(
        required=False, choices=[(ALL, _("Everywhere")), (SOME, _("Only at the places ticked here"))], label=_("Where")
    )
    sites = _places(Site, _("Sites"))
    doors = _places(Door, _("Doors"))
    banks = _places(Bank, _("Banks"))

    def __init__(self, *args: Any, tenant: Tenant, row: Membership | None = None, **kwargs: Any):
        self.zone = local_time.of_tenant(tenant.pk)[0]
        self.row = row
        super().__init__(*args, initial=self._kept(row), **kwargs)
        rows = {
            "sites": Site.objects.filter(tenant=tenant).order_by("name"),
            "doors": Door.objects.of(tenant)
            .filter(controller__lost_at=None)
            .order_by("controller__site__name", "name"),
            "banks": Bank.objects.of(tenant).filter(controller__lost_at=None).order_by("name"),
        }
        for name, found in rows.items():
            field: Any = self.fields[name]
            field.queryset = found
        self.fields["until"].help_text = _("Empty: it does not end. Support is let in for at most %(n)d days.") % {
            "n": SUPPORT_DAYS
        }

    def _kept(self, row: Membership | None) -> dict[str, Any]:
        if row is None:
            return {"role": Role.VIEWER, "where": ALL}
        now = terms.of(row)
        until = now.until and (
            local_time.last_day(now.until, self.zone) or local_time.there(now.until, self.zone).date()
        )
        return {"role": now.role, "until": until, "where": SOME if row.bound else ALL, **(now.places or {})}

    @property
    def terms(self) -> list[Any]:
        return [self[name] for name in self.fields if name not in terms.MODELS]

    @property
    def places(self) -> list[Any]:
        return [self[name] for name in terms.MODELS if self.fields[name].queryset.exists()]  # type: ignore[attr-defined]

    def wanted(self) -> Terms:
        said = self.cleaned_data
        until: datetime | None = None
        if said["until"]:
            until = local_time.ends(said["until"], None, self.zone)
            if self.row is not None and said["until"] == self.initial.get("until"):
                until = self.row.until  # to the second, as nobody has touched it
        chosen = {name: [one.pk for one in said[name]] for name in terms.MODELS}
        bound = (said["where"] or self.initial["where"]) == SOME  # unsaid (a program): as it is
        return Terms(said["role"], until, chosen if bound else None)


class InviteForm(MemberForm):
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    field_order = ["email", "role", "until", "where"]


class SignInForm(Shared):
    """Through which providers the members of a tenant sign in."""

    providers = forms.MultipleChoiceField(required=False, label=_("Sign-in through"))
    directory = forms.CharField(
        required=False,
        max_length=36,
        label=_("Directory of Entra ID"),
        help_text=_("Its tenant ID. Who comes through Entra is let in from this directory only; empty: from none."),
    )

    log_in_places = forms.BooleanField(
        required=False,
        label=_("Keep roughly where a log-in came from"),
        help_text=_(
            "Town or region and country, with the last ten log-ins, for the account itself. They are looked up on this "
            "machine, and nothing is told to others. Of an account that belongs to other organisations too only where "
            "all of them want it. Unticked, what is kept is deleted."
        ),
    )

    def __init__(self, *args: Any, tenant: Tenant, **kwargs: Any):
        kept = {"providers": tenant.providers, "directory": tenant.entra, "log_in_places": tenant.log_in_places}
        super().__init__(*args, initial=kept, **kwargs)
        field: Any = self.fields["providers"]
        field.widget, field.choices = forms.CheckboxSelectMultiple(), sign_in.offered()
        field.help_text = _("Nothing ticked: all of them. One-time links work as well.")
        self.entra = sign_in.has_entra()
        if not log_in_places.offered(tenant):
            del self.fields["log_in_places"]

    def offers(self) -> bool:
        """Whether there is anything to choose."""
        return bool(sign_in.offered()) or "log_in_places" in self.fields


class TokenForm(Plain):
    name = forms.CharField(max_length=100, label=_("What it is for"), widget=forms.TextInput({"autocomplete": "off"}))
    role = forms.TypedChoiceField(
        coerce=Role, choices=[(role.value, role.label) for role in ApiToken.ROLES], initial=Role.VIEWER, label=_("Role")
    )
