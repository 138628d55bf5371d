"""The building's page: its navigation, how its doors stand and why somebody was denied, and what can be done there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from firmware.controller import events
from firmware.controller.access import modes

ROOT = Path(__file__).resolve().parents[4]


async def shut(controller: Any, compartment: int) -> None:
    controller.parcels.shut(compartment)


class Wires:
    def __init__(self) -> None:
        self.inputs: dict[int, int] = {}
        self.bursts: list[str] = []
        self.reads: Callable[[], object] = lambda: None

    def set_input(self, pin: int, level: int) -> None:
        self.inputs[pin] = level

    def set_volts(self, pin: int, microvolts: int) -> None:
        raise AssertionError("nothing is supervised")

    def feed_uart(self, number: int, data: bytes) -> None:
        raise AssertionError("nothing asks")

    def wiegand(self, d0: int, d1: int, bits: str) -> None:
        self.bursts.append(bits)
        self.reads()


@pytest.fixture
def building(house: Any) -> Iterator[Any]:
    """One controller of two doors and a bank that stands in the cloud as the house's, without a board."""
    from tools import boards
    from tools.run import figures, live
    from tools.run.bank import LiveBank
    from tools.run.doors import LiveDoor
    from tools.run.inputs import LiveInputs
    from tools.run.parcels import LiveParcels
    from tools.run.ticker import Ticker

    bank: Any = boards.load("esp32-bank")
    table, wires = boards.load("virtual-two-door-inputs"), Wires()
    doors = [LiveDoor(n, n + 1, f"Door {n + 1}", pins, wires, lambda: None) for n, pins in enumerate(table["doors"])]
    controller = SimpleNamespace(
        place=0, name="A", network_up=True, power=True, board=SimpleNamespace(alive=True, board=bank),
        log=SimpleNamespace(last=0), progress=figures.StoreProgress(), locks=[], doors=doors,
        inputs=LiveInputs(table, wires), parcels=LiveParcels(LiveBank(bank, wires, lambda n: None)),
    )  # fmt: skip
    made = SimpleNamespace(
        interpreter="", walks=SimpleNamespace(on=False, walkers=[]), controllers=[controller], doors=doors,
        pins=figures.PinFigures(), ticker=Ticker(), wires=wires, controller=controller,
        set_input=lambda one, number, on: one.inputs.switch(number, on),
        shut=shut,
    )  # fmt: skip
    live.put(made)
    yield made
    live.put(None)


@pytest.fixture
def client(house: Any) -> Iterator[Any]:
    from django.conf import settings
    from django.test import Client, override_settings

    from tools.cloud.models import Membership, User

    user = User.objects.named("demo@example.test")
    Membership.objects.create(tenant=house.tenant, user=user, role="owner")
    with override_settings(ROOT_URLCONF="tools.run.urls", INSTALLED_APPS=[*settings.INSTALLED_APPS, "tools.run.pages"]):
        browser = Client(headers={"accept-language": "en"})
        browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        yield browser


def do(client: Any, what: str, **fields: Any) -> tuple[int, Any]:
    answer = client.post(f"/building/{what}", json.dumps(fields), content_type="application/json")
    return answer.status_code, answer.json()


