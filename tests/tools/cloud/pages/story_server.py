"""A house with a board at its other end, for test_stories_in_a_browser.py: story_server.py PORT.

Serves its pages, and does what lines of JSON tell it: {"tap": digits} types a PIN at the first door, {"look": true}
looks. Answers each with a line about how it stands: at the board, and in the database.
"""

import json
import os
import queue
import sys
import threading
import time
from typing import Any

import django
import uvicorn

import tools  # noqa: F401 - MicroPython's names, before any firmware file

django.setup()

from cloud_world import House, Wire  # noqa: E402
from django.apps import apps  # noqa: E402
from django.db import connection  # noqa: E402
from fake_controller import FakeController  # noqa: E402
from tables import make_tables  # noqa: E402

from firmware.controller import events  # noqa: E402
from firmware.controller.access.credential import credential_key, pin_value  # noqa: E402
from firmware.controller.cloud import wire  # noqa: E402
from tools.cloud.doors import door_rules  # noqa: E402
from tools.cloud.guests import guests  # noqa: E402
from tools.cloud.members import members  # noqa: E402
from tools.cloud.models import Credential, Guest, Invitation, Person, Role  # noqa: E402
from tools.cloud.residents import policy  # noqa: E402
from tools.cloud.services import clock  # noqa: E402

ADMIN, EMAIL = "kari@example.test", "tante.berit@gjest.example"
LEARNED = 17 << 16 | 4711  # the card that somebody holds to a reader which is to learn one
STEP_S, PING_S = 0.1, 2.0


class Now:
    """The clock of a wire, which goes by itself."""

    @property
    def now(self) -> float:
        return time.time()

    @now.setter
    def now(self, moment: float) -> None:
        pass

    def __call__(self) -> float:
        return time.time()


class Board(FakeController):
    """Learns a card a moment after it was told to."""

    def _do(self, message: bytes) -> None:
        command: Any = wire.read_json(message) if message[0] == wire.COMMAND else {}
        if command.get("do") != "learn":
            return super()._do(message)
        self.say(wire.json_message(wire.RESULT, {"id": command["id"], "result": "done", "why": ""}))
        told = wire.packed(wire.CARD_READ, "<BBQ", 0, 26, LEARNED) + json.dumps(command["id"]).encode()
        threading.Timer(1.5, lambda: self.errands.put(lambda: self.say(told))).start()
        return None

    errands: "queue.Queue[Any]"


class Story:
    """The house, its board, and the worker between them: all in one thread."""

    def __init__(self) -> None:
        now: Any = Now()
        self.house = House("Solsiden", now)
        door_rules.change(self.house.doors[0], {"residents": True, "who": [["card/pin", None]]})
        policy.change(self.house.tenant, {"unlock": True, "guests": True})
        members.invite(self.house.tenant, ADMIN, Role.ADMINISTRATOR)
        self.wire = Wire(now)
        settings = self.house.settings
        self.board = Board(settings, self.wire.up, os.urandom, 5)
        self.board.errands = queue.Queue()
        self.wire.controllers[self.board.id] = self.board
        self.board.connect()
        self._pinged = 0.0

    def run(self) -> None:
        while True:
            self.step()
            try:
                self.board.errands.get(timeout=STEP_S)()
            except queue.Empty:
                continue

    def step(self) -> None:
        if time.time() - self._pinged > PING_S:
            self.board.ping()
            self._pinged = time.time()
        self.wire.poll(0)

    def tap(self, digits: str) -> bool:
        """A PIN at the first door; then the worker looks after the guests, as it does of itself."""
        key = credential_key(self.board.table_key, pin_value(digits.encode()))
        opens = key in self.board.table
        if opens:
            self.board.record(events.GRANTED, 1, key, int(time.time()))
            self.board.send_events(self.board.last, self.board.last)
        guests.tidy(clock.now())
        self.step()
        return opens

    def told(self) -> dict[str, Any]:
        rows = [row for model in apps.get_app_config("cloud").get_models() for row in model.objects.values_list()]
        return {
            "released": self.board.released,
            "learned": self.board.may_pass(26, LEARNED, 1),
            "first": self.board.may_pass(26, 1204, 1),
            "people": Person.objects.count(),
            "invitations": Invitation.objects.count(),
            "address": any(EMAIL in str(row) for row in rows),
            "guests": Guest.objects.filter(ended_at=None).count(),
            "codes": Credential.objects.filter(person__guest__isnull=False, active=True).count(),
        }


def obey(house: Story) -> None:
    for line in sys.stdin:
        said, done = json.loads(line), queue.Queue()  # type: ignore[var-annotated]

        def errand(said: Any = said, done: Any = done) -> None:
            opens = house.tap(said["tap"]) if "tap" in said else None
            done.put({**house.told(), "opens": opens})

        house.board.errands.put(errand)
        print(json.dumps(done.get(timeout=60)), flush=True)


def main(port: int) -> None:
    make_tables()
    house = Story()
    connection.close()
    threading.Thread(target=house.run, daemon=True).start()
    threading.Thread(target=obey, args=(house,), daemon=True).start()
    person = house.house.person.pk
    print(json.dumps({"person": person, "door": house.house.doors[0].pk, "tenant": house.house.tenant.pk}), flush=True)
    uvicorn.run("tools.cloud.asgi:application", host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]))
