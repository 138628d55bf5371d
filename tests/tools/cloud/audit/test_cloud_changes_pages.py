"""The record of changes: every page that takes a POST leaves what it should, and nothing secret.

The cases stand beside the list of addresses: one that is missing here is told.
"""

from datetime import timedelta
from typing import Any

import pytest
from changed_house import Case, Full, assert_no_secret_is_kept, assert_true_to_its_kind, secrets_before, told
from django.test import Client
from django.urls import URLPattern, reverse

from tools.cloud.pages import urls as pages
from tools.cloud.services import clock

TID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
PAGES: dict[str, Case] = {
    "release": lambda h: ({"pk": h.doors[0].pk}, {}, [("door", "asked")]),
    "hold": lambda h: ({"pk": h.doors[0].pk}, {"minutes": "15"}, [("door", "asked")]),
    "door": lambda h: ({"pk": h.doors[0].pk}, door_form(h, name="Ny"), [("door", "changed")]),
    "areas": lambda h: ({"site_pk": h.site.pk}, {"number": 2, "name": "ny"}, [("area", "made")]),
    "area_remove": lambda h: ({"pk": h.area.pk}, {}, [("area", "removed")]),
    "group_add": lambda h: ({}, {"name": "nye", f"door-{h.doors[0].pk}": "0"}, [("group", "made")]),
    "group": lambda h: ({"pk": h.group.pk}, {"name": "andre"}, [("group", "changed")]),
    "group_remove": lambda h: ({"pk": h.group.pk}, {}, [("grant", "removed"), ("group", "removed")]),
    "schedule_add": lambda h: (
        {}, {"name": "natt", "day0-0-from": "08:00", "day0-0-to": "09:00"}, [("schedule", "made")],
    ),
    "schedule": lambda h: (
        {"pk": h.schedule.pk}, {"name": "natt", "day0-0-from": "08:00", "day0-0-to": "09:00"},
        [("schedule", "changed")],
    ),
    "schedule_remove": lambda h: ({"pk": h.schedule.pk}, {}, [("schedule", "removed")]),
    "holiday_add": lambda h: ({}, {"name": "ny", "first": "2027-03-01"}, [("holiday", "made")]),
    "holidays_fill": lambda h: ({}, {"year": "2028"}, [("holiday", "made")] * 12),
    "holiday_remove": lambda h: ({"pk": h.holiday.pk}, {}, [("holiday", "removed")]),
    "grant": lambda h: ({"pk": h.grant.pk}, {"valid_until": "2027-01-01"}, [("grant", "changed")]),
    "pin": lambda h: ({"pk": h.person.pk}, {"kind": "duress"}, [("duress", "made")]),
    "person_needs": lambda h: ({"pk": h.person.pk}, {"extended": "on", "escort": ""}, [("person", "changed")]),
    "person_add": lambda h: ({}, {"name": "Ny"}, [("person", "made")]),
    "lists": lambda h: (
        {}, {"kind": "people", "form": "any", "text": "name,cards\nNy,26:1-99\n", "keep": "yes"},
        [("person", "made"), ("card", "made")],
    ),
    "person_directory": lambda h: (
        {"pk": h.person.pk}, {"scim_user": h.twin().pk, "is": "same"}, [("person", "changed")],
    ),
    "person_erase": lambda h: (
        {"pk": h.person.pk}, {}, [("request", "made"), ("request", "changed"), ("person", "removed")],
    ),
    "card_add": lambda h: (
        {"pk": h.person.pk}, {"bits": "26", "facility": "17", "number": "99"}, [("card", "made")],
    ),
    "read": lambda h: ({"pk": h.person.pk}, {"door": h.doors[0].pk}, [("door", "asked")]),
    "reading_give": lambda h: ({"pk": h.reading.pk}, {}, [("card", "made")]),
    "groups": lambda h: (
        {"pk": h.person.pk}, {"groups": [h.other.pk]}, [("grant", "removed"), ("grant", "made")],
    ),
    "person_active": lambda h: ({"pk": h.person.pk}, {"active": "no"}, [("person", "changed")]),
    "revoke": lambda h: ({"pk": h.card.pk}, {}, [("card", "changed")]),
    "site_add": lambda h: ({}, {"name": "ny", "zone": "Europe/Oslo"}, [("site", "made")]),
    "site": lambda h: ({"pk": h.site.pk}, {"name": "ny", "zone": "Europe/Oslo"}, [("site", "changed")]),
    "site_remove": lambda h: ({"pk": h.empty.pk}, {}, [("site", "removed")]),
    "enrol": lambda h: (
        {"site_pk": h.empty.pk}, {"name": "Ny", "board": "virtual-two-door", "host": "10.0.0.9", "port": "1883",
         "tls": "", "wifi_name": "w", "wifi_password": "long enough"}, [("controller", "made")],
    ),
    "controller_name": lambda h: ({"pk": h.controller.pk}, {"name": "Oppgang B"}, [("controller", "changed")]),
    "commission": lambda h: ({"pk": h.controller.pk}, {"do": "begin"}, [("controller", "asked")]),
    "controller_lost": lambda h: ({"pk": h.controller.pk}, {}, [("controller", "changed")]),
    "acknowledge": lambda h: ({}, {"alarm": h.alarm.pk}, [("alarm", "changed")]),
    "emergency": lambda h: ({"pk": h.site.pk}, {"do": "lockdown"}, [("site", "asked")]),
    "controller_do": lambda h: ({"pk": h.controller.pk}, {"do": "identify"}, [("controller", "asked")]),
    "member_role": lambda h: ({"pk": h.member.pk}, {"role": "guard"}, [("member", "changed")]),
    "member_link": lambda h: ({"pk": h.member.pk}, {}, [("link", "made")]),
    "member_active": lambda h: ({"pk": h.member.pk}, {"active": "no"}, [("member", "changed")]),
    "member_sign_out": lambda h: ({"pk": h.member.pk}, {}, [("member", "changed")]),
    "member_end": lambda h: ({"pk": h.member.pk}, {}, [("member", "removed")]),
    "member_add": lambda h: (
        {"tenant_pk": h.tenant.pk}, {"email": "ny@example.test", "role": "viewer"},
        [("member", "made"), ("link", "made")],
    ),
    "sign_in_choice": lambda h: ({"tenant_pk": h.tenant.pk}, {"directory": TID}, [("tenant", "changed")]),
    "token_add": lambda h: ({"tenant_pk": h.tenant.pk}, {"name": "nytt", "role": "viewer"}, [("token", "made")]),
    "bank_change": lambda h: (
        {"pk": h.bank.pk}, {"name": h.bank.name, "address": "Storgata 1"}, [("controller", "changed")],
    ),
    "bank_open": lambda h: ({"pk": h.bank.pk}, {"compartment": "1"}, [("controller", "asked")]),
    "allot": lambda h: (
        {"pk": h.bank.pk}, {"compartment": "5", "person": h.person.pk, "last": ""}, [("allotment", "made")],
    ),
    "allotment_take_back": lambda h: ({"pk": h.allotted().pk}, {}, [("allotment", "changed")]),
    "share": lambda h: ({"pk": h.bank.pk}, {"numbers": ["5"], "hours": "4"}, [("allotment", "made")]),
    "allotment_empty": lambda h: ({"pk": h.shared().pk}, {}, [("controller", "asked")]),
    "delivery_add": lambda h: ({"pk": h.bank.pk}, {"unit": "H0301"}, [("delivery", "made")]),
    "delivery_cancel": lambda h: ({"pk": h.delivery.pk}, {}, [("controller", "asked")]),
    "delivery_extend": lambda h: ({"pk": h.lying.pk}, {"due": "2026-05-03"}, [("delivery", "changed")]),
    "delivery_take_back": lambda h: ({"pk": h.lying.pk}, {}, [("delivery", "asked")]),
    "guest_add": lambda h: (
        {}, {"doors": h.with_keypad().pk, "valid_until": tomorrow()}, [("person", "made"), ("pin", "made")],
    ),
    "guest_end": lambda h: ({"pk": h.guest().pk}, {}, [("pin", "changed"), ("person", "changed")]),
    "residents_change": lambda h: (
        {"tenant_pk": h.tenant.pk}, {"unlock": "on", "guests_at_once": 2, "guest_days": 7, "parcel_days": 7},
        [("tenant", "changed")],
    ),
    "help_request": lambda h: ({"pk": h.asked().pk}, {"text": "Prøv igjen"}, [("help", "changed")]),
    "help_close": lambda h: ({"pk": h.asked().pk}, {}, [("help", "changed")]),
    "help_keep": lambda h: ({"tenant_pk": h.tenant.pk}, {"days": 30}, [("tenant", "changed")]),
    "person_birth": lambda h: ({"pk": h.person.pk}, {"born": "1984-02-29"}, [("person", "changed")]),
    "person_picture_remove": lambda h: ({"pk": h.pictured()}, {}, [("person", "changed")]),
    "person_account": lambda h: (
        {"pk": h.person.pk}, {"email": "ny@example.test"}, [("person", "changed"), ("link", "made")],
    ),
    "person_account_link": lambda h: ({"pk": h.resident().pk}, {}, [("link", "made")]),
    "person_account_end": lambda h: ({"pk": h.resident().pk}, {}, [("person", "changed")]),
    "delivery_move": lambda h: (
        {"pk": h.delivery.pk}, {"to": h.elsewhere.pk},
        [("delivery", "made"), ("delivery", "asked"), ("controller", "asked")],
    ),
    "delivery_return": lambda h: ({"pk": h.fetched_one.pk}, {}, [("delivery", "made")]),
    "token_revoke": lambda h: ({"pk": h.token.pk}, {}, [("token", "changed")]),
    "partners": lambda h: (
        {"tenant_pk": h.tenant.pk}, {"name": "Renhold", "doors": [h.doors[0].pk], "scopes": ["log"]},
        [("token", "made"), ("token", "changed")],
    ),
    "partner": lambda h: (
        {"pk": partner(h)}, {"doors": [h.doors[1].pk], "scopes": ["people"]}, [("token", "changed")],
    ),
    "partner_webhook": lambda h: ({"pk": partner(h)}, {"url": "https://partner.test/"}, [("token", "changed")]),
    "partner_webhook_end": lambda h: ({"pk": partner(h, hooked=True)}, {}, [("token", "changed")]),
    "partner_revoke": lambda h: ({"pk": partner(h)}, {}, [("token", "changed")]),
    "request_add": lambda h: (
        {"pk": h.person.pk},
        {"kind": "access", "way": "phone", "asked_by": "Ingrid", "checked": "birth date"}, [("request", "made")],
    ),
    "request_extend": lambda h: ({"pk": h.told()}, {"reason": "many ask"}, [("request", "changed")]),
    "request_answer": lambda h: ({"pk": h.told("objection")}, {"answer": "Done."}, [("request", "changed")]),
    "request_lift": lambda h: ({"pk": h.stands()}, {"why": "settled"}, [("request", "changed")]),
    "request_copy": lambda h: ({"pk": h.told()}, {}, [("request", "changed")]),
    "request_erase": lambda h: (
        {"pk": h.told("erasure")}, {}, [("request", "changed"), ("person", "removed")],
    ),
    "breach_add": lambda h: (
        {"tenant_pk": h.tenant.pk},
        {"of": f"controller-{h.controller.pk}", "since": "2025-11-20", "known": "2025-11-21", "said": "innbrudd"},
        [("breach", "made")],
    ),
    "breach_describe": lambda h: (
        {"pk": h.breached()}, {"until": "", "known": "2025-11-22", "known_time": "08:00", "said": "mer"},
        [("breach", "changed")],
    ),
    "breach_enter": lambda h: (
        {"pk": h.breached()}, {"what": "no authority", "note": "ingen risiko"}, [("breach", "changed")],
    ),
    "breach_close": lambda h: ({"pk": h.breached(ended=True)}, {"note": ""}, [("breach", "changed")]),
    "privacy_contact": lambda h: ({"tenant_pk": h.tenant.pk}, {"contact": "Kari Moe"}, [("tenant", "changed")]),
    "erase_after": lambda h: ({"tenant_pk": h.tenant.pk}, {"days": "60"}, [("tenant", "changed")]),
    "scim_token_add": lambda h: ({"tenant_pk": h.tenant.pk}, {"name": "Entra ID"}, [("token", "made")]),
    "scim_token_revoke": lambda h: ({"pk": directory(h)}, {}, [("token", "changed")]),
    "scim_group_let": lambda h: ({"pk": h.group.pk}, {"may": "yes"}, [("group", "changed")]),
}  # fmt: skip

