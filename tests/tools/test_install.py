"""`portvakt install` with the real mpremote: onto virtual boards over their serial port, and what it refuses."""

import asyncio
import copy
import hashlib
import json
import os
import pty
import runpy
import subprocess
import sys
import tty
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from littlefs import LittleFS

from firmware.controller import events
from sim.board.host import VirtualBoard
from tools import boards, build
from tools.install import command, payload, target
from tools.install.remote import Remote, on_board
from tools.run.flash import FlashLog
from tools.terminal import Problem

ROOT = Path(__file__).resolve().parents[2]
NAME = "virtual-two-door"
TABLE = boards.load(NAME)
SETTINGS: dict[str, Any] = {
    "controller": "00112233445566ff",
    "link_secret": "5e" * 32,
    "table_key": "7a" * 32,
    "broker": {"host": "127.0.0.1", "port": 1, "user": "", "password": ""},
    "wifi": {"name": "test", "password": "not-a-secret"},
}
micropython = pytest.mark.micropython


def on_a_board(folder: Path, work: Callable[[VirtualBoard], Awaitable[None]]) -> None:
    """Does `work` with a virtual board under power, and cuts the power after it."""

    async def run() -> None:
        board = VirtualBoard("test", TABLE, folder, lambda pin, level: None)
        await board.start()
        try:
            await work(board)
        finally:
            await board.stop()

    asyncio.run(asyncio.wait_for(run(), 100))


