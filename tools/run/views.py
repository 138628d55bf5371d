"""The building's page: drawn once, then fed by a stream of states; what is done on it reaches the doors."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from tools.cloud.audit import looks
from tools.cloud.doors.live import OF_A_USER
from tools.cloud.models import Membership, Right, Session, Tenant
from tools.cloud.models.rights import roles_with
from tools.cloud.row_security import admitted
from tools.cloud.services import clock
from tools.cloud.sessions import hashed
from tools.terminal import Problem

from . import live
from .doors import KEYS
from .parcels import of
from .state import snapshot

_ASK_S = 2.0  # so soon a stream ends whose session has ended
_SLOWEST_S = 5.0  # a state goes out at least so often: it keeps proxies and the page sure of the stream
_FASTEST_S = 0.08
_LONGEST_BODY = 1000
_MOST_KEYS = 20

T = TypeVar("T")
View = Callable[..., Awaitable[HttpResponseBase]]


class Unusable(Exception):
    """A request that is not what it should be; the sentence goes back to the page."""


def needs(right: Right) -> Callable[[View], View]:
    """For whoever has the right: the page names who passes, and its cards open doors."""

    def guard(view: View) -> View:
        @wraps(view)
        async def guarded(request: HttpRequest) -> HttpResponseBase:
            user = await request.auser()
            if not user.is_authenticated:
                return _sign_in(request)
            if not await (await _here(user.memberships, role__in=roles_with(right))).aexists():
                if request.method == "POST":
                    return JsonResponse({"error": "your role does not include this; ask an administrator"}, status=403)
                raise PermissionDenied(gettext("Your role does not include this page. Ask an administrator."))
            request.user = user  # templates cannot wait for the lazy one
            return await view(request)

        return guarded

    return guard


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate" and request.method == "GET":
        return redirect_to_login(request.get_full_path())
    return JsonResponse({"error": "sign in first"}, status=401)


def action(act: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]) -> View:
    """A POST with a small JSON object."""

    @wraps(act)
    async def view(request: HttpRequest) -> HttpResponse:
        try:
            if len(request.body) > _LONGEST_BODY:
                raise Unusable("the request is too long")
            fields = json.loads(request.body)
            if not isinstance(fields, dict):
                raise Unusable("the request is no JSON object")
            return JsonResponse(await act(fields))
        except (Unusable, ValueError, Problem) as problem:
            return JsonResponse({"error": str(problem)}, status=400)

    guarded: View = require_POST(needs(Right.CHANGE)(view))
    return guarded


@never_cache
@require_GET
@needs(Right.LOG)
async def page(request: HttpRequest) -> HttpResponse:
    await _note(request.user)
    # In a thread: which pages there are beside this one the database has to say.
    return await sync_to_async(render)(request, "run/building.html")


@never_cache
@require_GET
@needs(Right.LOG)
async def state(request: HttpRequest) -> HttpResponse:
    await _note(request.user)
    return JsonResponse(snapshot(live.building(), codes=await _acts(request.user)))


async def _note(user: Any) -> None:
    """The page names who passes: that somebody looks is kept, as of any page of the cloud end that does."""
    await sync_to_async(looks.at_doors)(user, clock.now())


async def _acts(user: Any) -> bool:
    return bool(await (await _here(user.memberships, role__in=roles_with(Right.CHANGE))).aexists())


async def _here(memberships: Any, **conditions: Any) -> Any:
    """Those of the building's tenant; who belongs to another one is a stranger."""
    here = memberships.living().filter(tenant=await sync_to_async(_tenant)())
    return here.filter(bound=False, **conditions)  # the page shows all of the building


@admitted.everywhere()
def _tenant() -> int | None:
    """The first of its database (seed.py). Of all there are: where PostgreSQL keeps tenants apart, the first that shows
    to somebody is their own."""
    return Tenant.objects.order_by("pk").values_list("pk", flat=True).first()


@never_cache
@require_GET
@needs(Right.LOG)
async def stream(request: HttpRequest) -> HttpResponseBase:
    user, session = request.user.pk or 0, hashed(request.session.session_key or "")
    if _streams[user] >= OF_A_USER:
        return JsonResponse({"error": "too many pages of the building are open; close some"}, status=429)
    response = StreamingHttpResponse(
        _counted(request.user, get_language() or "nb", session), content_type="text/event-stream"
    )
    response["X-Accel-Buffering"] = "no"
    return response


_streams: Counter[int] = Counter()  # by user


async def _counted(user: Any, language: str, session: str) -> AsyncIterator[bytes]:
    _streams[user.pk] += 1
    try:
        async for state in _states(user, language, session):
            yield state
    finally:
        _streams[user.pk] -= 1


async def _states(user: Any, language: str, session: str) -> AsyncIterator[bytes]:
    building = live.building()
    asked, codes, noted = -_ASK_S, False, -looks.AGAIN_S
    while not building.ended:
        if time.monotonic() - noted >= looks.AGAIN_S:
            noted = time.monotonic()
            await _note(user)
        if time.monotonic() - asked >= _ASK_S:
            asked = time.monotonic()
            whose = Session.living().filter(session_key=session, user__is_active=True).values("user")
            here = await _here(Membership.objects, user__in=whose)
            roles = {one async for one in here.values_list("role", flat=True)}
            if not roles & set(roles_with(Right.LOG)):
                return  # signed out meanwhile, or something else by now
            codes = bool(roles & set(roles_with(Right.CHANGE)))
        seen = building.version
        with override(language):
            text = json.dumps(snapshot(building, codes), ensure_ascii=False)
        yield f"data: {text}\n\n".encode()
        await asyncio.sleep(_FASTEST_S)
        await building.until_changed(seen, _SLOWEST_S)