PAGES_NOTHING = {
    "reading_discard": "a number of minutes is forgotten",
    "export": "kept as a look (Who looked)",
    "guest": "an invitation goes, and nothing of it stays",
    "help_new": "what somebody writes is kept as such; test_help.py has it",
    "help_own": "what somebody writes is kept as such; test_help.py has it",
    "breach_authority": "a notice of the breach: test_breaches.py has it",
    "breach_to_people": "a notice of the breach: test_breaches.py has it",
    "breach_people": "kept as a look, and as an entry of the breach itself",
    "copy": "what was made is fetched, by its address: test_copies.py has it",
    "my_request_back": "of one's own page: test_requests.py has it",
    "my_requests": "of one's own page: test_requests.py has it",
    "my_guest_add": "of one's own page: test_guests.py has it",
    "my_guest_end": "of one's own page: test_guests.py has it",
    "my_lost": "of one's own page: test_residents.py has it",
    "my_parcel_do": "of one's own page: test_own_parcels.py has it",
    "my_parcel_leave": "of one's own page: test_own_parcels.py has it",
    "my_picture_give": "of one's own page: test_pictures.py has it",
    "my_picture_remove": "of one's own page: test_pictures.py has it",
    "my_sign_out_elsewhere": "one's own sessions",
    "my_unlock": "a passage, kept as long as the door's log",
    "sign_out_elsewhere": "one's own sessions",
    "sign_out": "one's own session",
    "language": "of one's own pages",
}


