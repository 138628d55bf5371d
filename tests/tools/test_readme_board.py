"""The README's way from a checkout to a board at work, word for word: a network of its own, an empty folder, and a
virtual board at the cable.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
FIRST = "make venv && . .venv/bin/activate"
# The machine of the README has this address; the Wi-Fi's password is typed; the board is at the only port there is.
BEFORE = """
set -eu
ip link set lo up
ip address add 10.0.0.5/32 dev lo
export PATH={bin}:$PATH PORTVAKT_DATA=$PWD/var PORTVAKT_WIFI_PASSWORD=not-a-secret
portvakt board virtual --board esp32-two-door --folder $PWD/board > board.log 2>&1 &
until grep -q /dev/pts/ board.log; do sleep 0.2; done
export PORTVAKT_PORT=$(head -1 board.log)
"""
AFTER = """
until [ -e done ]; do sleep 0.2; done
"""


def lines() -> list[str]:
    """What the README says in "Putting it on a board", up to where it speaks of virtual ones."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## Putting it on a board\n")[2].partition("No board at hand?")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert len(blocks) == 2
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
def folder() -> Iterator[Path]:
    """mosquitto's account has to enter it, and cannot enter pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="portvakt-readme-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def events(database: Path) -> int:
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as there:
            return int(there.execute("select count(*) from cloud_event").fetchone()[0])
    except sqlite3.Error:
        return 0


def can_have_a_network_of_its_own() -> bool:
    return (
        os.geteuid() == 0
        and shutil.which("ip") is not None
        and Path("/usr/sbin/mosquitto").exists()
        and subprocess.run(["unshare", "--net", "--pid", "--fork", "--mount-proc", "true"], check=False).returncode == 0
    )


@pytest.mark.timeout(300)
@pytest.mark.micropython
@pytest.mark.skipif(not can_have_a_network_of_its_own(), reason="needs root, ip, unshare and mosquitto")
def test_the_lines_of_the_readme_lead_to_a_board_whose_events_arrive(folder: Path) -> None:
    said = lines()
    assert said[0].startswith(FIRST), "the environment of this test is what it makes"
    (folder / "lines.sh").write_text(BEFORE.format(bin=BIN) + "\n".join(said[1:]) + AFTER)
    log = folder / "log.txt"
    with log.open("w") as out:
        command = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "lines.sh"]
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        for _ in range(280):
            if process.poll() is not None or events(folder / "var" / "portvakt.sqlite3"):
                break
            time.sleep(1)
        text = log.read_text()
        assert process.poll() is None, text
        assert "files verified on the board" in text, text
        assert events(folder / "var" / "portvakt.sqlite3"), text + (folder / "board.log").read_text()[-3000:]
    finally:
        process.kill()
        process.wait()


def test_the_readme_names_what_is_needed_and_doctor_does_too() -> None:
    from tools import doctor

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = {finding.part: finding for finding in doctor.look()}
    for program, get in (
        ("mosquitto", "apt-get install mosquitto"),
        ("esptool", "pip install esptool"),
        ("mp-image-tool-esp32", "mp-image-tool-esp32`)"),
        ("portvakt", ". .venv/bin/activate"),
    ):
        assert get in text
        assert parts[program].ok or program in parts[program].remedy or "activate" in parts[program].remedy
