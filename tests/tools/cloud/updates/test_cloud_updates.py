"""Rollouts: to a part of the boards, piece by piece, ended by failures; silence is one."""

import json
from pathlib import Path

import pytest
from cloud_world import House, Stopped, Wire
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_controller import FakeController

from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import OVERHEAD, Refused
from tools import build, release
from tools.cloud.controllers.troubles import Troubles
from tools.cloud.ingest.updates import STATES, UpdateTransfer
from tools.cloud.models import Controller, Release, Rollout, RolloutBoard
from tools.cloud.services import clock
from tools.cloud.updates import updates
from tools.terminal import Problem

State = RolloutBoard.State
OFFER = 0xFFFFFFFF


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("slot")
    (folder / "a.mpy").write_bytes(b"a" * 5000)
    built = build.Build("abcdef012345", folder, {"a.mpy": "00" * 32})
    return release.make(built, 1, rsa.generate_private_key(65537, 2048))


@pytest.fixture
def signed(stream: bytes, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Release:
    from django.conf import settings

    monkeypatch.setattr(settings, "DATA", tmp_path)
    return updates.add(stream)


class Updated:
    """A board that takes a release as the firmware does. fate: what becomes of it after the start."""

    def __init__(self, board: FakeController, fate: str = "kept"):
        self.board, self.fate, self.got, self.size, self.starts = board, fate, b"", None, 0
        do = board._do

        def heard(message: bytes) -> None:
            do(message)
            if message[0] == wire.UPDATE:
                self.take(message)

        board._do = heard  # type: ignore[method-assign]

    def take(self, message: bytes) -> None:
        at = int.from_bytes(message[1:5], "little")
        if self.starts:
            if self.fate == "returned":
                self.say(state="wanted", next=0)
            elif self.fate == "kept":
                self.say(state="running")
            return
        if at == OFFER:
            fields = json.loads(message[5:])
            if self.fate == "refused":
                self.say(state="refused", why="signature")
                return
            if fields.get("start"):
                self.starts += 1
                self.say(state="starting")
                return
        elif at == len(self.got):
            self.got += message[5:]
        self.say(state="staged") if len(self.got) == self.size else self.say(state="wanted", next=len(self.got))

    def say(self, **fields: object) -> None:
        self.board.say(wire.json_message(wire.UPDATE_STATE, {"build": "abcdef012345", **fields}))


def run(line: Wire, seconds: int, *boards: FakeController) -> None:
    for _ in range(seconds):
        for board in boards:
            board.ping()
        line.poll(1)


def one(house: House) -> RolloutBoard:
    return RolloutBoard.objects.get(controller=house.controller)


def test_a_release_goes_out_in_pieces_is_started_and_kept(
    house: House, line: Wire, signed: Release, stream: bytes
) -> None:
    board = line.connect(house.settings).connect()
    updated = Updated(board)
    updated.size = len(stream)
    rollout = updates.start(signed, 100)
    run(line, 3, board)
    assert one(house).state == State.SENDING
    run(line, 120, board)
    assert updated.got == stream and updated.starts == 1
    assert one(house).state == State.KEPT
    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.DONE
    board.heard.clear()
    run(line, 70, board)
    assert wire.UPDATE not in board.heard_kinds()


def test_no_piece_is_longer_than_the_controller_takes(house: House, line: Wire, signed: Release, stream: bytes) -> None:
    board = line.connect(house.settings)
    board.begin()
    board.hello(longest=300)
    updated = Updated(board)
    updated.size = len(stream)
    updates.start(signed, 100)
    run(line, 5, board)
    pieces = [message for message in board.heard if message[0] == wire.UPDATE]
    assert len(pieces) > 3 and max(len(piece) + OVERHEAD for piece in pieces) == 300
    assert updated.got == stream[: len(updated.got)]


def test_it_goes_on_where_it_stopped_after_any_cut(house: House, line: Wire, signed: Release, stream: bytes) -> None:
    board = line.connect(house.settings).connect()
    updated = Updated(board)
    updated.size = len(stream)
    updates.start(signed, 100)
    run(line, 3, board)
    had = len(updated.got)
    line.time.now += 14 * 86_400
    line.ingest = line.new_ingest(seed=9)
    board.connect()
    run(line, 10, board)
    assert len(updated.got) > had > 0
    run(line, 120, board)
    assert updated.got == stream and one(house).state == State.KEPT


@pytest.mark.parametrize("fate", ["returned", "refused"])
def test_a_board_that_does_not_keep_it_ends_the_rollout(
    house: House, line: Wire, signed: Release, stream: bytes, fate: str
) -> None:
    board = line.connect(house.settings).connect()
    Updated(board, fate).size = len(stream)
    rollout = updates.start(signed, 100)
    run(line, 150, board)
    rollout.refresh_from_db()
    assert one(house).state == State.RETURNED
    assert rollout.state == Rollout.State.ABORTED and "1 controllers" in rollout.why


def test_silence_after_the_start_is_a_failure(house: House, line: Wire, signed: Release, stream: bytes) -> None:
    board = line.connect(house.settings).connect()
    Updated(board, "silent").size = len(stream)
    rollout = updates.start(signed, 100, timeout_h=2)
    run(line, 60, board)
    assert one(house).state == State.STAGED
    line.poll(7100)
    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.RUNNING
    line.poll(200)
    line.poll(1)
    rollout.refresh_from_db()
    assert one(house).state == State.SILENT and rollout.state == Rollout.State.ABORTED


def test_a_board_that_has_read_a_card_with_it_vouches_for_its_like(
    house: House, line: Wire, signed: Release, time_now: Stopped
) -> None:
    other = House("Fjordgata", time_now, seed=3)
    quiet, busy = line.connect(house.settings).connect(), line.connect(other.settings, epoch=6).connect()
    boards = updates.start(signed, 100, timeout_h=48).boards
    boards.filter(controller=house.controller).update(state=State.STAGED)
    boards.filter(controller=other.controller).update(state=State.KEPT)

    def offer() -> object:
        quiet.heard.clear()
        line.time.now += 61
        quiet.ping()
        line.poll(1)
        return json.loads(quiet.last_heard(wire.UPDATE)[5:]).get("vouched")

    assert offer() is None
    busy.record(1, key=busy.key(26, 1204))
    busy.send_events(1, 1)
    assert offer() == 1
    other.controller.board["name"] = "another-kind"
    other.controller.save()
    assert offer() is None


def test_a_percentage_takes_so_many_and_the_next_stage_the_rest(
    house: House, time_now: Stopped, signed: Release
) -> None:
    for n in range(9):
        House(f"Hus {n}", time_now, seed=20 + n)
    for percent in (0, 101):
        with pytest.raises(Problem, match="1 to 100"):
            updates.start(signed, percent)
    first = updates.start(signed, 25)
    assert first.boards.count() == 3
    with pytest.raises(Problem):
        updates.start(signed, 50)
    first.boards.update(state=State.KEPT)
    assert updates.settle(first)
    kept = set(first.boards.values_list("controller", flat=True))
    lost = next(pk for pk in Controller.objects.values_list("pk", flat=True) if pk not in kept)
    Controller.objects.filter(pk=lost).update(lost_at=clock.now())
    second = updates.start(signed, 100)
    assert second.boards.count() == Controller.objects.count() - 4, "neither those that have it, nor one that is lost"
    assert not set(first.boards.values_list("controller", flat=True)) & set(
        second.boards.values_list("controller", flat=True)
    )


def test_an_aborted_rollout_sends_nothing_more(house: House, line: Wire, signed: Release, stream: bytes) -> None:
    board = line.connect(house.settings).connect()
    updated = Updated(board)
    updated.size = len(stream)
    rollout = updates.start(signed, 100)
    run(line, 3, board)
    updates.abort(rollout, "somebody said so")
    board.heard.clear()
    run(line, 100, board)
    assert wire.UPDATE not in board.heard_kinds()


def test_what_a_board_says_of_no_update_is_refused(house: House, line: Wire, signed: Release) -> None:
    board = line.connect(house.settings).connect()
    for fields in (
        {"build": "abcdef012345", "state": "kept"},
        {"build": 5, "state": "kept"},
        {"build": "abcdef012345", "state": "well"},
        {"build": "abcdef012345", "state": "wanted", "next": "0"},
    ):
        board.say(wire.json_message(wire.UPDATE_STATE, fields))
    updates.start(signed, 100)
    board.say(wire.json_message(wire.UPDATE_STATE, {"build": "abcdef012345", "state": "wanted", "next": 1 << 40}))
    line.poll(2)
    assert house.row().refused == {"unexpected": 1, "malformed": 4}


def test_what_is_no_release_is_not_taken(signed: Release, stream: bytes) -> None:
    for body in (b"", stream[:-1], stream + b"x", b"\0" * 300, stream):
        with pytest.raises(Problem):
            updates.add(body)


# What a board may say in which state, and what becomes of it: {it stands: {it says: it stands then}}; else as before.
W, SENDING, STAGED, KEPT, RETURNED = State.WAITING, State.SENDING, State.STAGED, State.KEPT, State.RETURNED
SAID = {
    W: {"kept": KEPT, "running": KEPT, "returned": RETURNED, "refused": RETURNED, "wanted": SENDING, "staged": STAGED},
    SENDING: {"kept": KEPT, "running": KEPT, "returned": RETURNED, "refused": RETURNED, "staged": STAGED},
    STAGED: {"kept": KEPT, "running": KEPT, "returned": RETURNED, "wanted": RETURNED},
    KEPT: {},
    RETURNED: {},
    State.SILENT: {"kept": KEPT, "running": KEPT, "returned": RETURNED, "refused": RETURNED, "staged": STAGED},
}  # fmt: skip


class Heard:
    """What is needed of a session."""

    room = wire.MAX_MESSAGE - OVERHEAD

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.sent.append(message)


def said(rollouts: UpdateTransfer, house: House, state: object, **fields: object) -> list[bytes]:
    heard = Heard()
    message = wire.json_message(wire.UPDATE_STATE, {"build": "abcdef012345", "state": state, **fields})
    rollouts.said(house.controller.pk, message, heard, clock.now())
    return heard.sent


@pytest.fixture
def rollouts(house: House, signed: Release) -> UpdateTransfer:
    """A rollout with a second board that waits, so that it goes on whatever the first one says."""
    there = House("Nabo", house.time, 2)
    updates.start(signed, 100, [house.controller.pk, there.controller.pk], abort_after=2)
    return UpdateTransfer(Troubles())


@pytest.mark.parametrize("says", STATES)
@pytest.mark.parametrize("stands", SAID)
def test_what_a_board_says_counts_in_the_state_it_is_in(
    house: House, rollouts: UpdateTransfer, stands: State, says: str
) -> None:
    """Firmware that went back must not count as kept, nor the other way round: a rollout goes on or stops by it."""
    RolloutBoard.objects.filter(controller=house.controller).update(state=stands, sent=7, at=clock.at(1000))
    sent = said(rollouts, house, says, next=7)
    board = one(house)
    then = SAID[stands].get(says, stands)
    assert board.state == then
    assert (board.at == clock.now()) is (then != stands)
    ended = stands in (KEPT, RETURNED)
    assert [json.loads(message[5:]).get("start") for message in sent] == ([1] if says == "staged" and not ended else [])
    others = RolloutBoard.objects.exclude(controller=house.controller)
    assert [row.state for row in others] == [State.WAITING]


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "asleep"},
        {"state": None},
        {"state": "wanted", "next": "1"},
        {"state": "wanted", "next": -1},
        {"state": "wanted", "next": True},
        {"state": "refused", "why": 1},
        {"state": "wanted", "build": 7},
    ],
    ids=str,
)
def test_a_state_that_is_none_changes_nothing(
    house: House, rollouts: UpdateTransfer, fields: dict[str, object]
) -> None:
    state = fields.pop("state")
    with pytest.raises(Refused, match="malformed"):
        said(rollouts, house, state, **fields)
    assert one(house).state == State.WAITING


