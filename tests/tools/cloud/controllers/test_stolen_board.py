"""What a thief reads on a stolen board: all of its flash, of two boards that the same people use.

No name, no card or PIN as anybody would write it, nothing that is the same on both, no key of another board or of an
event of before; and the cloud lists what is to be replaced, and shuts the board out.
"""

import base64
import gc
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cloud_world import House, Stopped

from firmware.controller import records
from sim.fuzz import board as boards
from sim.mcu.chip import use
from sim.world.wiegand import card_bits
from tools.cloud.controllers import brokers, enrol, lost
from tools.cloud.doors import door_rules
from tools.cloud.ingest.ingest import Ingest
from tools.cloud.models import AccessGroup, Controller, Credential, Event, Grant, Person
from tools.cloud.people import people, pins
from tools.cloud.people.people import card_number, give_card

STEP_MS = 250
NAMES = ("Ingrid Solheim", "Olav Bakken", "Kåre Ødegård", "Birgit Nygård", "Sofie Dahl", "Per Moen")
SECTOR = 4096
BUCKETS = 11  # of an access list in 16 sectors; the next number is its journal


class Boards:
    """Two controllers of one customer with the same people, and the cloud."""

    def __init__(self, folder: Path, time_now: Stopped):
        self.time = time_now
        self.time.now = float(boards.UTC)
        house = self.house = House("Solsiden", time_now)
        pins.set_length(house.tenant, 8)
        chance = Random(5)
        other, settings = enrol.enrol(house.site, "Oppgang B", house.controller.board, urandom=chance.randbytes)
        house.controller.broker_key = chance.randbytes(32)
        house.controller.save(update_fields=["broker_key"])
        house.group.doors.add(*other.doors.all())
        for row in (house.controller, other):
            first, second = row.doors.order_by("number")
            door_rules.change(first, {"who": [["card+pin", None]]})
            door_rules.change(second, {"who": [["card/pin", None]], "passback_minutes": None})
        self.cards: list[dict[str, int]] = []
        self.codes: list[str] = []
        for n, name in enumerate(NAMES):
            person = Person.objects.create(tenant=house.tenant, name=name)
            Grant.objects.create(person=person, group=house.group)
            bits = 26 if n % 2 else 34
            card = {"bits": bits, "facility": 143 + n, "number": 40_231 + 1_117 * n}
            give_card(person, bits, card_number(**card))
            self.cards.append(card)
            for kind in ("pin", "duress"):
                # Always the same: one in some hundred looks like four bytes of a hash among all that flash.
                self.codes.append(pins.give(person, kind, f"{chance.randrange(10**7, 10**8)}")[1])
        self.rows = [house.controller, other]
        self.settings = [house.settings, settings]
        self.boards = []
        for n, one in enumerate(self.settings):
            one |= {"broker": {**boards.SETTINGS["broker"], "user": one["controller"]}, "wifi": boards.SETTINGS["wifi"]}
            (folder / str(n)).mkdir()
            self.boards.append(boards.HandBoard(folder / str(n), Random(n), one))
        self.folders = [folder / "0", folder / "1"]
        self.down: list[tuple[str, bytes]] = []
        self.ingest = Ingest(lambda *message: self.down.append(message), time_now, chance.randbytes)
        for one in self.boards:
            self._at(one)
            one.session.begin(one.chip.time)
        self.run(12)

    def _at(self, one: boards.HandBoard) -> None:
        use(one.chip)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * 1000) // STEP_MS):
            self.time.now += STEP_MS / 1000
            for one in self.boards:
                self._at(one)
                one.chip.time = (one.chip.time + STEP_MS) % (1 << 30)
                one.turn()
                for payload in one.sent:
                    self.ingest.on_message(f"portvakt/{one.name}/up", payload)
                one.sent.clear()
            self.ingest.poll()
            for topic, payload in self.down:
                for one in self.boards:
                    if topic == f"portvakt/{one.name}/down":
                        self._at(one)
                        one.session.receive(payload, one.chip.time)
            self.down.clear()

    def use(self) -> None:
        """Everybody comes to every door; a stranger, too; somebody loses the right; the log goes on to new sectors."""
        for n, card in enumerate(self.cards):
            for one in self.boards:
                for door in (0, 1):
                    self.tap(one, door, (card["bits"], card_number(**card)))
                    for digit in self.codes[2 * n]:
                        self.tap(one, door, (4, int(digit)))
                self.tap(one, 1, (26, 1_000_003 + n))
                self.tap(one, 0, (25, None))
            self.run(1)
        people.revoke(Credential.objects.get(person__name=NAMES[1], kind="card"))
        self.run(6)
        for one in self.boards:
            self._at(one)
            while one.loop.log.last < 300:
                one.loop.record(32, one.chip.time, 1)
                one.loop.log.prepare()
        self.run(12)

    def tap(self, one: boards.HandBoard, door: int, frame: Any) -> None:
        self._at(one)
        one.loop.tap(one.loop.doors[door], frame, one.chip.time)

    def image(self, n: int) -> dict[str, bytes]:
        """All that lies on a board: its partitions, and the files of its file system."""
        found = {}
        for label, part in self.boards[n].chip.flashes.items():
            there = bytearray(part.size)
            part.peek(0, there)
            found[label] = bytes(there)
        for path in sorted(self.folders[n].rglob("*")):
            if path.is_file():
                found[path.name] = path.name.encode() + b"\0" + path.read_bytes()
        return found


