"""The building's process as a browser sees it, without boards, for test_pages_in_a_browser.py: shown_server.py PORT.

Prints as one line of JSON which pages there are and the sessions of who may look at them, then serves.
"""

import json
import re
import sys
from types import SimpleNamespace
from typing import Any

import django
import uvicorn

import tools  # noqa: F401 - MicroPython's names, before any firmware file

django.setup()

from django.test import Client  # noqa: E402
from django.urls import URLPattern  # noqa: E402
from shown_house import Shown, member  # noqa: E402
from tables import make_tables  # noqa: E402

from firmware.controller import events  # noqa: E402
from firmware.controller.points.why import TO_DEPOSIT, TO_PICK_UP  # noqa: E402
from tools import boards  # noqa: E402
from tools.cloud.lockers import parcel  # noqa: E402
from tools.cloud.members import links  # noqa: E402
from tools.cloud.models import LogIn, Role, Tenant, User  # noqa: E402
from tools.cloud.pages import urls as pages  # noqa: E402
from tools.run import figures, live  # noqa: E402
from tools.run import urls as building  # noqa: E402
from tools.run.bank import LiveBank  # noqa: E402
from tools.run.doors import LiveDoor  # noqa: E402
from tools.run.flash import Recorded  # noqa: E402
from tools.run.inputs import LiveInputs  # noqa: E402
from tools.run.parcels import MADE, LiveParcels, Parcel  # noqa: E402
from tools.run.ticker import Ticker  # noqa: E402

# Parts of pages, streams, and what answers a GET with the way elsewhere: no pages of their own.
PARTS = {
    "doors_stream", "reading", "arrival", "commissioning", "controller_commands", "building-state", "building-stream",
    "language", "bank_usage", "log_csv", "log_json", "list_people", "list_groups", "my_asked", "my_blocked",
    "mine", "people_found", "my_picture", "person_picture",
}  # fmt: skip


def session(user: User) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


def shown_parcels(board: dict[str, Any], wires: Any) -> LiveParcels:
    """A parcel of each step; a compartment of each state."""
    made = LiveParcels(LiveBank(board, wires, lambda n: None))
    made.page = 1
    for number, name in enumerate(["Ingrid Solheim", "Nils Ánde Eira-Somby", "Marte Lunde"]):
        made.add(Parcel(number, number, name, f"H010{number}", "6537444467", "9463820403", 9 * number, number, MADE))
    for compartment, why, shut in ((1, TO_DEPOSIT, True), (9, TO_DEPOSIT, False), (18, TO_PICK_UP, False)):
        made.happened(Recorded(1, 0, events.COMPARTMENT_RELEASED, compartment, why, 0, None, 0))
        made.bank.bank.pulse(compartment)
        if shut:
            made.shut(compartment)
    made.happened(Recorded(1, 0, events.COMPARTMENT_STUCK, 30, 1, 0, None, 0))
    return made


def put_building() -> None:
    """Two doors of one controller and a bank, as tools/run has them, with nothing behind."""
    table, bank = boards.load("virtual-two-door-inputs"), boards.load("esp32-bank")
    wires = SimpleNamespace(set_input=lambda *_: None, set_volts=lambda *_: None, wiegand=lambda *_: None)
    names = ["Hovedinngang mot gaten", "Sykkelparkering"]
    doors = [LiveDoor(n, n + 1, names[n], pins, wires, lambda: None) for n, pins in enumerate(table["doors"])]
    controller = SimpleNamespace(
        place=0, name="Oppgang A, teknisk rom", network_up=True, power=True, log=SimpleNamespace(last=0), locks=[],
        board=SimpleNamespace(alive=True, board=bank), progress=figures.StoreProgress(), doors=doors,
        inputs=LiveInputs(table, wires), parcels=shown_parcels(bank, wires),
    )  # fmt: skip
    made = SimpleNamespace(
        interpreter="MicroPython 1.29", walks=SimpleNamespace(on=False, walkers=[]), controllers=[controller],
        doors=doors, pins=figures.PinFigures(), ticker=Ticker(), set_input=lambda *_: None,
    )  # fmt: skip
    live.put(made)


