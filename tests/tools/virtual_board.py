"""The command of a virtual board as a process, and what the other commands do with it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from tools.board import command

ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, Any] = {
    "controller": "00112233445566ff",
    "link_secret": "5e" * 32,
    "table_key": "7a" * 32,
    "broker": {"host": "127.0.0.1", "port": 1, "user": "", "password": ""},
    "wifi": {"name": "test", "password": "not-a-secret"},
}


def portvakt(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools", *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


class Board:
    """What the commands do with the board that runs in a folder."""

    def __init__(self, folder: Path, port: str, name: str):
        self.folder, self.port, self.name = folder, port, name

    def __call__(self, *words: str) -> dict[str, Any]:
        done = CliRunner().invoke(command.app, [*words, "--folder", str(self.folder), "--json"])
        if done.exception is not None:
            raise done.exception
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def events(self, *words: str) -> list[tuple[str, int]]:
        return [(event["event"], event["door"]) for event in self(*words)["events"]]

    def install(self) -> dict[str, Any]:
        settings = self.folder.parent / "settings.json"
        settings.write_text(json.dumps(SETTINGS))
        to = ("--board", self.name, "--port", self.port, "--settings", str(settings))
        done = portvakt("install", *to, "--commission", "0", "--json")
        assert done.returncode == 0, done.stderr
        for _ in range(100):
            if self("state")["recorded"]:  # it has started
                break
            time.sleep(0.1)
        said: dict[str, Any] = json.loads(done.stdout)
        return said


@contextmanager
def running(folder: Path, name: str) -> Iterator[Board]:
    """The command itself, until it is ended as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "board", "virtual", "--board", name, "--folder", str(folder), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield Board(folder, json.loads(line)["port"], name)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0