def door(client: Any, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/building/state").json()["controllers"][0]["doors"][number]
    return found


def test_every_page_is_in_its_navigation(client: Any, building: Any) -> None:
    page = client.get("/building/").content.decode()
    nav = page[page.index('<nav class="nav"') : page.index("</nav>")]
    for name in ("Building", "Doors", "People", "Access", "Log", "Sites"):
        assert f">{name}</a>" in nav, name


def test_a_lockdown_and_a_hold_show_at_their_doors(client: Any, building: Any, house: Any) -> None:
    from tools.run import figures

    assert door(client)["lock"] is None
    now = int(house.time.now)
    house.controller.door_status = {"1": [modes.LOCKDOWN, 0, now], "2": [modes.COMMAND, now + 60, now]}
    house.controller.save(update_fields=["door_status"])
    building.controller.locks = figures.locks(house.controller.public_id)
    assert door(client)["lock"]["text"].startswith("Lockdown since ")
    assert door(client)["lock"]["look"] == "bad"
    assert door(client, 1)["lock"]["text"].startswith("Held unlocked until ")


@pytest.mark.parametrize(
    ("code", "extra", "text"),
    [
        (events.DENIED_LOCKDOWN, 0, "Denied: lockdown"),
        (events.DENIED_TIME, 0, "Denied: outside its schedule"),
        (events.DENIED_PASSBACK, 0, "Denied: it has not left where it last went in"),
        (events.DENIED_KIND, 3, "Denied: the door asked for something else: card and PIN"),
        (events.DENIED_UNKNOWN, 0, "Denied: unknown card"),
        (events.NEEDS_ESCORT, 0, "Waits for an escort"),
    ],
)
def test_every_denial_says_why(client: Any, building: Any, code: int, extra: int, text: str) -> None:
    from tools.run.doors import DENIED, LiveTap

    building.doors[0].last = LiveTap("Ingrid", "Door 1", DENIED, None, 0.0, code, extra)
    building.ticker.add(code, "Door 1", "Ingrid", extra)
    why = door(client)["last"]["why"]
    assert why.startswith(text.split(":")[0]) and (why == text or extra)
    line = client.get("/building/state").json()["ticker"][0]
    assert line["kind"] == DENIED and why in line["text"]


def test_duress_looks_like_any_grant_on_the_screen_at_the_door(client: Any, building: Any) -> None:
    building.ticker.add(events.GRANTED_DURESS, "Door 1", "Ingrid")
    building.ticker.add(events.GRANTED, "Door 1", "Ingrid")
    duress, plain = (line["text"] for line in client.get("/building/state").json()["ticker"])
    assert duress == plain


def test_alarms_are_practised(client: Any, building: Any) -> None:
    wires = building.wires
    names = [(one["name"], one["on"]) for one in client.get("/building/state").json()["controllers"][0]["inputs"]]
    assert names == [("Fire alarm", False), ("Mains lost", False), ("Enclosure opened", False), ("Bell rung", False)]
    assert do(client, "input", controller=0, input=1, on=True) == (200, {"on": True})
    assert wires.inputs[16] == 1 and client.get("/building/state").json()["controllers"][0]["inputs"][0]["on"]
    assert do(client, "leaf", door=0, open=True) == (200, {"open": True}) and wires.inputs[34] == 1
    assert do(client, "leaf", door=0, open=False) == (200, {"open": False}) and wires.inputs[34] == 0
    assert do(client, "keys", door=1, keys="12#") == (200, {"pressed": 3})
    assert wires.bursts == ["0001", "0010", "1011"]


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("input", {"controller": 0, "input": 5, "on": True}),
        ("input", {"controller": 0, "input": 0, "on": True}),
        ("input", {"controller": 1, "input": 1, "on": True}),
        ("input", {"controller": 0, "input": 1, "on": 1}),
        ("leaf", {"door": 2, "open": True}),
        ("leaf", {"door": 0}),
        ("keys", {"door": 0, "keys": ""}),
        ("keys", {"door": 0, "keys": "1a"}),
        ("keys", {"door": 0, "keys": "1" * 21}),
        ("keys", {"door": 0, "keys": ["1"]}),
        ("bank-keys", {"controller": 0, "keys": "x"}),
        ("bank-shut", {"controller": 0, "compartment": 9}),
        ("bank-shut", {"controller": 0, "compartment": 49}),
        ("bank-lock", {"controller": 0, "compartment": 49, "do": "jam"}),
        ("bank-lock", {"controller": 0, "compartment": 9, "do": "paint"}),
        ("delivery", {"controller": 1}),
    ],
)
def test_what_is_not_there_is_refused(client: Any, building: Any, what: str, fields: dict[str, Any]) -> None:
    status, said = do(client, what, **fields)
    assert status == 400 and said["error"].endswith("needed")
    assert building.wires.inputs == {} and building.wires.bursts == []


def test_who_is_not_signed_in_does_nothing(client: Any, building: Any) -> None:
    client.logout()
    assert do(client, "input", controller=0, input=1, on=True)[0] == 401
    assert building.wires.inputs == {}