@pytest.fixture
def town(tmp_path: Path, time_now: Stopped) -> Iterator[Boards]:
    town = Boards(tmp_path, time_now)
    town.use()
    yield town
    use(None)
    gc.collect()


def needles(cards: list[dict[str, int]], codes: list[str], names: tuple[str, ...]) -> dict[bytes, str]:
    """Whatever must lie nowhere: {bytes: what they say}. None shorter than four bytes: chance would find it."""
    found: dict[bytes, str] = {}

    def add(what: str, *ways: bytes) -> None:
        found.update({way: what for way in ways if len(way) >= 4})

    def number(what: str, value: int, width: int) -> None:
        text = str(value)
        add(what, text.encode(), f"{value:x}".encode(), f"{value:X}".encode(), f"{value:0{2 * width}x}".encode())
        for order in ("big", "little"):
            add(what, value.to_bytes(width, order), value.to_bytes(8, order))  # type: ignore[arg-type]
        add(what, bytes.fromhex(text.rjust(len(text) + len(text) % 2, "0")))  # BCD
        add(what, bytes(int(digit) for digit in text))
        for hashed in (hashlib.sha256, hashlib.md5, hashlib.sha1):
            add(f"{what}, hashed without a key", hashed(text.encode()).digest()[:7])

    for name in names:
        for word in (name, *name.split()):
            add(name, word.encode(), word.encode("utf-16-le"), word.lower().encode(), word.encode("latin-1"))
    for card in cards:
        bits, facility, own = card["bits"], card["facility"], card["number"]
        what, payload = f"card {facility}/{own}", card_number(**card)
        number(what, payload, 4)
        number(what, int(card_bits(card), 2), 5 if bits > 32 else 4)
        add(what, str(own).encode(), f"{own:x}".encode(), card_bits(card).encode())
        add(what, *(f"{facility}{mark}{own}".encode() for mark in ("", "/", ",", "-", ":", ".", " ")))
        value = bytes(records_value(bits, payload))
        add(what, value, hashlib.sha256(value).digest()[:7])
        add(what, facility.to_bytes(2, "little") + own.to_bytes(2, "little"))
    for code in codes:
        number(f"PIN {code}", int(code), 4)
        add(f"PIN {code}", code.encode(), bytes(int(digit) for digit in code))
        add(f"PIN {code}", hashlib.sha256(b"\x02" + code.encode()).digest()[:7])
    return found


def records_value(bits: int, payload: int) -> bytes:
    """As the firmware packs a card before it makes a key of it."""
    from firmware.controller.access.decision import card_value

    return bytes(card_value(bits, payload))


def told(image: bytes, wanted: dict[bytes, str], cards: list[dict[str, int]]) -> set[str]:
    """What of it somebody can read in an image, byte by byte or bit by bit."""
    found = {what for way, what in wanted.items() if way in image}
    stream = bin(int.from_bytes(b"\x01" + image, "big"))[3:]
    for card in cards:
        if card["bits"] > 32:  # 26 bits at any place would be found by chance
            frame = card_bits(card)
            if any(way in stream for way in (frame, frame[::-1], frame[1:-1])):
                found.add(f"the frame of card {card['facility']}/{card['number']}")
    return found


def nothing_on_it_says_who_comes_or_with_what(town: Boards) -> None:
    wanted = needles(town.cards, town.codes, NAMES)
    for n in (0, 1):
        image = town.image(n)
        assert Event.objects.filter(controller=town.rows[n], key__isnull=False).count() > 20, "nobody came"
        assert set(image) >= {"acl", "log", "state", "settings.json", "rules.json", "board.json"}
        assert told(b"".join(image.values()), wanted, town.cards) == set()


def test_what_is_planted_is_found() -> None:
    cards = [{"bits": 34, "facility": 143, "number": 40_231}, {"bits": 26, "facility": 144, "number": 41_348}]
    wanted = needles(cards, ["73019482"], NAMES[:1])
    plain = Random(1).randbytes(5_000)
    assert told(plain, wanted, cards) == set()
    for way, what in wanted.items():
        assert what in told(plain[:777] + way + plain[777:], wanted, cards)
    shifted = (int.from_bytes(plain, "big") << 37 | int(card_bits(cards[0]), 2) << 3 | 5).to_bytes(5_005, "big")
    assert told(shifted, wanted, cards) == {"the frame of card 143/40231"}


def windows(data: bytes, size: int = 8) -> set[bytes]:
    return {data[at : at + size] for at in range(len(data) - size + 1)}


