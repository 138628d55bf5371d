"""Every request worth sending: made of the list of addresses, the API's description, and the forms of the pages.

Each goes out with a caller's own numbers, with another tenant's in each place that holds one, and with such as
nothing has.
"""

import copy
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from attack_answers import ANYBODY, CALLS, FIELDS, NOT_SERVED, PAGES, PLACES, PLAIN, SCIM, SIGN_IN, Need
from attack_forms import Form, Forms, Pairs
from attack_world import MISSING, Caller, Part, World
from django.urls import URLPattern, get_resolver, resolve

from tools import boards
from tools.cloud.api.subjects import api
from tools.cloud.partners.api import api as for_partners

OWN, OTHERS, NONE = "own", "theirs", "missing"  # at whose rows a request aims

# What is sent where a field is to have something, by its name.
EXAMPLES: dict[str, Any] = {
    "contact": "Kari Moe",
    "name": "Nytt navn", "email": "ny@example.test", "role": "viewer", "times": [[31, 480, 960]], "active": False,
    "first": "2027-05-17", "year": 2027, "retention_days": 30, "minutes": 15, "until": None, "what": "card",
    "board": boards.load("virtual-two-door"), "number": 7, "bits": 26, "facility": 7, "do": "lockdown",
    "same": True, "days": 30,
}  # fmt: skip
# ... and by its call or page.
MORE: dict[str, dict[str, Any]] = {
    "post /api/controllers": {"doors": ["a", "b"]},
    "put /api/schedules/{schedule_id}": {"next": None},  # not itself
    "post /api/people": {"number": None},
    "post /api/lists/people": {"text": "name,cards\nNytt navn,26:50-1204\n", "keep": True},
    "post /api/lists/groups": {"text": "name\nNytt navn\n", "keep": True},
    "enrol": {"host": "broker.example.test", "wifi_name": "nett"},
    "holiday_add": {"first": "2027-05-17", "last": "2027-05-17"},
    "delivery_extend": {"due": "2026-05-03"},
    "post /api/deliveries/{delivery_id}/extend": {"due_at": "2026-05-03T12:00:00Z"},
    "post /api/shipments": {"reference": "r-17"},
    "put /api/tenants/{tenant_id}/sign-in": {"directory": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
    "put /api/tokens/{token_id}/webhook": {"url": "https://courier.example.test/hook"},
    "partner_webhook": {"url": "https://partner.example.test/hook"},
    "guest_add": {"valid_until": "2025-11-25"},
    "post /api/guests": {"valid_until": "2025-11-25T12:00:00Z", "email": ""},
    "patch /api/tenants/{tenant_id}/residents": {"guest_days": 7},
    "hold": {"minutes": "15"},
    "person_birth": {"born": "1984-02-29"},
    "put /api/people/{person_id}/birth": {"born": "1984-02-29"},
    "help_new": {"text": "Døren går ikke opp"},
    "help_request": {"text": "Prøv igjen"},
    "post /api/help/{help_id}/answers": {"text": "Prøv igjen"},
    "request_add": {"asked_by": "pr telefon", "checked": "fødselsdato"},
    "request_extend": {"reason": "mange saker"},
    "post /api/people/{person_id}/requests": {"kind": "complaint", "asked_by": "pr telefon", "checked": "fødselsdato"},
    "post /api/requests/{request_id}/extend": {"reason": "mange saker"},
    "post /api/requests/{request_id}/answer": {"answer": "Rettet.", "outcome": "done"},
    "request_lift": {"why": "avklart"},
    "post /api/requests/{request_id}/lift": {"reason": "avklart"},
    "breach_add": {"of": "whole", "since": "2025-11-20", "known": "2025-11-21", "said": "innbrudd"},
    "breach_enter": {"told": "2025-11-22", "note": "sak 25/1"},
    "post /api/tenants/{tenant_id}/breaches": {
        "scope": "controller",
        "said": "innbrudd",
        "since": "2025-11-20T12:00:00Z",
        "known_at": "2025-11-21T12:00:00Z",
    },
    "patch /api/breaches/{breach_id}": {"measures": "nye kort"},
    "post /api/breaches/{breach_id}/entries": {"what": "note", "note": "sak 25/1"},
    "put /api/breaches/{breach_id}/notices": {"to": "people", "language": "nb", "text": "Til alle"},
    "group_add": {"door-": "0"},
    "post /api/banks/{bank_id}/allotments": {"compartment": 6},
    "post /api/banks/{bank_id}/open": {"compartment": 1},
    "post /api/banks/{bank_id}/shared": {"compartments": [8], "hours": 4},
    "patch /api/banks/{bank_id}": {"address": "Ny gate 1"},  # its name stays while a parcel lies there
}
# Pages whose forms are there when they are asked about a row.
NARROWED = {"members": "?change={member}"}
# What no page has a form for as things stand: page -> what is posted.
BARE: dict[str, Pairs] = {
    "help_own": [("text", "Takk")],
    "sign_in_choice": [("directory", "3f2504e0-4f89-41d3-9a0c-0305e82c3301")],  # only where there are providers
    "lists": [  # what its report page sends, of a list that was tried
        ("kind", "people"),
        ("form", "any"),
        ("text", "name\nNytt navn\n"),
        ("groups", "{group}"),
        ("keep", "yes"),
    ],
    "acknowledge": [("alarm", "{alarm}")],  # its buttons stand outside of it
    "enter": [],
    **{name: [] for name in SCIM},
    "scim_group_let": [("may", "yes")],
    "scim_token_add": [("name", "Entra ID")],
    "guest": [],
    "guest_add": [("doors", "{door}"), ("valid_until", "2025-11-25")],
    "guest_end": [],
    "openapi-json": [],
    "partner openapi-json": [],
    "partners": [("name", "Renhold"), ("doors", "{door}")],  # nothing is ticked there
    "delivery_extend": [("due", "2026-05-03")],
    "delivery_take_back": [],
    "delivery_move": [("to", "{elsewhere}")],
    "delivery_return": [],
    "allot": [("person", "{person}"), ("compartment", "6"), ("last", "")],
    "allotment_take_back": [],
    "share": [("numbers", "7"), ("hours", "4")],
    "allotment_empty": [],
    "breach_people": [],
    "copy": [],
    "read": [("door", "{door}")],
    "erase_after": [("days", "30")],
    "privacy_contact": [("contact", "Kari")],
    "request_answer": [("answer", "Rettet."), ("outcome", "done")],
    "request_copy": [],
    "request_lift": [("why", "avklart")],
    "request_erase": [],
    "my_guest_add": [("doors", "{door}"), ("valid_until", "2026-05-03")],
    "my_guest_end": [("guest", "{guest}")],
    "my_lost": [("credential", "{credential}")],
    "my_parcel_do": [("do", "more"), ("delivery", "{lying}"), ("days", "1")],
    "my_parcel_leave": [("at", "{bank}"), ("name", "Kari"), ("email", "kari@example.test"), ("due", "2025-11-25")],
    "my_request_back": [("request", "{request}")],
    "my_requests": [("kind", "objection")],
    "my_picture_give": [("picture", "me.jpg")],
    "my_picture_remove": [],
    "my_sign_out_elsewhere": [],
    "my_unlock": [("door", "{door}")],
    "person_account": [("email", "ny@example.test")],
    "person_account_end": [],
    "person_account_link": [],
    "sign_out_elsewhere": [],
    "site_remove": [],
}
LEFT_OUT = ("csrfmiddlewaretoken", "like-monday", "try")  # the buttons that do not save
# Whose number goes into the address where it is not the usual one of that place.
SPECIAL = {
    **dict.fromkeys(("scim_group", "scim_nothing", "scim_schema", "scim_type", "scim_user"), "person"),
    "scim_token_revoke": "scimtoken",
    "area_remove": "nowhere",
    "delivery_extend": "lying",
    "delivery_take_back": "lying",
    "delivery_return": "fetched",
    "allotment_empty": "shared",
    "post /api/allotments/{allotment_id}/empty": "shared",
    "post /api/deliveries/{delivery_id}/return": "fetched",
    "post /api/shipments/{delivery_id}/return": "fetched",
    "post /api/deliveries/{delivery_id}/extend": "lying",
    "post /api/deliveries/{delivery_id}/take-back": "lying",
    "breach_close": "ended",
    "post /api/breaches/{breach_id}/close": "ended",
    "request_copy": "access",
    "request_erase": "erasure",
    "request_lift": "standing",
    "post /api/requests/{request_id}/lift": "standing",
    "post /api/requests/{request_id}/copy": "access",
    "post /api/requests/{request_id}/erase": "erasure",
    "arrival": "revoked",
    "person_account": "alone",
    "put /api/people/{person_id}/account": "alone",
    "delete /api/schedules/{schedule_id}": "unused",
    "delete /api/sites/{site_id}": "empty",
    "schedule_remove": "unused",
    "site_remove": "empty",
}


@dataclass(frozen=True)
class Request:
    """where: which place holds what is not the caller's own; of: the kind of row there."""

    method: str
    route: str
    need: Need
    path: str
    query: Pairs = field(default_factory=list)
    body: Any = None
    aim: str = OWN
    where: str = ""
    of: str = ""

    @property
    def api(self) -> bool:
        return self.path.startswith(("/api/", "/partner/"))

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.query} {self.body} ({self.aim} {self.where})"