def test_what_django_warns_of_is_kept_and_not_printed(tmp_path: Path) -> None:
    script = (
        "import logging, pathlib\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "from tools.run.environment import prepare\n"
        "prepare(folder, 'mqtt://127.0.0.1:1', 'http://127.0.0.1:1')\n"
        "from tools.run.server import Pages\n"
        "import socket\n"
        "Pages(socket.socket())\n"
        "for name in ('django.request', 'django.security', 'uvicorn.error', 'py.warnings'):\n"
        "    logging.getLogger(name).warning('the page was not found')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ | {"SECRET_KEY": "for tests"}, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "pages.log").read_text().count("the page was not found") == 4


@pytest.mark.parametrize(("board", "heap"), [("esp32-bank", "2M"), ("virtual-two-door", "220K")])
def test_a_bank_has_its_boards_heap_and_doors_do_with_the_small_one(board: str, heap: str, tmp_path: Path) -> None:
    from tools.run.controllers import LiveController

    described: dict[str, Any] = {"name": "x", "board": board, "doors": [{"name": "y"}]}
    made = LiveController(0, described, 0, tmp_path, ("127.0.0.1", 1), "cpython", lambda: None)
    assert made.board.heap == heap and (made.parcels is not None) == (board == "esp32-bank")


def test_groups_of_the_demo_have_names_of_their_own(house: Any) -> None:
    from sim.world.building import BUILDING
    from tools.cloud.models import AccessGroup, Controller, Site, Tenant
    from tools.run import seed
    from tools.run.described import PARCEL_DOOR, with_bank

    demo = with_bank(BUILDING)

    tenant = Tenant.objects.create(name="demo")
    site = Site.objects.create(tenant=tenant, name="demo")
    for place, one in enumerate(demo["controllers"]):
        controller = Controller.objects.create(
            site=site, name=one["name"], public_id=f"de{place:014x}", link_secret=b"", table_key=b"", board={},
            enrolled_at=house.controller.enrolled_at,
        )  # fmt: skip
        for number, door in enumerate(one["doors"], 1):
            controller.doors.create(number=number, name=door["name"])
    for doors in {tuple(person["doors"]) for person in demo["people"]}:
        seed._group(tenant, doors, demo)
    names = set(AccessGroup.objects.filter(tenant=tenant).values_list("name", flat=True))
    assert names == set(BUILDING["groups"]) and not any("," in name for name in names)
    fetch = {person["name"] for person in demo["people"] if PARCEL_DOOR in person["doors"]}
    assert len(fetch) == len(demo["people"]), "whoever comes for mail comes for parcels"


def test_a_run_falls_short_where_a_proof_is_missing_or_came_too_early(house: Any) -> None:
    from tools.run.parcels import PUT_IN, TAKEN_OUT, Parcel
    from tools.run.rounds import ParcelFigures
    from tools.run.summary import parcel_goals

    def short(**changed: Any) -> set[str]:
        parcels = [Parcel(n, n, "Ingrid", "H0101", "", "", step=TAKEN_OUT, in_cloud=TAKEN_OUT) for n in (1, 2)]
        figures = ParcelFigures(put_in=2, taken_out=2, open_ms=[80.0], parcels=parcels)
        for name, value in changed.items():
            setattr(figures, name, value)
        return {goal["name"] for goal in parcel_goals(figures) if not goal["met"]}

    assert short() == set()
    assert short(told_early=1) == {"told to the cloud while cut"}
    assert short(failed=1) == {"parcels that did not go in and out"}
    known = Parcel(1, 1, "Ingrid", "H0101", "", "", step=TAKEN_OUT, in_cloud=PUT_IN)
    assert short(parcels=[known]) == {"proofs in the cloud in the end"}
    assert len(short(put_in=0, taken_out=0, parcels=[], open_ms=[])) == 4


@pytest.mark.parametrize("role", ["administrator", "viewer", "guard", "installer", None])
def test_who_sees_no_log_sees_no_building_and_who_changes_nothing_opens_no_door(
    client: Any, house: Any, building: Any, role: str | None
) -> None:
    from tools.cloud.models import Look, Membership

    Membership.objects.filter(tenant=house.tenant).update(role=role or "owner")
    if role is None:
        Membership.objects.all().delete()
    looks, acts = role in ("administrator", "viewer"), role == "administrator"

    async def once(*_: Any) -> None:
        building.ended = True

    building.ended, building.version, building.until_changed = False, 0, once
    for path in ("/building/", "/building/state", "/building/stream"):
        Look.objects.all().delete()
        answer = client.get(path)
        assert answer.status_code == (200 if looks else 403), path
        if answer.streaming:
            heard(answer)
        assert [one.tenant for one in Look.objects.all()] == ([house.tenant] if looks else []), path
    status, said = do(client, "leaf", door=0, open=True)
    assert status == (200 if acts else 403) and building.doors[0].leaf.open == acts
    assert acts or "your role" in said["error"]
    for what in (
        "tap",
        "rex",
        "input",
        "keys",
        "controller",
        "walking",
        "delivery",
        "bank-keys",
        "bank-shut",
        "bank-lock",
    ):
        assert (do(client, what)[0] == 403) != acts, what
    assert (b'href="/building/"' in client.get("/").content) == looks


def test_who_belongs_to_another_tenant_of_this_database_is_a_stranger(client: Any, house: Any, building: Any) -> None:
    from tools.cloud.models import Membership, Tenant

    other = Tenant.objects.create(pk=house.tenant.pk + 1, name="Fremmed")  # the building is the first one's
    Membership.objects.filter(tenant=house.tenant).update(tenant=other)
    for path in ("/building/", "/building/state", "/building/stream"):
        assert client.get(path).status_code == 403, path
    assert do(client, "leaf", door=0, open=True)[0] == do(client, "bank-keys", controller=0, keys="1")[0] == 403


def test_a_user_has_so_many_streams_and_one_that_ends_makes_room(client: Any, building: Any) -> None:
    from tools.cloud.models import User
    from tools.run import views

    [user] = User.objects.values_list("pk", flat=True)
    seen: list[int] = []

    async def once(*_: Any) -> None:
        seen.append(views._streams[user])
        building.ended = True

    building.ended, building.version, building.until_changed = False, 0, once
    assert "Door 1" in streamed(client)
    assert seen == [1] and views._streams[user] == 0
    views._streams[user] = views.OF_A_USER
    try:
        assert client.get("/building/stream").status_code == 429
    finally:
        del views._streams[user]


def test_keys_reach_the_bank_and_an_open_leaf_is_shut(client: Any, building: Any) -> None:
    leaves = building.controller.parcels.bank
    building.wires.reads = lambda: leaves.output(27, 0)
    leaves.bank.pulse(9)
    assert client.get("/building/state").json()["controllers"][0]["bank"]["open"] == {"9": "shut"}
    assert do(client, "bank-shut", controller=0, compartment=9) == (200, {"open": []})
    assert do(client, "bank-keys", controller=0, keys="1#") == (200, {"pressed": 2})
    assert building.wires.bursts == ["0001", "1011"]


def test_a_lock_jams_is_mended_and_forced(client: Any, building: Any) -> None:
    leaves = building.controller.parcels.bank.bank
    assert do(client, "bank-lock", controller=0, compartment=9, do="jam") == (200, {"open": []})
    leaves.pulse(9)
    assert not leaves[9].open
    assert do(client, "bank-lock", controller=0, compartment=9, do="mend") == (200, {"open": []})
    leaves.pulse(9)
    assert leaves[9].open
    assert do(client, "bank-lock", controller=0, compartment=8, do="force") == (200, {"open": [8, 9]})


def streamed(client: Any) -> str:
    """All that the stream says until the building has ended."""
    return heard(client.get("/building/stream")).decode()


def heard(answer: Any) -> bytes:
    from asgiref.sync import async_to_sync

    async def whole() -> bytes:
        return b"".join([part async for part in answer.streaming_content])

    return bytes(async_to_sync(whole)())


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_codes_are_for_who_may_put_in_and_take_out(client: Any, house: Any, building: Any, role: str) -> None:
    from tools.cloud.models import Membership
    from tools.run.parcels import Parcel

    Membership.objects.filter(tenant=house.tenant).update(role=role)
    building.controller.parcels.add(Parcel(1, 300, "Ingrid", "H0101", "1234567890", "0987654321"))

    async def once(*_: Any) -> None:
        building.ended = True

    building.ended, building.version, building.until_changed = False, 0, once
    for said in (client.get("/building/state").content.decode(), streamed(client)):
        assert ("1234 567 890" in said) == ("0987 654 321" in said) == (role == "owner")
        assert "H0101" in said
