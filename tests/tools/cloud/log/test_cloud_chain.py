"""The log's chain as the cloud keeps it: checked when events come in, walked again by verify, anchored outside."""

import json
from pathlib import Path

import pytest
from cloud_world import House, Stopped, Wire
from fake_controller import FakeController

from firmware.controller import events as codes
from firmware.controller import records
from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import Refused
from tools.cloud.ingest import store
from tools.cloud.log import chain, digest
from tools.cloud.models import Event, Gap, LogKey
from tools.cloud.services import clock, housekeeping

KEY = bytes(range(16))


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


class Log:
    """Writes a chained log into a board, as storage/log.py does."""

    def __init__(self, board: FakeController, key: bytes = KEY):
        self.board, self.key, self.before = board, key, bytes(8)

    def record(self, count: int = 1, flags: int = 0, key: bytes | None = None) -> None:
        for _ in range(count):
            number = len(self.board.log) + 1
            bare = records.pack_event(number, 1_763_800_000 + number, codes.GRANTED, 1, 0, flags | 1, key)
            self.before = records.chain_mac(self.key, self.before, bare)
            if flags & codes.NEW_KEY:
                self.key = records.next_chain_key(self.key)
            self.board.log.append(bare[:20] + self.before + bare[28:])
            self.seal()

    def seal(self) -> None:
        body = self.board.log[-1][:28]
        from binascii import crc32

        self.board.log[-1] = body + crc32(body).to_bytes(4, "little")


def chained(house: House, line: Wire) -> tuple[FakeController, Log]:
    board = line.connect(house.settings)
    board.begin()
    board.hello(chain=[1, KEY.hex()])
    return board, Log(board)


def faults(house: House) -> list[tuple[int, str]]:
    return [(fault.sequence, fault.what) for fault in chain.verify(house.row(), chain.ChainWalk())]


def alarms() -> list[int]:
    return list(Event.objects.filter(code=codes.CHAIN_BROKEN).values_list("extra", flat=True))