def directory(house: Full) -> int:
    """The number of a token that a directory has."""
    from tools.cloud.models import Change
    from tools.cloud.scim import tokens

    tokens.make(house.tenant, "Entra ID")
    Change.objects.all().delete()
    return int(house.tenant.scim_tokens.get().pk)


def partner(house: Full, hooked: bool = False) -> int:
    """The number of a partner, made before. hooked: its system is told."""
    from tools.cloud.models import Change, Partner
    from tools.cloud.partners import feed, partners

    partners.make(house.tenant, "Renhold", house.doors[:1], ["log"])
    if hooked:
        feed.put(Partner.objects.get(), "https://partner.test/")
    Change.objects.all().delete()
    return int(Partner.objects.get().pk)


def tomorrow() -> str:
    return f"{clock.now() + timedelta(days=1):%Y-%m-%d}"


def door_form(house: Full, **changed: Any) -> dict[str, Any]:
    from tools.cloud.rules.forms import DoorForm

    form = DoorForm(door=house.doors[0])
    shown = {bound.name: bound.value() for bound in form}
    return {name: value for name, value in shown.items() if value not in (None, False)} | changed


def posts() -> set[str]:
    """The names of all addresses that take a POST."""
    found = set()
    client = Client()
    for one in pages.urlpatterns:
        assert isinstance(one, URLPattern)
        numbers = dict.fromkeys(one.pattern.converters, 1)
        if client.post(reverse(f"pages:{one.name}", kwargs=numbers)).status_code != 405:
            found.add(str(one.name))
    return found


def test_every_page_that_takes_a_post_has_a_case_here() -> None:
    assert posts() == PAGES.keys() | PAGES_NOTHING.keys()


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_changes_is_kept_once_with_who_was_signed_in(name: str, full: Full) -> None:
    numbers, body, expected = PAGES[name](full)
    secrets = secrets_before(full)
    answer = full.browser().post(reverse(f"pages:{name}", kwargs=numbers), body)
    assert answer.status_code in (200, 302), answer.content.decode()
    found = full.entries()
    assert told(found) == expected
    for one in found:
        assert (one.way, one.user, one.token) == ("page", full.users["owner"], None)
        assert_true_to_its_kind(one)
    assert_no_secret_is_kept(full, secrets, answer.content.decode())