@action
async def tap(fields: dict[str, Any]) -> dict[str, Any]:
    building = live.building()
    walker = _one(building.walks.walkers, fields, "person")
    door = _one(building.doors, fields, "door")
    done = await building.walks.visit(walker, door)
    return {"verdict": done.verdict, "ms": None if done.strike_ms is None else round(done.strike_ms)}


@action
async def rex(fields: dict[str, Any]) -> dict[str, Any]:
    door = _one(live.building().doors, fields, "door")
    door.press(True)
    await asyncio.sleep(0.3)
    door.press(False)
    await asyncio.sleep(0.4)
    return {"opened": door.push(2_500)}


@action
async def controller(fields: dict[str, Any]) -> dict[str, Any]:
    building = live.building()
    one = _one(building.controllers, fields, "controller")
    for name, turn in (("network", building.set_network), ("power", building.set_power)):
        if name in fields:
            await turn(one, _true(fields, name))
    return {"network": one.network_up, "power": one.power}


@action
async def switch(fields: dict[str, Any]) -> dict[str, Any]:
    """An input of a controller: fire alarm, mains, enclosure, bell."""
    building = live.building()
    one = _one(building.controllers, fields, "controller")
    number = _number(fields, "input", 1, len(one.inputs.tables))
    building.set_input(one, number, _true(fields, "on"))
    return {"on": one.inputs.on[number - 1]}


@action
async def leaf(fields: dict[str, Any]) -> dict[str, Any]:
    """Opens a door's leaf, by force where it is locked, and leaves it so; or shuts it."""
    door = _one(live.building().doors, fields, "door")
    if _true(fields, "open"):
        door.open()
    else:
        door.close()
    return {"open": door.leaf.open}


@action
async def keys(fields: dict[str, Any]) -> dict[str, Any]:
    """Presses keys of a door's keypad."""
    door = _one(live.building().doors, fields, "door")
    pressed = _keys(fields)
    await door.type(pressed)
    return {"pressed": len(pressed)}


@action
async def delivery(fields: dict[str, Any]) -> dict[str, Any]:
    """A parcel for somebody: made in the cloud, its codes on the phones of who brings it and who waits for it."""
    building = live.building()
    one = _one(building.controllers, fields, "controller")
    return {"delivery": (await building.deliver(one)).delivery}


@action
async def bank_keys(fields: dict[str, Any]) -> dict[str, Any]:
    """Presses keys of a bank's keypad."""
    parcels = of(_one(live.building().controllers, fields, "controller"))
    return {"pressed": await parcels.bank.type(_keys(fields))}


@action
async def bank_shut(fields: dict[str, Any]) -> dict[str, Any]:
    """Shuts a compartment that stands open, with what is put in or taken out by who opened it."""
    building = live.building()
    one = _one(building.controllers, fields, "controller")
    bank = of(one).bank
    compartment = _number(fields, "compartment", 1, len(bank.bank.numbers))
    if compartment not in bank.standing_open:
        raise Unusable("compartment: one that stands open is needed")
    await building.shut(one, compartment)
    return {"open": bank.standing_open}


@action
async def bank_lock(fields: dict[str, Any]) -> dict[str, Any]:
    """What goes wrong at a compartment: its lock jams, or is mended; somebody forces it open."""
    bank = of(_one(live.building().controllers, fields, "controller")).bank
    compartment = _number(fields, "compartment", 1, len(bank.bank.numbers))
    match fields.get("do"):
        case "jam" | "mend" as do:
            bank.jam(compartment, do == "jam")
        case "force":
            bank.force(compartment)
        case _:
            raise Unusable("do: jam, mend or force is needed")
    return {"open": bank.standing_open}


@action
async def walking(fields: dict[str, Any]) -> dict[str, Any]:
    walks = live.building().walks
    if fields.get("on") is True:
        walks.start()
    elif fields.get("on") is False:
        await walks.stop()
    else:
        raise Unusable("on: true or false is needed")
    return {"on": walks.on}


def _number(fields: dict[str, Any], name: str, lowest: int, highest: int) -> int:
    number = fields.get(name)
    if not isinstance(number, int) or isinstance(number, bool) or not lowest <= number <= highest:
        raise Unusable(f"{name}: a number from {lowest} to {highest} is needed")
    return number


def _keys(fields: dict[str, Any]) -> str:
    pressed = fields.get("keys")
    if not isinstance(pressed, str) or not 1 <= len(pressed) <= _MOST_KEYS or set(pressed) - set(KEYS):
        raise Unusable(f"keys: 1 to {_MOST_KEYS} digits, * and # are needed")
    return pressed


def _true(fields: dict[str, Any], name: str) -> bool:
    said = fields.get(name)
    if not isinstance(said, bool):
        raise Unusable(f"{name}: true or false is needed")
    return said


def _one(things: list[T], fields: dict[str, Any], name: str) -> T:
    return things[_number(fields, name, 0, len(things) - 1)]
