"""The link secret changes without a visit, whatever fails on the way: the real firmware and the real ingest."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from cloud_world import House, Stopped, counted_bytes
from whole_board import Whole

from firmware.controller.cloud import wire
from firmware.controller.storage import settings, settings_save
from sim.fuzz import board as boards
from sim.mcu.chip import use
from tools.cloud.controllers import rotation
from tools.cloud.controllers.lost import lost
from tools.cloud.ingest.ingest import Ingest
from tools.cloud.models import Controller
from tools.cloud.services import clock

NEW = bytes(range(32))


class PowerCut(BaseException):
    """Nothing that the firmware catches."""


class Link(Whole):
    """folder: of the board's littlefs."""

    def __init__(self, house: House, time_now: Stopped, folder: Path):
        self.house, self.folder = house, folder
        self.old = bytes.fromhex(house.settings["link_secret"])
        enrolled = datetime.fromtimestamp(boards.UTC, UTC)
        Controller.objects.filter(pk=house.controller.pk).update(enrolled_at=enrolled)
        super().__init__(house, time_now, folder)

    def row(self) -> Controller:
        return Controller.objects.get(pk=self.house.controller.pk)

    def rotate(self, secret: bytes = NEW) -> None:
        assert rotation.begin(self.house.controller.pk, lambda n: secret)

    def board_keeps(self) -> list[bytes]:
        """On its flash: the secret in charge, and the one before."""
        kept = settings.load(f"{self.folder}/")[0]
        names = ("link_secret", "old_secret")
        return [bytes.fromhex(kept[name]) for name in names if name in kept]

    def restart_board(self) -> None:
        self.board = boards.HandBoard(self.folder, Random(2), settings.load(f"{self.folder}/")[0])
        self.board.session.begin(self.board.chip.time)
        self.run(8)

    def restart_worker(self) -> None:
        self.ingest = Ingest(lambda topic, payload: self.down.append(payload), self.time, counted_bytes(5 << 40))
        self.ingest.start()
        self.run(8)

    def lives(self) -> bool:
        """Whether the cloud hears it."""
        before = self.row().confirmed_at
        self.run(6)
        now = self.row().confirmed_at
        return now is not None and now != before


@pytest.fixture
def link(house: House, time_now: Stopped, tmp_path: Path) -> Iterator[Link]:
    try:
        yield Link(house, time_now, tmp_path)
    finally:
        use(None)


def test_the_new_secret_is_in_charge_when_the_board_has_spoken_under_it(link: Any) -> None:
    link.rotate()
    link.restart_worker()
    link.run(8)
    row = link.row()
    assert bytes(row.link_secret) == NEW and row.next_secret is None and row.secrets_held == 2
    assert link.board_keeps() == [NEW, link.old]
    assert link.lives()
    link.restart_board()
    assert link.lives()
    seen = b"".join(link.bytes)
    assert NEW not in seen and NEW.hex().encode() not in seen


def test_after_a_week_the_one_before_is_over(link: Any) -> None:
    link.rotate()
    link.restart_worker()
    link.run(8)
    link.time.now += timedelta(days=8).total_seconds()
    link.restart_worker()
    assert link.board_keeps() == [NEW]
    assert link.row().secrets_held == 1 and link.lives()
    link.bytes.clear()
    link.restart_worker()
    assert link.lives()


def test_a_cloud_that_was_put_back_finds_the_board_by_the_one_before(link: Any) -> None:
    link.rotate()
    link.restart_worker()
    link.run(8)
    Controller.objects.filter(pk=link.house.controller.pk).update(
        link_secret=link.old, next_secret=None, secret_at=None, secrets_held=1
    )
    link.restart_worker()
    link.run(180)
    assert link.lives()
    other = bytes(range(32, 64))
    link.rotate(other)
    link.restart_worker()
    link.run(20)
    assert bytes(link.row().link_secret) == other and link.board_keeps() == [other, link.old] and link.lives()


@pytest.mark.parametrize("step", range(1, 8))
def test_wherever_the_power_fails_one_of_the_two_opens_the_link(
    link: Any, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings are written twice, each copy by a write and a rename; then the board tells."""
    done = 0

    def cut(real: Any) -> Any:
        def act(*words: Any, **more: Any) -> Any:
            nonlocal done
            done += 1
            if done >= step:
                raise PowerCut
            return real(*words, **more)

        return act

    # Its own names alone: the cloud end of this process writes JSON too.
    monkeypatch.setattr(settings_save, "os", SimpleNamespace(rename=cut(os.rename), remove=os.remove))
    monkeypatch.setattr(settings_save, "json", SimpleNamespace(dumps=cut(json.dumps)))
    monkeypatch.setattr(link.board.sync, "say", cut(link.board.sync.say))
    link.rotate()
    try:
        link.restart_worker()
        link.run(8)
    except PowerCut:
        pass
    monkeypatch.undo()
    link.restart_board()
    link.run(90)
    assert link.lives()
    link.restart_worker()
    link.run(20)
    assert bytes(link.row().link_secret) == NEW and link.board_keeps()[0] == NEW and link.lives()


def test_what_is_no_secret_changes_nothing(link: Any) -> None:
    session = link.ingest.sessions[link.house.controller.public_id]
    for body in (bytes(31), bytes(33), bytes(64)):
        session.send(bytes((wire.SECRET,)) + body)
        link.run(1)
    assert link.board_keeps() == [link.old] and link.board.refused["content"] == 3 and link.lives()


def test_a_secret_changes_by_itself_once_a_year_and_not_at_a_lost_board(link: Any) -> None:
    now = clock.now()
    assert rotation.begin_due(now) == 0
    assert rotation.begin_due(now + timedelta(days=366)) == 1
    assert rotation.begin_due(now + timedelta(days=366)) == 0
    lost(link.house.controller, None)
    assert link.row().next_secret is None and not rotation.begin(link.house.controller.pk)
