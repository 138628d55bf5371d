"""The record of changes: every call of the API leaves what it should, and nothing secret.

The cases stand beside the API's description: one that is missing here is told.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from changed_house import Case, Full, assert_no_secret_is_kept, assert_true_to_its_kind, secrets_before, told

from tools.cloud import models
from tools.cloud.api.subjects import api
from tools.cloud.services import clock
from tools.cloud.webhooks import hooks


def tomorrow() -> str:
    return (clock.now() + timedelta(days=1)).isoformat()


API: dict[tuple[str, str], Case] = {
    ("post", "/doors/{door_id}/release"): lambda h: ({"door_id": h.doors[0].pk}, None, [("door", "asked")]),
    ("post", "/doors/{door_id}/hold"): lambda h: (
        {"door_id": h.doors[0].pk}, {"until": int(h.time.now) + 600}, [("door", "asked")],
    ),
    ("post", "/people"): lambda h: ({}, {"name": "Ny"}, [("person", "made")]),
    ("post", "/lists/people"): lambda h: (
        {}, {"text": f"id,name,cards\n{h.person.pk},Ingrid Berg,26:1-99\n,Ny,\n", "keep": True},
        [("person", "made"), ("person", "changed"), ("card", "made")],
    ),
    ("post", "/lists/groups"): lambda h: (
        {}, {"text": f"name,doors\nnye,#{h.doors[0].pk}\n", "keep": True}, [("group", "made")],
    ),
    ("patch", "/people/{person_id}"): lambda h: (
        {"person_id": h.person.pk}, {"active": False}, [("person", "changed")],
    ),
    ("delete", "/people/{person_id}"): lambda h: (
        {"person_id": h.person.pk}, None, [("request", "made"), ("request", "changed"), ("person", "removed")],
    ),
    ("put", "/people/{person_id}/birth"): lambda h: (
        {"person_id": h.person.pk}, {"born": "1984-02-29"}, [("person", "changed")],
    ),
    ("delete", "/people/{person_id}/picture"): lambda h: (
        {"person_id": h.pictured()}, None, [("person", "changed")],
    ),
    ("put", "/people/{person_id}/account"): lambda h: (
        {"person_id": h.person.pk}, {"email": "ny@example.test"}, [("person", "changed")],
    ),
    ("delete", "/people/{person_id}/account"): lambda h: (
        {"person_id": h.resident().pk}, None, [("person", "changed")],
    ),
    ("post", "/people/{person_id}/directory"): lambda h: (
        {"person_id": h.person.pk}, {"scim_user": h.twin().pk, "same": True}, [("person", "changed")],
    ),
    ("post", "/guests"): lambda h: (
        {}, {"doors": [h.with_keypad().pk], "valid_until": tomorrow()}, [("person", "made"), ("pin", "made")],
    ),
    ("delete", "/guests/{guest_id}"): lambda h: (
        {"guest_id": h.guest().pk}, None, [("pin", "changed"), ("person", "changed")],
    ),
    ("patch", "/tenants/{tenant_id}/residents"): lambda h: (
        {"tenant_id": h.tenant.pk}, {"guest_days": 7}, [("tenant", "changed")],
    ),
    ("post", "/help/{help_id}/answers"): lambda h: (
        {"help_id": h.asked().pk}, {"text": "Prøv igjen"}, [("help", "changed")],
    ),
    ("post", "/help/{help_id}/close"): lambda h: ({"help_id": h.asked().pk}, None, [("help", "changed")]),
    ("post", "/tenants/{tenant_id}/breaches"): lambda h: (
        {"tenant_id": h.tenant.pk},
        {"scope": "whole", "since": "2025-11-20T12:00:00Z", "known_at": "2025-11-21T12:00:00Z", "said": "innbrudd"},
        [("breach", "made")],
    ),
    ("patch", "/breaches/{breach_id}"): lambda h: (
        {"breach_id": h.breached()}, {"until": "2025-11-22T05:00:00Z"}, [("breach", "changed")],
    ),
    ("post", "/breaches/{breach_id}/entries"): lambda h: (
        {"breach_id": h.breached()}, {"what": "no authority", "note": "ingen risiko"}, [("breach", "changed")],
    ),
    ("post", "/breaches/{breach_id}/close"): lambda h: (
        {"breach_id": h.breached(ended=True)}, {}, [("breach", "changed")],
    ),
    ("patch", "/tenants/{tenant_id}/statement"): lambda h: (
        {"tenant_id": h.tenant.pk}, {"contact": "Kari Moe"}, [("tenant", "changed")],
    ),
    ("patch", "/tenants/{tenant_id}/help"): lambda h: (
        {"tenant_id": h.tenant.pk}, {"days": 30}, [("tenant", "changed")],
    ),
    ("post", "/people/{person_id}/requests"): lambda h: (
        {"person_id": h.person.pk}, {"kind": "access", "asked_by": "Ingrid", "checked": "kjent"}, [("request", "made")],
    ),
    ("post", "/requests/{request_id}/extend"): lambda h: (
        {"request_id": h.told()}, {"reason": "many ask"}, [("request", "changed")],
    ),
    ("post", "/requests/{request_id}/answer"): lambda h: (
        {"request_id": h.told("objection")}, {"answer": "Done.", "outcome": "done"}, [("request", "changed")],
    ),
    ("post", "/requests/{request_id}/lift"): lambda h: (
        {"request_id": h.stands()}, {"reason": "settled"}, [("request", "changed")],
    ),
    ("post", "/requests/{request_id}/copy"): lambda h: ({"request_id": h.told()}, None, [("request", "changed")]),
    ("post", "/requests/{request_id}/erase"): lambda h: (
        {"request_id": h.told("erasure")}, None, [("request", "changed"), ("person", "removed")],
    ),
    ("post", "/credentials"): lambda h: ({}, {"person": h.person.pk, "number": 99}, [("card", "made")]),
    ("post", "/pins"): lambda h: ({}, {"person": h.person.pk}, [("pin", "made")]),
    ("post", "/credentials/{credential_id}/revoke"): lambda h: (
        {"credential_id": h.card.pk}, None, [("card", "changed")],
    ),
    ("post", "/groups"): lambda h: ({}, {"name": "nye", "doors": [h.doors[0].pk]}, [("group", "made")]),
    ("patch", "/groups/{group_id}"): lambda h: (
        {"group_id": h.group.pk}, {"doors": [h.doors[1].pk]}, [("group", "changed")],
    ),
    ("patch", "/groups/{group_id}/rules"): lambda h: (
        {"group_id": h.group.pk}, {"doors": [{"door": h.doors[0].pk, "schedule": h.schedule.pk}]},
        [("group", "changed")],
    ),
    ("post", "/grants"): lambda h: ({}, {"person": h.person.pk, "group": h.other.pk}, [("grant", "made")]),
    ("delete", "/grants/{grant_id}"): lambda h: ({"grant_id": h.grant.pk}, None, [("grant", "removed")]),
    ("post", "/people/{person_id}/readings"): lambda h: (
        {"person_id": h.person.pk}, {"door": h.doors[0].pk}, [("door", "asked")],
    ),
    ("post", "/readings/{reading_id}/give"): lambda h: ({"reading_id": h.reading.pk}, None, [("card", "made")]),
    ("patch", "/tenants/{tenant_id}"): lambda h: (
        {"tenant_id": h.tenant.pk}, {"retention_days": 30}, [("tenant", "changed")],
    ),
    ("post", "/schedules"): lambda h: ({}, {"name": "natt", "times": [[1, 0, 60]]}, [("schedule", "made")]),
    ("put", "/schedules/{schedule_id}"): lambda h: (
        {"schedule_id": h.schedule.pk}, {"name": "dag", "times": [[1, 0, 60]]}, [("schedule", "changed")],
    ),
    ("delete", "/schedules/{schedule_id}"): lambda h: (
        {"schedule_id": h.schedule.pk}, None, [("schedule", "removed")],
    ),
    ("post", "/holidays"): lambda h: ({}, {"name": "ny", "first": "2027-03-01"}, [("holiday", "made")]),
    ("post", "/holidays/norway"): lambda h: ({}, {"year": 2028}, [("holiday", "made")] * 12),
    ("delete", "/holidays/{holiday_id}"): lambda h: ({"holiday_id": h.holiday.pk}, None, [("holiday", "removed")]),
    ("put", "/sites/{site_id}/areas"): lambda h: (
        {"site_id": h.site.pk}, {"number": 1, "name": "bakgård"}, [("area", "changed")],
    ),
    ("patch", "/doors/{door_id}/rules"): lambda h: (
        {"door_id": h.doors[0].pk},
        {"name": "Ny", "retention_days": 7, "who": [{"what": "card", "when": h.schedule.pk}]}, [("door", "changed")],
    ),
    ("post", "/alarms/{alarm_id}/acknowledge"): lambda h: (
        {"alarm_id": h.alarm.pk}, {"note": "x"}, [("alarm", "changed")],
    ),
    ("post", "/sites/{site_id}/emergency"): lambda h: (
        {"site_id": h.site.pk}, {"do": "lockdown"}, [("site", "asked")],
    ),
    ("post", "/controllers/{controller_id}/identify"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/restart"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/diagnostics"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/commissioning"): lambda h: (
        {"controller_id": h.controller.pk}, {"minutes": 15}, [("controller", "asked")],
    ),
    ("post", "/controllers/{controller_id}/commissioning/alarm"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "asked")],
    ),
    ("post", "/sites"): lambda h: ({}, {"name": "ny"}, [("site", "made")]),
    ("patch", "/sites/{site_id}"): lambda h: (
        {"site_id": h.site.pk}, {"zone": "Europe/Helsinki"}, [("site", "changed")],
    ),
    ("delete", "/sites/{site_id}"): lambda h: ({"site_id": h.empty.pk}, None, [("site", "removed")]),
    ("post", "/controllers"): lambda h: (
        {}, {"site": h.empty.pk, "name": "Ny", "board": boards_load(), "broker": BROKER}, [("controller", "made")],
    ),
    ("patch", "/controllers/{controller_id}"): lambda h: (
        {"controller_id": h.controller.pk}, {"name": "Oppgang B"}, [("controller", "changed")],
    ),
    ("post", "/controllers/{controller_id}/lost"): lambda h: (
        {"controller_id": h.controller.pk}, None, [("controller", "changed")],
    ),
    ("post", "/members"): lambda h: ({}, {"email": "ny@example.test", "role": "viewer"}, [("member", "made")]),
    ("patch", "/members/{member_id}"): lambda h: (
        {"member_id": h.member.pk}, {"role": "guard"}, [("member", "changed")],
    ),
    ("delete", "/members/{member_id}"): lambda h: ({"member_id": h.member.pk}, None, [("member", "removed")]),
    ("post", "/members/{member_id}/sign-out"): lambda h: ({"member_id": h.member.pk}, None, [("member", "changed")]),
    ("put", "/members/{member_id}/active"): lambda h: (
        {"member_id": h.member.pk}, {"active": False}, [("member", "changed")],
    ),
    ("put", "/tenants/{tenant_id}/sign-in"): lambda h: (
        {"tenant_id": h.tenant.pk}, {"directory": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}, [("tenant", "changed")],
    ),
    ("post", "/tokens"): lambda h: ({}, {"name": "nytt", "role": "viewer"}, [("token", "made")]),
    ("patch", "/banks/{bank_id}"): lambda h: (
        {"bank_id": h.bank.pk}, {"address": "Storgata 1"}, [("controller", "changed")],
    ),
    ("post", "/banks/{bank_id}/open"): lambda h: (
        {"bank_id": h.bank.pk}, {"compartment": 1}, [("controller", "asked")],
    ),
    ("post", "/banks/{bank_id}/allotments"): lambda h: (
        {"bank_id": h.bank.pk}, {"compartment": 5, "person": h.person.pk}, [("allotment", "made")],
    ),
    ("patch", "/allotments/{allotment_id}"): lambda h: (
        {"allotment_id": h.allotted().pk}, {"until": "2031-05-03T12:00:00Z"}, [("allotment", "changed")],
    ),
    ("post", "/banks/{bank_id}/shared"): lambda h: (
        {"bank_id": h.bank.pk}, {"compartments": [5], "hours": 4}, [("allotment", "made")],
    ),
    ("post", "/allotments/{allotment_id}/empty"): lambda h: (
        {"allotment_id": h.shared().pk}, None, [("controller", "asked")],
    ),
    ("delete", "/allotments/{allotment_id}"): lambda h: (
        {"allotment_id": h.allotted().pk}, None, [("allotment", "changed")],
    ),
    ("post", "/deliveries"): lambda h: (
        {}, {"bank": h.bank.pk, "recipient": {"unit": "H0301"}}, [("delivery", "made")],
    ),
    ("post", "/deliveries/{delivery_id}/extend"): lambda h: (
        {"delivery_id": h.lying.pk}, {"due_at": "2026-05-03T12:00:00Z"}, [("delivery", "changed")],
    ),
    ("post", "/deliveries/{delivery_id}/take-back"): lambda h: (
        {"delivery_id": h.lying.pk}, None, [("delivery", "asked")],
    ),
    ("post", "/deliveries/{delivery_id}/move"): lambda h: (
        {"delivery_id": h.delivery.pk}, {"to": h.elsewhere.pk},
        [("delivery", "made"), ("delivery", "asked"), ("controller", "asked")],
    ),
    ("post", "/deliveries/{delivery_id}/return"): lambda h: (
        {"delivery_id": h.fetched_one.pk}, {}, [("delivery", "made")],
    ),
    ("post", "/shipments/{delivery_id}/return"): lambda h: (
        {"delivery_id": fetched(h).pk}, {}, [("delivery", "made")],
    ),
    ("post", "/shipments"): lambda h: (
        {}, {"bank": h.bank.pk, "reference": "r-17", "recipient": {"unit": "H0301"}}, [("delivery", "made")],
    ),
    ("post", "/shipments/{delivery_id}/cancel"): lambda h: (
        {"delivery_id": shipment(h).pk}, None, [("controller", "asked")],
    ),
    ("put", "/tokens/{token_id}/webhook"): lambda h: (
        {"token_id": h.token.pk}, {"url": "https://courier.example.test/"}, [("token", "changed")],
    ),
    ("delete", "/tokens/{token_id}/webhook"): lambda h: (
        {"token_id": hooked(h).pk}, None, [("token", "changed")],
    ),
    ("post", "/deliveries/{delivery_id}/cancel"): lambda h: (
        {"delivery_id": h.delivery.pk}, None, [("controller", "asked")],
    ),
    ("delete", "/tokens/{token_id}"): lambda h: ({"token_id": h.token.pk}, None, [("token", "changed")]),
}  # fmt: skip

BROKER = {"host": "10.0.0.9", "port": 1883, "tls": False, "user": "", "password": ""}

# What changes nothing that is kept, and why not.
API_NOTHING = {
    ("delete", "/readings/{reading_id}"): "a number of minutes is forgotten",
    ("post", "/breaches/{breach_id}/people"): "kept as a look, and as an entry of the breach itself",
    ("put", "/breaches/{breach_id}/notices"): "a notice of the breach: test_breaches.py has it",
}

OWNERS = (
    "/tenants/{tenant_id}/sign-in",
    "/tenants/{tenant_id}/breaches",
    "/breaches",
    "/members",
    "/tokens",
)  # no token may


def shipment(house: Full) -> models.Delivery:
    """One of the program's own."""
    models.Delivery.objects.filter(pk=house.delivery.pk).update(token=house.token, reference="r-18")
    return house.delivery


