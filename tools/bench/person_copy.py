"""A copy of all that is kept of somebody with a hundred thousand passages: made, encrypted, opened again; on disk."""

import io
import json as json_
import os
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.goals import goal, show
from tools.terminal import Json, progress

EVENTS = 100_000

Figures = dict[str, Any]


def measure(events: int = EVENTS) -> Figures:
    with tempfile.TemporaryDirectory(prefix="portvakt-bench-") as folder:
        return _measure(Path(folder), events)


def _measure(folder: Path, count: int) -> Figures:
    from tools.run.environment import prepare

    prepare(folder, "mqtt://127.0.0.1", "http://127.0.0.1")
    from django.core.management import call_command

    from tools.cloud.privacy import archive
    from tools.cloud.services import clock

    call_command("migrate", verbosity=0)
    person = _somebody(count)
    seconds: dict[str, float] = {}
    took: dict[str, float] = {}

    def timed(name: str, work: Any) -> Any:
        wall, own = time.monotonic(), time.process_time()
        done = work()
        seconds[name], took[name] = round(time.monotonic() - wall, 2), round(time.process_time() - own, 2)
        progress(f"{name}: {seconds[name]} s, {took[name]} s of them this process's own")
        return done

    secret = archive.passphrase()
    made = timed("the copy made", lambda: archive.make(person, True, secret, clock.now(), "nb"))
    opened = timed("the copy opened", lambda: _opened(made, secret))
    told = timed("the file for an administrator", lambda: archive.json_of(archive.data_of(person, False, clock.now())))
    wrong = sum(abs(len(json_.loads(one)["kinds"]["event"]["rows"]) - count) for one in (opened, told))
    return {
        "events": count,
        "seconds": seconds,
        "seconds of the process": took,
        "bytes, encrypted": len(made),
        "load of the machine": os.getloadavg()[0],
        "goals": [
            # The process's own: what it takes where nothing else runs, also while others keep the machine busy.
            goal("a copy made", took["the copy made"], "s", 10),
            goal("a file for an administrator", took["the file for an administrator"], "s", 10),
            goal("passages that are not in it", wrong, "rows", 0),
        ],
    }


def _somebody(count: int) -> Any:
    """Who has passed a door so often."""
    from datetime import timedelta

    from firmware.controller import events as codes
    from tools import boards
    from tools.cloud.audit import changes
    from tools.cloud.controllers import enrol
    from tools.cloud.models import Event
    from tools.cloud.people import people
    from tools.cloud.services import clock
    from tools.cloud.sites import sites, tenants

    tenant = tenants.make("Solsiden")
    site = sites.make(tenant.pk, "Borettslag")
    controller, _ = enrol.enrol(site, "Oppgang A", boards.load("virtual-two-door"), doors=["Hovedinngang", "Postrom"])
    person = people.enter(tenant.pk, name="Ingrid Solheim")
    card = people.give_card(person, 26, 1204)
    now = clock.now()
    fields: dict[str, Any] = {
        "controller": controller, "epoch": 1, "code": codes.GRANTED, "extra": 0, "flags": codes.TIME_TRUSTED,
        "credential": card, "key": b"1234567",
    }  # fmt: skip
    with changes.together():
        for first in range(0, count, 10_000):
            Event.objects.bulk_create(
                Event(sequence=n + 1, door_number=1 + n % 2, utc=at, received_at=at, **fields)
                for n in range(first, min(first + 10_000, count))
                for at in [now - timedelta(minutes=n)]
            )
    return person


def _opened(content: bytes, secret: str) -> bytes:
    import pyzipper

    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        archive.setpassword(secret.encode())
        return bytes(archive.read("data.json"))


def bench(
    events: Annotated[int, typer.Option("--events", help="How often they passed.", min=1)] = EVENTS,
    json: Json = False,
) -> None:
    """A copy of all that is kept of somebody who passed very often."""
    show(json, measure(events))