def test_a_board_asks_for_what_there_is_and_no_more(house: House, rollouts: UpdateTransfer, signed: Release) -> None:
    for offset, fits in ((0, True), (signed.size - 1, True), (signed.size, False), (1 << 40, False)):
        if fits:
            said(rollouts, house, "wanted", next=offset)
            assert (one(house).state, one(house).sent) == (State.SENDING, offset)
        else:
            with pytest.raises(Refused, match="malformed"):
                said(rollouts, house, "wanted", next=offset)
    assert one(house).sent == signed.size - 1


def test_who_is_in_no_rollout_or_in_one_that_is_over_is_not_heard(house: House, rollouts: UpdateTransfer) -> None:
    with pytest.raises(Refused, match="unexpected"):
        said(rollouts, house, "kept", build="0123456789ab")
    stranger = House("Tredje", house.time, 3)
    with pytest.raises(Refused, match="unexpected"):
        said(rollouts, stranger, "kept")
    updates.abort(Rollout.objects.get(), "enough")
    with pytest.raises(Refused, match="unexpected"):
        said(rollouts, house, "kept")
    assert {row.state for row in RolloutBoard.objects.all()} == {State.WAITING}


def test_a_rollout_ends_with_its_failures_or_when_nobody_is_under_way(house: House, rollouts: UpdateTransfer) -> None:
    rollout = Rollout.objects.get()
    there = RolloutBoard.objects.exclude(controller=house.controller).get()
    said(rollouts, house, "returned")
    assert not updates.settle(rollout), "one of two failures"
    there.state = State.SILENT
    there.save()
    assert updates.settle(rollout)
    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.ABORTED and rollout.why.startswith("2 controllers returned")
    Rollout.objects.update(state=Rollout.State.RUNNING, abort_after=3)
    rollout.refresh_from_db()
    assert updates.settle(rollout)
    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.DONE
    Rollout.objects.update(state=Rollout.State.ABORTED)
    updates.settle(rollout)
    rollout.refresh_from_db()
    assert rollout.state == Rollout.State.ABORTED, "one that was stopped by hand stays stopped"


def test_a_board_that_is_to_start_and_says_nothing_has_failed_after_its_hours(
    house: House, rollouts: UpdateTransfer
) -> None:
    rollout = Rollout.objects.get()
    there = RolloutBoard.objects.exclude(controller=house.controller).get()
    said(rollouts, house, "staged")
    house.time.now += rollout.timeout_h * 3600
    updates.note_silence(rollout, clock.now())
    assert one(house).state == State.STAGED
    house.time.now += 1
    updates.note_silence(rollout, clock.now())
    assert one(house).state == State.SILENT
    there.refresh_from_db()
    assert there.state == State.WAITING, "one that has not been sent anything has not failed"