def test_events_are_proven_as_they_come_in_also_over_new_keys_and_a_new_worker(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    for _ in range(3):
        log.record(5)
        log.record(flags=codes.NEW_KEY)
    board.send_events(1, 10)
    line.ingest = line.new_ingest(seed=8)
    board.begin()
    board.hello()
    board.send_events(11, 18)
    assert set(Event.objects.values_list("chain_ok", flat=True)) == {True}
    assert faults(house) == [] and alarms() == []


def test_a_new_worker_begins_at_the_last_event_that_was_proven(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    for _ in range(9):
        log.record(5)
        log.record(flags=codes.NEW_KEY)
    board.send_events(1, 50)
    walked: list[bytes] = []

    class Counting(chain.Follower):
        def take(self, record: bytes) -> tuple[bool | None, int]:
            walked.append(record)
            return super().take(record)

    short = Counting(house.row().pk, board.epoch)
    assert not walked
    Event.objects.update(chain_ok=None)
    long = Counting(house.row().pk, board.epoch)
    assert len(walked) == 50
    assert vars(short._chain) == vars(long._chain)


def test_hellos_that_tell_nothing_new_do_not_walk_the_log_again(
    house: House, line: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the fuzz: every hello with a key walked all that was stored, so a stolen board could stop the worker."""
    board, log = chained(house, line)
    log.record(50)
    board.send_events(1, 40)
    ahead = board.log[49]
    Event.objects.update(chain_ok=None)
    walked: list[bytes] = []
    take = chain.Follower.take
    monkeypatch.setattr(chain.Follower, "take", lambda self, record: walked.append(record) or take(self, record))
    for place in range(1, 100):
        board.hello(chain=[place, KEY.hex()])
        board.hello(epoch=place, chain=[place, KEY.hex()])
    board.hello()
    assert not walked and LogKey.objects.filter(epoch=board.epoch).count() == chain.MOST_KEYS
    for _ in range(9):
        board.send_events(1, 3)
        board.say(wire.packed(wire.EVENTS, "<I", 77) + board.log[30])  # of a log that nobody knows, and ahead of it
        board.say(wire.packed(wire.EVENTS, "<I", board.epoch) + ahead)
    assert len(walked) == 40


def test_the_first_key_heard_counts_and_is_not_shown(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    board.hello(chain=[1, bytes(16).hex()])
    assert bytes(LogKey.objects.get().key) == KEY
    assert "chain" not in house.row().health
    log.record(2)
    board.send_events(1, 2)
    assert faults(house) == []


@pytest.mark.parametrize("start", [[1], [1, 5], ["1", KEY.hex()], [1, "zz"], [1, "00"], {}, [-1, KEY.hex()]])
def test_a_start_that_is_none_is_refused(house: House, line: Wire, start: object) -> None:
    board = line.connect(house.settings)
    board.begin()
    board.hello(chain=start)
    line.poll(1)
    assert house.row().refused == {"malformed": 1} and not LogKey.objects.exists()


def test_an_event_that_the_board_did_not_record_raises_an_alarm(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    log.record(4)
    good = board.log[2]
    board.log[2] = good[:9] + b"\x02" + good[10:]
    body = board.log[2][:28]
    from binascii import crc32

    board.log[2] = body + crc32(body).to_bytes(4, "little")
    board.send_events(1, 4)
    assert list(Event.objects.filter(epoch=board.epoch).order_by("sequence").values_list("chain_ok", flat=True)) == [
        True, True, False, True,
    ]  # fmt: skip
    assert alarms() == [chain.ALTERED] and faults(house) == [(3, "altered")]
    assert board.acknowledged == 4


def test_a_log_that_begins_anew_is_told(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    log.record(3)
    board.send_events(1, 3)
    other = bytes(16)
    log.key, log.before = other, bytes(8)
    log.record(flags=codes.CHAIN_BEGINS)
    log.record(2)
    board.hello(chain=[4, other.hex()])
    board.send_events(4, 6)
    assert alarms() == [chain.BEGUN_ANEW]
    assert faults(house) == [(4, "begun anew")]


@pytest.mark.parametrize("field", ["code", "door_number", "extra", "flags", "count", "utc", "key", "chain"])
def test_whatever_is_altered_in_the_database_is_found(house: House, line: Wire, field: str) -> None:
    board, log = chained(house, line)
    log.record(5, key=board.key(26, 1204))
    board.send_events(1, 5)
    event = Event.objects.get(sequence=3)
    other = {"utc": clock.at(1_763_000_000), "key": b"1234567", "chain": b"12345678"}
    setattr(event, field, other.get(field, getattr(event, field) if field in other else getattr(event, field) ^ 8))
    event.save()
    assert (3, "altered") in faults(house)


def test_what_is_missing_or_put_in_is_found(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    log.record(9)
    board.send_events(1, 9)
    Event.objects.get(sequence=5).delete()
    assert faults(house) == [(5, "missing")]
    Event.objects.create(
        controller=house.controller, epoch=board.epoch, sequence=5, code=codes.RELEASED_REX, door_number=1, extra=0,
        flags=0, received_at=clock.now(), chain=bytes(8),
    )  # fmt: skip
    assert (5, "altered") in faults(house)
    Event.objects.filter(sequence=9).delete()
    assert (9, "missing") in faults(house)


def test_erasing_for_privacy_breaks_nothing(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    log.record(6, key=board.key(26, 1204))
    log.record(flags=codes.NEW_KEY)
    log.record(3)
    board.send_events(1, 10)
    gone = Event.objects.filter(sequence__in=[2, 3, 4, 7])
    gone.update(code=0, utc=None, door_number=0, extra=0, flags=0, key=None, count=0, credential=None)
    walk = chain.ChainWalk()
    assert list(chain.verify(house.row(), walk)) == []
    assert walk.erased == 4 and walk.proven == 6


def test_a_board_whose_events_expired_before_they_were_sent_is_no_alarm(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    log.record(4)
    board.log[1] = board.log[1][:4] + bytes(16) + board.log[1][20:28] + bytes(4)
    board.send_events(1, 4)
    assert board.acknowledged == 4 and alarms() == [] and faults(house) == []


def test_a_digest_names_every_log_and_each_the_one_before(house: House, line: Wire, tmp_path: Path) -> None:
    board, log = chained(house, line)
    log.record(4)
    board.send_events(1, 4)

    class Kept:
        lines: list[str] = []

        def put(self, text: str) -> None:
            self.lines.append(text)

    class Broken:
        def put(self, text: str) -> None:
            raise OSError("no room")

    where = [Broken(), Kept()]
    first = digest.make(clock.now(), where=where)
    log.record(2)
    board.send_events(5, 6)
    digest.make(clock.now(), first, where=where)
    said = [json.loads(json.loads(text)["digest"]) for text in Kept.lines]
    assert said[0]["chains"] == [[board.id, board.epoch, 4, board.log[3][20:28].hex()]]
    assert said[1]["previous"] == first and said[1]["chains"][0][2] == 6
    public = digest.public_key()
    assert list(digest.verify(Kept.lines, public)) == []
    assert [number for number, _ in digest.verify([Kept.lines[0], Kept.lines[0]], public)] == [2]
    forged = Kept.lines[0].replace("chains", "chainz")
    assert [number for number, _ in digest.verify([forged], public)] == [1]
    # Whoever owns the database may write a log that holds in itself: the anchor knows another one.
    Event.objects.filter(sequence=4).update(chain=b"12345678")
    assert [number for number, _ in digest.verify(Kept.lines, public)] == [1]
    Event.objects.filter(sequence__gte=5).delete()
    assert [number for number, _ in digest.verify(Kept.lines, public)] == [1, 2]
    path = tmp_path / "digests"
    path.write_text("\n".join(Kept.lines) + "\n")
    assert digest.last_of(path) and not digest.last_of(tmp_path / "none")


def test_the_built_in_anchors(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core import mail

    monkeypatch.setenv("PORTVAKT_ANCHOR_FILE", str(tmp_path / "digests.jsonl"))
    monkeypatch.setenv("PORTVAKT_ANCHOR_MAIL", "styret@example.org")
    monkeypatch.setenv("PORTVAKT_ANCHORS", f"{digest.FILE}, {digest.MAIL}")
    digest.make(clock.now(), digest.make(clock.now()))
    lines = (tmp_path / "digests.jsonl").read_text().splitlines()
    assert len(lines) == 2 and [message.to for message in mail.outbox] == [["styret@example.org"]] * 2
    assert list(digest.verify(lines, digest.public_key())) == []


def test_the_command_says_which_event_and_fails(
    house: House, line: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from tools.cloud.log import command

    monkeypatch.setattr(command, "_django", lambda: None)
    board, log = chained(house, line)
    log.record(4)
    board.send_events(1, 4)
    done = CliRunner().invoke(command.app, ["verify", "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout.splitlines()[-1])["proven"] == 4
    Event.objects.filter(sequence=2).update(door_number=7)
    done = CliRunner().invoke(command.app, ["verify", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout.splitlines()[-1])["faults"] == [
        {"controller": "Oppgang A", "epoch": board.epoch, "sequence": 2, "what": "altered"}
    ]
    assert CliRunner().invoke(command.app, ["verify", "--controller", "none"]).exit_code != 0


def test_a_board_that_begins_a_new_log_again_and_again_is_heard_so_often(house: House, time_now: Stopped) -> None:
    """Each costs a key, a gap and an alarm, and nothing ever comes of it."""

    def says(epoch: int) -> None:
        health = {"chain": [1, bytes(16).hex()]}
        said = store.Hello(0, "0" * 16, 0, epoch, 5, 9, "0.1", health, None)
        store.hello(house.controller.pk, said, clock.now())

    def refused(epoch: int) -> bool:
        try:
            says(epoch)
        except Refused as reason:
            return str(reason) == "logs"
        return False

    for epoch in range(1, 1 + chain.MOST_EMPTY):
        says(epoch)
    assert [refused(epoch) for epoch in range(100, 400)] == [True] * 300
    assert kept(house) == (chain.MOST_EMPTY, chain.MOST_EMPTY)
    says(3)  # one that it spoke of before
    assert house.row().log_epoch == 3
    event = Event.objects.create(
        controller=house.controller, epoch=3, sequence=5, code=1, door_number=0, extra=0, flags=0,
        received_at=clock.now(),
    )  # fmt: skip
    says(401)  # what something has come of does not count
    assert refused(402)
    time_now.now += 86_401
    housekeeping.tidy(clock.now())
    assert set(LogKey.objects.values_list("epoch", flat=True)) == {event.epoch, 401}
    says(402)


def kept(house: House) -> tuple[int, int]:
    mine = {"controller": house.controller}
    return LogKey.objects.filter(**mine).count(), Gap.objects.filter(**mine).count()


def two_logs(house: House, line: Wire) -> tuple[tuple[FakeController, Log], tuple[FakeController, Log], House]:
    """Two boards whose logs have the same epoch and the same numbers, and keys of their own."""
    there = House("Nabo", house.time, 2)
    mine = chained(house, line)
    board = line.connect(there.settings)
    board.begin()
    board.hello(chain=[1, bytes(range(16, 32)).hex()])
    return mine, (board, Log(board, bytes(range(16, 32)))), there


def test_each_log_is_proven_with_its_own_key_also_by_a_new_worker(house: House, line: Wire) -> None:
    """With another's key every event of a board would be told as altered, or what is altered as whole."""
    mine, theirs, there = two_logs(house, line)
    for board, log in (mine, theirs):
        log.record(4)
        log.record(flags=codes.NEW_KEY)
        board.send_events(1, 3)
    line.ingest = line.new_ingest(seed=8)
    for board, _ in (mine, theirs):
        board.begin()
        board.hello()
        board.send_events(4, 5)
    assert set(Event.objects.values_list("chain_ok", flat=True)) == {True} and alarms() == []
    for one in (house, there):
        walk = chain.ChainWalk()
        assert list(chain.verify(one.row(), walk)) == []
        assert walk == chain.ChainWalk(events=5, proven=5)


def test_a_new_life_of_a_log_has_its_own_key_and_marks(house: House, line: Wire) -> None:
    """After flash was lost: what the old log held is no more and no less than before, whatever the new one counts."""
    board, log = chained(house, line)
    log.record(2)
    board.send_events(1, 2)
    old = board.epoch
    board.epoch, board.log = 77, []
    board.hello(chain=[1, bytes(16).hex()])
    new = Log(board, bytes(16))
    new.record(6)
    board.send_events(1, 6)
    assert house.row().acked == 6 and faults(house) == []
    Event.objects.filter(epoch=77, sequence=6).delete()
    assert [(fault.epoch, fault.sequence) for fault in chain.verify(house.row(), chain.ChainWalk())] == [(77, 6)]
    Gap.objects.create(controller=house.controller, epoch=old, first=6, last=6, noticed_at=clock.now())
    assert faults(house) == [(6, "missing")], "a gap of the old log excuses nothing in the new one"
    Gap.objects.create(controller=House("Nabo", house.time, 2).controller, epoch=77, first=6, last=6,
                       noticed_at=clock.now())  # fmt: skip
    assert faults(house) == [(6, "missing")], "nor does a gap of another board"
    Gap.objects.create(controller=house.controller, epoch=77, first=6, last=6, noticed_at=clock.now())
    assert faults(house) == [], "its own does"


@pytest.mark.parametrize(("first", "last", "left"), [(4, 4, [5]), (5, 5, [4]), (4, 5, []), (1, 3, [4, 5])])
def test_a_gap_excuses_what_it_names_and_no_more(
    house: House, line: Wire, first: int, last: int, left: list[int]
) -> None:
    board, log = chained(house, line)
    log.record(7)
    board.send_events(1, 7)
    Event.objects.filter(sequence__in=(4, 5)).delete()
    Gap.objects.create(controller=house.controller, epoch=board.epoch, first=first, last=last, noticed_at=clock.now())
    assert faults(house) == [(number, "missing") for number in left]
    Event.objects.filter(sequence__gte=4).delete()
    assert [number for number, _ in faults(house)] == [*left, 6, 7]


def test_an_event_without_a_chain_is_told_only_where_the_log_has_one(house: House, line: Wire) -> None:
    """Boards of before the chain have events that nothing proves; one put in later must not pass as such."""
    board, log = chained(house, line)
    log.record(5)
    board.send_events(1, 5)
    LogKey.objects.update(sequence=3)
    Event.objects.filter(sequence__in=(2, 4)).update(chain=None)
    walk = chain.ChainWalk()
    found = [(fault.sequence, fault.what) for fault in chain.verify(house.row(), walk)]
    assert (4, "no chain") in found and all(number >= 3 for number, _ in found)
    assert (walk.events, walk.unproven) == (5, 5), "the key is that of event 1, so nothing from 3 on is proven by it"
    LogKey.objects.all().delete()
    walk = chain.ChainWalk()
    assert list(chain.verify(house.row(), walk)) == [] and walk == chain.ChainWalk(events=5, unproven=5)


def test_the_first_event_of_a_chain_may_say_so(house: House, line: Wire) -> None:
    board, log = chained(house, line)
    log.record(flags=codes.CHAIN_BEGINS)
    log.record(2)
    board.send_events(1, 3)
    assert alarms() == [] and faults(house) == []
    assert set(Event.objects.values_list("chain_ok", flat=True)) == {True}


def test_of_logs_from_which_nothing_came_there_are_so_many_and_each_board_has_its_own(house: House) -> None:
    there, pk = House("Nabo", house.time, 2).controller, house.controller.pk
    for epoch in range(10, 10 + chain.MOST_EMPTY):
        chain.check_new(pk, epoch, clock.now())
        chain.keep_key(pk, epoch, 1, KEY)
    with pytest.raises(Refused, match="logs"):
        chain.check_new(pk, 99, clock.now())
    chain.check_new(pk, 10, clock.now())  # it is known
    chain.check_new(there.pk, 99, clock.now())


def test_a_full_list_of_keys_of_one_log_takes_none_from_another(house: House) -> None:
    """A stolen board can fill its own list; the log that its neighbour begins must be proven all the same."""
    there = House("Nabo", house.time, 2).controller
    for place in range(1, chain.MOST_KEYS + 3):
        chain.keep_key(house.controller.pk, 5, place, KEY)
    assert LogKey.objects.filter(controller=house.controller, epoch=5).count() == chain.MOST_KEYS
    chain.keep_key(house.controller.pk, 6, 1, KEY)
    chain.keep_key(there.pk, 5, 1, KEY)
    assert LogKey.objects.filter(controller=house.controller, epoch=6).count() == 1
    assert LogKey.objects.filter(controller=there, epoch=5).count() == 1


def test_what_a_follower_knows_already_is_not_kept_again(house: House) -> None:
    follower = chain.Follower(house.controller.pk, 5)
    assert not follower.knows(1)
    for place in range(1, chain.MOST_KEYS):
        chain.keep_key(house.controller.pk, 5, place, KEY)
    follower = chain.Follower(house.controller.pk, 5)
    assert follower.knows(1) and not follower.knows(1000)
    chain.keep_key(house.controller.pk, 5, 500, KEY)
    assert chain.Follower(house.controller.pk, 5).knows(1000), "no more are kept"


def test_alarms_of_the_chain_are_numbered_in_each_log_and_stay_out_of_the_walk(house: House) -> None:
    there = House("Nabo", house.time, 2).controller
    for controller in (house.controller, there, house.controller):
        chain.alarm(controller.pk, chain.ALTERED, clock.now())
    rows = Event.objects.filter(code=codes.CHAIN_BROKEN, epoch=chain.OWN_EPOCH)
    assert [row.sequence for row in rows.filter(controller=house.controller).order_by("pk")] == [1, 2]
    assert [(row.sequence, row.extra, row.utc) for row in rows.filter(controller=there)] == [
        (1, chain.ALTERED, clock.now())
    ]
    walk = chain.ChainWalk()
    assert list(chain.verify(house.row(), walk)) == [] and walk.events == 0


def test_what_comes_again_is_neither_proven_nor_broken(house: House, line: Wire) -> None:
    """A message twice is the broker's doing: it is no alarm, and what follows is proven as before."""
    board, log = chained(house, line)
    log.record(4)
    follower = chain.Follower(house.controller.pk, board.epoch)
    assert [follower.take(record) for record in board.log[:2]] == [(True, 0)] * 2
    assert [follower.take(record) for record in board.log[:2]] == [(None, 0)] * 2
    assert [follower.take(record) for record in board.log[2:]] == [(True, 0)] * 2
    assert chain.Follower(house.controller.pk, 99).take(board.log[0]) == (None, 0), "without a key nothing is said"


def test_a_digest_tells_of_each_log_its_own_end(house: House, line: Wire, time_now: Stopped) -> None:
    other = House("Fjordgata", time_now, seed=9)
    ends = {}
    for one, key in ((house, KEY), (other, KEY[::-1])):
        board = line.connect(one.settings)
        board.begin()
        board.hello(chain=[1, key.hex()])
        log = Log(board, key)
        log.record(3)
        board.send_events(1, 3)
        ends[one.controller.public_id] = log.before.hex()
    assert len(set(ends.values())) == 2
    assert {chain[0]: chain[3] for chain in digest.content(clock.now(), "")["chains"]} == ends
