"""What can be entered about a list that is brought in."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import AccessGroup, Tenant
from ..pages.forms import ChosenRows, Plain
from . import importers, tables
from .card_forms import Form


class ListForm(Plain):
    """A file, or what was pasted. The tenant is asked for only when the user administers several."""

    tenant = forms.ModelChoiceField(queryset=Tenant.objects.none(), label=gettext_lazy("Organisation"))
    kind = forms.ChoiceField(
        label=gettext_lazy("What is in it"),
        choices=[
            ("people", gettext_lazy("People, cards, PINs and their groups")),
            ("groups", gettext_lazy("Access groups and their doors")),
        ],
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy("CSV, TSV or JSON. From Excel: Save as, CSV."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste the rows"),
        required=False,
        strip=False,
        max_length=tables.MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("With the names of the columns above, as copied from a spreadsheet."),
    )
    source = forms.ChoiceField(
        label=gettext_lazy("Written by"),
        required=False,
        choices=[
            ("", gettext_lazy("As it shows")),
            (importers.SHEET, gettext_lazy("A spreadsheet")),
            (importers.UHPPOTED, gettext_lazy("uhppoted (ACL file)")),
            (importers.ESP_RFID, gettext_lazy("esp-rfid (backup of users)")),
        ],
    )
    form = forms.ChoiceField(
        label=gettext_lazy("How cards are written"),
        choices=[
            (Form.ANY, gettext_lazy("As each shows; what can be read in two ways is refused")),
            (Form.FACILITY, gettext_lazy("Facility code and number, such as 50-1204 or 05001204")),
            (Form.NUMBER, gettext_lazy("One number, such as 0003278004")),
            (Form.HEX, gettext_lazy("Hexadecimal, such as 3204B4")),
            (Form.HEX_REVERSED, gettext_lazy("Hexadecimal with its bytes in reverse, such as B40432")),
            (Form.NUMBER_REVERSED, gettext_lazy("One number of bytes in reverse")),
        ],
    )
    bits = forms.TypedChoiceField(
        label=gettext_lazy("Format of the cards"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            ("", gettext_lazy("As each says")),
            (26, gettext_lazy("26 bits (H10301)")),
            (34, gettext_lazy("34 bits")),
        ],
    )
    groups = ChosenRows(
        queryset=AccessGroup.objects.none(),
        required=False,
        label=gettext_lazy("Groups of rows that name none"),
        widget=forms.CheckboxSelectMultiple,
    )
    whole = forms.BooleanField(
        required=False,
        label=gettext_lazy("Take away groups and cards that a row does not name"),
        help_text=gettext_lazy("From the people in the list only. Who is not in it stays as they are."),
    )
    apart = forms.BooleanField(
        required=False,
        label=gettext_lazy("Row by row"),
        help_text=gettext_lazy("Rows that are right are kept also where others are refused. Otherwise all or none."),
    )

    def __init__(self, *args: Any, tenants: QuerySet[Tenant], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["tenant"].queryset = tenants  # type: ignore[attr-defined]
        self.fields["groups"].queryset = AccessGroup.objects.filter(tenant__in=tenants)  # type: ignore[attr-defined]
        self.only = tenants.first() if tenants.count() == 1 else None
        if self.only is not None:
            del self.fields["tenant"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        tenant = said.get("tenant") or self.only
        if tenant is not None and any(group.tenant_id != tenant.pk for group in said.get("groups") or ()):
            self.add_error("groups", _("Choose groups of this organisation."))
        if not self.errors and not said.get("file") and not (said.get("text") or "").strip():
            self.add_error("file", _("Choose a file, or paste the rows."))
        return said

    def data_of_list(self) -> bytes:
        file = self.cleaned_data.get("file")
        return file.read(tables.MOST_BYTES + 1) if file else self.cleaned_data["text"].encode()
