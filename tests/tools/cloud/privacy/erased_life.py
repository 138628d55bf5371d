"""A person's life in a database on disk, for test_bytes.py: said to be searched before the erasure, and after it."""

import io
import json
import sys
from typing import Any

import django

import tools  # noqa: F401 - MicroPython's names, before any firmware file

django.setup()

import pyzipper  # noqa: E402
from asking import Asking  # noqa: E402
from cloud_world import Stopped, Wire  # noqa: E402
from django.db import connection  # noqa: E402
from photographs import noise  # noqa: E402
from tables import make_tables  # noqa: E402

from tools.cloud.audit import looks  # noqa: E402
from tools.cloud.lockers import about, deliveries, notices  # noqa: E402
from tools.cloud.models import Look, Notice, Partner, Person  # noqa: E402
from tools.cloud.partners import partners  # noqa: E402
from tools.cloud.people import people, pictures, pins  # noqa: E402
from tools.cloud.privacy import archive, erasing, requests  # noqa: E402
from tools.cloud.residents import accounts  # noqa: E402
from tools.cloud.services import clock, housekeeping  # noqa: E402

NAME, EMAIL, PHONE, NUMBER = "Unni Utflytter", "unni.utflytter@example.test", "+47 912 34 567", 0xB1C2D3E4


class Life:
    def __init__(self) -> None:
        make_tables()
        self.time = clock.source = Stopped()
        self.home = Asking(self.time)
        self.person = self.home.add_person(NAME)
        people.give_card(self.person, 34, NUMBER)
        self.pin, _ = pins.give(self.person)
        accounts.invite(self.person, EMAIL, self.home.admin)
        pictures.give(self.person, noise())
        content = bytes(self.person.picture.content)
        self.pixels = [content[at : at + 24] for at in (2000, 9000, 16000)]  # a page of the file may end in one of them
        bank, _ = self.home.add_bank(name="Kari", email="kari@example.test")
        said = about.entered(name=NAME, email=EMAIL, phone=PHONE, description="Vinterstøvler")
        self.delivery, _ = deliveries.make(bank, said, reference="vinter-utflytter")
        notices.make(self.delivery, Notice.Kind.DEPOSITED, clock.now())
        partners.make(self.home.tenant, "Renhold", self.home.doors, list(Partner.Scope), None)
        self.partner = Partner.objects.get()
        looks.note([self.home.tenant.pk], Look.What.EXPORT, clock.now(), person=self.person)
        self.line = Wire(self.time)
        self.board = self.line.connect(self.home.settings).connect()
        self.go()
        self.key = self.board.key(34, NUMBER)
        self.board.record(0x10, key=self.key, utc=int(self.time.now))
        self.board.send_events(1, 1)
        self.row, _ = requests.make(self.person, "erasure", "Ta vekk alt om meg", f"{NAME} i døra", f"kjenner {NAME}")

    def go(self) -> None:
        self.board.ping()
        for _ in range(5):
            self.line.poll(1)

    def marks(self) -> dict[str, list[str]]:
        """Each in the forms in which it may stand, as hex."""
        number = [NUMBER.to_bytes(4, "big"), NUMBER.to_bytes(8, "little"), str(NUMBER).encode()]
        pseudonym = partners.pseudonym(self.partner, self.person.pk)
        told: dict[str, list[bytes]] = {
            "name": [NAME.encode()],
            "email": [EMAIL.encode()],
            "phone": [PHONE.encode()],
            "number": number,
            "pin mark": [self.pin.mark.encode()],
            "pseudonym of the controller": [self.key, self.key.hex().encode()],
            "pseudonym of the partner": [pseudonym.encode()],
            "picture": self.pixels,
            "said": [b"Ta vekk alt om meg"],
            "parcel": ["Vinterstøvler".encode(), b"vinter-utflytter", b"Unni Utflytter, "],
        }
        return {mark: [form.hex() for form in forms] for mark, forms in told.items()}

    def exports(self) -> list[bytes]:
        """All that somebody may take along: a person's own copies, the log, what a partner is told."""
        found = [json.dumps(_partner(self.partner)).encode()]
        for person in Person.objects.filter(tenant=self.home.tenant).exclude(pk=self.home.person.pk):
            found.append(json.dumps(archive.data_of(person, False, clock.now()), ensure_ascii=False).encode())
            content = archive.make(person, True, "secret", clock.now(), "en")
            with pyzipper.AESZipFile(io.BytesIO(content)) as opened:
                opened.setpassword(b"secret")
                found += [opened.read(name) for name in opened.namelist()]
        client = self.home.office()
        for page in ("/log/export.json", "/log/export.csv", "/changes/", "/looks/", "/people/", "/privacy/"):
            answer = client.get(page, headers={"host": "127.0.0.1"})
            found.append(b"".join(answer.streaming_content) if answer.streaming else answer.content)
        return found

    def outbox(self) -> list[bytes]:
        """What waits to be sent, as it would leave; and the page that shows it."""
        left = [f"{notices.address(row)} {notices.subject(row)} {notices.text(row)}" for row in Notice.objects.all()]
        return [
            *(one.encode() for one in left),
            self.home.office().get("/outbox/", headers={"host": "127.0.0.1"}).content,
        ]

    def say(self, **more: Any) -> None:
        said = {name: [one.hex() for one in getattr(self, name)()] for name in ("exports", "outbox")}
        print(json.dumps(said | more), flush=True)
        sys.stdin.readline()


def _partner(partner: Partner) -> list[Any]:
    """As partners/api.py tells it."""
    here = partners.people(partner, clock.now())
    return [[one.name, partners.pseudonym(partner, one.pk)] for one in here]


def settle() -> None:
    """PostgreSQL keeps what was until it is told to write tables anew, and its journal until a checkpoint or two."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL")
        for _ in range(3):
            cursor.execute("SELECT pg_switch_wal()")
            cursor.execute("CHECKPOINT")


life = Life()
marks = life.marks()
if connection.vendor == "postgresql":
    with connection.cursor() as checkpoint:
        checkpoint.execute("CHECKPOINT")  # else it may all be in memory yet
life.say(marks=marks)
erasing.begin(life.row, members=True)
erasing.carry_out(life.row)
life.go()
housekeeping.tidy(clock.now())
life.row.refresh_from_db()
assert life.row.state == "done", life.row.state
life.time.now += 3601
life.board.hello()
housekeeping.tidy(clock.now())
settle()
life.say()
