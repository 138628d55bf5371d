"""What can be entered about sites and controllers."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from firmware.controller.storage import settings_check
from tools import boards
from tools.terminal import Problem

from ..controllers import brokers
from ..models import Controller, Site, Tenant
from ..pages.forms import Plain, Shared
from ..rules import zones


class SiteForm(Shared):
    """A site. The tenant is asked for only when the user looks after several."""

    tenant = forms.ModelChoiceField(queryset=Tenant.objects.none(), label=gettext_lazy("Organisation"))
    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    zone = forms.CharField(
        max_length=64,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Schedules and the log go by the time of this zone, also without a network."),
    )

    def __init__(self, *args: Any, tenants: QuerySet[Tenant] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["zone"].widget.attrs.update(list="zones", autocomplete="off")
        if tenants is None or tenants.count() == 1:
            del self.fields["tenant"]
        else:
            self.fields["tenant"].queryset = tenants  # type: ignore[attr-defined]
        self.only = tenants.first() if tenants is not None else None
        self.zones = sorted(zones.names())

    def clean_zone(self) -> str:
        zone: str = self.cleaned_data["zone"]
        if zone not in zones.names():
            raise forms.ValidationError(_("There is no such time zone. Choose one from the list, like Europe/Oslo."))
        return zone


class EnrolForm(Plain):
    """A new controller: what it is called, which board it is, how it reaches the broker."""

    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
    board = forms.ChoiceField(label=gettext_lazy("Board"))
    doors = forms.CharField(
        required=False,
        label=gettext_lazy("Doors"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One name a line, in the order of the board’s terminals. Empty lines get a number."),
    )
    replaces = forms.ModelChoiceField(
        queryset=Controller.objects.none(),
        required=False,
        label=gettext_lazy("Replaces"),
        empty_label=gettext_lazy("Nothing: it is an addition"),
        help_text=gettext_lazy("The new controller takes over the doors’ names, settings and groups of a lost one."),
    )
    host = forms.CharField(max_length=253, label=gettext_lazy("Broker’s address, as the board reaches it"))
    port = forms.IntegerField(min_value=1, max_value=65535, label=gettext_lazy("Port"))
    tls = forms.ChoiceField(
        required=False,
        label=gettext_lazy("TLS"),
        choices=[
            ("", gettext_lazy("none")),
            ("psk", gettext_lazy("by a key of the board (PSK)")),
            ("certificates", gettext_lazy("by certificates")),
        ],
    )
    user = forms.CharField(
        required=False,
        max_length=255,
        label=gettext_lazy("Broker’s user"),
        help_text=gettext_lazy("Empty: the board’s own account."),
    )
    password = forms.CharField(
        required=False,
        max_length=255,
        label=gettext_lazy("Broker’s password"),
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "off"}),
    )
    wifi_name = forms.CharField(label=gettext_lazy("Wi-Fi name"))
    wifi_password = forms.CharField(
        required=False,
        max_length=64,
        strip=False,
        label=gettext_lazy("Wi-Fi password"),
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["board"].choices = [(name, name) for name in boards.names()]
        lost = Controller.objects.filter(site=site, lost_at__isnull=False, replaced_by=None)
        if lost.exists():
            fields["replaces"].queryset = lost
        else:
            del fields["replaces"]
        for name, value in _broker().items():
            fields[name].initial = value

    def clean(self) -> dict[str, Any]:
        fields = super().clean() or {}
        names = [line.strip() for line in fields.get("doors", "").splitlines()]
        if "board" in fields:
            places = len(boards.load(fields["board"])["doors"])
            if len(names) > places:
                self.add_error("doors", _("This board has %(n)d doors; remove a line.") % {"n": places})
        if any(len(name) > 100 for name in names):
            self.add_error("doors", _("A door’s name has at most 100 characters."))
        fields["door_names"] = names
        if "wifi_name" in fields and not settings_check.takes("wifi.name", fields["wifi_name"]):
            self.add_error("wifi_name", _("A Wi-Fi’s name has at most 32 bytes; letters like å take two."))
        if not settings_check.takes("wifi.password", fields.get("wifi_password", "")):
            self.add_error(
                "wifi_password",
                _("A Wi-Fi’s password has 8 to 63 characters, or is a key of 64 hex digits. Empty: an open network."),
            )
        return fields


def _broker() -> dict[str, Any]:
    """What the board's broker most likely is."""
    try:
        broker = brokers.brokers_of(settings.BOARD_BROKERS)[0]
    except Problem:
        return {}
    # What this machine calls itself is no address for a board.
    here = broker["host"] in ("localhost", "127.0.0.1", "::1")
    return {"host": "" if here else broker["host"], "port": broker["port"], "tls": broker["tls"]}


class ControllerForm(Shared):
    name = forms.CharField(max_length=100, label=gettext_lazy("Name"))