def addresses(house: Shown) -> dict[str, str]:
    """{name: address} of everything in the pages' urls.py that answers GET with a page."""
    rows: dict[str, Any] = {
        "doors": house.doors[0], "areas": house.area, "groups": house.group, "schedules": house.schedule,
        "holidays": house.holiday, "grants": house.grant, "people": house.person, "cards": house.card,
        "readings": house.reading, "sites": house.site, "controllers": house.controller, "members": house.member,
        "tenants": house.tenant, "tokens": house.token, "lockers": house.bank, "deliveries": house.delivery,
        "allotments": house.allotment, "partners": house.partner, "me": house.person, "guests": house.guest,
        "directory": house.token, "help": house.asked, "requests": house.request, "breaches": house.breach,
    }  # fmt: skip
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(house.owner, backend="django.contrib.auth.backends.ModelBackend")
    found = {}
    for one in [*pages.urlpatterns, *building.urlpatterns]:
        if not isinstance(one, URLPattern) or one.name in PARTS:
            continue
        route = str(one.pattern)
        for parameter in one.pattern.converters.keys() - {"token"}:
            route = re.sub(rf"<\w+:{parameter}>", str(rows[route.split("/")[0]].pk), route)
        route = route.replace("<str:token>", house.tokens.get(str(one.name)) or parcel.token(house.delivery))
        answer = client.get("/" + route)
        if answer.status_code == 405:
            continue
        assert answer.status_code == 200, (one.name, route, answer.status_code)
        assert b"<!doctype html>" in answer.content, f"{one.name}: neither a whole page nor named as a part of one"
        found[str(one.name)] = "/" + route
    return found


def also(house: Shown) -> dict[str, str]:
    """What the addresses alone do not show."""
    return {
        "controller silent": f"/controllers/{house.silent.pk}/", "controller lost": f"/controllers/{house.gone.pk}/",
        "changes of a person": f"/changes/?person={house.person.pk}",
        "changes of a door": f"/changes/?kind=door&object={house.doors[0].pk}", "no such change": "/changes/?kind=area",
        "log of a person": f"/log/?person={house.person.pk}", "people, page 2": f"/people/?after={house.person.pk}",
        "who could open it, yesterday": f"/questions/door?door={house.doors[0].pk}&day={house.ago(days=1).date()}",
        "what they could open, yesterday": f"/people/{house.person.pk}/opens?day={house.ago(days=1).date()}",
        "nobody found": "/people/?q=Zz", "door that asks for PINs": f"/doors/{house.doors[1].pk}/",
        "help that was closed": "/help/?state=closed", "not found": "/nowhere/", "api docs": "/api/docs",
        "request: erasure": f"/requests/{house.leaver.pk}/", "request: being erased": f"/requests/{house.erasure.pk}/",
        "breach of an account, late": f"/breaches/{house.account_breach.pk}/",
        "breach that is closed": f"/breaches/{house.closed_breach.pk}/",
    }  # fmt: skip


def main(port: int) -> None:
    make_tables()
    house = Shown()
    put_building()
    nobody = member(Tenant.objects.create(name="Ny kunde"), Role.OWNER, "Ny")
    guard = member(house.tenant, Role.GUARD, "Vakt")
    there = {
        "sessions": {"owner": session(house.owner), "empty": session(nobody), "guard": session(guard)},
        "pages": addresses(house), "also": also(house), "link": "/enter/" + links.make(house.owner),
    }  # fmt: skip
    LogIn.objects.update(place="Longyearbyen, Svalbard and Jan Mayen", address="2001:db8:1234:5678:9abc:def0:1234:5678")
    print(json.dumps(there), flush=True)
    uvicorn.run("tools.cloud.asgi:application", host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]))