def fetched(house: Full) -> models.Delivery:
    """... that was picked up."""
    models.Delivery.objects.filter(pk=house.fetched_one.pk).update(token=house.token, reference="r-19")
    return house.fetched_one


def hooked(house: Full) -> models.ApiToken:
    hooks.put(house.token, "https://courier.example.test/")
    models.Change.objects.all().delete()
    return house.token


def boards_load() -> dict[str, Any]:
    from tools import boards

    return boards.load("virtual-two-door")


def operations() -> list[tuple[str, str]]:
    described = api.get_openapi_schema()["paths"]
    return [
        (method, path.removeprefix("/api"))
        for path, methods in described.items()
        for method in methods
        if method != "get"
    ]


def test_every_operation_of_the_api_has_a_case_here() -> None:
    assert set(operations()) == API.keys() | API_NOTHING.keys()


@pytest.mark.parametrize("operation", API, ids=" ".join)
def test_what_a_call_changes_is_kept_once_with_who_called(operation: tuple[str, str], full: Full) -> None:
    method, path = operation
    numbers, body, expected = API[operation](full)
    by_owner = path.startswith(OWNERS)
    client = full.browser() if by_owner else full.program()
    sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    secrets = secrets_before(full)
    answer = getattr(client, method)("/api" + path.format(**numbers), **sent)
    assert 200 <= answer.status_code < 300, answer.content
    found = full.entries()
    assert told(found) == expected
    for one in found:
        assert (one.way, one.account) == ("api", "")
        assert (one.user, one.token) == ((full.users["owner"], None) if by_owner else (None, full.token))
        assert_true_to_its_kind(one)
    assert_no_secret_is_kept(full, secrets, answer.content.decode())