async def install(board: VirtualBoard, *options: str) -> tuple[int, dict[str, Any], str]:
    """The real command in a process of its own. Returns its exit code, its JSON and what it said on the way."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tools", "install", "--board", NAME, "--port", board.port, "--json", *options),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    lines = out.decode().splitlines()
    return process.returncode or 0, json.loads(lines[-1]) if lines else {}, err.decode()


async def until(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen within 10 s")


def image(folder: Path) -> LittleFS:
    """The file system of a board without power, read by another implementation of littlefs."""
    data = (folder / "littlefs.img").read_bytes()
    fs = LittleFS(block_size=4096, block_count=len(data) // 4096, prog_size=256, mount=False)
    fs.context.buffer = bytearray(data)
    fs.mount()
    return fs


def read(fs: LittleFS, path: str) -> bytes:
    with fs.open(path, "rb") as file:
        return bytes(file.read())


def every_file(fs: LittleFS) -> dict[str, bytes]:
    return {
        f"{folder.rstrip('/')}/{name}": read(fs, f"{folder.rstrip('/')}/{name}")
        for folder, _, names in fs.walk("/")
        for name in names
    }


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "enrolled.json"
    file.write_text(json.dumps(SETTINGS))
    return file


@micropython
def test_an_empty_board_gets_everything_and_starts(tmp_path: Path, settings: Path) -> None:
    facts: dict[str, Any] = {}

    async def work(board: VirtualBoard) -> None:
        code, found, said = await install(board, "--settings", str(settings), "--commission", "20")
        assert code == 0, said
        facts.update(found)
        await until(lambda: board.restarts >= 1 and board.alive)
        log = FlashLog(tmp_path / "board" / "log.img")
        await until(lambda: any(event.code == events.COMMISSIONING_BEGAN for event in log.refresh()))
        assert [event.extra for event in log.events.values() if event.code == events.COMMISSIONING_BEGAN] == [20]

    on_a_board(tmp_path / "board", work)
    made = build.make()
    assert facts["commission"] == 20
    assert facts["build"] == made.id
    assert facts["before"] is None and facts["settings"] is True
    assert facts["verified"] == facts["files"] == facts["copied"] == 2 + 5

    there = every_file(image(tmp_path / "board"))
    slot = f"/slots/{made.id}"
    wanted = {f"{slot}/{name}": content for name, content in made.slot.items()}
    wanted |= {f"/{name}": (build.FIRMWARE / name).read_bytes() for name in build.ROOT_FILES}
    wanted["/current"] = f"{made.id}\n".encode()
    assert {path: there.get(path) for path in wanted} == wanted
    assert json.loads(there["/board.json"]) == TABLE
    for name in ("/settings.json", "/settings.bak"):
        stored = json.loads(there[name])
        assert {**stored, "crc": ""} == {**SETTINGS, "crc": ""}
    assert "/trial" not in there, "commissioning is for one start"
    assert "/maintenance" not in there and not any(path.startswith("/new") for path in there)


@micropython
def test_a_running_controller_is_stopped_replaced_and_started_again(tmp_path: Path, settings: Path) -> None:
    async def work(board: VirtualBoard) -> None:
        moved: list[tuple[int, int]] = []
        board._on_output = lambda pin, level: moved.append((pin, level))
        code, first, said = await install(board, "--settings", str(settings))
        assert code == 0, said
        lights = TABLE["doors"][0]["reader"]["light"]
        await until(lambda: (lights, 1) in moved)  # the controller has taken its pins
        moved.clear()
        code, found, said = await install(board)  # without settings: the board keeps its own
        assert code == 0, said
        assert "restarting the board into maintenance" in said
        assert found["before"] == first["build"]
        assert (first["commission"], found["commission"]) == (15, 0)
        await until(lambda: (lights, 1) in moved)
        assert not [pin for pin, level in moved if level and pin in (25, 26)], "no strike moved on the way"

    on_a_board(tmp_path / "board", work)
    assert json.loads(read(image(tmp_path / "board"), "/settings.json"))["controller"] == SETTINGS["controller"]


@micropython
def test_old_slots_go_but_the_one_before_stays(tmp_path: Path) -> None:
    prepare = (
        "import os\n"
        "for d in ('/slots', '/slots/before', '/slots/older', '/slots/older/controller'): os.mkdir(d)\n"
        "open('/slots/older/controller/x.mpy', 'w').close()\n"
        "open('/slots/before/manifest.json', 'w').close()\n"
        "f = open('/current', 'w'); f.write('before\\n'); f.close()"
    )

    async def work(board: VirtualBoard) -> None:
        await asyncio.to_thread(Remote(board.port).call, "exec", prepare)
        code, found, said = await install(board)
        assert code == 0, said
        assert found["before"] == "before"
        assert found["pruned"] == ["older"] and found["copied"] == 2 + 3

    on_a_board(tmp_path / "board", work)
    fs = image(tmp_path / "board")
    assert sorted(fs.listdir("/slots")) == sorted([build.make().id, "before"])


class Damaged(payload.Payload):
    """Its firmware arrives with another hash."""

    def plan(self) -> dict[str, Any]:
        plan = super().plan()
        plan["files"][f"/slots/{self.build.id}/app.pack"][1] = "00" * 32
        return plan


@micropython
def test_what_was_damaged_on_the_way_is_not_put_in_charge(tmp_path: Path) -> None:
    damaged = Damaged(build.make(), payload.assemble(build.make(), NAME, None).new)

    async def work(board: VirtualBoard) -> None:
        remote = Remote(board.port)
        await asyncio.to_thread(remote.call, "exec", "f = open('/current', 'w'); f.write('before'); f.close()")
        with pytest.raises(Problem, match=r"damaged on the way: /slots/\w+/app\.pack"):
            await asyncio.to_thread(command.transfer, remote, damaged)
        assert board.restarts == 0

    on_a_board(tmp_path / "board", work)
    there = every_file(image(tmp_path / "board"))
    assert there["/current"] == b"before"
    assert "/boot.py" not in there and "/board.json" not in there


@micropython
def test_a_failed_installation_leaves_the_old_controller_running(tmp_path: Path, settings: Path) -> None:
    async def work(board: VirtualBoard) -> None:
        lights: list[int] = []
        board._on_output = lambda pin, level: lights.append(level) if pin == 21 else None
        assert (await install(board, "--settings", str(settings)))[0] == 0
        await until(lambda: 1 in lights)
        damaged = Damaged(replace(build.make(), id="ffffffffffff"), {})
        remote = Remote(board.port)
        await asyncio.to_thread(command.stop_controller, remote)
        lights.clear()
        with pytest.raises(Problem, match="damaged on the way"):
            await asyncio.to_thread(command.transfer, remote, damaged)
        await asyncio.to_thread(command.back_in_service, remote)
        await until(lambda: 1 in lights)

    on_a_board(tmp_path / "board", work)


def test_commissioning_over_the_cable_leaves_a_ticket_for_one_start(monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.install import commission

    done: list[str] = []
    answers = [{"current": "abc"}, {"trial": False}, {"current": "abc"}, {"trial": True}, {"current": None}]
    monkeypatch.setattr(Remote, "tell", lambda self, *commands, **more: answers.pop(0))
    monkeypatch.setattr(Remote, "call", lambda self, *commands, **more: done.append(commands[1]) or "")
    commission.commission("/dev/x", 30)
    assert len(done) == 1 and "file.write('abc commission 30')" in done[0]
    assert done[0].endswith("os.rename('/trial.new', '/trial')"), "there whole or not at all"
    for said in ("on trial", "install it first"):
        with pytest.raises(Problem, match=said):
            commission.commission("/dev/x", 30)
    assert len(done) == 1


GOOD = {
    "name": "micropython",
    "version": [1, 24, 1],
    "mpy": 0x2806,
    "partitions": {"acl": 131072, "log": 131072, "state": 8192},
    "taken": {"parcels": [], "allotted": []},
}


@pytest.fixture(scope="module")
def mpy() -> Path:
    return build.make().folder / "controller" / "app.mpy"


def test_the_oldest_supported_release_is_accepted(mpy: Path) -> None:
    target.check(GOOD, TABLE, mpy)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "circuitpython", "not MicroPython; flash MicroPython 1.24 or newer"),
        ("version", [1, 23, 0], "MicroPython 1.23.0; flash 1.24 or newer"),
        ("mpy", 0x2805, "reads .mpy version 5, this firmware is version 6"),
        ("mpy", None, "reads .mpy version None"),
        ("partitions", None, "not an ESP32"),
        ("partitions", {"acl": 131072, "state": 8192}, "no partition 'log' of 131072 bytes; flash it"),
        ("partitions", {"acl": 4096, "log": 131072, "state": 8192}, "only 4096 bytes in partition 'acl'"),
    ],
)
def test_a_board_that_cannot_take_it_is_refused_with_what_to_do(mpy: Path, field: str, value: Any, said: str) -> None:
    with pytest.raises(Problem, match=said.replace("(", r"\(")):
        target.check({**GOOD, field: value}, TABLE, mpy)


def test_a_bank_is_not_made_smaller_while_parcels_lie_in_what_would_be_gone(mpy: Path) -> None:
    bank = boards.load("esp32-bank")
    lie = {**GOOD, "partitions": bank["flash"], "taken": {"parcels": [3, 48], "allotted": []}}
    target.check(lie, bank, mpy)
    smaller = {**bank, "bank": {**bank["bank"], "locks": {**bank["bank"]["locks"], "addresses": [1]}}}
    with pytest.raises(
        Problem, match="compartments that boards/esp32-bank does not have: 48; have them picked up first"
    ):
        target.check(lie, smaller, mpy)
    with pytest.raises(Problem, match="does not have: 3, 48;"):
        target.check(lie, {**bank, "bank": {}}, mpy)
    with pytest.raises(Problem, match="no partition 'bank' of 32768 bytes"):
        target.check({**lie, "partitions": GOOD["partitions"]}, {**bank, "flash": {"bank": 32768}}, mpy)


def test_a_bank_does_not_lose_compartments_that_are_somebodys(mpy: Path) -> None:
    bank = boards.load("esp32-bank")
    taken = {**GOOD, "partitions": bank["flash"], "taken": {"parcels": [], "allotted": [3, 48]}}
    keypad = {**bank["bank"]["keypad"], "cards": 1}
    with_cards = {**bank, "bank": {**bank["bank"], "keypad": keypad}}
    target.check(taken, with_cards, mpy)
    smaller = {**bank["bank"], "keypad": keypad, "locks": {**bank["bank"]["locks"], "addresses": [1]}}
    with pytest.raises(Problem, match="opens to no card: 48; have them emptied"):
        target.check(taken, {**bank, "bank": smaller}, mpy)
    without = {name: value for name, value in keypad.items() if name != "cards"}
    for other in ({**bank["bank"], "keypad": without}, {}):
        with pytest.raises(Problem, match="opens to no card: 3, 48;"):
            target.check(taken, {**bank, "bank": other}, mpy)


def test_the_probe_tells_in_which_compartments_parcels_lie(capsys: pytest.CaptureFixture[str]) -> None:
    from firmware.controller.storage.allotments import PERSONAL, SHARED, Allotment, Allotments
    from firmware.controller.storage.stock import ENDED, HELD, LIES, Delivery, Stock
    from sim.mcu import esp32
    from sim.mcu.chip import Chip, use
    from sim.mcu.flash import NorFlash

    chip = Chip(b"probed")
    flashes = {"bank": NorFlash(8 * boards.SECTOR, "bank")}
    chip.partitions, chip.partition = tuple(flashes), flashes.get  # type: ignore[method-assign, assignment]
    use(chip)
    stock = Stock(esp32.Partition("bank"))
    for number, state, compartment in ((1, HELD, 0), (2, LIES, 40), (3, LIES, 7), (3, ENDED, 7), (4, LIES, 9)):
        one = Delivery()
        one.number, one.state, one.compartment, one.key = number, state, compartment, bytes([number]) * 16
        stock.set(one)
    allotments = Allotments(Stock(esp32.Partition("bank"), 48), 48)
    for allotment in (Allotment(5, 7, PERSONAL), Allotment(6, 7, SHARED), Allotment(11, 7, SHARED), Allotment(12)):
        if allotment.number == 11:
            allotment.take(b"a key 7", 99)
        allotments.set(allotment)
    runpy.run_path(str(on_board("probe.py")))
    found = json.loads(capsys.readouterr().out)
    assert found["taken"] == {"parcels": [9, 40], "allotted": [5, 11]}
    assert found["partitions"] == {"bank": 8 * boards.SECTOR}


def test_a_board_that_is_full_of_other_files_is_refused_with_what_to_do() -> None:
    target.check_room({"free": 40, "needed": 40})
    with pytest.raises(Problem, match=r"8192 bytes free and needs 163840; remove files of your own"):
        target.check_room({"free": 2, "needed": 40})


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools", "install", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_not_there_is_one_sentence() -> None:
    refused = run("--board", NAME, "--port", "/dev/does-not-exist", "--json")
    assert refused.returncode == 1
    assert refused.stdout == ""
    last = refused.stderr.splitlines()[-1]
    assert last.startswith("portvakt install: /dev/does-not-exist: the port cannot be opened; check the cable")


def test_a_port_where_nothing_answers_is_one_sentence() -> None:
    near, far = pty.openpty()
    tty.setraw(far)
    try:
        with pytest.raises(Problem, match=r"the board at /dev/\S+ does not answer; press its reset, then try again"):
            Remote(os.ttyname(far)).call("exec", "1", timeout_s=2)
    finally:
        os.close(near)
        os.close(far)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"table_key": "77"}, "table_key"),
        ({"broker": {**SETTINGS["broker"], "port": 0}}, "broker.port"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_faulty_settings_are_refused_before_the_board_is_touched(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({**copy.deepcopy(SETTINGS), **change}))
    refused = run("--board", NAME, "--port", "/dev/does-not-exist", "--settings", str(file))
    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert f"{file} has faults: {said}" in last
    assert SETTINGS["link_secret"] not in refused.stderr


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_a_settings_file_that_is_none_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "settings.json"
    if content is not None:
        file.write_text(content)
    refused = run("--board", NAME, "--port", "/dev/does-not-exist", "--settings", str(file))
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(f"portvakt install: {file} ")
    assert "Traceback" not in refused.stderr


def test_the_same_files_for_a_board_that_is_a_folder(settings: Path) -> None:
    made = build.make()
    files = payload.assemble(made, NAME, settings).files
    assert list(files)[-1] == "/current"
    assert files["/current"].decode().strip() == made.id
    manifest = json.loads(files[f"/slots/{made.id}/manifest.json"])
    for path, digest in manifest["files"].items():  # app.pack
        assert hashlib.sha256(files[f"/slots/{made.id}/{path}"]).hexdigest() == digest


def test_the_only_board_that_is_plugged_in_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.install import remote

    for found, said in (
        ([], "no board is plugged in"),
        (["/dev/a", "/dev/b"], r"name one with --port \(/dev/a, /dev/b\)"),
    ):
        monkeypatch.setattr(remote, "ports", lambda found=found: found)
        with pytest.raises(Problem, match=said):
            remote.the_port()
    monkeypatch.setattr(remote, "ports", lambda: ["/dev/a"])
    assert remote.the_port() == "/dev/a"
