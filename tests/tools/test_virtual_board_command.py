"""`portvakt board`: a virtual board that is installed like a real one, and every alarm practised on it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from firmware.controller import events
from tests.tools.virtual_board import portvakt, running
from tools.board import command, control, wired
from tools.run.flash import FlashLog
from tools.terminal import Problem


@pytest.mark.micropython
def test_a_board_is_installed_and_every_alarm_practised(tmp_path: Path) -> None:
    with running(tmp_path / "board", "virtual-two-door-inputs") as board:
        assert Path(board.port).exists()
        assert board.install()["build"]
        assert board.events("tap", "1", "26:17:1204") == [("denied: unknown card", 1)]
        assert board.events("tap", "2", "34:3021:40117") == [("denied: unknown card", 2)]
        pressed = board("rex", "1")
        assert pressed["events"][0]["event"] == "exit button" and pressed["doors"][0]["released"]
        assert board.events("push", "1") == [("opened", 1)]
        assert board.events("contact", "2", "open") == [("forced", 2)]
        assert ("closed", 2) in board.events("contact", "2", "closed")
        assert board.events("input", "fire", "on") == [("fire", 0), ("released by fire", 1), ("released by fire", 2)]
        assert all(door["released"] for door in board("state")["doors"])
        assert ("fire over", 0) in board.events("input", "1", "off")
        assert ("mains lost", 0) in board.events("input", "mains", "on")
        assert ("enclosure opened", 0) in board.events("input", "enclosure", "on")
        assert ("bell", 1) in board.events("input", "bell", "on")
        dark = board("power", "off")
        assert not dark["running"] and not any(door["released"] for door in dark["doors"])
        refused = portvakt("board", "tap", "1", "26:1:1", "--folder", str(board.folder))
        assert refused.returncode == 1 and "switch its power on" in refused.stderr
        again = board.events("power", "on")
        assert {("started", 0), ("mains lost", 0), ("enclosure opened", 0)} <= set(again)  # as the world is
        with pytest.raises(Problem, match="runs in"):
            command._hold(board.folder, erase=True)
    with pytest.raises(Problem, match="start one with: portvakt board virtual"):
        board("state")


@pytest.mark.micropython
def test_supervised_lines_are_cut_and_bridged(tmp_path: Path) -> None:
    with running(tmp_path / "board", "esp32-two-door-supervised") as board:
        board.install()
        assert board.events("tap", "1", "26:17:1204") == [("denied: unknown card", 1)]
        log = FlashLog(board.folder / "log.img")
        assert not {events.LINE_CUT, events.LINE_SHORT} & {event.code for event in log.refresh()}  # all is well
        assert board.events("line", "contact:1", "cut") == [("line cut", 1)]
        assert board.events("line", "contact:1", "whole") == [("line whole", 1)]
        assert board.events("line", "rex:2", "short") == [("line bridged", 2)]
        assert board.events("line", "fire", "cut") == [("line cut", 0)]
        assert board.events("contact", "1", "open") == [("forced", 1)]
        with pytest.raises(Problem, match="no supervised line"):
            board("line", "mains", "cut")


@pytest.mark.parametrize(
    "card", ["", "26", "26:1", "26:1:1:1", "26:-1:1", "26:a:1", "27:1:1", "26:256:1", "26:1:65536"]
)
def test_what_is_no_card_is_refused_with_a_sentence(card: str) -> None:
    with pytest.raises(Problem):
        wired._bits(card)


def test_a_card_is_sent_as_its_reader_does() -> None:
    from sim.world.wiegand import encode

    assert wired._bits("26:17:1204") == encode(26, 17, 1204)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(Problem, match="holds something"):
        command._hold(tmp_path, erase=True)
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_erase_begins_with_an_empty_flash(tmp_path: Path) -> None:
    os.close(command._hold(tmp_path, erase=False))
    (tmp_path / "log.img").write_bytes(b"old")
    (tmp_path / "files").mkdir()
    os.close(command._hold(tmp_path, erase=False))
    assert (tmp_path / "log.img").exists()
    os.close(command._hold(tmp_path, erase=True))
    assert [file.name for file in tmp_path.iterdir()] == [command._LOCK]


def test_only_who_has_the_key_is_heard(tmp_path: Path) -> None:
    import asyncio

    heard = []

    async def do(fields: dict[str, Any]) -> dict[str, Any]:
        heard.append(fields["do"])
        if fields["do"] == "fail":
            raise Problem("it is closed; open it")
        return {"done": fields["do"]}

    async def story() -> None:
        server = control.Control(tmp_path, do)
        await server.start()
        try:
            ask = lambda **fields: asyncio.to_thread(control.ask, tmp_path, **fields)  # noqa: E731
            assert (tmp_path / control.NAME).stat().st_mode & 0o777 == 0o600
            assert await ask(do="tap") == {"done": "tap"}
            with pytest.raises(Problem, match="it is closed; open it"):
                await ask(do="fail")
            known = json.loads((tmp_path / control.NAME).read_text())
            (tmp_path / control.NAME).write_text(json.dumps(known | {"key": "0" * 32}))
            with pytest.raises(Problem, match="key is wrong"):
                await ask(do="power")
        finally:
            await server.stop()
        with pytest.raises(Problem, match="start one with"):
            await ask(do="tap")

    asyncio.run(story())
    assert heard == ["tap", "fail"]