def own(image: dict[str, bytes]) -> list[bytes]:
    """Of the partitions what is about people and keys. Left out is what counts or names a time, and says so:

    a sector's head before its key (kind, turn), of an event its number, time, code, door and flags, of the journal its
    numbers (starts, what the cloud has), of the access list its journal (versions).
    """
    pieces = [image["log"][at + 16 : at + 32] for at in range(0, len(image["log"]), SECTOR)]
    for at in range(0, len(image["log"]), 32):
        if at % SECTOR:
            event = image["log"][at : at + 32]
            pieces.append(event[12:19] + event[20:28])
    for start in range(0, len(image["acl"]), SECTOR):
        head = image["acl"][start : start + 16]
        if head[:2] == b"KA" and int.from_bytes(head[4:8], "little") < BUCKETS:
            pieces += [image["acl"][at : at + 16] for at in range(start + 16, start + SECTOR, 16)]
    return pieces


def two_boards_of_the_same_people_have_nothing_in_common(town: Boards) -> None:
    one, other = town.image(0), town.image(1)
    ones, theirs = (set().union(*map(windows, own(each))) for each in (one, other))
    assert len(ones) > 2_000
    assert {w for w in ones & theirs if w.count(b"\0") + w.count(b"\xff") < 5} == set()
    fields, others = (
        json.loads(one["settings.json"].split(b"\0")[1]),
        json.loads(other["settings.json"].split(b"\0")[1]),
    )
    assert {name for name in fields if fields[name] == others[name]} == {"wifi"}
    assert {name for name in fields["broker"] if fields["broker"][name] == others["broker"][name]} <= {
        "host", "port", "password"
    }  # fmt: skip
    rules = json.loads(one["rules.json"].split(b"\0")[1])  # the same on both: what doors ask for, and no person
    assert set(rules) <= {"version", "zone", "holidays", "schedules", "profiles", "areas", "doors", "crc"}


def no_key_on_it_opens_another_one_or_makes_an_event_of_before(town: Boards) -> None:
    image, log = b"".join(town.image(0).values()), town.image(0)["log"]
    row = Controller.objects.get(pk=town.rows[1].pk)
    for secret in (bytes(row.link_secret), bytes(row.table_key), bytes(row.broker_key)):
        for way in (secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret)):
            assert way not in image
    user, password, psk = brokers.account(row)
    assert not any(word.encode() in image for word in (user, password, psk))
    # The chain of events: whoever has the key under which one was made could make another in its place.
    events = [log[at : at + 32] for at in range(0, len(log), 32) if at % SECTOR]
    events = [one for one in events if records.unpack_event(one) is not None]
    chain = {int.from_bytes(one[:4], "little"): one for one in events}
    last = max(chain)
    assert last >= 300
    keys = {log[at : at + 16] for at in range(len(log) - 15)} - {b"\xff" * 16, bytes(16)}
    makes: set[int] = set()
    for sequence in (*range(2, 40, 7), *range(120, 140, 3), *range(last - 3, last + 1)):
        head = chain[sequence - 1][20:28] + chain[sequence][:20]
        if any(hashlib.sha256(key + head).digest()[:8] == chain[sequence][20:28] for key in keys):
            makes.add(sequence)
    assert makes and min(makes) > last - 130, "a key of the past lies on flash"


def the_cloud_lists_what_to_replace_and_shuts_it_out(town: Boards) -> None:
    row = Controller.objects.get(pk=town.rows[0].pk)
    never = people.give_card(Person.objects.create(tenant=town.house.tenant, name="Aldri"), 26, 80)
    elsewhere = AccessGroup.objects.create(tenant=town.house.tenant, name="bare B")
    elsewhere.doors.set(town.rows[1].doors.all())
    new = Person.objects.create(tenant=town.house.tenant, name="Ny")
    Grant.objects.create(person=new, group=elsewhere)
    unknown_there = people.give_card(new, 34, 4_711)
    count = lost.lost(row, None)
    listed = lost.to_replace(row)
    working = Credential.objects.filter(active=True).exclude(pk__in=[never.pk, unknown_there.pk])
    assert {one.pk for one in listed} == set(working.values_list("pk", flat=True)) and count == len(listed)
    assert {one.kind for one in listed} == {"card", "pin", "duress"}
    stored = Event.objects.filter(controller=row).count()
    town.run(1.5)
    board = town.boards[0]
    use(board.chip)
    board.loop.record(32, board.chip.time, 1)
    town.run(5)
    assert Event.objects.filter(controller=row).count() == stored
    assert row.public_id not in brokers.accounts(brokers.broker_of("mqtt://worker:secret@h"))["passwords"]
    assert Controller.objects.get(pk=town.rows[1].pk).in_sync


def test_a_stolen_board_gives_nobody_away(town: Boards) -> None:
    """One story of use for all of it: it is long."""
    nothing_on_it_says_who_comes_or_with_what(town)
    two_boards_of_the_same_people_have_nothing_in_common(town)
    no_key_on_it_opens_another_one_or_makes_an_event_of_before(town)
    the_cloud_lists_what_to_replace_and_shuts_it_out(town)