def routes() -> Iterator[tuple[str, str]]:
    """(address with {names} for its numbers, name) of all that is served."""

    def walk(patterns: Any, before: str) -> Iterator[tuple[str, str]]:
        for one in patterns:
            address = before + str(one.pattern)
            if isinstance(one, URLPattern):
                name = ("partner " if address.startswith("/partner/") else "") + (one.name or "")
                yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address), name
            else:
                yield from walk(one.url_patterns, address)

    yield from walk(get_resolver().url_patterns, "/")


def pages() -> dict[str, str]:
    """{name: address} of all that is no call of the API."""
    called = set(described()["paths"])
    return {name: address for address, name in routes() if address not in called and not address.startswith(SIGN_IN)}


@cache
def described() -> dict[str, Any]:
    """Of both APIs."""
    found, more = (one.get_openapi_schema() for one in (api, for_partners))
    schemas = found["components"]["schemas"] | more["components"]["schemas"]
    return {"paths": found["paths"] | more["paths"], "components": {"schemas": schemas}}


def calls() -> dict[str, dict[str, Any]]:
    """{"get /api/doors": its description}"""
    return {
        f"{method} {path}": said for path, methods in described()["paths"].items() for method, said in methods.items()
    }


class Maker:
    """Makes the requests of a world, once; every caller sends the same."""

    def __init__(self, world: World | Part, owner: Caller) -> None:
        self.ids = {OWN: world.ours.ids, OTHERS: world.theirs.ids, NONE: dict.fromkeys(world.ours.ids, MISSING)}
        self._owner = owner
        self._seen: dict[str, list[Form]] = {}  # forms of pages that were read already
        self.unknown: set[str] = set()  # fields of which nobody has said what they hold
        self.formless: set[str] = set()  # pages that take a POST and for which no form was found

    def all(self) -> list[Request]:
        forms = self._forms()
        found = [one for name, address in pages().items() for one in self._page(name, address, forms.get(name, []))]
        return found + [one for name, said in calls().items() for one in self._call(name, said)]

    # Addresses.

    def _kind(self, name: str, address: str) -> str:
        return SPECIAL.get(name) or PLACES[address.removeprefix("/api").split("/")[1]]

    def _paths(self, name: str, address: str) -> list[tuple[str, str, str, str]]:
        """[(address, aim, where, kind)]"""
        if "{" not in address:
            return [(address, OWN, "", "")]
        if "{token}" in address:
            return [(address.format(token="nonsense"), OWN, "", "")]
        kind = self._kind(name, address)
        filled = re.sub(r"{\w+}", "{}", address)
        return [
            (filled.format(self.ids[aim][kind]), aim, "" if aim == OWN else "path", kind) for aim in (OWN, OTHERS, NONE)
        ]

    # Pages.

    def _page(self, name: str, address: str, forms: list[Form]) -> Iterator[Request]:
        getting, posting = PAGES[name]
        for path, aim, where, kind in self._paths(name, address):
            yield Request("get", name, getting, path, aim=aim, where=where, of=kind)
            for form in forms if aim == OWN else forms[:1]:
                yield Request("post", name, posting, path, body=form.pairs, aim=aim, where=where, of=kind)
        own = self._paths(name, address)[0][0]
        for field_name in self._asked(own):
            kind = self._holds(field_name)
            for aim in (OWN, OTHERS, NONE) if kind else ():
                query = [(field_name, str(self.ids[aim][kind]))]
                yield Request("get", name, getting, own, query=query, aim=aim, where=f"query {field_name}", of=kind)
        for number, form in enumerate(forms):
            yield from self._swapped(name, posting, own, form, number)

    def _swapped(self, name: str, need: Need, path: str, form: Form, number: int) -> Iterator[Request]:
        """A form with one of its numbers in place of the own one."""
        for place, (field_name, value) in enumerate(form.pairs):
            stem = re.sub(r"-\d+$", "-", field_name)
            holds = [("value", self._holds(stem))] + ([("name", "door")] if stem == "door-" else [])
            for part, kind in holds:
                for aim in (OTHERS, NONE) if kind else ():
                    pk = str(self.ids[aim][kind])
                    pair = (field_name, pk) if part == "value" else (f"{stem}{pk}", value or "0")
                    body = [*form.pairs[:place], pair, *form.pairs[place + 1 :]]
                    where = f"form {number} {part} of {field_name}"
                    yield Request("post", name, need, path, body=body, aim=aim, where=where, of=kind)

    def _holds(self, name: str) -> str:
        if name not in FIELDS and name not in PLAIN:
            self.unknown.add(name)
        return FIELDS.get(name, "")

    def _asked(self, path: str) -> list[str]:
        """What the page's room reads of an address, and what its forms put there."""
        view = inspect.unwrap(resolve(path).func)
        module = inspect.getmodule(view)
        source = inspect.getsource(module) if module and module.__name__.endswith("views") else ""
        names = set(re.findall(r'request\.GET(?:\.get\(|\.getlist\(|\[)"([\w-]+)"', source))
        for form in self._read(path):
            if form.method == "get":
                names |= {name for name, _ in form.pairs}
        return sorted(names)

    def _forms(self) -> dict[str, list[Form]]:
        """The forms to post, by the page that takes them: those of the rows that are attacked, else the first."""
        found: dict[str, list[Form]] = {}
        addresses = pages()
        for name, address in addresses.items():
            for path, aim, _where, _kind in self._paths(name, address):
                if aim == OWN and PAGES[name][0] not in (NOT_SERVED, ANYBODY):
                    more = NARROWED.get(name, "").format(**self.ids[OWN])
                    for form in self._read(path + more):
                        if form.method == "post":
                            at = form.action.split("?")[0] or path
                            found.setdefault(resolve(at).url_name or "", []).append(Form(at, "post", form.pairs))
        for name, (_get, posting) in PAGES.items():
            address = addresses[name]
            own = self._paths(name, address)[0][0]
            known = found.get(name, [])
            mine = [form for form in known if form.action == own] or known[:1]
            found[name] = self._different([self._filled(name, form) for form in mine])
            if not found[name] or name in BARE:
                bare = [(key, value.format(**self.ids[OWN])) for key, value in BARE.get(name, [])]
                found[name] = [Form(own, "post", bare)]
                if posting is not NOT_SERVED and name not in BARE:
                    self.formless.add(name)
        return found

    def _read(self, path: str) -> list[Form]:
        if path not in self._seen:
            answer: Any = self._owner.client.get(path)
            fine = answer.status_code == 200 and answer["Content-Type"].startswith("text/html") and not answer.streaming
            self._seen[path] = Forms(answer.content.decode()).found if fine else []
        return self._seen[path]

    def _filled(self, name: str, form: Form) -> Form:
        """With something in what is left empty there and has to be said."""
        said = MORE.get(name, {})
        said = {**EXAMPLES, **said}
        pairs = [
            (key, str(value or said.get(key, said.get(re.sub(r"-\d+$", "-", key), "")) or ""))
            for key, value in form.pairs
        ]
        return Form(form.action, form.method, [pair for pair in pairs if pair[0] not in LEFT_OUT])

    def _different(self, forms: list[Form]) -> list[Form]:
        """Of several that differ in nothing but where they stand, one."""
        return list({str([(name, value) for name, value in form.pairs]): form for form in forms}.values())

    # The API.

    def _call(self, name: str, said: dict[str, Any]) -> Iterator[Request]:
        method, address = name.split(" ")
        need = CALLS[name]
        content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
        places: list[tuple[tuple[Any, ...], str]] = []
        body = self._object(name, content["schema"], (), places) if content else None
        own = self._paths(name, address)[0][0]
        for path, aim, where, kind in self._paths(name, address):
            yield Request(method, name, need, path, body=body, aim=aim, where=where, of=kind)
        for place, kind in places:
            for aim in (OTHERS, NONE):
                changed = _put(body, place, self.ids[aim][kind])
                yield Request(method, name, need, own, body=changed, aim=aim, where=f"body {place}", of=kind)
        for one in said.get("parameters", []):
            if one["in"] == "query" and _whole_number(one["schema"]):
                kind = self._holds(one["name"])
                for aim in (OWN, OTHERS, NONE) if kind else ():
                    query = [(one["name"], str(self.ids[aim][kind]))]
                    yield Request(
                        method, name, need, own, query=query, body=body, aim=aim, where=f"query {one['name']}", of=kind
                    )

    def _object(self, call: str, schema: dict[str, Any], at: tuple[Any, ...], places: list[Any]) -> dict[str, Any]:
        """A body of what has to be there, with all numbers of rows. places: where those stand, and of what."""
        whole = _ref(schema.get("anyOf", [schema])[0])  # a body that may be left out is sent
        said = EXAMPLES | MORE.get(call, {})
        body: dict[str, Any] = {}
        for name, of in whole["properties"].items():
            of = _of(of)
            inner = of.get("items", {}) if of.get("type") == "array" else of
            if "$ref" in inner and "enum" not in _ref(inner):
                made = self._object(call, inner, (*at, name, 0) if inner is not of else (*at, name), places)
                body[name] = [made] if inner is not of else made
            elif name in FIELDS and inner.get("type") == "integer":
                own = self.ids[OWN][FIELDS[name]]
                places.append(((*at, name, 0) if inner is not of else (*at, name), FIELDS[name]))
                body[name] = said.get(name, own if inner is of else [own])
            else:
                self._holds(name) if name not in FIELDS else None
                if name in whole.get("required", []) or name in MORE.get(call, {}):
                    body[name] = said[name]
        if not body:  # all of it may be left out: something has to change
            body = {name: said[name] for name in whole["properties"] if name in said}
        return body


def _of(schema: dict[str, Any]) -> dict[str, Any]:
    """Of what may be null: what it is otherwise."""
    return next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)


def _ref(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = described()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def _whole_number(schema: dict[str, Any]) -> bool:
    return _of(schema).get("type") == "integer"


def _put(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(body)
    *way, last = place
    at = made
    for step in way:
        at = at[step]
    at[last] = value
    return made
