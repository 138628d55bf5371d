"""Who is bound to some sites, doors and banks of a tenant: the rest of it is to them as another tenant is.

The same requests as in test_attack.py, aimed at rows of the same tenant that lie elsewhere.
"""

import json
import logging
from collections.abc import Iterator

import pytest
from attack_requests import NONE, OWN, Maker, Request
from attack_world import MISSING, OURS, Caller, Part, told
from cloud_world import Stopped
from django.db import transaction
from test_attack import SHARE, gets_no_more, share

from tools.cloud.doors import live
from tools.cloud.models import Role
from tools.cloud.services import clock
from tools.cloud.sessions import hashed

LEAST = {"administrator": 600, "doors": 600, "nothing": 300, **dict.fromkeys(("guard", "receptionist", "auditor"), 350)}
LEAST |= dict.fromkeys(("viewer", "installer", "courier", "support"), 350)
WHOLE = ("administrator",)  # who asks for everything in `make test` too


@pytest.fixture(scope="module")
def part(made_database: None) -> Iterator[Part]:
    stopped = Stopped()
    before, clock.source = clock.source, stopped
    log = logging.getLogger("django.request")
    level = log.level
    log.setLevel(logging.ERROR)
    with transaction.atomic():
        yield Part(stopped)
        transaction.set_rollback(True)
    clock.source = before
    log.setLevel(level)


@pytest.fixture(scope="module")
def requests(part: Part) -> list[Request]:
    maker = Maker(part, part.at_sites[Role.ADMINISTRATOR])
    return [one for one in maker.all() if not (one.where.startswith("form") and one.aim == NONE)]


def bound(part: Part, name: str) -> Caller:
    return {"doors": part.at_doors, "nothing": part.at_nothing}.get(name) or part.at_sites[Role(name)]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", LEAST)
def test_who_is_bound_to_places_gets_nothing_of_the_others(part: Part, requests: list[Request], name: str) -> None:
    who = bound(part, name)
    sending = requests if name != "nothing" else [one for one in requests if one.aim != OWN]
    least = LEAST[name]
    if name not in WHOLE:
        sending, least = share(sending, list(LEAST).index(name)), least // (2 * SHARE)
    assert gets_no_more(part, name, sending, who) >= least


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", [name for name in LEAST if name not in (*WHOLE, "nothing")])
def test_who_is_bound_gets_nothing_of_all_there_is(part: Part, requests: list[Request], name: str) -> None:
    assert gets_no_more(part, name, requests, bound(part, name)) >= LEAST[name]


def test_a_live_stream_shows_their_places_only(part: Part) -> None:
    hub = live.Hub()
    for who in (*part.at_sites.values(), part.at_doors, part.at_nothing):
        session = hashed(who.client.cookies["sessionid"].value)
        for of in (
            {}, {"door": part.ours.ids["door"]}, {"door": part.theirs.ids["door"]}, {"door": MISSING},
            {"bank": part.ours.ids["bank"]}, {"bank": part.theirs.ids["bank"]},
        ):  # fmt: skip
            one = live.DoorStream(who.client.user, session, "en", **of)  # type: ignore[attr-defined]
            hub.join(one)
            hub.look()
            content = json.dumps(one.parts, ensure_ascii=False).encode()
            assert OURS not in told(part, content, set()), (who, of)
            mine = part.ours.ids["door"] in of.values() or part.ours.ids["bank"] in of.values()
            if who is not part.at_nothing and mine and who.name.split()[0] in ("administrator", "guard"):
                assert one.parts, (who, of)
            hub.leave(one)
